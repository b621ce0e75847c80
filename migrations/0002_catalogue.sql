-- What parties hang on: items and markets from public data, and who favourites them. Rows that vanish from their source are
-- flagged with retired_at, never deleted: parties refer to them.

create table items (
  id uuid primary key,
  source text not null check (source in ('sample', 'mafra')),
  code text not null unique,
  category text not null,
  name text not null,
  variety text not null,
  -- What a search looks through: "name variety category" in lower case, and the same in initial consonants.
  search_text text not null,
  initials text not null,
  -- Everyday food first (0), then what fewer people buy.
  rank smallint not null default 0,
  row_hash bytea not null,
  updated_at timestamptz not null,
  retired_at timestamptz
);
create index items_search_idx on items using gin (search_text gin_trgm_ops) where retired_at is null;
create index items_initials_idx on items using gin (initials gin_trgm_ops) where retired_at is null;
create index items_order_idx on items (rank, name, variety, id) where retired_at is null;
create index items_category_idx on items (category, rank, name, variety, id) where retired_at is null;

create table markets (
  id uuid primary key,
  source text not null check (source in ('sample', 'traditional', 'stores', 'place')),
  -- The key within the source; for a place of a party's own, the party's id.
  source_key text not null,
  name text not null,
  kind text not null check (kind in ('mart', 'traditional', 'other')),
  road_address text not null,
  lat float8 not null check (lat between -90 and 90),
  lng float8 not null check (lng between -180 and 180),
  region_code text not null check (region_code ~ '^[0-9]{5}$'),
  point cube generated always as (ll_to_earth(lat, lng)) stored not null,
  search_text text not null,
  row_hash bytea,
  updated_at timestamptz not null,
  retired_at timestamptz,
  -- Whether a nearby search looks here: always for the catalogue's own, for a place only while its party is open.
  listed boolean not null default true,
  unique (source, source_key)
);
create index markets_nearby_idx on markets using gist (point) where listed;
create index markets_search_idx on markets using gin (search_text gin_trgm_ops) where retired_at is null and source <> 'place';
create index markets_order_idx on markets (name, id) where retired_at is null and source <> 'place';

create table favorite_items (
  item_id uuid not null references items,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null,
  primary key (item_id, user_id)
);
create index favorite_items_user_idx on favorite_items (user_id);

create table favorite_markets (
  market_id uuid not null references markets,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null,
  primary key (market_id, user_id)
);
create index favorite_markets_user_idx on favorite_markets (user_id);

-- One run of one source. `epoch` grows with every run of the source; a run may write only while its epoch is the newest.
create table ingest_runs (
  id uuid primary key,
  source text not null check (source in ('items', 'markets', 'stores', 'sample')),
  epoch int not null,
  state text not null check (state in ('running', 'complete', 'incomplete', 'held', 'failed')),
  reason text,
  total_claimed int,
  pages int not null default 0,
  fetched int not null default 0,
  inserted int not null default 0,
  updated int not null default 0,
  unchanged int not null default 0,
  retired int not null default 0,
  rejected int not null default 0,
  started_at timestamptz not null,
  finished_at timestamptz,
  unique (source, epoch)
);

-- A finished page, written with its rows: a run that was killed does not ask for it again.
create table ingest_pages (
  run_id uuid not null references ingest_runs on delete cascade,
  page int not null,
  keys_seen text[] not null,
  primary key (run_id, page)
);

-- Rows that could not be taken, as they came, with the reason.
create table ingest_rejects (
  run_id uuid not null references ingest_runs on delete cascade,
  key text not null,
  reason text not null,
  raw jsonb not null,
  primary key (run_id, key)
);
