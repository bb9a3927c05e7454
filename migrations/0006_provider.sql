-- A job that has not ended by then fails. Null, as older versions leave it, is never.
alter table queue add column deadline_at timestamptz;

alter table attempts
    -- When fal's webhook said that the request has ended.
    add column notice_at timestamptz,
    -- When it was first looked for at fal, and not found: its answer was lost.
    add column missed_at timestamptz,
    -- What fal charged, in the model's units.
    add column billed_units double precision;

-- Attempts of which it never came out whether fal has them: each may be paid for and lost.
create index attempts_unknown on attempts (ended_at) where outcome = 'unknown';

-- fal does not accept the account: no worker submits until a probe succeeds. One row while it
-- lasts, none otherwise.
create table provider_halt (
    only_one boolean constraint provider_halt_pkey primary key default true
        constraint provider_halt_only_one check (only_one),
    -- Why, as a job's failure would say it.
    failure_code text not null,
    since timestamptz not null default now(),
    -- When a worker may probe next. Who moves it, probes.
    probe_at timestamptz not null
);

-- Secrets that all replicas share and nobody has to configure. Made by whoever needs one first.
create table secrets (
    name text constraint secrets_pkey primary key,
    value bytea not null constraint secrets_value_length check (octet_length(value) >= 32),
    made_at timestamptz not null default now()
);
