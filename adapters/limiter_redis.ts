/** The limiter over all nodes, counting in Redis; in an outage each node counts for itself. */
import { createHash } from "node:crypto";
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { Limiter, Log } from "../services/ports.ts";
import { leasing } from "./limiter_leases.ts";
import { openMemoryLimiter, optionsOf, perLimit, untilFree } from "./limiter_memory.ts";
import { type Redis, type RedisClient, RedisDown } from "./redis_connection.ts";

type EvalOptions = Parameters<RedisClient["eval"]>[1];

/** Limits whose points are multiplied by `factor`, but never below one. Keys are `<namespace>:limit:<name>:<key>`. */
export function openRedisLimiter(
  { redis, namespace, factor, log }: { redis: Redis; namespace: string; factor: number; log: Log },
): Limiter {
  const insurance = openMemoryLimiter({ factor });
  // The library asks its client for nothing but `eval`; through `run` it is bounded and follows each new connection.
  const storeClient = {
    eval: (script: string, options: EvalOptions) => redis.run((client) => evalKnown(client, script, options)),
  };
  const countOf = perLimit((limit) => {
    const limiter = new RateLimiterRedis({
      storeClient,
      useRedisPackage: true,
      keyPrefix: `${namespace}:limit:${limit.name}`,
      ...optionsOf(limit, factor),
    });
    return limit.lease ? leasing(limiter, leaseOf(limit.lease, factor)) : (key: string) => limiter.consume(key);
  });
  let isInsured = false;
  return {
    async take(limit, key) {
      try {
        const taken = await untilFree(countOf(limit)(key));
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

/** A small allowance is leased by less, so that one node does not have all of it; a large one by no more. */
function leaseOf(lease: number, factor: number): number {
  return Math.max(1, Math.round(lease * Math.min(1, factor)));
}

/** Redis knows a script that it has run before by its hash, which spares sending it. */
async function evalKnown(client: RedisClient, script: string, options: EvalOptions): Promise<unknown> {
  try {
    return await client.evalSha(hashOf(script), options);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return await client.eval(script, options);
  }
}

const hashes = new Map<string, string>();

function hashOf(script: string): string {
  return hashes.getOrInsertComputed(script, () => createHash("sha1").update(script).digest("hex"));
}
