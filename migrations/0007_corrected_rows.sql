-- Rows that came wrong and could be set right, such as those with their coordinates swapped.
alter table ingest_runs add column corrected int not null default 0;
