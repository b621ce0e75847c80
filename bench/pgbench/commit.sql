-- The least that can be committed.
update counter set n = n + 1;
