/** The pushers: send what waits for browsers to their push services. Any number may run side by side. */
import pRetry from "p-retry";
import { isStoreDown } from "../services/availability.ts";
import type { Deps, Push, PushOutcome } from "../services/ports.ts";
import { toAlert } from "../services/alert_rows.ts";
import {
  claimTurns,
  finishTurn,
  type FirstPush,
  forgetBrowser,
  postponeTurn,
  PUSHES_CHANNEL,
  type PushTurn,
} from "../services/push_queue.ts";
import { toPushMessage } from "../services/push_terms.ts";
import { startLoop } from "./loop.ts";
import { openLanes } from "./push_lanes.ts";

/** Pushes on their way at once, and turns taken with one statement. */
const AT_ONCE = 256, CLAIM = 32;
const POLL_MS = 1_000;
/** Pauses between tries of one push: the first, doubled each time, and the longest; and the longest that a service may ask for. */
const RETRY_MS = 1_000, RETRY_MS_MAX = 15 * 60_000, ASKED_MS_MAX = 24 * 3600_000;
/** How long the outcome is tried to be written down: with the longest push well within the lease. */
const SETTLE_MS = 15_000;
/** Those on their way at the stop are given this long: one that is broken off may come twice. */
const GRACE_MS = 3_000;

type PushDeps = Pick<Deps, "sql" | "relay" | "clock" | "log" | "metrics"> & { push: Push };

/**
 * Starts pushing. A push whose worker was killed comes again when its lease is over: each is sent at least once, or dropped
 * when it is too old, refused, or its browser gone. Disposing gives those on their way a moment.
 */
export async function startPush(deps: PushDeps): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const lanes = openLanes();
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();
  let isStopping = false;
  stack.defer(async () => {
    isStopping = true;
    const late = setTimeout(() => stopping.abort(), GRACE_MS);
    await Promise.all(inFlight);
    clearTimeout(late);
  });

  async function pushDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const room = Math.min(CLAIM, AT_ONCE - inFlight.size);
      const turns = room > 0 ? await claimTurns(deps, room, lanes.fullHosts()) : [];
      for (const turn of turns) track(take(turn));
      // Whatever ends wakes the loop: there may be more for the same browser, and room for others.
      if (turns.length < CLAIM) return;
    }
  }
  function track(taking: Promise<void>): void {
    const tracked = taking.finally(() => {
      inFlight.delete(tracked);
      loop.wake();
    });
    inFlight.add(tracked);
  }
  async function take(turn: PushTurn): Promise<void> {
    const leave = lanes.enter(turn.host);
    const outcome = await pushFirst(deps, turn, stopping.signal).catch((error): Outcome => {
      deps.log.warn("a push could not be made and comes again", { ...nameOf(turn), error });
      return { kind: "later", reason: "an unexpected error" };
    });
    deps.metrics.pushed(outcome.kind);
    leave(isAnswered(outcome) ? outcome.kind !== "later" : null);
    // What was sent and cannot be written down would be sent again: it is worth some patience, within the lease.
    await pRetry(() => settle(deps, turn, outcome, stopping.signal), {
      retries: Infinity,
      minTimeout: 200,
      maxTimeout: 2_000,
      maxRetryTime: SETTLE_MS,
      shouldRetry: ({ error }) => isStoreDown(error) && !isStopping,
    }).catch((error) => deps.log.warn("a push was not settled: its lease must run out", { ...nameOf(turn), error }));
  }

  const loop = stack.use(startLoop(deps, { name: "push", everyMs: POLL_MS, step: pushDue }));
  stack.use(await deps.relay.subscribe(PUSHES_CHANNEL, loop.wake));
  return stack.move();
}

/** What became of a turn: what the push service said, or that it was not asked. */
type Outcome = PushOutcome | { kind: "dropped" } | { kind: "quiet"; until: Date };

async function pushFirst(
  { push, clock }: Pick<PushDeps, "push" | "clock">,
  turn: PushTurn,
  signal: AbortSignal,
): Promise<Outcome> {
  const { first, subscriptionId } = turn, now = clock.now();
  if (!first || !isWorthPushing(first, now)) return { kind: "dropped" };
  const { quietUntil, expiresAt, alert } = first;
  if (quietUntil) return { kind: "quiet", until: quietUntil };
  return await push.send(turn, await toPushMessage(toAlert(alert), { subscriptionId, expiresAt, now }), signal);
}

/** Not when its person has read it, thrown it away or switched it off, and not when it is too late, or will be after the quiet hours. */
function isWorthPushing({ alert, isWanted, expiresAt, quietUntil }: FirstPush, now: Date): boolean {
  return isWanted && !alert.readAt && !alert.deletedAt && expiresAt > (quietUntil ?? now);
}

/** Whether it tells something of the push service. */
function isAnswered({ kind }: Outcome): boolean {
  return kind !== "dropped" && kind !== "quiet";
}

async function settle(deps: PushDeps, turn: PushTurn, outcome: Outcome, stopping: AbortSignal): Promise<void> {
  switch (outcome.kind) {
    case "gone":
      return await forgetBrowser(deps, turn);
    case "quiet":
      return await postponeTurn(deps, turn, { dueAt: outcome.until, attempts: 0 });
    case "later":
      if (stopping.aborted) return await postponeTurn(deps, turn, { dueAt: deps.clock.now(), attempts: turn.attempts });
      deps.log.debug("a push was not taken and comes again", { ...nameOf(turn), reason: outcome.reason });
      return await postponeTurn(deps, turn, retryOf(deps, turn, outcome.afterMs));
    case "refused":
      deps.log.warn("a push was refused and is given up", { ...nameOf(turn), reason: outcome.reason });
  }
  await finishTurn(deps, turn);
}

/** When to try again: later each time, not all at the same moment, and not before the push service has asked to. */
function retryOf({ clock }: Pick<Deps, "clock">, { attempts }: PushTurn, afterMs = 0) {
  const pauseMs = Math.min(RETRY_MS * 2 ** Math.min(attempts, 20), RETRY_MS_MAX) * (1 + Math.random() / 4);
  const waitMs = Math.max(pauseMs, Math.min(afterMs, ASKED_MS_MAX));
  return { dueAt: new Date(clock.now().getTime() + Math.ceil(waitMs)), attempts: attempts + 1 };
}

/** Not by its endpoint: whoever knows that can push to the browser. */
function nameOf({ host, subscriptionId, first }: PushTurn) {
  return { host, subscriptionId, seq: first?.seq };
}
