-- A worker process, under a random id of its own: host names are reused, ids are not. It beats by
-- updating one row, however many jobs it holds. A worker whose beat is late counts as dead.
create table workers (
    id uuid constraint workers_pkey primary key,
    -- For people: host and process id.
    name text not null,
    started_at timestamptz not null default now(),
    beat_at timestamptz not null default now()
) with (fillfactor = 50); -- room for each beat to stay on its page

-- The work: one narrow row for each job that has not ended. Inserted with its job, deleted in the
-- statement that ends it.
--
-- There is no foreign key in either direction. One to `jobs` would lock and look up the job's row
-- at each enqueue; one to `workers` would do so at each claim. The statements in the queue module
-- keep the two in step, and its tests say so.
create table queue (
    job_id uuid constraint queue_pkey primary key,

    -- Not before this moment; claims go in this order.
    run_at timestamptz not null default now(),

    -- Whose lease the job is under; null while it waits.
    leased_by uuid,

    -- Counts up with each claim and never back. A write about a claimed job names worker and
    -- number, so one that comes late, under an old lease, changes nothing.
    lease_no bigint not null default 0,

    -- How often the job was taken from a worker that died.
    rescues smallint not null default 0
) with (
    fillfactor = 70,
    -- Every row lives briefly: vacuum after about a thousand dead ones, not after a fifth of the table.
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_analyze_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.0,
    autovacuum_vacuum_cost_delay = 0
);

-- What a claim reads: only rows that wait, in claim order.
create index queue_waiting on queue (run_at, job_id) where leased_by is null;

-- What a rescue and a hand-over read: the rows of one worker.
create index queue_leased on queue (leased_by) where leased_by is not null;
