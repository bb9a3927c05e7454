-- The image store: what callers gave and what fal made. Kept in Postgres, so that a job and its
-- input commit in one transaction and replicas need nothing shared to mount.
create table images (
    id uuid constraint images_pkey primary key,

    job_id uuid not null
        constraint images_job_id_fkey references jobs (id) on delete cascade,

    role text not null
        constraint images_role_known check (role in ('input', 'result')),

    -- Order among the job's images of the same role, from 0.
    position smallint not null
        constraint images_position_natural check (position >= 0),

    media_type text not null,
    width integer not null
        constraint images_width_positive check (width > 0),
    height integer not null
        constraint images_height_positive check (height > 0),

    -- Of `data`; it is the image's ETag.
    sha256 bytea not null
        constraint images_sha256_length check (octet_length(sha256) = 32),

    data bytea not null,

    created_at timestamptz not null default now(),

    -- Archiving an output twice, after a crash half-way, ends in one row. It also finds a job's images.
    constraint images_job_id_role_position_key unique (job_id, role, position)
);

-- JPEG, PNG and WebP are compressed already: trying again would cost time and win nothing.
alter table images alter column data set storage external;
