-- When its caller asked for the job's end. The worker that has it sees so at its next beat.
alter table queue add column cancel_requested_at timestamptz;

-- What a heartbeat reads: those of one worker that are to end.
create index queue_cancelled on queue (leased_by) where cancel_requested_at is not null;

-- An attempt may end by its job's caller.
alter table attempts
    drop constraint attempts_outcome_known,
    add constraint attempts_outcome_known
        check (outcome in ('completed', 'failed', 'cancelled', 'unknown'));
