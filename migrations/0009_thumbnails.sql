-- Images scaled down for pages that show many: made when somebody asks for one, and kept.
create table thumbnails (
    image_id uuid not null
        constraint thumbnails_image_id_fkey references images (id) on delete cascade,

    -- What was asked for, in pixels; the picture is as wide.
    width smallint not null
        constraint thumbnails_width_positive check (width > 0),

    media_type text not null,

    -- Of `data`; it is the thumbnail's ETag.
    sha256 bytea not null
        constraint thumbnails_sha256_length check (octet_length(sha256) = 32),

    data bytea not null,

    created_at timestamptz not null default now(),

    constraint thumbnails_pkey primary key (image_id, width)
);

-- Compressed already, as in `images`.
alter table thumbnails alter column data set storage external;
