-- Browsers that alerts are pushed to, and what waits to be pushed to each. A browser is known by the endpoint that its push
-- service gave it, and belongs to the session that told of it.

create table push_subscriptions (
  user_id uuid not null references users on delete cascade,
  id uuid not null,
  session_id uuid not null references sessions on delete cascade,
  endpoint text not null check (length(endpoint) <= 2048),
  -- The endpoint is too long for an index.
  endpoint_hash bytea not null,
  host text not null,
  p256dh text not null,
  auth text not null,
  expires_at timestamptz,
  created_at timestamptz not null,
  renewed_at timestamptz not null,
  -- The last alert put into its queue: with what a worker has dealt with, it tells in the row itself whether more is there.
  queued_seq int not null default 0,
  -- When its next push is to be tried, and the lease of whoever tries it; null while nothing waits.
  due_at timestamptz,
  attempts int not null default 0,
  primary key (user_id, id)
);
-- One browser is one person's.
create unique index push_subscriptions_endpoint_key on push_subscriptions (endpoint_hash);
create index push_subscriptions_session_idx on push_subscriptions (session_id);
create index push_subscriptions_due_idx on push_subscriptions (due_at) where due_at is not null;

create table pushes (
  user_id uuid not null,
  subscription_id uuid not null,
  seq int not null,
  expires_at timestamptz not null,
  primary key (user_id, subscription_id, seq),
  foreign key (user_id, subscription_id) references push_subscriptions on delete cascade,
  foreign key (user_id, seq) references alerts on delete cascade
);
create index pushes_expires_idx on pushes (expires_at);
