/** From the commit of a change to the line on a person's stream, through outbox, broker and worker. */
import { addPeople } from "../tests/alert_world.ts";
import { openReader } from "./alerts_clients.ts";
import { addParties, openAlertBench, pace, record } from "./alerts_world.ts";
import { p50p99, quantile, tell } from "./figures.ts";

const PER_S = 200, READERS = 50, WARM_UP = 400, P50_MS = 20, P99_MS = 100;

/** Measures it with a node and a worker as processes; each event is about one person. */
export async function benchStream({ seconds }: { seconds: number }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bench = await openAlertBench(stack);
  const node = stack.use(await bench.start("start"));
  stack.use(await bench.start("worker"));
  const people = await addPeople(bench, READERS), [leader] = await addPeople(bench, 1);
  const count = WARM_UP + PER_S * seconds, parties = await addParties(bench, leader!.id, count);
  const committedAt = new Map<string, number>(), took: number[] = [];
  for (const { token } of people) {
    const onText = (text: string) => {
      for (const [, partyId] of text.matchAll(/"partyId":"([^"]+)"/g)) {
        const at = committedAt.get(partyId!);
        if (at !== undefined) took.push(performance.now() - at);
        committedAt.delete(partyId!);
      }
    };
    stack.adopt(
      await openReader({ url: node.url, path: "/api/alerts/stream", token, begin: "event: ready", onText }),
      (reader) => reader.close(),
    );
  }
  const recording: Promise<void>[] = [];
  await pace(PER_S, count, (i) => {
    const { id: partyId } = parties[i]!, { id: userId } = people[i % READERS]!;
    // Not later than the commit: what the way back from the database takes counts as well.
    const told = record(bench, { type: "join.accepted", partyId, actorId: leader!.id, userId });
    committedAt.set(partyId, performance.now());
    recording.push(told.then(() => {
      if (committedAt.has(partyId)) committedAt.set(partyId, performance.now());
    }));
  });
  await Promise.all(recording);
  for (const end = performance.now() + 10_000; took.length < count && performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const measured = took.slice(WARM_UP);
  tell(
    `commit to stream at ${PER_S}/s`,
    p50p99(measured),
    `p50 ${P50_MS}, p99 ${P99_MS} ms or less`,
    quantile(measured, 0.5) <= P50_MS && quantile(measured, 0.99) <= P99_MS,
  );
  const inboxes = await bench.sql<{ ms: number }[]>`
    select extract(epoch from retired_at - created_at)::float8 * 1000 as ms
    from events
    order by created_at
    offset ${WARM_UP}`;
  tell("  of that from the change to the inbox", p50p99(inboxes.map(({ ms }) => ms)));
  tell("  told", `${took.length} of ${count}`, "all", took.length === count);
}
