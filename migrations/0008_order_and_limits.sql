-- Who is first, and how many at a time: priorities, turns between API keys, a start in the future,
-- limits and pauses.

alter table jobs
    -- Whose job it is; null where nobody needs a key.
    add column api_key_id uuid,
    -- Higher goes first.
    add column priority smallint not null default 0
        constraint jobs_priority_bounded check (priority between -100 and 100),
    -- When its caller wants it to start; null is at once.
    add column run_at timestamptz;

-- Each claim takes a new number, whatever the job: also one that is put back into the queue after its
-- row was gone has no lease number for a second time.
create sequence queue_lease_no as bigint;

drop index queue_waiting;

alter table queue
    -- As in `jobs`, so that a claim needs to read nothing else. Nobody's key is all zeros.
    add column model text not null default '',
    add column api_key_id uuid not null default '00000000-0000-0000-0000-000000000000',
    add column priority smallint not null default 0,
    -- Inside a priority, lower goes first. See the queue module's `enqueue`.
    add column turn bigint not null default 0,
    -- An attempt is open: fal may have a request. Set and cleared by the statement that opens and
    -- closes it.
    add column has_attempt boolean not null default false,
    -- Attempts from before the job was reopened, which count no more.
    add column attempts_before smallint not null default 0,
    -- Null is due. A row that rests until a moment stays out of what a claim reads.
    alter column run_at drop default,
    alter column run_at drop not null;

update queue set
    model = jobs.model,
    run_at = nullif(greatest(queue.run_at, now()), now()),
    has_attempt = exists (
        select from attempts where attempts.job_id = queue.job_id and ended_at is null
    )
from jobs where jobs.id = queue.job_id;
select setval('queue_lease_no', 1 + coalesce((select max(lease_no) from queue), 0), false);

alter table queue
    -- Waits for a submission, and may be claimed if nothing is in the way.
    add column in_line boolean not null
        generated always as (leased_by is null and run_at is null and not has_attempt) stored,
    -- Waits for a worker to go on with the request that it may have. It has its place in all limits
    -- already.
    add column is_left boolean not null
        generated always as (leased_by is null and has_attempt) stored;

-- What a claim reads where nothing is in the way.
create index queue_in_line on queue (priority desc, turn, job_id) where in_line;
-- What it reads where limits or pauses hold, and where a new row's turn is read.
create index queue_lanes on queue (model, api_key_id, priority desc, turn, job_id) where in_line;
create index queue_left on queue (run_at, job_id) where is_left;
create index queue_resting on queue (run_at) where leased_by is null and run_at is not null;
create index queue_overdue on queue (deadline_at) where in_line;

-- Limits and pauses: of everything, of a model or of an API key. No row is no rule.
create table queue_rules (
    scope text not null
        constraint queue_rules_scope_known check (scope in ('everything', 'model', 'api_key')),
    -- Which model or key; empty for everything.
    subject text not null,
    -- Most jobs in flight: leased, or with a request that may run at fal.
    max_in_flight integer
        constraint queue_rules_max_natural check (max_in_flight >= 0),
    -- Nothing of it is submitted since then.
    paused_at timestamptz,
    constraint queue_rules_pkey primary key (scope, subject),
    constraint queue_rules_subject_whole check ((scope = 'everything') = (subject = '')),
    constraint queue_rules_say_something
        check (max_in_flight is not null or paused_at is not null)
);

alter table attempts
    -- When its worker had claimed the job.
    add column claimed_at timestamptz,
    -- When its worker first saw it run at fal.
    add column running_at timestamptz,
    -- When its outputs were in the image store.
    add column archived_at timestamptz,
    -- Of its failure: whether another attempt may help.
    add column failure_class text,
    -- Millionths of a US dollar, by the model's price; null where that cannot be told.
    add column cost_micros bigint;
