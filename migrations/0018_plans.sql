-- What keeps statements from reading whole tables, whatever PostgreSQL knows of them at the moment.

-- A queue that was empty for a night would be cut off to no pages, and to read all of one that has none is thought to cost
-- nothing: plans that are made then are kept, and read all of it when it is long again.
alter table queue set (vacuum_truncate = false);

-- As in 0016, but what ended is looked up in a set: a batch of n jobs was compared n times n times.
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
                select coalesce(sum(
                    coalesce(cost_micros, case outcome when 'failed' then 0 else changed.reserved_micros end)
                ), 0)
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
