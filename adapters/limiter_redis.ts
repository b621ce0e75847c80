/** The limiter over all nodes, counting in Redis; in an outage each node counts for itself. */
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { Limiter, Log } from "../services/ports.ts";
import { openMemoryLimiter, optionsOf, perLimit, untilFree } from "./limiter_memory.ts";
import { type Redis, RedisDown } from "./redis_connection.ts";

/** Limits whose points are multiplied by `factor`, but never below one. Keys are `<namespace>:limit:<name>:<key>`. */
export function openRedisLimiter(
  { redis, namespace, factor, log }: { redis: Redis; namespace: string; factor: number; log: Log },
): Limiter {
  const insurance = openMemoryLimiter({ factor });
  // The library asks its client for nothing but `eval`; through `run` it is bounded and follows each new connection.
  const storeClient = {
    eval: (script: string, options: { keys: string[]; arguments: string[] }) =>
      redis.run((client) => client.eval(script, options)),
  };
  const limiterOf = perLimit((limit) =>
    new RateLimiterRedis({
      storeClient,
      useRedisPackage: true,
      keyPrefix: `${namespace}:limit:${limit.name}`,
      ...optionsOf(limit, factor),
    })
  );
  let isInsured = false;
  return {
    async take(limit, key) {
      try {
        const taken = await untilFree(limiterOf(limit).consume(key));
        isInsured = false;
        return taken;
      } catch (error) {
        if (!isInsured) log.warn("limits are counted per node", { error });
        isInsured = true;
        if (!(error instanceof RedisDown)) log.error("redis refused to count", { error });
        return await insurance.take(limit, key);
      }
    },
  };
}
