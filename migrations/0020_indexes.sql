-- Each question to the queue has one index that answers it: no other could, or the order that is asked for decides.
--
-- Most of the time the queue is empty when PostgreSQL looks how many rows it has. Until it looks again, it takes every index
-- that may be used for as good as another, the smallest first, and reads it from one end to the other: a claim, the one of
-- deadlines, with all that waits and all that is not cleared away yet.

-- A claim says nothing of deadlines.
drop index queue_overdue;
create index queue_overdue on queue (deadline_at) where in_line and deadline_at is not null;

-- What `in_line` means, spelled out: who asks for lanes says so in these words, and then neither `queue_in_line` can answer
-- that, nor this one a claim.
drop index queue_lanes;
create index queue_lanes on queue (model, api_key_id, priority desc, turn, job_id)
    where leased_by is null and run_at is null and not has_attempt;
