/** Every allowance, in one place. `RATE_LIMIT_FACTOR` multiplies all that are not fixed. */
import type { Limit, SeatLimit } from "./ports.ts";

/** What may be taken: points per key (a person, or an address when nobody is signed in) and time. */
export const LIMITS = {
  /** Any request. */
  requests: { name: "requests", points: 600, durationS: 60 },
  /** Sign-in, sign-up, password checks: each costs an argon2 hash and may be a guess. */
  credentials: { name: "credentials", points: 20, durationS: 60 },
  /** Sign-ins to one account from anywhere. */
  account: { name: "account", points: 30, durationS: 900 },
  /** Parties opened, and joins asked for. */
  parties: { name: "parties", points: 60, durationS: 3600 },
  /** Addresses looked up: each may be two questions to a provider that counts them. */
  addresses: { name: "addresses", points: 60, durationS: 60 },
  /** Browsers subscribed to pushes: each makes us look a name up. */
  browsers: { name: "browsers", points: 60, durationS: 3600 },
  /** Chat messages of one person, over all parties and sockets. */
  messages: { name: "messages", points: 120, durationS: 60, lease: 10 },
  /** Tries to check in, of one person at one party: six digits, three of a million good at a time. */
  checkIns: { name: "check-ins", points: 5, durationS: 300, isFixed: true },
  /** Exports of one's own data: each reads all that there is. */
  exports: { name: "exports", points: 10, durationS: 3600 },
  /** Socket and stream openings. */
  connections: { name: "connections", points: 120, durationS: 60 },
} as const satisfies Record<string, Limit>;

/** Sockets that may be open at once. */
export const SEATS = {
  /** Of one person, over all nodes. */
  person: { name: "person", seats: 30 },
  /** Of one address, over all nodes: a school or an office may be behind it. */
  address: { name: "address", seats: 200 },
  /** On one node. */
  node: { name: "node", seats: 10_000 },
  /** Those of which nobody knows yet whose they are: of one address, and in all, on one node. */
  waitingOfAddress: { name: "waiting-of-address", seats: 50 },
  waitingOnNode: { name: "waiting-on-node", seats: 1_000 },
} as const satisfies Record<string, SeatLimit>;
