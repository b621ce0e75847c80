-- Parties, their members, their chat, and penalties. Keys begin with party_id, so that the tables can be distributed by it.

create table parties (
  id uuid primary key,
  leader_id uuid not null references users,
  market_id uuid not null references markets,
  item_id uuid not null references items,
  title text not null check (length(title) between 1 and 80),
  note text not null default '' check (length(note) <= 2000),
  status text not null default 'open' check (status in ('open', 'confirmed', 'done', 'cancelled')),
  cancel_reason text check (length(cancel_reason) <= 500),
  quantity int not null check (quantity > 0),
  unit text not null check (unit in ('g', 'mL', 'ea')),
  price_krw int check (price_krw >= 0),
  -- What accepted people take, the leader's own share included.
  quantity_taken int not null check (quantity_taken between 0 and quantity),
  quantity_left int not null generated always as (quantity - quantity_taken) stored,
  capacity int not null check (capacity between 2 and 50),
  -- Accepted people, the leader included.
  member_count int not null default 1 check (member_count between 1 and capacity),
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  join_until timestamptz not null check (join_until <= starts_at),
  auto_accept boolean not null default false,
  -- "title item market" in lower case, for the text filter of the nearby search.
  search_text text not null,
  version int not null default 1,
  created_at timestamptz not null
);
-- The nearby search walks markets from the nearest, and in each reads its joinable parties in this order: those that close
-- soonest first, those already closed never touched. The same with the item leading, so that a filter stays in the index.
create index parties_joinable_idx on parties (market_id, join_until, id) where status = 'open' and quantity_left > 0;
create index parties_joinable_item_idx on parties (item_id, market_id, join_until, id)
  where status = 'open' and quantity_left > 0;
create index parties_starts_idx on parties (market_id, starts_at, id) include (join_until) where status = 'open' and quantity_left > 0;
create index parties_newest_idx on parties (market_id, id desc) include (join_until, starts_at) where status = 'open' and quantity_left > 0;
create index parties_leader_idx on parties (leader_id);

create table party_members (
  party_id uuid not null references parties,
  user_id uuid not null references users,
  role text not null check (role in ('leader', 'member')),
  status text not null check (status in ('pending', 'accepted', 'rejected', 'left', 'removed')),
  quantity int not null check (quantity >= 0),
  -- The entry that let this person in; what a subscription may show ends at a later leave or removal.
  joined_seq int,
  attended boolean,
  requested_at timestamptz not null,
  decided_at timestamptz,
  primary key (party_id, user_id),
  check (role = 'member' or status = 'accepted')
);
create unique index party_members_leader_key on party_members (party_id) where role = 'leader';
create index party_members_user_idx on party_members (user_id, party_id desc);

-- The log of a party's chat. `last_seq` is the counter: it is taken in the transaction that inserts, so no number is lost.
create table chat_rooms (
  party_id uuid primary key references parties,
  last_seq int not null default 0,
  opened_at timestamptz
);

create table chat_entries (
  party_id uuid not null references chat_rooms,
  seq int not null check (seq > 0),
  id uuid not null,
  kind text not null check (kind in ('text', 'join', 'leave', 'removed', 'system')),
  sender_id uuid references users,
  text text not null check (length(text) <= 2000),
  client_msg_id text check (length(client_msg_id) between 1 and 64),
  sent_at timestamptz not null,
  primary key (party_id, seq)
);
create unique index chat_entries_client_msg_key on chat_entries (party_id, sender_id, client_msg_id)
  where client_msg_id is not null;

-- One per party and person: the key decides, however many requests come at once.
create table penalties (
  party_id uuid not null references parties,
  user_id uuid not null references users,
  id uuid not null,
  reason text not null default '' check (length(reason) <= 500),
  created_at timestamptz not null,
  primary key (party_id, user_id)
);
create index penalties_user_idx on penalties (user_id, created_at);
