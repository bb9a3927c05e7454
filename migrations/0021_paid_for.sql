-- What may be paid for is counted, also where no result came of it, and where its job goes before it has ended.

alter table attempts
    -- It failed, and may be paid for all the same: its result could not be used, or nobody saw how its request ended.
    add column may_be_paid boolean not null default false;

-- What an attempt cost, or may have cost where that cannot be told; `reserved` is the most.
create function may_have_cost(attempt attempts, reserved bigint) returns bigint language sql immutable as $$
    select coalesce(
        attempt.cost_micros,
        case when attempt.outcome = 'failed' and not attempt.may_be_paid then 0 else reserved end
    )
$$;

-- As in 0018, but for what attempts may have cost.
create or replace function count_usage() returns trigger language plpgsql as $$
begin
    insert into usage_changes (api_key_id, day, model, jobs, images, reserved_micros, spent_micros)
    select
        coalesce(api_key_id, '00000000-0000-0000-0000-000000000000'),
        coalesce(usage_day, (created_at at time zone 'UTC')::date),
        model, count(*), sum(images), -sum(reserved_micros), sum(spent)
    from (
        select changed.*,
            case when changed.status = 'completed' then (
                select count(*) from images where job_id = changed.id and role = 'result'
            ) else 0 end as images,
            (
                select coalesce(sum(may_have_cost(attempts, changed.reserved_micros)), 0)
                from attempts where job_id = changed.id and number > changed.attempts_before
            ) as spent
        from changed
        where changed.finished_at is not null
            and (changed.id in (select id from before where finished_at is null)) is true
    ) as ended
    group by 1, 2, 3;
    if exists (select from changed where deleted_at is not null and finished_at is not null) then
        delete from jobs using changed
        where jobs.id = changed.id and jobs.deleted_at is not null and jobs.finished_at is not null;
    end if;
    return null;
end
$$;

-- As in 0016, but what its attempts cost is spent: so it is counted before they go with it.
create or replace function give_back_usage() returns trigger language plpgsql as $$
begin
    insert into usage_changes (api_key_id, day, model, reserved_micros, spent_micros)
    select old.api_key_id, old.usage_day, old.model, -old.reserved_micros,
        coalesce(sum(may_have_cost(attempts, old.reserved_micros)), 0)
    from attempts where job_id = old.id and number > old.attempts_before;
    return old;
end
$$;

drop trigger jobs_given_back on jobs;
create trigger jobs_given_back before delete on jobs
    for each row when (old.reserved_micros > 0 and old.finished_at is null)
    execute function give_back_usage();
