-- What finds the items whose name begins with a text: search_text begins with the name. In the order of code points, whatever
-- the database's own is. `initials` are from here on those of name and variety alone; the next ingest writes them.
create index items_prefix_idx on items (search_text collate "C") where retired_at is null;
