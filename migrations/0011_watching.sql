-- Whoever watches jobs is told of each change in the transaction that makes it: it cannot be forgotten
-- by a statement, and a process that dies right after its commit cannot keep it to itself.

-- A statement's changes are one notification, or one for each two hundred: a payload has room for no
-- more. New jobs are not told: nobody knows them yet, and a commit that notifies waits for all others
-- that do.
create function tell_of_changed_jobs() returns trigger language plpgsql as $$
begin
    perform pg_notify('darkroom_jobs', string_agg(id::text, ','))
    from (select id, row_number() over () / 200 as part from changed) as parts
    group by part;
    return null;
end
$$;

create trigger jobs_updated after update on jobs
    referencing new table as changed
    for each statement execute function tell_of_changed_jobs();

create trigger jobs_deleted after delete on jobs
    referencing old table as changed
    for each statement execute function tell_of_changed_jobs();

-- What ended since a moment: for whoever comes back to watch, and for pruning.
create index jobs_finished on jobs (finished_at) where finished_at is not null;
