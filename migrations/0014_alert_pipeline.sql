-- Where those live who favour an item, beside the favourite: whom a new party concerns is then read from one index. The
-- columns follow the person's home whoever writes, a node of the last version too.
alter table favorite_items
  add column home_lat float8,
  add column home_lng float8;

update favorite_items f
set home_lat = u.home_lat, home_lng = u.home_lng
from users u
where u.id = f.user_id and u.home_lat is not null;

create function favorite_item_home() returns trigger language plpgsql as $$
begin
  -- A move that has not committed yet is waited for: otherwise the favourite would stay where the person has left.
  select home_lat, home_lng
  into new.home_lat, new.home_lng
  from users
  where id = new.user_id
  for share;
  return new;
end $$;
create trigger favorite_item_home before insert on favorite_items
  for each row execute function favorite_item_home();

create function favorite_items_move() returns trigger language plpgsql as $$
begin
  update favorite_items
  set home_lat = new.home_lat, home_lng = new.home_lng
  where user_id = new.id;
  return null;
end $$;
create trigger favorite_items_move after update of home_lat, home_lng on users
  for each row
  when ((old.home_lat, old.home_lng) is distinct from (new.home_lat, new.home_lng))
  execute function favorite_items_move();
-- In the order in which the box around a market is read; the people come out of the index itself.
create index favorite_items_near_idx on favorite_items (item_id, home_lat, home_lng) include (user_id)
where home_lat is not null;

-- Alerts workers, each under a lease, and which region queues each of them consumes: what shares the load, and no more. Who
-- is told what, and once, is settled by the keys of the inboxes.
create table alert_workers (
  id uuid primary key,
  lease_until timestamptz not null
);
alter table region_queues
  add column worker_id uuid references alert_workers on delete set null;
create index region_queues_worker_idx on region_queues (worker_id);
