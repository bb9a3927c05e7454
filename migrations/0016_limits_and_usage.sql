-- What a key may do, and what was done with it.

alter table api_keys
    -- Jobs that may be made in a minute; null is the service's default.
    add column jobs_per_minute integer
        constraint api_keys_jobs_per_minute_range check (jobs_per_minute between 1 and 1000000),
    -- Jobs that may not have ended at a time; null is no limit.
    add column max_pending integer
        constraint api_keys_max_pending_range check (max_pending between 0 and 1000000),
    -- Millionths of a US dollar that may be spent on a day (UTC); null is no limit.
    add column daily_budget_micros bigint
        constraint api_keys_daily_budget_range check (daily_budget_micros between 0 and 1000000000000);

alter table jobs
    -- What it may cost at most, in millionths of a US dollar: kept back from its key's budget until it has ended.
    add column reserved_micros bigint not null default 0,
    -- The day (UTC) whose budget that is, and whose usage it counts for; null is the day when it was made.
    add column usage_day date,
    -- Attempts that were counted when it ended before: it was tried again since.
    add column attempts_before smallint not null default 0;

-- A key's jobs that have not ended.
create index jobs_pending_of_key on jobs (api_key_id)
    where finished_at is null and api_key_id is not null;

-- What was made and spent: by key (nobody's is all zeros, as in `queue`), by day, by model. Outlives the jobs.
create table usage (
    api_key_id uuid not null,
    day date not null,
    model text not null,
    jobs bigint not null,
    images bigint not null,
    reserved_micros bigint not null,
    spent_micros bigint not null,
    constraint usage_pkey primary key (api_key_id, day, model)
);

-- What is to be added to it. Whoever ends a job only ever adds a row here: a row of `usage` that all of them changed
-- would make them wait for one another. Whoever needs a key's sum adds them up, under its key's lock.
create table usage_changes (
    api_key_id uuid not null,
    day date not null,
    model text not null,
    jobs integer not null default 0,
    images integer not null default 0,
    reserved_micros bigint not null default 0,
    spent_micros bigint not null default 0
);

create index usage_changes_of_key on usage_changes (api_key_id);

create function reserve_usage() returns trigger language plpgsql as $$
begin
    insert into usage_changes (api_key_id, day, model, reserved_micros)
    values (new.api_key_id, new.usage_day, new.model, new.reserved_micros);
    return null;
end
$$;

create trigger jobs_reserved after insert on jobs
    for each row when (new.reserved_micros > 0)
    execute function reserve_usage();

-- A job that goes before it has ended gives back what it kept.
create function give_back_usage() returns trigger language plpgsql as $$
begin
    insert into usage_changes (api_key_id, day, model, reserved_micros)
    values (old.api_key_id, old.usage_day, old.model, -old.reserved_micros);
    return null;
end
$$;

create trigger jobs_given_back after delete on jobs
    for each row when (old.reserved_micros > 0 and old.finished_at is null)
    execute function give_back_usage();

-- Jobs that end are counted: what they kept back is given back, and what their attempts cost is spent. A submission
-- of which nobody knows what came of it may have been paid for, so it counts as what it may have cost.
-- Then those go that their callers deleted: not before, because their attempts go with them.
create function count_usage() returns trigger language plpgsql as $$
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
                select coalesce(sum(
                    coalesce(cost_micros, case outcome when 'failed' then 0 else changed.reserved_micros end)
                ), 0)
                from attempts where job_id = changed.id and number > changed.attempts_before
            ) as spent
        from changed join before on before.id = changed.id
        where changed.finished_at is not null and before.finished_at is null
    ) as ended
    group by 1, 2, 3;
    if exists (select from changed where deleted_at is not null and finished_at is not null) then
        delete from jobs using changed
        where jobs.id = changed.id and jobs.deleted_at is not null and jobs.finished_at is not null;
    end if;
    return null;
end
$$;

drop trigger jobs_deleted_end on jobs;
drop function remove_deleted_job();

create trigger jobs_counted after update on jobs
    referencing old table as before new table as changed
    for each statement execute function count_usage();

-- How fast somebody goes on: full again at that moment. Not logged: after a crash everybody begins anew.
create unlogged table rate_limits (
    subject text constraint rate_limits_pkey primary key,
    full_at timestamptz not null
);

create index rate_limits_full on rate_limits (full_at);
