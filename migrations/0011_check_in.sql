-- Members check in with a code that only who stands beside the leader can read.

-- What the leader's codes are made from (RFC 6238). It never leaves the server.
create table check_in_secrets (
  party_id uuid primary key references parties,
  secret bytea not null check (length(secret) = 20)
);
-- Who has checked in has come: nobody says otherwise afterwards.
alter table party_members add column checked_in_at timestamptz check (checked_in_at is null or attended);
