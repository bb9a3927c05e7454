//! Insert: jobs, the pictures that were sent, their places in the queue, and one job's idempotency key, all in one
//! statement.
//!
//! Where nothing else is to be done, that is all that jobs cost, and needs no transaction around it.

mod rows;

use sqlx::PgExecutor;
use time::OffsetDateTime;

use super::{
    draft::Draft,
    idempotency::{self, IdempotencyKey},
};
use crate::queue::{Places, enqueue_query, hints_of_new};
use rows::{Pictures, Rows};

/// What a statement writes.
#[derive(Debug)]
struct Insertion<'a> {
    places: Places<'a>,
    rows: Rows<'a>,
    pictures: Pictures<'a>,
    channels: Vec<&'static str>,
    payloads: Vec<String>,
}

impl<'a> Insertion<'a> {
    fn of(drafts: &'a [Draft], tells: bool) -> Self {
        let places: Places<'_> = drafts.iter().filter_map(Draft::place).collect();
        let (rows, pictures) = (Rows::of(drafts), Pictures::of(drafts));
        let (channels, payloads) = if tells {
            hints_of_new(&rows.jobs(), !places.jobs.is_empty())
        } else {
            Default::default()
        };
        Self { places, rows, pictures, channels, payloads }
    }
}

/// The statement: `$taken` is a CTE that takes the idempotency key, and `$if_taken` the condition for writing anything
/// at all. Both may be empty.
///
/// A job's time is when its pictures have arrived, which may be long after its transaction began: whoever looks for what
/// changed lately does not look that far back.
macro_rules! insert_query {
    ($taken:literal, $if_taken:literal, $insertion:expr $(, $argument:expr)*) => {
        enqueue_query!(
            ["with ", $taken, r#"job as (
                 insert into jobs (
                     id, model, priority, run_at, prompt, options, api_key_id, metadata, parent_id,
                     request_hash, cached, seed, webhook_url, webhook_events, status, finished_at,
                     reserved_micros, usage_day, created_at, updated_at
                 )
                 select id, model, priority, run_at, prompt, options, api_key_id, metadata,
                     parent_id, request_hash, cached, seed, webhook_url,
                     string_to_array(webhook_events, ','),
                     case when cached then 'completed' else 'pending' end,
                     case when cached then statement_timestamp() end,
                     reserved_micros,
                     case when reserved_micros > 0 then (now() at time zone 'UTC')::date end,
                     statement_timestamp(), statement_timestamp()
                 from unnest(
                     (select $10::uuid[]), $11::text[], $12::smallint[], $13::timestamptz[],
                     $14::text[], $15::jsonb[], $16::uuid[], $17::jsonb[], $18::uuid[],
                     $19::bytea[], $20::bool[], $21::bigint[], $22::text[], $23::text[],
                     $24::bigint[]
                 ) as new (
                     id, model, priority, run_at, prompt, options, api_key_id, metadata, parent_id,
                     request_hash, cached, seed, webhook_url, webhook_events, reserved_micros
                 ) where true "#, $if_taken, r#"
             ), picture as (
                 insert into images
                     (id, job_id, role, position, media_type, width, height, sha256, data)
                 select id, job_id, 'input', position, media_type, width, height, sha256, data
                 from unnest(
                     (select $25::uuid[]), $26::uuid[], $27::smallint[], $28::text[], $29::int[],
                     $30::int[], $31::bytea[], $32::bytea[]
                 ) as new (id, job_id, position, media_type, width, height, sha256, data)
                 where true "#, $if_taken, r#"
             ), place as ("#],
            [" ", $if_taken, r#"
             )
             select statement_timestamp() as "at!", (
                 select count(pg_notify(channel, payload)::text)
                 from unnest((select $33::text[]), $34::text[]) as hint (channel, payload)
             ) as hints
             where true "#, $if_taken],
            $insertion.places,
            &$insertion.rows.ids,
            &$insertion.rows.models as _,
            &$insertion.rows.priorities,
            &$insertion.rows.run_ats as _,
            &$insertion.rows.prompts as _,
            &$insertion.rows.options,
            &$insertion.rows.api_keys as _,
            &$insertion.rows.metadata as _,
            &$insertion.rows.parents as _,
            &$insertion.rows.request_hashes as _,
            &$insertion.rows.cached,
            &$insertion.rows.seeds as _,
            &$insertion.rows.webhook_urls as _,
            &$insertion.rows.webhook_events as _,
            &$insertion.rows.reserved_micros,
            &$insertion.pictures.ids,
            &$insertion.pictures.jobs,
            &$insertion.pictures.positions,
            &$insertion.pictures.media_types as _,
            &$insertion.pictures.widths,
            &$insertion.pictures.heights,
            &$insertion.pictures.digests as _,
            &$insertion.pictures.files as _,
            &$insertion.channels as _,
            &$insertion.payloads
            $(, $argument)*
        )
    };
}

/// Inserts jobs, in the order in which they come into line, and answers when. If it `tells`, their commit notifies of
/// them. Idempotency keys are ignored.
pub(super) async fn insert_all(
    executor: impl PgExecutor<'_>,
    drafts: &[Draft],
    tells: bool,
) -> Result<OffsetDateTime, sqlx::Error> {
    let insertion = Insertion::of(drafts, tells);
    let inserted = insert_query!("", "", insertion).fetch_one(executor).await?;
    Ok(inserted.at)
}

/// Inserts a job, and takes its idempotency key. Where that is taken, nothing is inserted; where another transaction is
/// taking it, the end of that is waited for.
pub(super) async fn insert(
    executor: impl PgExecutor<'_>,
    draft: &Draft,
    tells: bool,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    let drafts = std::slice::from_ref(draft);
    let Some(IdempotencyKey { key, fingerprint }) = &draft.new.idempotency_key else {
        return insert_all(executor, drafts, tells).await.map(Some);
    };
    let insertion = Insertion::of(drafts, tells);
    let inserted = insert_query!(
        "taken as (
             insert into idempotency_keys as keys (api_key_id, key, fingerprint, job_id)
             values ($35, $36, $37, $38)
             on conflict on constraint idempotency_keys_pkey do update set
                 fingerprint = excluded.fingerprint, job_id = excluded.job_id,
                 created_at = excluded.created_at
             where keys.created_at < now() - make_interval(secs => $39)
             returning job_id
         ), ",
        "and exists (select from taken)",
        insertion,
        idempotency::owner(draft.new.api_key),
        key,
        &fingerprint[..],
        draft.id.0,
        idempotency::REMEMBERED.as_secs_f64()
    )
    .fetch_optional(executor)
    .await?;
    Ok(inserted.map(|inserted| inserted.at))
}
