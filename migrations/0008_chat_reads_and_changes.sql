-- How far each member has read. In the membership's own row, so that one guarded update asks whether the person is a member
-- and moves the pointer; no index has the column and pages keep room, so that a move leaves the indexes alone.
alter table party_members
  add column read_seq int not null default 0 check (read_seq >= 0),
  set (fillfactor = 85);

-- Texts put differently, and texts taken back: entries that point at the text they change, in the same log.
alter table chat_entries
  add column target_seq int check (target_seq < seq),
  drop constraint chat_entries_kind_check,
  add constraint chat_entries_kind_check
    check (kind in ('text', 'join', 'leave', 'removed', 'system', 'edit', 'delete')),
  add constraint chat_entries_target_check check ((target_seq is not null) = (kind in ('edit', 'delete'))),
  add constraint chat_entries_target_fkey foreign key (party_id, target_seq) references chat_entries (party_id, seq);
create index chat_entries_edits_idx on chat_entries (party_id, target_seq, seq) where kind = 'edit';
-- A text is taken back once.
create unique index chat_entries_delete_key on chat_entries (party_id, target_seq) where kind = 'delete';
