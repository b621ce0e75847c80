/** The seats over all nodes: a sorted set of holders for each key, by the end of their leases. */
import { type Log, SEAT_LEASE_MS, type SeatLimit, type Seats } from "../services/ports.ts";
import { type Redis, RedisDown } from "./redis_connection.ts";
import { openMemorySeats, seatsOf } from "./seats_memory.ts";

/** Leases are set and compared by the clock of Redis alone. In Lua, for a look and a write from here would let others in between. */
const NOW = `
local time = redis.call("time")
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Takes a seat (1), or not (0). KEYS: the set. ARGV: the lease in ms, the seats, the holder. */
const TAKE = `${NOW}
redis.call("zremrangebyscore", KEYS[1], "-inf", now)
if not redis.call("zscore", KEYS[1], ARGV[3]) and redis.call("zcard", KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call("zadd", KEYS[1], now + ARGV[1], ARGV[3])
redis.call("pexpire", KEYS[1], ARGV[1])
return 1`;

/** Prolongs leases. KEYS: the set. ARGV: the lease in ms, the holders. */
const RENEW = `${NOW}
for i = 2, #ARGV do
  redis.call("zadd", KEYS[1], now + ARGV[1], ARGV[i])
end
redis.call("pexpire", KEYS[1], ARGV[1])
return 1`;

/** Limits whose seats are multiplied by `factor`, but never below one. Keys are `<namespace>:seats:<name>:<key>`. */
export function openRedisSeats(
  { redis, namespace, factor, log, leaseMs = SEAT_LEASE_MS }: {
    redis: Redis;
    namespace: string;
    factor: number;
    log: Log;
    leaseMs?: number;
  },
): Seats {
  // It is told of everything that this node holds, so that it can go on alone at any time.
  const own = openMemorySeats({ factor, leaseMs });
  const nameOf = ({ name }: SeatLimit, key: string) => `${namespace}:seats:${name}:${key}`;
  let isAlone = false;

  async function ask<T>(whenDown: T, question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question();
      isAlone = false;
      return answer;
    } catch (error) {
      if (!isAlone) log.warn("seats are counted per node", { error });
      isAlone = true;
      if (!(error instanceof RedisDown)) log.error("redis refused to count seats", { error });
      return whenDown;
    }
  }

  const run = (script: string, key: string, args: string[]) =>
    redis.run((client) => client.eval(script, { keys: [key], arguments: [String(leaseMs), ...args] }));

  return {
    async take(limit, key, holder) {
      const seats = String(seatsOf(limit, factor));
      // Told first: of many that come at once in an outage, each must see those before it.
      if (!(await own.take(limit, key, holder))) return false;
      const isTaken = await ask(true, async () => await run(TAKE, nameOf(limit, key), [seats, holder]) === 1);
      if (!isTaken) await own.release(limit, key, holder);
      return isTaken;
    },
    async renew(limit, key, holders) {
      await own.renew(limit, key, holders);
      await ask(1, () => run(RENEW, nameOf(limit, key), holders));
    },
    async release(limit, key, holder) {
      await own.release(limit, key, holder);
      await ask(0, () => redis.run((client) => client.zRem(nameOf(limit, key), holder)));
    },
  };
}
