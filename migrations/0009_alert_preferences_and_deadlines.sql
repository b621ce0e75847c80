-- What people want to be told, and how. No row, and whatever is not named in one, is as by default: everything in both ways.
-- One row per person, so that a new choice replaces the old one whole; keyed by user_id, as the alerts are.
create table alert_preferences (
  user_id uuid primary key references users on delete cascade,
  stream_off text[] not null,
  push_off text[] not null,
  -- By the clock in that zone; over midnight when the end is the earlier one. None: push is never quiet.
  quiet_from time,
  quiet_to time check (quiet_to <> quiet_from),
  quiet_timezone text,
  check (num_nulls(quiet_from, quiet_to, quiet_timezone) in (0, 3))
);

-- Whether the person wanted it in streams when it was written. Later replays pass over the same ones.
alter table alerts add column streamed boolean not null default true;

-- In the order of an inbox: counted from the index alone, and listed from it however much has been read.
drop index alerts_unread_idx;
create index alerts_unread_idx on alerts (user_id, seq) where read_at is null and deleted_at is null;
-- For clearing away what is old, sooner what has been seen. Each alert is in one of the two.
create index alerts_seen_idx on alerts (created_at) where read_at is not null or deleted_at is not null;
create index alerts_unseen_idx on alerts (created_at) where read_at is null and deleted_at is null;

-- When the next reminder is due; null when none is left. Set with the start, and moved on with each reminder.
alter table parties add column remind_at timestamptz;
update parties
set remind_at = case
  when starts_at - interval '24 hours' > now() then starts_at - interval '24 hours'
  else starts_at - interval '2 hours'
end
where status in ('open', 'confirmed') and starts_at - interval '2 hours' > now();
create index parties_remind_idx on parties (remind_at) where status in ('open', 'confirmed');
-- Parties whose time to join will be over, the first ones first.
create index parties_join_until_idx on parties (join_until) where status = 'open';
