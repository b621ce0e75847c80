/** The consumers of a worker: one for each region of its share, begun and ended as the share changes. */
import { newId } from "../services/ids.ts";
import type { Deps, QueueMessage } from "../services/ports.ts";
import { allRegions, endShare, giveUpRegions, type RegionShare, renewShare } from "../services/region_shares.ts";
import { startLoop } from "./loop.ts";

/** Unfinished messages of one region. */
const PREFETCH = 32;
/** Well within the lease of a share. */
const POLL_MS = 1_000;

/**
 * Consumes the regions of a fair share among all workers, or every region where no other process has these queues; new ones
 * as they come. A region that is handed over is finished first. Disposing finishes what is under way and frees the share.
 */
export async function consumeRegions(
  deps: Pick<Deps, "sql" | "queue" | "relay" | "clock" | "log">,
  handle: (message: QueueMessage) => Promise<void>,
): Promise<AsyncDisposable> {
  const workerId = newId(deps);
  const consumers = new Map<string, Promise<AsyncDisposable>>();
  const leaving = new Map<string, Promise<void>>();

  async function follow(): Promise<void> {
    const { regions, surplus } = deps.queue.isShared ? await renewShare(deps, workerId) : await everyRegion(deps);
    const lost = [...consumers.keys()].filter((code) => !regions.includes(code));
    for (const code of new Set([...lost, ...surplus])) {
      if (!leaving.has(code)) leave(code, surplus.includes(code));
    }
    await Promise.all(regions.filter((code) => !consumers.has(code)).map(begin));
  }
  async function begin(code: string): Promise<void> {
    const beginning = deps.queue.consume(code, { prefetch: PREFETCH }, handle);
    consumers.set(code, beginning);
    await beginning.catch((error) => {
      consumers.delete(code);
      throw error;
    });
  }
  /** Not waited for: what is under way may take as long as it likes, and the lease has to be renewed. */
  function leave(code: string, isOurs: boolean): void {
    const handingOver = handOver(code, isOurs)
      .catch((error) => deps.log.warn("a region was not handed over and comes again", { error }))
      .finally(() => leaving.delete(code));
    leaving.set(code, handingOver);
  }
  async function handOver(code: string, isOurs: boolean): Promise<void> {
    const consumer = consumers.get(code);
    consumers.delete(code);
    await (await consumer)?.[Symbol.asyncDispose]();
    if (!isOurs) return;
    await giveUpRegions(deps, workerId, [code]);
    wakeOthers(deps);
  }
  async function end(): Promise<void> {
    await Promise.all([
      ...leaving.values(),
      ...consumers.values().map(async (each) => (await each)[Symbol.asyncDispose]()),
    ]);
    if (!deps.queue.isShared) return;
    await endShare(deps, workerId).catch((error) => deps.log.debug("its lease must run out first", { error }));
    wakeOthers(deps);
  }

  await using stack = new AsyncDisposableStack();
  stack.defer(end);
  const loop = stack.use(startLoop(deps, { name: "alerts", everyMs: POLL_MS, step: follow }));
  stack.use(await deps.relay.subscribe("regions", loop.wake));
  return stack.move();
}

async function everyRegion(deps: Pick<Deps, "sql">): Promise<RegionShare> {
  return { regions: await allRegions(deps), surplus: [] };
}

function wakeOthers({ relay, log }: Pick<Deps, "relay" | "log">): void {
  relay.publish("regions", "").catch((error) => log.debug("workers not woken: they look anyway", { error }));
}
