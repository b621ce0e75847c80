/** The cache in Redis. A value is kept as `<version>:<value>`, the version empty when it was set without one. */
import type { Cache } from "../services/ports.ts";
import type { Redis } from "./redis_connection.ts";

/** In Lua, for a GET and a SET from here would let a newer version in between. */
const SET_NEWER = `
local kept = redis.call("get", KEYS[1])
local version = kept and tonumber(string.match(kept, "^([^:]+):"))
if version and version >= tonumber(ARGV[1]) then
  return 0
end
redis.call("set", KEYS[1], ARGV[1] .. ":" .. ARGV[2], "PX", ARGV[3])
return 1`;

/** A cache whose keys are `<namespace>:cache:<key>`. */
export function openRedisCache({ redis, namespace }: { redis: Redis; namespace: string }): Cache {
  const nameOf = (key: string) => `${namespace}:cache:${key}`;
  return {
    get: async (key) => valueOf(await redis.run((client) => client.get(nameOf(key)))),
    async set(key, value, ttlS) {
      await redis.run((client) =>
        client.set(nameOf(key), `:${value}`, { expiration: { type: "PX", value: ttlMs(ttlS) } })
      );
    },
    async setNewer(key, version, value, ttlS) {
      await redis.run((client) =>
        client.eval(SET_NEWER, { keys: [nameOf(key)], arguments: [String(version), value, String(ttlMs(ttlS))] })
      );
    },
    take: async (key) => valueOf(await redis.run((client) => client.getDel(nameOf(key)))),
  };
}

function valueOf(kept: string | null): string | null {
  return kept === null ? null : kept.slice(kept.indexOf(":") + 1);
}

function ttlMs(ttlS: number): number {
  return Math.round(ttlS * 1_000);
}
