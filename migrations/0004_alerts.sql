-- From a change to people's inboxes: events are written with the change, published until a worker has retired them, and
-- every recipient gets one row and one number per event.

create table events (
  party_id uuid not null references parties,
  id uuid not null,
  type text not null,
  region_code text not null,
  payload jsonb not null,
  created_at timestamptz not null,
  publish_after timestamptz not null,
  publish_count int not null default 0,
  retired_at timestamptz,
  primary key (party_id, id)
);
create index events_due_idx on events (publish_after) where retired_at is null;
create index events_retired_idx on events (retired_at) where retired_at is not null;

-- Regions whose queue has been used: the workers consume from these.
create table region_queues (
  region_code text primary key,
  first_used_at timestamptz not null
);

-- The counter of a person's alerts, locked while alerts are numbered.
create table alert_heads (
  user_id uuid primary key references users on delete cascade,
  last_seq int not null default 0
);

create table alerts (
  user_id uuid not null references users on delete cascade,
  seq int not null,
  id uuid not null,
  event_id uuid not null,
  type text not null,
  party_id uuid,
  payload jsonb not null,
  created_at timestamptz not null,
  read_at timestamptz,
  deleted_at timestamptz,
  primary key (user_id, seq),
  unique (user_id, event_id),
  unique (user_id, id)
);
create index alerts_unread_idx on alerts (user_id) where read_at is null and deleted_at is null;
