/** From a publication to the inbox with a queue for every region, and how soon all are consumed after the broker's restart. */
import { v7 } from "uuid";
import type { WrittenAlerts } from "../contract/alerts.ts";
import { hearNews } from "../services/alert_news.ts";
import { listRegions } from "../services/regions.ts";
import { addPeople } from "../tests/alert_world.ts";
import { poll } from "../tests/poll.ts";
import { inParallel } from "./alerts_clients.ts";
import { addParties, type AlertBench, openAlertBench, pace } from "./alerts_world.ts";
import { p50p99, quantile, tell } from "./figures.ts";
import { busyCoresSince } from "./machine.ts";

/** Regions that get a queue, of as many as there are. */
export const REGIONS = 260;
const LIMIT_MS = 50, BACK_LIMIT_S = 20;

/** Measures it with one worker as a process; the wake-up of a person's streams tells that their inbox is written. */
export async function benchRegions({ seconds, perS }: { seconds: number; perS: number }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bench = await openAlertBench(stack);
  const codes = listRegions().map(({ code }) => code).slice(0, REGIONS);
  const line = await openLine(bench, stack, codes);
  // One each to begin with, and one after the restart.
  await line.prepare(2 + Math.ceil(perS * seconds / codes.length));
  stack.use(await bench.start("worker"));
  const untilSent = (code: string) =>
    poll(() => line.send(code).then(() => true, () => false), { timeoutMs: 60_000, everyMs: 200 });
  await inParallel(codes, 8, untilSent);
  await line.allWritten();
  line.took.length = 0;

  const busyCores = busyCoresSince(), sending: Promise<void>[] = [];
  await pace(perS, perS * seconds, (i) => void sending.push(line.send(codes[i % codes.length]!)));
  await Promise.all(sending);
  const busy = await busyCores();
  await line.allWritten();
  const p99 = quantile(line.took, 0.99);
  const what = `publish to inbox, ${codes.length} queues, ${perS}/s in all`;
  tell(what, p50p99(line.took), `p99 ${LIMIT_MS} ms or less`, p99 <= LIMIT_MS);
  tell("  processors that were busy", busy.toFixed(2), `of ${navigator.hardwareConcurrency}`);

  await bench.rabbit.kill();
  const killedAt = performance.now();
  await bench.rabbit.start();
  const upAt = performance.now();
  await inParallel(codes, 32, untilSent);
  await line.allWritten();
  const backS = (performance.now() - upAt) / 1_000, upS = (upAt - killedAt) / 1_000;
  tell("broker restarted to all consumed", `${backS.toFixed(1)} s`, `${BACK_LIMIT_S} s or less`, backS <= BACK_LIMIT_S);
  tell("  until the broker listened", `${upS.toFixed(1)} s`);
}

/** Sends events about one person of each region straight to the broker: the outbox is told that they are published. */
async function openLine(bench: AlertBench, stack: AsyncDisposableStack, codes: string[]) {
  const { sql, deps } = bench;
  const [leader, ...readers] = await addPeople(bench, codes.length + 1);
  const parties = new Map(
    (await addParties(bench, leader!.id, codes.length, codes)).map((each) => [each.regionCode, each.id]),
  );
  const lines = new Map(
    codes.map((code, i) => [code, { userId: readers[i]!.id, partyId: parties.get(code)!, waiting: [] as string[] }]),
  );
  const sentAt = new Map(readers.map(({ id }) => [id, [] as number[]])), took: number[] = [];
  await sql`insert into region_queues (region_code, first_used_at) select code, now() from unnest(${codes}::text[]) as code`;
  const onNews = ({ to }: WrittenAlerts) => {
    for (const { userId } of to) {
      const at = sentAt.get(userId)!.shift();
      if (at !== undefined) took.push(performance.now() - at);
    }
  };
  stack.use(await hearNews(deps, onNews));

  /** Writes so many events for each region, to be sent. */
  async function prepare(count: number): Promise<void> {
    const rows = [...lines].flatMap(([code, { userId, partyId, waiting }]) =>
      Array.from({ length: count }, () => {
        const id = v7();
        waiting.push(id);
        return { ...{ id, code, partyId, userId } };
      })
    );
    await sql`
      insert into events (party_id, id, type, region_code, payload, created_at, publish_after)
      select party_id, id, 'join.accepted', code, jsonb_build_object('v', 1, 'partyTitle', '같이', 'itemId', ${v7()}::uuid,
        'itemName', '사과', 'marketId', ${v7()}::uuid, 'marketName', '시장', 'startsAt', '2026-12-31T15:30:00.000Z',
        'actorId', ${leader!.id}::uuid, 'userId', user_id), now(), now() + interval '1 hour'
      from unnest(${rows.map((each) => each.partyId)}::uuid[], ${rows.map((each) => each.id)}::uuid[],
        ${rows.map((each) => each.code)}::text[], ${rows.map((each) => each.userId)}::uuid[])
        as event (party_id, id, code, user_id)`;
    await sql`analyze events`;
  }
  async function send(code: string): Promise<void> {
    const { partyId, userId, waiting } = lines.get(code)!, eventId = waiting.shift()!;
    sentAt.get(userId)!.push(performance.now());
    try {
      await deps.queue.publish(code, {
        id: eventId,
        type: "join.accepted",
        body: JSON.stringify({ partyId, eventId }),
      });
    } catch (error) {
      sentAt.get(userId)!.pop();
      waiting.unshift(eventId);
      throw error;
    }
  }
  const allWritten = () =>
    poll(async () => {
      const waiting = [...lines.values()].flatMap((line) => line.waiting);
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from events where retired_at is null and id <> all(${waiting}::uuid[])`;
      return row!.left === 0;
    }, { timeoutMs: 60_000 });
  return { prepare, send, took, allWritten };
}
