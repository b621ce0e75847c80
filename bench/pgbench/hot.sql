-- One durable send as one would write it by hand, all clients in one party.
\set id random(1, 1000000000000)
\if :isNew
select hot_party_id as party, hot_user_id as sender from senders where n = :client_id \gset
\set isNew 0
\endif
begin;
select last_seq as last
from chat_rooms
where party_id = (:party)::uuid and opened_at is not null
for no key update \gset
select coalesce(u.nickname, '') as nickname
from party_members m join users u on u.id = m.user_id
where m.party_id = (:party)::uuid and m.user_id = (:sender)::uuid and m.status = 'accepted' \gset
select count(*) as known
from chat_entries
where party_id = (:party)::uuid and sender_id = (:sender)::uuid and client_msg_id = (:id)::text \gset
insert into chat_entries (party_id, seq, id, kind, sender_id, text, client_msg_id, sent_at)
values ((:party)::uuid, :last + 1, gen_random_uuid(), 'text', (:sender)::uuid, repeat('moajang ', 25), (:id)::text, now());
update chat_rooms
set last_seq = :last + 1
where party_id = (:party)::uuid;
commit;
