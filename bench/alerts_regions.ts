/** From a publication to the inbox with a queue for every region, and how soon all are consumed after the broker's restart. */
import { v7 } from "uuid";
import { listRegions } from "../services/regions.ts";
import { addPeople } from "../tests/alert_world.ts";
import { poll } from "../tests/poll.ts";
import { inParallel } from "./alerts_clients.ts";
import { addParties, type AlertBench, openAlertBench, pace } from "./alerts_world.ts";
import { p50p99, quantile, tell } from "./figures.ts";

const REGIONS = 260, LIMIT_MS = 50, BACK_LIMIT_S = 20;

/** Measures it with one worker as a process; the wake-up of a person's streams tells that their inbox is written. */
export async function benchRegions({ seconds, perS }: { seconds: number; perS: number }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bench = await openAlertBench(stack);
  const codes = listRegions().map(({ code }) => code).slice(0, REGIONS);
  const line = await openLine(bench, stack, codes);
  stack.use(await bench.start("worker"));
  const untilSent = (code: string) =>
    poll(() => line.send(code).then(() => true, () => false), { timeoutMs: 60_000, everyMs: 200 });
  await inParallel(codes, 8, untilSent);
  await line.allWritten();
  line.took.length = 0;

  const sending: Promise<void>[] = [];
  await pace(perS, perS * seconds, (i) => void sending.push(line.send(codes[i % codes.length]!)));
  await Promise.all(sending);
  await line.allWritten();
  const p99 = quantile(line.took, 0.99);
  const what = `publish to inbox, ${codes.length} queues, ${perS}/s in all`;
  tell(what, p50p99(line.took), `p99 ${LIMIT_MS} ms or less`, p99 <= LIMIT_MS);

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

/** Sends events about one person each straight to the broker: the outbox is told that they are published. */
async function openLine(bench: AlertBench, stack: AsyncDisposableStack, codes: string[]) {
  const { sql, deps } = bench;
  const people = new Map(codes.map((code) => [code, ""])), sentAt = new Map<string, number[]>(), took: number[] = [];
  const [leader, ...readers] = await addPeople(bench, codes.length + 1);
  const parties = new Map(
    (await addParties(bench, leader!.id, codes.length, codes)).map((each) => [each.regionCode, each.id]),
  );
  for (const [i, code] of codes.entries()) {
    const { id } = readers[i]!;
    people.set(code, id);
    sentAt.set(id, []);
    stack.use(
      await deps.relay.subscribe(`alerts.${id}`, () => {
        const at = sentAt.get(id)!.shift();
        if (at !== undefined) took.push(performance.now() - at);
      }),
    );
  }
  async function send(regionCode: string): Promise<void> {
    const userId = people.get(regionCode)!, partyId = parties.get(regionCode)!, eventId = v7();
    await sql`
      insert into events (party_id, id, type, region_code, payload, created_at, publish_after)
      select ${partyId}, ${eventId}, 'join.accepted', ${regionCode}, jsonb_build_object('v', 1, 'partyTitle', '같이',
        'itemId', ${v7()}::uuid, 'itemName', '사과', 'marketId', ${v7()}::uuid, 'marketName', '시장',
        'startsAt', '2026-12-31T15:30:00.000Z', 'actorId', ${leader!.id}::uuid, 'userId', ${userId}::uuid,
        'reason', null), now(), now() + interval '1 hour'`;
    await sql`insert into region_queues (region_code, first_used_at) values (${regionCode}, now()) on conflict do nothing`;
    const body = JSON.stringify({ partyId, eventId });
    const begun = performance.now();
    sentAt.get(userId)!.push(begun);
    try {
      await deps.queue.publish(regionCode, { id: eventId, type: "join.accepted", body });
    } catch (error) {
      sentAt.get(userId)!.pop();
      await sql`delete from events where party_id = ${partyId} and id = ${eventId}`;
      throw error;
    }
  }
  const allWritten = () =>
    poll(async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left
        from events e
        where retired_at is null and publish_count = 0 and exists (select from region_queues r where r.region_code = e.region_code)`;
      return row!.left === 0;
    }, { timeoutMs: 60_000 });
  return { send, took, allWritten };
}
