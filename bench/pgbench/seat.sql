\set n random(1, :joiners)
begin;
select 1 from users where id = (select id from joiners where n = :n) and withdrawn_at is null for share;
select id, capacity, member_count from parties where id = :party for no key update;
select status from party_members where party_id = :party and user_id = (select id from joiners where n = :n);
select count(*) from penalties where user_id = (select id from joiners where n = :n) and counts;
commit;
