/**
 * The lock under which a party changes. Whatever touches its state, its seats or its members first locks its row, so that
 * changes of one party happen one after the other and each sees the last one's result; the schema's checks stand behind.
 * Order of locks: whoever acts for themself (`holdPerson`), party, chat room, other people by id.
 */
import type { Party } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { noSuchParty } from "./party_rows.ts";
import type { Sql, TransactionSql } from "./ports.ts";

/** A party while it is locked. */
export interface LockedParty {
  id: string;
  leaderId: string;
  status: Party["status"];
  capacity: number;
  memberCount: number;
  /** Of people who wait and have been offered one. */
  seatsOffered: number;
  /** The pack. */
  quantity: number;
  /** What of it nobody has, and nobody has been offered. */
  quantityLeft: number;
  autoAccept: boolean;
  startsAt: Date;
  endsAt: Date;
  joinUntil: Date;
  version: number;
}

/** Locks the party until the transaction ends. Throws `not-found`. */
export async function lockParty(tx: TransactionSql, partyId: string): Promise<LockedParty> {
  const [party] = await tx<LockedParty[]>`
    ${selectParty(tx)}
    where id = ${partyId}
    for no key update`;
  if (!party) throw noSuchParty();
  return party;
}

/**
 * Locks the party if it still recruits though its time to join is over, does not wait for the answer of the only one who might
 * be in, and nobody else holds it.
 */
export async function lockOverdueParty(tx: TransactionSql, partyId: string, now: Date): Promise<LockedParty | null> {
  const [party] = await tx<LockedParty[]>`
    ${selectParty(tx)}
    where id = ${partyId} and status = 'open' and join_until <= ${now} and (member_count > 1 or seats_offered = 0)
    for no key update skip locked`;
  return party ?? null;
}

/** Locks the party if it exists and nobody else holds it. */
export async function lockPartyIfFree(tx: TransactionSql, partyId: string): Promise<LockedParty | null> {
  const [party] = await tx<LockedParty[]>`
    ${selectParty(tx)}
    where id = ${partyId}
    for no key update skip locked`;
  return party ?? null;
}

/** The query of parties as they are while locked, without a condition. */
export function selectParty(sql: Sql | TransactionSql) {
  return sql`
    select id, leader_id as "leaderId", status, capacity, member_count as "memberCount",
      seats_offered as "seatsOffered", quantity, quantity_left as "quantityLeft", auto_accept as "autoAccept",
      starts_at as "startsAt", ends_at as "endsAt", join_until as "joinUntil", version
    from parties`;
}

/** Seats that nobody has, and nobody has been offered. */
export function seatsFree(party: LockedParty): number {
  return party.capacity - party.memberCount - party.seatsOffered;
}

/** Locks the party for its leader. Throws `not-found`, `forbidden`. */
export async function lockAsLeader(tx: TransactionSql, partyId: string, callerId: string): Promise<LockedParty> {
  const party = await lockParty(tx, partyId);
  if (party.leaderId !== callerId) throw new Problem("forbidden", "Cannot change the party: only its leader may");
  return party;
}

/** Throws `party-state` unless the party is in one of these states. */
export function requireState(party: LockedParty, action: string, ...states: LockedParty["status"][]): void {
  if (!states.includes(party.status)) {
    throw new Problem("party-state", `Cannot ${action}: the party is ${party.status}`);
  }
}

/** Throws `party-not-started` before the party's start. */
export function requireStarted(party: LockedParty, action: string, now: Date): void {
  if (party.startsAt > now) throw new Problem("party-not-started", `Cannot ${action}: the party has not started`);
}
