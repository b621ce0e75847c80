-- Who pays what of a done party. Nothing is held or moved here: these are notes between people.

create table settlements (
  party_id uuid primary key references parties,
  total_krw int not null check (total_krw between 1 and 1000000000),
  -- The part of it that all takers bear alike, such as parking.
  shared_krw int not null default 0 check (shared_krw between 0 and total_krw),
  -- Where to pay to, in the leader's words. Erased a week after the last line was paid.
  account text check (length(account) between 1 and 200),
  frozen_at timestamptz not null,
  -- When the last line was paid; null while one is open.
  settled_at timestamptz
);
create index settlements_account_idx on settlements (settled_at) where account is not null;

create table settlement_lines (
  party_id uuid not null references settlements,
  user_id uuid not null references users,
  quantity int not null check (quantity >= 0),
  amount_krw int not null check (amount_krw >= 0),
  -- Whether the share was rounded up. Who has paid an extra won before does not pay the next one that is in doubt.
  rounded_up boolean not null,
  -- What was paid when it was last marked as paid; a correction may leave more, or less, to pay.
  paid_krw int not null default 0 check (paid_krw >= 0),
  -- What the person was asked for last, and when they are asked once more.
  asked_krw int,
  remind_at timestamptz,
  member_paid_at timestamptz,
  leader_paid_at timestamptz,
  primary key (party_id, user_id)
);
create index settlement_lines_remind_idx on settlement_lines (remind_at) where remind_at is not null;
create index settlement_lines_user_idx on settlement_lines (user_id);
create index settlement_lines_rounded_idx on settlement_lines (user_id) where rounded_up;

-- Every change of a line after it was announced, signed: a line is what was announced and its corrections together.
create table settlement_corrections (
  party_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  amount_krw int not null check (amount_krw <> 0),
  created_at timestamptz not null,
  primary key (party_id, id),
  foreign key (party_id, user_id) references settlement_lines
);
