-- What people may say about penalties, and what else is noted of how reliable somebody is.

alter table penalties
  add column kind text not null default 'no-show' check (kind in ('no-show', 'leader-no-show')),
  -- Not while an appeal is open, and no longer once one was granted.
  add column counts boolean not null default true;
create unique index penalties_id_key on penalties (id);
create index penalties_owner_idx on penalties (user_id, id desc);
drop index penalties_user_idx;
create index penalties_counted_idx on penalties (user_id, created_at) where counts;

-- One for each penalty.
create table appeals (
  party_id uuid not null,
  user_id uuid not null,
  id uuid not null,
  text text not null check (length(text) between 1 and 2000),
  created_at timestamptz not null,
  decided_at timestamptz,
  granted boolean,
  note text not null default '' check (length(note) <= 500),
  primary key (party_id, user_id),
  foreign key (party_id, user_id) references penalties,
  check ((decided_at is null) = (granted is null))
);
create unique index appeals_id_key on appeals (id);
create index appeals_open_idx on appeals (id) where decided_at is null;

-- Who left when the others had already counted on them. It is shown, and has no other effect.
create table late_cancellations (
  party_id uuid not null references parties,
  user_id uuid not null references users,
  created_at timestamptz not null,
  primary key (party_id, user_id)
);
create index late_cancellations_user_idx on late_cancellations (user_id, created_at);

-- Members who say that the leader did not come.
create table leader_reports (
  party_id uuid not null references parties,
  user_id uuid not null references users,
  created_at timestamptz not null,
  primary key (party_id, user_id)
);

-- What admins have decided. It only grows.
create table audit_log (
  id uuid primary key,
  actor_id uuid not null references users,
  action text not null,
  subject jsonb not null,
  created_at timestamptz not null
);
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log only grows';
end
$$;
create trigger audit_log_grows before update or delete or truncate on audit_log
  for each statement execute function refuse_change();
