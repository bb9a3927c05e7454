-- Most jobs have no deadline, and nobody looks for those by it: each cost an entry when it was made, and again when it was claimed.
drop index queue_overdue;
create index queue_overdue on queue (deadline_at) where in_line and deadline_at is not null;
