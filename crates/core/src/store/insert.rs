//! Insert: jobs, the pictures that were sent, and their places in the queue, in one statement. Where nothing else is to
//! be done, that is all that jobs cost, and needs no transaction around it.

use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{draft::Draft, image::sides};
use crate::{
    job::JobId,
    queue::{Places, enqueue_query, hints_of_new},
    webhook::Webhook,
};

/// Inserts jobs, in the order in which they come into line, and answers when. Where it is to tell of them, their commit
/// does.
pub(super) async fn insert(
    executor: impl PgExecutor<'_>,
    drafts: &[Draft],
    tells: bool,
) -> Result<OffsetDateTime, sqlx::Error> {
    let places: Places<'_> = drafts.iter().filter_map(Draft::place).collect();
    let (rows, pictures) = (Rows::of(drafts), Pictures::of(drafts));
    let (channels, payloads) = if tells {
        hints_of_new(&rows.jobs(), !places.jobs.is_empty())
    } else {
        Default::default()
    };
    let inserted = enqueue_query!(
        r#"with job as (
               insert into jobs (
                   id, model, priority, run_at, prompt, options, api_key_id, metadata, parent_id,
                   request_hash, cached, seed, webhook_url, webhook_events, status, finished_at,
                   reserved_micros, usage_day
               )
               select id, model, priority, run_at, prompt, options, api_key_id, metadata, parent_id,
                   request_hash, cached, seed, webhook_url, string_to_array(webhook_events, ','),
                   case when cached then 'completed' else 'pending' end,
                   case when cached then now() end,
                   reserved_micros,
                   case when reserved_micros > 0 then (now() at time zone 'UTC')::date end
               from unnest(
                   (select $9::uuid[]), $10::text[], $11::smallint[], $12::timestamptz[], $13::text[],
                   $14::jsonb[], $15::uuid[], $16::jsonb[], $17::uuid[], $18::bytea[], $19::bool[],
                   $20::bigint[], $21::text[], $22::text[], $23::bigint[]
               ) as new (
                   id, model, priority, run_at, prompt, options, api_key_id, metadata, parent_id,
                   request_hash, cached, seed, webhook_url, webhook_events, reserved_micros
               )
           ), picture as (
               insert into images
                   (id, job_id, role, position, media_type, width, height, sha256, data)
               select id, job_id, 'input', position, media_type, width, height, sha256, data
               from unnest(
                   (select $24::uuid[]), $25::uuid[], $26::smallint[], $27::text[], $28::int[], $29::int[],
                   $30::bytea[], $31::bytea[]
               ) as new (id, job_id, position, media_type, width, height, sha256, data)
           ), place as ("#,
        r#")
           select now() as "at!", (
               select count(pg_notify(channel, payload)::text)
               from unnest((select $32::text[]), $33::text[]) as hint (channel, payload)
           ) as hints"#,
        places,
        &rows.ids,
        &rows.models as _,
        &rows.priorities,
        &rows.run_ats as _,
        &rows.prompts as _,
        &rows.options,
        &rows.api_keys as _,
        &rows.metadata as _,
        &rows.parents as _,
        &rows.request_hashes as _,
        &rows.cached,
        &rows.seeds as _,
        &rows.webhook_urls as _,
        &rows.webhook_events as _,
        &rows.reserved_micros,
        &pictures.ids,
        &pictures.jobs,
        &pictures.positions,
        &pictures.media_types as _,
        &pictures.widths,
        &pictures.heights,
        &pictures.digests as _,
        &pictures.files as _,
        &channels as _,
        &payloads,
    )
    .fetch_one(executor)
    .await?;
    Ok(inserted.at)
}

/// Rows of `jobs`: a list for each column.
#[derive(Debug, Default)]
struct Rows<'a> {
    ids: Vec<Uuid>,
    models: Vec<&'a str>,
    priorities: Vec<i16>,
    run_ats: Vec<Option<OffsetDateTime>>,
    prompts: Vec<&'a str>,
    options: Vec<serde_json::Value>,
    api_keys: Vec<Option<Uuid>>,
    metadata: Vec<Option<&'a serde_json::Value>>,
    parents: Vec<Option<Uuid>>,
    request_hashes: Vec<Option<&'a [u8]>>,
    cached: Vec<bool>,
    seeds: Vec<Option<i64>>,
    webhook_urls: Vec<Option<&'a str>>,
    /// Joined by commas: lists of several lengths make no list.
    webhook_events: Vec<Option<String>>,
    reserved_micros: Vec<i64>,
}

impl<'a> Rows<'a> {
    fn of(drafts: &'a [Draft]) -> Self {
        let mut rows = Self::default();
        for draft in drafts {
            let Draft { id, new, parent, request_hash, reusable, .. } = draft;
            rows.ids.push(id.0);
            rows.models.push(&new.model);
            rows.priorities.push(new.priority);
            rows.run_ats.push(new.run_at);
            rows.prompts.push(&new.prompt);
            rows.options.push(new.options.stored());
            rows.api_keys.push(new.api_key.map(|key| key.0));
            rows.metadata.push(new.metadata.as_ref());
            rows.parents.push(parent.as_ref().map(|parent| parent.job.0));
            rows.request_hashes.push(request_hash.as_ref().map(|hash| &hash[..]));
            rows.cached.push(reusable.is_some());
            rows.seeds.push(reusable.as_ref().and_then(|reusable| reusable.seed));
            rows.webhook_urls.push(new.webhook.as_ref().map(|webhook| webhook.url.as_str()));
            rows.webhook_events.push(new.webhook.as_ref().map(Webhook::event_names));
            rows.reserved_micros.push(draft.reserved_micros());
        }
        rows
    }

    fn jobs(&self) -> Vec<JobId> {
        self.ids.iter().copied().map(JobId).collect()
    }
}

/// Rows of `images`: a list for each column.
#[derive(Debug, Default)]
struct Pictures<'a> {
    ids: Vec<Uuid>,
    jobs: Vec<Uuid>,
    positions: Vec<i16>,
    media_types: Vec<&'a str>,
    widths: Vec<i32>,
    heights: Vec<i32>,
    digests: Vec<&'a [u8]>,
    files: Vec<&'a [u8]>,
}

impl<'a> Pictures<'a> {
    fn of(drafts: &'a [Draft]) -> Self {
        let mut rows = Self::default();
        for draft in drafts {
            for ((position, (id, digest)), image) in
                (0..).zip(&draft.pictures).zip(&draft.new.inputs)
            {
                let (width, height) = sides(image);
                rows.ids.push(id.0);
                rows.jobs.push(draft.id.0);
                rows.positions.push(position);
                rows.media_types.push(image.media_type.as_str());
                rows.widths.push(width);
                rows.heights.push(height);
                rows.digests.push(digest);
                rows.files.push(&image.data);
            }
        }
        rows
    }
}
