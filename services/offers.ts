/**
 * What is offered to those who wait for a full party: a seat and as much as is left, up to their wish, kept for them for a
 * while. Whatever frees something calls {@link makeOffers} in the same transaction, under the party's lock: so whenever nobody
 * holds the lock, nobody waits whom there would be room for.
 */
import { recordEvent } from "./events.ts";
import { tellOfParty } from "./party_news.ts";
import type { Deps, TransactionSql } from "./ports.ts";

type OfferDeps = Pick<Deps, "clock" | "relay" | "log">;

/** The longest that an offer stands; sooner if the start is near. */
const OFFER_MINUTES_MAX = 15;
/** It stands for one part in so many of the time left until the start. */
const OFFER_PARTS = 10;

/**
 * Offers what is free in a locked party: to the first in the queue whose minimum fits, then to the next, as long as there is
 * one. A party that has started, is done or cancelled offers nothing.
 */
export async function makeOffers(deps: OfferDeps, tx: TransactionSql, partyId: string): Promise<void> {
  while (await offerOnce(deps, tx, partyId));
}

async function offerOnce(deps: OfferDeps, tx: TransactionSql, partyId: string): Promise<boolean> {
  const now = deps.clock.now();
  const [offer] = await tx<{ userId: string; quantity: number; until: Date }[]>`
    with first as (
      select m.user_id, least(coalesce(m.quantity_wish, m.quantity), p.quantity_left) as quantity,
        least(${now}::timestamptz + make_interval(mins => ${OFFER_MINUTES_MAX}),
          ${now}::timestamptz + (p.starts_at - ${now}::timestamptz) / ${OFFER_PARTS}::float8) as until
      from parties p
      join party_members m on m.party_id = p.id
      where p.id = ${partyId}
        and p.status in ('open', 'confirmed')
        and p.starts_at > ${now}
        and p.member_count + p.seats_offered < p.capacity
        and m.status = 'waiting'
        and m.offer_until is null
        and coalesce(m.quantity_min, m.quantity) <= p.quantity_left
      order by m.queue_no
      limit 1),
    kept as (
      update parties
      set seats_offered = seats_offered + 1, quantity_taken = quantity_taken + first.quantity, version = version + 1
      from first
      where id = ${partyId})
    update party_members m
    set offered_quantity = first.quantity, offer_until = first.until
    from first
    where m.party_id = ${partyId} and m.user_id = first.user_id
    returning m.user_id as "userId", m.offered_quantity as quantity, m.offer_until as until`;
  if (!offer) return false;
  const { userId, quantity } = offer, until = offer.until.toISOString();
  await recordEvent(deps, tx, { type: "offer.made", partyId, actorId: null, userId, quantity, until });
  tellOfParty(deps, tx, partyId);
  return true;
}

/** No offer of a locked party stands any longer than until its start, which has been moved. */
export async function endOffersBy(tx: TransactionSql, partyId: string, startsAt: Date): Promise<void> {
  await tx`
    update party_members
    set offer_until = ${startsAt}
    where party_id = ${partyId} and offer_until > ${startsAt}`;
}

/** Takes a person out of a locked party's queue. What they were offered goes on to the next. */
export async function leaveQueue(
  deps: OfferDeps,
  tx: TransactionSql,
  partyId: string,
  { userId, status }: { userId: string; status: "left" | "rejected" },
): Promise<void> {
  const [member] = await tx<{ offered: number | null }[]>`
    update party_members m
    set status = ${status}, decided_at = ${deps.clock.now()}, queue_no = null, offered_quantity = null, offer_until = null
    from party_members was
    where m.party_id = ${partyId} and m.user_id = ${userId} and m.status = 'waiting'
      and was.party_id = m.party_id and was.user_id = m.user_id
    returning was.offered_quantity as offered`;
  if (!member || member.offered === null) return;
  await tx`
    update parties
    set seats_offered = seats_offered - 1, quantity_taken = quantity_taken - ${member.offered}, version = version + 1
    where id = ${partyId}`;
  tellOfParty(deps, tx, partyId);
  await makeOffers(deps, tx, partyId);
}

/** Takes back what a locked party has offered: it is called off. Those who wait stay in the queue, to be told of it. */
export async function takeBackOffers(tx: TransactionSql, partyId: string): Promise<void> {
  await tx`
    with taken_back as (
      update party_members m
      set offered_quantity = null, offer_until = null
      from party_members was
      where m.party_id = ${partyId} and m.offer_until is not null
        and was.party_id = m.party_id and was.user_id = m.user_id
      returning was.offered_quantity)
    update parties
    set seats_offered = 0,
      quantity_taken = quantity_taken - (select coalesce(sum(offered_quantity), 0)::int from taken_back)
    where id = ${partyId} and seats_offered > 0`;
}
