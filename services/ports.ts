/**
 * Every port of the service, owned by its users. An adapter implements one; `main.ts` puts them together into {@link Deps}.
 * Each port has a real adapter and an embedded twin, and both keep the promises written here: one contract test runs them all.
 */
import type { Sql } from "postgres";

export type { Sql, TransactionSql } from "postgres";

/** The time as the service sees it. Tests move it; nothing else in `services/` may ask for the time. */
export interface Clock {
  now(): Date;
}

/** Figures of this process, and of the system as it sees it, for whoever watches over it. */
export interface Metrics {
  /** A request was answered. `route` is its pattern, `/api/parties/:id`: of paths there are too many. */
  answered(request: { method: string; route: string; status: number }, seconds: number): void;
  /** So many more were committed by this process. */
  wrote(what: "texts" | "alerts", count: number): void;
  /** One more push, and what became of it: of one that is tried several times, each time. */
  pushed(outcome: string): void;
  /** Has `read` asked each time the figures are read. Where it fails, or takes longer than 2 s, there is no such figure. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** All of them, in the text format of Prometheus. */
  text(): Promise<string>;
}

/** Structured log lines. Never pass secrets, e-mail addresses or positions: fields are written as they come. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/**
 * Fire-and-forget messages between nodes. At most once: what is published while a subscriber is away is gone, so whoever
 * needs completeness reads Postgres and takes a relay message as a hint.
 */
export interface Relay {
  /**
   * Hands a message to every present subscriber of the channel, on every node, this one too. Resolves when the transport
   * has taken it; rejects at once, without queueing, when the transport is down.
   */
  publish(channel: string, message: string): Promise<void>;
  /**
   * Resolves once the subscription is in force: what is published after that arrives, as long as the transport stays up,
   * in each publisher's order and never within the `publish` call itself. With the transport down it resolves after 1 s
   * and is put in force at the return. Survives reconnects. Disposing it ends it. A listener that throws is logged and
   * harms nobody else.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<AsyncDisposable>;
  /** Resolves when the transport answers; rejects within 2 s when it does not. */
  ping(): Promise<void>;
}

/** Short-lived values that can be rebuilt or may be lost. Every call rejects within 2 s when the store is down. */
export interface Cache {
  get(key: string): Promise<string | null>;
  /** Stores a value for `ttlS` seconds (≥ 1), replacing what was there. */
  set(key: string, value: string, ttlS: number): Promise<void>;
  /** Stores a value unless one of the same or a newer `version` is there: a slow reader never undoes a newer writer. */
  setNewer(key: string, version: number, value: string, ttlS: number): Promise<void>;
  /** Reads and removes in one step: of any number of callers at once exactly one gets the value. */
  take(key: string): Promise<string | null>;
}

/** A named allowance: `points` uses for each key within `durationS` seconds. */
export interface Limit {
  name: string;
  points: number;
  durationS: number;
  /** Not multiplied by `RATE_LIMIT_FACTOR`: it keeps a secret from being guessed. */
  isFixed?: true;
  /** A node may take so many at once, to spend them by itself. Those that it does not are lost to the others until the end. */
  lease?: number;
}

/** Counts uses over all nodes. When its store is down it counts per node instead: it never lets everything through. */
export interface Limiter {
  /** Takes one use. `retryAfterS` (≥ 1) tells when the next one is free; `null` means taken. */
  take(limit: Limit, key: string): Promise<{ retryAfterS: number } | null>;
}

/** A named number of seats: each key has so many at once, over all nodes. */
export interface SeatLimit {
  name: string;
  seats: number;
}

/**
 * Seats over all nodes, each under a lease of {@link SEAT_LEASE_MS}: those of a killed node come free by themselves. When its
 * store is down it counts the node's own seats instead, those from before among them: it never lets everything through.
 */
export interface Seats {
  /** Takes a seat of a key for a holder; again is fine. `false` when others have them all. */
  take(limit: SeatLimit, key: string, holder: string): Promise<boolean>;
  /** Prolongs the leases of holders, in time before they end. It holds even where the limit was passed in an outage. */
  renew(limit: SeatLimit, key: string, holders: string[]): Promise<void>;
  /** Gives a seat back. With the store down it comes free when its lease ends. */
  release(limit: SeatLimit, key: string, holder: string): Promise<void>;
}

/** How long a seat is held without being renewed. */
export const SEAT_LEASE_MS = 30_000;

/** What travels on a region queue. `id` is the event's; the body is its JSON. */
export interface QueueMessage {
  id: string;
  type: string;
  body: string;
}

/** A message that is given up: why the last of its deliveries failed, and since when. */
export interface DeadLetter extends QueueMessage {
  reason: string;
  parkedAt: Date;
}

/**
 * Durable queues, one per region, at least once: a message may come twice, and out of order after a redelivery.
 * A handler that rejects gets the message again, at most `DELIVERY_LIMIT` times in all; then it goes to the region's
 * dead letters and the next messages go on.
 */
export interface Queue {
  /** Whether other processes have the same queues; if not, nobody else can consume them. */
  readonly isShared: boolean;
  /**
   * Declares the region's queue when this process has not yet done so, publishes with routing key `<type>.<regionCode>`,
   * and resolves when the message is safely in the queue. Rejects within 5 s when it is not sure to be: publish it again.
   */
  publish(regionCode: string, message: QueueMessage): Promise<void>;
  /**
   * Delivers the region's messages, at most `prefetch` unfinished at a time. A message is acknowledged when its handler
   * resolves; one whose handler rejects comes again after 0.2 s, then 0.4, 0.8 and 1.6 s, and holds its place meanwhile.
   * Resolves when it consumes; with the broker away after 2 s, and it begins at the return. Survives reconnects, and a
   * queue deleted under it. Disposing waits for handlers under way; none is called afterwards.
   */
  consume(
    regionCode: string,
    options: { prefetch: number },
    handler: (message: QueueMessage) => Promise<void>,
  ): Promise<AsyncDisposable>;
  /** The region's dead letters, oldest first, at most `limit`; reading leaves them where they are. */
  deadLetters(regionCode: string, limit: number): Promise<DeadLetter[]>;
  /**
   * Hands the region's dead letters, oldest first and at most 10,000, to `take`. Each for which it gives `true` is gone after
   * that, and no sooner; the others stay. Resolves with how many are gone; rejects with the first error of a `take`, or when
   * the broker does not answer. Ended amid it, what was taken may still be there.
   */
  takeDeadLetters(regionCode: string, take: (letter: DeadLetter) => Promise<boolean>): Promise<number>;
  /** Resolves when the broker answers; rejects within 2 s when it does not. */
  ping(): Promise<void>;
}

/** Deliveries of one message, the first included, before it is a dead letter. */
export const DELIVERY_LIMIT = 5;

/** One-way password hashing, off the event loop. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** `false` for `null`, nobody's hash, after as much work as for anybody's: the time taken does not tell who exists. */
  verify(hash: string | null, password: string): Promise<boolean>;
}

/** What an access token says. Whether its session still lives is asked of the database. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
  role: "user" | "admin";
  expiresAt: Date;
}

/** Signs and reads access tokens. */
export interface Tokens {
  issue(claims: Omit<AccessClaims, "expiresAt">): Promise<{ accessToken: string; expiresInS: number }>;
  /** `null` for whatever is not a valid, unexpired token of ours. */
  read(accessToken: string): Promise<AccessClaims | null>;
}

/** The ports to public data. */
export type { PageAnswer, PublicSource, PublicSources, SourceItem, SourceMarket } from "./source_ports.ts";
export { PAGE_ROWS } from "./source_ports.ts";

/** A place that a geocoder found. */
export interface FoundAddress {
  /** Never empty: the lot's address where there is none by road. */
  roadAddress: string;
  /** The lot's address (지번); "" where the geocoder does not tell it. */
  jibunAddress: string;
  lat: number;
  lng: number;
  /** The code of its 시군구 as the geocoder tells it, in whichever division it knows; `null` where it does not. */
  divisionCode: string | null;
}

/** Tells where an address, or a place by its name, is. */
export interface Geocoder {
  /**
   * At most {@link ADDRESSES_MAX} places for what a person typed (2–100 characters), best first, in WGS84 degrees within
   * Korea; none found is `[]`. Throws `unavailable` within 7 s when it cannot be asked: why is in the `cause`, for the log
   * alone, and holds neither what was asked nor a key.
   */
  find(q: string): Promise<FoundAddress[]>;
}

/** Places of one answer. */
export const ADDRESSES_MAX = 10;

/** A browser that can be pushed to, as its push service and it made it known. */
export interface PushTarget {
  endpoint: string;
  /** Its public key, and the secret that it shares with us, both base64url. */
  p256dh: string;
  auth: string;
}

/** What is pushed. Nobody but the browser can read the payload, of at most {@link PUSH_BYTES_MAX}. */
export interface PushMessage {
  payload: string;
  /** How long the push service keeps it for a browser that is away. */
  ttlS: number;
  urgency: "low" | "normal" | "high";
  /** Of two undelivered messages with one topic the newer replaces the older: at most 32 letters of base64url. */
  topic?: string;
}

/** What a push service did with a message. Reasons are for people, and never hold an endpoint. */
export type PushOutcome =
  | { kind: "sent" }
  /** The browser has ended its subscription. */
  | { kind: "gone" }
  /** Worth trying again, at the earliest after `afterMs`. */
  | { kind: "later"; reason: string; afterMs?: number }
  /** The same message will not be taken. */
  | { kind: "refused"; reason: string };

/** Web Push (RFC 8030), encrypted (RFC 8291) and signed with the service's own key (RFC 8292). */
export interface Push {
  /** The key that browsers subscribe with: a P-256 point as base64url. */
  publicKey: string;
  /**
   * What is wrong with a target: an endpoint that is not of a public host, by HTTPS and its usual port, or keys that are
   * none. `null` when it may be tried. Answers within 3 s; a host that has no address now is tried later.
   */
  judge(target: PushTarget): Promise<{ field: "endpoint" | "p256dh"; detail: string } | null>;
  /**
   * Sends once. Answers within 11 s, whatever the push service does, and never rejects; an aborted one may come later.
   * Connects to public addresses alone, follows no redirect, and reads no more than a little of the answer.
   */
  send(target: PushTarget, message: PushMessage, signal: AbortSignal): Promise<PushOutcome>;
}

/** A payload's UTF-8: what of the 4,096 bytes that every push service takes its encryption leaves. */
export const PUSH_BYTES_MAX = 3_993;

/** Everything a service function may depend on. Each names the ones it uses: `Pick<Deps, "sql" | "clock">`. */
export interface Deps {
  sql: Sql;
  relay: Relay;
  cache: Cache;
  queue: Queue;
  limiter: Limiter;
  seats: Seats;
  /** The same, of this node alone. */
  nodeSeats: Seats;
  passwords: Passwords;
  tokens: Tokens;
  geocoder: Geocoder;
  /** `null` where no keys are set: nothing is pushed then. */
  push: Push | null;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}
