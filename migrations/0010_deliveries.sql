-- Webhooks out: whom a job's caller wants to be told, and each thing that is told.

alter table jobs
    -- The receiver; null where nobody is told.
    add column webhook_url text
        constraint jobs_webhook_url_length check (char_length(webhook_url) between 1 and 2000),
    -- Of what it is told.
    add column webhook_events text[]
        constraint jobs_webhook_events_known check (
            webhook_events <@ array['job.processing', 'job.completed', 'job.failed', 'job.cancelled']
            and cardinality(webhook_events) > 0
        ),
    add constraint jobs_webhook_whole check ((webhook_url is null) = (webhook_events is null));

-- A delivery: one event of a job, to be told to its receiver. It belongs to the record and to the queue:
-- leased like a job while an attempt is made, and kept as a log until its job goes.
create table deliveries (
    -- UUIDv7. It is the `webhook-id` of each attempt, by which the receiver knows what it has already.
    id uuid constraint deliveries_pkey primary key,

    job_id uuid not null
        constraint deliveries_job_id_fkey references jobs (id) on delete cascade,

    event text not null,
    -- Why the job failed, as it was then: it may be tried again before this is told.
    failure_code text,
    failure_message text,
    created_at timestamptz not null default now(),

    -- When the next attempt is due; null when none follows.
    next_at timestamptz default now(),
    -- No attempt is made later.
    expires_at timestamptz not null default now() + interval '1 day',
    -- Attempts that failed since it was made, or was asked for again.
    failures smallint not null default 0,

    -- Whose lease it is under, and which, as in `queue`.
    leased_by uuid,
    lease_no bigint not null default 0,

    -- How it ended.
    delivered_at timestamptz,
    gave_up_at timestamptz,

    -- The latest attempts, the oldest first: when, what was answered or went wrong, and how long it took.
    log jsonb not null default '[]',

    constraint deliveries_end_known check (
        case when next_at is null
        then (delivered_at is null) <> (gave_up_at is null)
        else delivered_at is null and gave_up_at is null end
    )
) with (fillfactor = 70);

-- What a claim reads and a heartbeat looks at.
create index deliveries_due on deliveries (next_at) where leased_by is null and next_at is not null;
-- What a rescue and a hand-over read.
create index deliveries_leased on deliveries (leased_by) where leased_by is not null;
create index deliveries_of_job on deliveries (job_id);

-- As `round`, for claims of deliveries.
alter table workers add column delivery_round integer not null default 0;

-- Written by whatever statement changes a job's status, in its transaction: none can forget it. Where nobody
-- is told, it costs a look at a null.
create function write_delivery() returns trigger language plpgsql as $$
begin
    insert into deliveries (id, job_id, event, failure_code, failure_message)
    values (
        -- Milliseconds, then version and randomness of a UUIDv4, with the version made 7.
        (
            lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
            || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14)
        )::uuid,
        new.id, 'job.' || new.status, new.failure_code, new.failure_message
    );
    perform pg_notify('darkroom_deliveries', '');
    return null;
end
$$;

create trigger jobs_delivery after update of status on jobs
    for each row
    when (
        new.webhook_url is not null and new.status <> old.status
        and 'job.' || new.status = any (new.webhook_events)
    )
    execute function write_delivery();
