//! Create: what is asked for becomes a job, if nothing is in the way.

use std::time::Duration;

use sqlx::{Executor, Postgres};
use time::OffsetDateTime;

use super::{
    copy::{Copied, copy},
    image::{InputRows, Sha256, sha256},
    limits, once,
    parent::{self, Found},
    reuse::{self, Reusable},
};
use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool, Transaction},
    job::{Job, JobId, NewJob, Status},
    queue::{self, Waker, enqueue_query, hints_of_new},
    webhook::Webhook,
};

/// Bytes of pictures that reach the disk in a moment.
const LITTLE: usize = 1024 * 1024;

/// What came of asking for a job.
#[derive(Clone, Debug)]
pub enum Asked {
    /// It was made.
    Made(Box<Job>),
    /// The same had been asked for under the same key, and this came of it.
    Before(JobId),
    /// It was not made.
    Refused(Refusal),
}

/// Why a job was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Something else was asked for under the same key.
    KeyOfAnother,
    /// The same was asked for under the same key, and that job is deleted.
    JobDeleted,
    /// There is no job of the parent's id.
    UnknownParent,
    /// The parent has no results.
    ParentNotCompleted,
    /// The parent has fewer results.
    NoSuchResult,
    /// The key has as many jobs that have not ended as it may have.
    TooManyPending {
        /// So many.
        most: i32,
    },
    /// The key's money of the day does not suffice. In millionths of a US dollar.
    BudgetExhausted {
        /// What it may spend on a day.
        budget: i64,
        /// What is left of it.
        left: i64,
        /// What the job may cost.
        cost: i64,
        /// When all of it is there again.
        full_at: OffsetDateTime,
        /// How long that is.
        wait: Duration,
    },
}

impl NewJob {
    /// Of its files, in order.
    pub(super) fn digests(&self) -> Vec<Sha256> {
        self.inputs.iter().map(|input| sha256(&input.data)).collect()
    }

    /// Its key, where that has limits of its own.
    fn limited_key(&self) -> Option<ApiKeyId> {
        self.api_key.filter(|_| self.has_limits)
    }

    /// Its commit has little to wait for, and may have others that notify wait for it.
    fn writes_little(&self) -> bool {
        let bytes: usize = self.inputs.iter().map(|input| input.data.len()).sum();
        // A parent's picture or another's results may be copied.
        self.parent.is_none()
            && !self.cache.is_some_and(|cache| cache.is_looked_into)
            && bytes <= LITTLE
    }

    /// Nothing has to be looked at first, and nothing afterwards.
    fn is_made_at_once(&self) -> bool {
        self.once.is_none()
            && self.parent.is_none()
            && !self.cache.is_some_and(|cache| cache.is_looked_into)
            && self.limited_key().is_none()
    }
}

/// Where a new job's pictures come from, beside those that were sent.
#[derive(Debug, Default)]
struct Sources {
    /// Of the pictures that were sent.
    files: Vec<Sha256>,
    parent: Option<Found>,
    request_hash: Option<Sha256>,
    reusable: Option<Reusable>,
}

impl Sources {
    /// What was sent, and nothing else.
    fn of(new: &NewJob) -> Self {
        Self { files: new.digests(), ..Self::default() }
    }
}

/// Asks for a job: its key, its row, its images and its place in the queue commit together or not at all.
/// One that is answered with another's results is completed, and has no place in the queue.
///
/// Workers and watchers are told: in that commit where all was quiet, and shortly after it else.
pub async fn ask(pool: &Pool, waker: &Waker, new: &NewJob) -> Result<Asked, Error> {
    let turn = if new.writes_little() { waker.turn() } else { None };
    let is_told = turn.is_some();
    let asked = ask_telling(pool, new, is_told).await?;
    drop(turn);
    if let Asked::Made(job) = &asked
        && !is_told
    {
        if !job.cached {
            waker.wake();
        }
        waker.made(job.id);
    }
    Ok(asked)
}

async fn ask_telling(pool: &Pool, new: &NewJob, is_told: bool) -> Result<Asked, Error> {
    let doing = "asking for a job";
    let id = JobId::generate();
    if new.is_made_at_once() {
        let mut sources = Sources::of(new);
        // For others, who may use the result.
        sources.request_hash = new.cache.map(|_kept| reuse::request_hash(new, &sources.files));
        let job = insert(pool, id, new, &sources, is_told).await.map_err(Error::doing(doing))?;
        return Ok(Asked::Made(Box::new(job)));
    }
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let asked =
        ask_within(&mut transaction, id, new, is_told).await.map_err(Error::doing(doing))?;
    if matches!(asked, Asked::Made(_)) {
        transaction.commit().await.map_err(Error::doing(doing))?;
    }
    Ok(asked)
}

async fn ask_within(
    transaction: &mut Transaction,
    id: JobId,
    new: &NewJob,
    is_told: bool,
) -> Result<Asked, sqlx::Error> {
    let mut sources = Sources::of(new);
    if let Some(once) = &new.once
        && let Some(before) = once::take(transaction, new.api_key, once, id).await?
    {
        return Ok(before);
    }
    if let Some(parent) = new.parent {
        match parent::find(transaction, parent, new.api_key).await? {
            Ok(found) => sources.parent = Some(found),
            Err(refusal) => return Ok(Asked::Refused(refusal)),
        }
    }
    if new.cache.is_some() {
        let inputs = sources.parent.as_ref().map(|parent| vec![parent.sha256]);
        let hash = reuse::request_hash(new, inputs.as_ref().unwrap_or(&sources.files));
        sources.reusable = reuse::find(transaction, new, &hash).await?;
        sources.request_hash = Some(hash);
    }
    let job = make(transaction, id, new, &sources, is_told).await?;
    // At the very end: others of the key wait from here on, until the commit.
    if let Some(key) = new.limited_key().filter(|_| !job.cached)
        && let Err(refusal) = limits::check(transaction, key, new.cost_micros).await?
    {
        return Ok(Asked::Refused(refusal));
    }
    Ok(Asked::Made(Box::new(job)))
}

/// Makes a job of pictures and puts it into the queue: key, parent and cache are not heeded, and nobody is told.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let job = insert(pool, JobId::generate(), new, &Sources::of(new), false).await;
    job.map_err(Error::doing("making a job"))
}

async fn make(
    transaction: &mut Transaction,
    id: JobId,
    new: &NewJob,
    sources: &Sources,
    is_told: bool,
) -> Result<Job, sqlx::Error> {
    let mut job = insert(&mut **transaction, id, new, sources, is_told).await?;
    if let Some(parent) = &sources.parent {
        let input = Copied::Input(parent.position);
        job.images.extend(copy(transaction, parent.job, id, input).await?);
    }
    if let Some(reusable) = &sources.reusable {
        job.images.extend(copy(transaction, reusable.job, id, Copied::Results).await?);
    }
    Ok(job)
}

/// Inserts a job's row, the pictures that were sent, and its place in the queue, in one statement: where nothing else
/// is to be done, that is all a job costs, and needs no transaction around it.
async fn insert<'c>(
    executor: impl Executor<'c, Database = Postgres>,
    id: JobId,
    new: &NewJob,
    sources: &Sources,
    is_told: bool,
) -> Result<Job, sqlx::Error> {
    let options = serde_json::to_value(&new.options).unwrap_or_default();
    let parent = sources.parent.as_ref().map(|parent| parent.job);
    let reusable = sources.reusable.as_ref();
    let inputs = InputRows::of(&new.inputs, &sources.files);
    let (channels, payloads) =
        if is_told { hints_of_new(id, reusable.is_none()) } else { Default::default() };
    let place = queue::Place {
        model: &new.model,
        api_key: new.api_key,
        priority: new.priority,
        run_at: new.run_at,
        deadline: new.deadline,
        attempts_before: 0,
    };
    let made = enqueue_query!(
        r#"with job as (
               insert into jobs (
                   id, model, priority, run_at, prompt, options, api_key_id, metadata, parent_id,
                   request_hash, cached, seed, webhook_url, webhook_events, status, finished_at,
                   reserved_micros, usage_day
               )
               select $1::uuid, $2::text, $4::smallint, $5::timestamptz, $8, $9, $10, $11, $12,
                   $13, $14, $15, $16, $17,
                   case when $14 then 'completed' else 'pending' end, case when $14 then now() end,
                   $18::bigint,
                   case when $18::bigint > 0 then (now() at time zone 'UTC')::date end
               returning status, created_at, updated_at
           ), pictures as (
               insert into images
                   (id, job_id, role, position, media_type, width, height, sha256, data)
               select input.id, $1::uuid, 'input', place - 1, media_type, width, height, sha256, data
               from unnest($19::uuid[], $20::text[], $21::int[], $22::int[], $23::bytea[], $24::bytea[])
                   with ordinality
                   as input (id, media_type, width, height, sha256, data, place)
           ), place as ("#,
        r#" where not $14)
           select status as "status: Status", created_at, updated_at,
               (
                   select count(pg_notify(channel, payload)::text)
                   from unnest($25::text[], $26::text[]) as hint (channel, payload)
               ) as hints
           from job"#,
        id,
        place,
        new.prompt,
        options,
        new.api_key.map(|key| key.0),
        new.metadata.as_ref(),
        parent.map(|parent| parent.0),
        sources.request_hash.as_ref().map(|hash| &hash[..]),
        reusable.is_some(),
        reusable.and_then(|reusable| reusable.seed),
        new.webhook.as_ref().map(|webhook| webhook.url.as_str()),
        new.webhook.as_ref().map(Webhook::event_names) as _,
        // Nobody's budget, and nothing that is paid for, needs anything kept back.
        if new.api_key.is_some() && reusable.is_none() { new.cost_micros } else { 0 },
        &inputs.ids,
        &inputs.media_types as _,
        &inputs.widths,
        &inputs.heights,
        &inputs.digests as _,
        &inputs.files as _,
        &channels as _,
        &payloads,
    )
    .fetch_one(executor)
    .await?;
    Ok(Job {
        id,
        api_key: new.api_key,
        prompt: new.prompt.clone(),
        model: new.model.clone(),
        options,
        seed: reusable.and_then(|reusable| reusable.seed),
        priority: new.priority,
        run_at: new.run_at,
        webhook: new.webhook.clone(),
        metadata: new.metadata.clone(),
        cached: reusable.is_some(),
        parent,
        status: made.status,
        failure: None,
        created_at: made.created_at,
        updated_at: made.updated_at,
        images: inputs.stored(&new.inputs),
    })
}
