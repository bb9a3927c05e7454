-- An attempt: one submission of a job to fal, written down before it is made. It is what a restart
-- resumes from, what the timeline shows and what the bill is read from.
create table attempts (
    job_id uuid not null
        constraint attempts_job_id_fkey references jobs (id) on delete cascade,
    -- 1, 2, …; the count of a job's attempts is its highest number.
    number smallint not null
        constraint attempts_number_positive check (number > 0),

    worker_id uuid not null,

    -- Where the prepared image was uploaded. No other attempt has this URL, so it tells which
    -- request at fal belongs to this row even when fal's answer was never seen.
    input_url text not null,
    began_at timestamptz not null default now(),

    -- fal's answer to the submission, kept as it came. All are null until it is known.
    provider_request_id text,
    status_url text,
    response_url text,
    cancel_url text,
    submitted_at timestamptz,

    -- How it ended. `unknown`: a crash hid whether fal ever got the submission.
    ended_at timestamptz,
    outcome text
        constraint attempts_outcome_known check (outcome in ('completed', 'failed', 'unknown')),
    failure_code text,
    -- Seconds of inference, as fal reports them.
    inference_seconds double precision,

    constraint attempts_pkey primary key (job_id, number),
    constraint attempts_submission_whole check (
        (submitted_at is null) = (provider_request_id is null)
        and (submitted_at is null) = (status_url is null)
        and (submitted_at is null) = (response_url is null)
        and (submitted_at is null) = (cancel_url is null)
    ),
    constraint attempts_end_whole check ((ended_at is null) = (outcome is null))
);

-- One open attempt a job: while a request may be running at fal, the database itself refuses
-- to let another one begin.
create unique index attempts_one_open on attempts (job_id) where ended_at is null;
