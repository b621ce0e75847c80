-- People and their sessions. A withdrawn person keeps only the id, so that parties and entries stay whole.

create extension if not exists cube;
create extension if not exists earthdistance;
create extension if not exists pg_trgm;

-- Great-circle distance in metres, the haversine formula with the radius that turf uses (6371008.8 m), so that SQL and
-- TypeScript agree to less than a millimetre.
create function haversine_m(lat1 float8, lng1 float8, lat2 float8, lng2 float8) returns float8
language sql immutable strict parallel safe
return 2 * 6371008.8 * asin(least(1, sqrt(
  sin(radians(lat2 - lat1) / 2) ^ 2
  + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lng2 - lng1) / 2) ^ 2)));

create table users (
  id uuid primary key,
  email text check (email = lower(email) and length(email) <= 254),
  password_hash text,
  nickname text check (length(nickname) between 1 and 20),
  role text not null default 'user' check (role in ('user', 'admin')),
  locale text not null default 'ko' check (locale in ('ko', 'en')),
  home_address text,
  home_lat float8 check (home_lat between -90 and 90),
  home_lng float8 check (home_lng between -180 and 180),
  home_region_code text,
  home_point cube generated always as (ll_to_earth(home_lat, home_lng)) stored,
  terms_at timestamptz not null,
  privacy_at timestamptz not null,
  location_at timestamptz,
  -- Counts changes of the penalties, 0 until there is one; the cached count carries it, so that an older value never
  -- replaces a newer one.
  penalty_version int not null default 0,
  created_at timestamptz not null,
  withdrawn_at timestamptz,
  check ((home_address is null) = (home_lat is null)
    and (home_lat is null) = (home_lng is null)
    and (home_lat is null) = (home_region_code is null)),
  check (home_lat is null or location_at is not null),
  check (withdrawn_at is null
    or num_nonnulls(email, password_hash, nickname, home_address, home_lat, home_lng, home_region_code) = 0),
  check (withdrawn_at is not null or num_nonnulls(email, password_hash, nickname) = 3)
);
-- Partial, so that for PostgreSQL it is no key of the row: erasing an e-mail waits for none of the inserts that refer to the
-- person, and no deadlock can come of it.
create unique index users_email_key on users (email) where email is not null;
create unique index users_nickname_key on users (lower(nickname));

-- One sign-in: the family of its refresh tokens, each of which works once.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index sessions_user_idx on sessions (user_id);
create index sessions_expires_idx on sessions (expires_at);
create index sessions_ended_idx on sessions (ended_at) where ended_at is not null;

create table refresh_tokens (
  token_hash bytea primary key,
  session_id uuid not null references sessions on delete cascade,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index refresh_tokens_session_idx on refresh_tokens (session_id, expires_at);

-- The first answer to a POST that carried an Idempotency-Key, written in the transaction of what it did.
create table idempotency_keys (
  user_id uuid not null references users,
  key text not null check (length(key) between 1 and 255),
  request_hash bytea not null,
  status smallint not null,
  response jsonb not null,
  created_at timestamptz not null,
  primary key (user_id, key)
);
create index idempotency_keys_created_idx on idempotency_keys (created_at);
