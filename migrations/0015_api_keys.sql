-- API keys: who asks. A key itself is kept nowhere: it is random enough that its SHA-256 tells nothing of it.
create table api_keys (
    id uuid constraint api_keys_pkey primary key,

    -- What an operator calls it.
    name text not null constraint api_keys_name_length check (char_length(name) between 1 and 100),
    -- How it begins: to find it by, and for people to recognise it.
    prefix text not null constraint api_keys_prefix_unique unique,
    -- SHA-256 of all of it.
    digest bytea not null constraint api_keys_digest_length check (octet_length(digest) = 32),

    -- Whether it opens the operators' paths and everybody's jobs.
    is_admin boolean not null default false,

    created_at timestamptz not null default now(),
    -- A revoked key stays for the books, and opens nothing.
    revoked_at timestamptz,
    -- When anything of it changed last: replicas ask for what is new to them.
    changed_at timestamptz not null default now()
);

create index api_keys_changed on api_keys (changed_at);

-- A key's jobs, newest first.
create index jobs_of_key on jobs (api_key_id, id) where api_key_id is not null;
