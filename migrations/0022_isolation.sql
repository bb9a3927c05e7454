-- A job that takes its workers down is told from those that are merely beside it.

alter table queue
    -- Its worker has it in isolation: of the jobs that were rescued often, it works on this one only. Each claim
    -- clears this.
    add column is_isolated boolean not null default false;

-- Each rescue counted until now, for a job whose request was followed three times as often: it is only a suspect yet.
update queue set rescues = 2 where rescues > 2;
