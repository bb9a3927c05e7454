-- Counts the claims of a worker whose answers were lost. A claim names the round it was asked in, and
-- one of an earlier round takes nothing, however late it reaches the database.
alter table workers add column round integer not null default 0;
