-- A job: one accepted request for one edit. This table is the record that clients read and that
-- stays when the work is over; it is written when a job is made, when it is submitted to fal and
-- when it ends. Workers look for work in `queue`, so that a long history costs a claim nothing.
create table jobs (
    -- UUIDv7, made by the API. Newest first is `order by id desc`, and needs no other index.
    id uuid constraint jobs_pkey primary key,

    -- What the caller asked for. The API refuses more with a clearer message; this is the last word.
    prompt text not null
        constraint jobs_prompt_length check (char_length(prompt) between 1 and 5000),

    -- Id of the AI model, which is its endpoint at fal.
    model text not null,

    -- Text and not an enum type: a new status is then one statement, inside a transaction.
    status text not null default 'pending'
        constraint jobs_status_known
        check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),

    -- Why the job failed: a stable code for programs and a sentence for people.
    failure_code text,
    failure_message text,

    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- When fal first accepted the job.
    submitted_at timestamptz,
    finished_at timestamptz,

    constraint jobs_failure_explained
        check ((status = 'failed') = (failure_code is not null and failure_message is not null)),
    constraint jobs_end_dated
        check ((status in ('completed', 'failed', 'cancelled')) = (finished_at is not null))
);
