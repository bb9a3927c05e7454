-- What callers asked for under a key of theirs, so that asking again does not make another job. Kept
-- for a day. `job_id` is no foreign key: a key outlives the job, and says so.
create table idempotency_keys (
    -- Whose key it is. Nobody's is all zeros, as in `queue`.
    api_key_id uuid not null,
    key text not null
        constraint idempotency_keys_key_length check (char_length(key) between 1 and 200),
    -- SHA-256 of all that was said.
    fingerprint bytea not null
        constraint idempotency_keys_fingerprint_length check (octet_length(fingerprint) = 32),
    job_id uuid not null,
    created_at timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (api_key_id, key)
);

-- What pruning reads.
create index idempotency_keys_created on idempotency_keys (created_at);

-- What callers attach to their jobs, for themselves.
alter table jobs add column metadata jsonb
    constraint jobs_metadata_object check (jsonb_typeof(metadata) = 'object');

-- Whose result is edited here.
alter table jobs add column parent_id uuid
    constraint jobs_parent_id_fkey references jobs (id) on delete set null;

-- What lists are read by, beside the primary key; `docs/decisions/listing-by-index.md` says why these.
create index jobs_status on jobs (status, id) where status <> 'completed';
create index jobs_model on jobs (model, id);
create index jobs_parent on jobs (parent_id, id) where parent_id is not null;
create index jobs_metadata on jobs using gin (metadata jsonb_path_ops) where metadata is not null;

alter table jobs
    -- SHA-256 of what makes the result: pictures, prompt, model and options. Null where results are not
    -- used again.
    add column request_hash bytea
        constraint jobs_request_hash_length check (octet_length(request_hash) = 32),
    -- Completed when it was made, with another job's results.
    add column cached boolean not null default false;

-- What a request's result is looked up by. One that was used again itself is not: it would never grow old.
create index jobs_request on jobs (request_hash, id)
    where status = 'completed' and not cached and request_hash is not null;

-- A job that is completed when it is made is told of like any other.
create trigger jobs_delivery_at_once after insert on jobs
    for each row
    when (
        new.webhook_url is not null and new.status = 'completed'
        and 'job.completed' = any (new.webhook_events)
    )
    execute function write_delivery();

-- Deleted by its caller while fal had a request of it. Nobody is shown it from then on; its rows stay until
-- the request has ended, because the books need its attempt until then.
alter table jobs add column deleted_at timestamptz;

-- Whatever statement ends such a job removes it.
create function remove_deleted_job() returns trigger language plpgsql as $$
begin
    delete from jobs where id = new.id;
    return null;
end
$$;

create trigger jobs_deleted_end after update of finished_at on jobs
    for each row when (new.deleted_at is not null and new.finished_at is not null)
    execute function remove_deleted_job();
