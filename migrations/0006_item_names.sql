-- What finds the items whose name begins with a text: search_text begins with the name. In the order of code points, whatever
-- the database's own is. `initials` are from here on those of name and variety alone; the next ingest writes them.
create index items_prefix_idx on items (search_text collate "C") where retired_at is null;

-- What finds one or two letters within name and variety: a trigram index knows a single letter only where it is a word, so
-- each is made one here.
create index items_letters_idx on items
using gin (regexp_replace(left(search_text, -char_length(category) - 1), '(.)', '\1 ', 'g') gin_trgm_ops)
where retired_at is null;
