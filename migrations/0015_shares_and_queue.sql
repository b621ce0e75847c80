-- How much people wish for and what they would make do with; and a queue for the parties that are full.

-- `quantity` is what somebody has, or asks for. Null in the other two: exactly that much.
alter table party_members
  add column quantity_wish int check (quantity_wish >= 0),
  add column quantity_min int check (quantity_min >= 0),
  -- The order of those who wait. What is offered to one of them is kept for them until then.
  add column queue_no int check (queue_no > 0),
  add column offered_quantity int check (offered_quantity > 0),
  add column offer_until timestamptz,
  drop constraint party_members_status_check,
  add constraint party_members_status_check
    check (status in ('pending', 'waiting', 'accepted', 'rejected', 'left', 'removed')),
  add constraint party_members_min_check check (quantity_min <= quantity_wish),
  add constraint party_members_queue_check check ((status = 'waiting') = (queue_no is not null)),
  add constraint party_members_offer_check
    check ((offered_quantity is null) = (offer_until is null) and (offer_until is null or status = 'waiting'));
create unique index party_members_queue_key on party_members (party_id, queue_no);
create index party_members_offer_idx on party_members (offer_until) where offer_until is not null;

-- `quantity_taken` counts what is on offer, too; so `quantity_left` is what anybody else can have.
alter table parties
  add column seats_offered int not null default 0 check (seats_offered >= 0),
  add constraint parties_seats_check check (member_count + seats_offered <= capacity);
