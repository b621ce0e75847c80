/** One event to very many open streams: ms until the last has it, beside nchan with the same readers where it is installed. */
import type { WrittenAlerts } from "../contract/alerts.ts";
import { publishNews } from "../services/alert_news.ts";
import { addPeople, favourMarket, type PlainParty } from "../tests/alert_world.ts";
import { poll } from "../tests/poll.ts";
import { inParallel, openReader, type Reader } from "./alerts_clients.ts";
import { addParties, openAlertBench, record } from "./alerts_world.ts";
import { median, say, spread, tell } from "./figures.ts";
import { openNchan } from "./alerts_nchan.ts";

/** Measures both, `rounds` events each. */
export async function benchFanout({ streams, rounds }: { streams: number; rounds: number }): Promise<void> {
  const { whole, told } = await throughUs(streams, rounds);
  tell(`one event to ${streams} streams, to the last`, `${median(whole).toFixed(0)} ms (${spread(whole)})`);
  tell("  told by the relay, nothing stored", `${median(told).toFixed(0)} ms (${spread(told)})`);
  await using nchan = await openNchan();
  if (!nchan) return say("  nginx with nchan is not installed: ours alone");
  const theirs = await throughNchan(nchan, streams, rounds);
  tell("  nchan, which stores nothing", `${median(theirs).toFixed(0)} ms (${spread(theirs)})`);
}

/**
 * From the commit of the event; each stream is another person's, and each has the alert in their inbox. And from the moment
 * when the relay is given as many alerts that nobody has stored.
 */
async function throughUs(streams: number, rounds: number): Promise<{ whole: number[]; told: number[] }> {
  await using stack = new AsyncDisposableStack();
  const bench = await openAlertBench(stack);
  const node = stack.use(await bench.start("start"));
  stack.use(await bench.start("worker"));
  const people = await addPeople(bench, streams), [leader] = await addPeople(bench, 1);
  const parties = await addParties(bench, leader!.id, rounds + 1);
  const [row] = await bench.sql<{ marketId: string }[]>`
    select market_id as "marketId" from parties where id = ${parties[0]!.id}`;
  await favourMarket(bench, { marketId: row!.marketId } as PlainParty, people);
  const count = openCount();
  const readers = await inParallel(
    people,
    32,
    ({ token }) =>
      openReader({ url: node.url, path: "/api/alerts/stream", token, begin: "event: ready", onText: count.onText }),
  );
  closeWith(stack, readers);
  async function timeOf(partyId: string, begin: () => Promise<void>): Promise<number> {
    count.reset(`"partyId":"${partyId}"`);
    await begin();
    const begun = performance.now();
    await poll(() => count.seen() >= streams, { timeoutMs: 60_000, everyMs: 1 });
    return count.lastAt() - begun;
  }
  const whole: number[] = [], told: number[] = [];
  for (const { id: partyId } of parties) {
    whole.push(await timeOf(partyId, () => record(bench, { type: "party.created", partyId, actorId: leader!.id })));
  }
  for (let seq = parties.length + 1; seq <= parties.length + rounds; seq++) {
    const news = newsFor(people, seq);
    told.push(await timeOf(news.partyId, () => Promise.resolve(publishNews(bench.deps, [news]))));
  }
  // The first one declares the region's queue.
  return { whole: whole.slice(1), told };
}

function newsFor(people: { id: string }[], seq: number): WrittenAlerts {
  const id = crypto.randomUUID();
  return {
    ...{ id, type: "party.created", partyId: id, url: `/parties/${id}`, createdAt: new Date().toISOString() },
    texts: { ko: { title: "새 파티", body: "가".repeat(40) } },
    to: people.map(({ id: userId }) => ({ userId, seq, locale: "ko", streamed: true })),
  };
}

async function throughNchan({ url }: { url: string }, streams: number, rounds: number): Promise<number[]> {
  await using stack = new AsyncDisposableStack();
  const count = openCount();
  const readers = await inParallel(
    Array.from({ length: streams }),
    32,
    () => openReader({ url, path: "/stream", begin: "200 OK", onText: count.onText }),
  );
  closeWith(stack, readers);
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    count.reset(`"round":${round}`);
    const begun = performance.now();
    const body = JSON.stringify({ round, text: "가".repeat(100) });
    await (await fetch(`${url}/publish`, { method: "POST", body })).body?.cancel();
    await poll(() => count.seen() >= streams, { timeoutMs: 60_000, everyMs: 1 });
    took.push(count.lastAt() - begun);
  }
  return took;
}

function closeWith(stack: AsyncDisposableStack, readers: Reader[]): void {
  stack.defer(() => readers.forEach((reader) => reader.close()));
}

/** Counts the pieces of text with the letters of the round. */
function openCount() {
  let letters = "", seen = 0, lastAt = 0;
  return {
    onText(text: string) {
      if (!letters || !text.includes(letters)) return;
      seen++;
      lastAt = performance.now();
    },
    reset(next: string) {
      letters = next;
      seen = 0;
    },
    seen: () => seen,
    lastAt: () => lastAt,
  };
}
