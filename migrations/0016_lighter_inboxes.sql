-- What each alert costs. Its id is its event's, of which a person gets one alert: the key of both is the same, and one index
-- less. A node of the version before reads `id` still, and a worker of it writes another one; the column goes with the next
-- change of this table.
alter table alerts drop constraint alerts_user_id_id_key;
-- Its number comes from the person's counter, which refers to the person; people are never deleted. Looking up, and locking,
-- the person for each alert was a third of its cost.
alter table alerts drop constraint alerts_user_id_fkey;
