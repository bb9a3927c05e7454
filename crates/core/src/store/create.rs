//! Create: what is asked for becomes a job, if nothing is in the way.

use std::time::Duration;

use time::OffsetDateTime;

use super::{
    copy::{Copied, copy},
    image::{Sha256, insert_input, sha256},
    limits, once,
    parent::{self, Found},
    reuse::{self, Reusable},
};
use crate::{
    db::{Error, Pool, Transaction},
    job::{Job, JobId, NewJob, Status},
    queue,
    webhook::Webhook,
};

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

/// Asks for a job: its key, its row, its images and its place in the queue commit together or not at all.
/// One that is answered with another's results is completed, and has no place in the queue.
pub async fn ask(pool: &Pool, new: &NewJob) -> Result<Asked, Error> {
    let doing = "asking for a job";
    let id = JobId::generate();
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let asked = ask_within(&mut transaction, id, new).await.map_err(Error::doing(doing))?;
    if matches!(asked, Asked::Made(_)) {
        transaction.commit().await.map_err(Error::doing(doing))?;
    }
    Ok(asked)
}

async fn ask_within(
    transaction: &mut Transaction,
    id: JobId,
    new: &NewJob,
) -> Result<Asked, sqlx::Error> {
    let mut sources = Sources { files: new.digests(), ..Sources::default() };
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
    let job = make(transaction, id, new, &sources).await?;
    // At the very end: others of the key wait from here on, until the commit.
    if let Some(key) = new.api_key.filter(|_| new.has_limits && !job.cached)
        && let Err(refusal) = limits::check(transaction, key, new.cost_micros).await?
    {
        return Ok(Asked::Refused(refusal));
    }
    Ok(Asked::Made(Box::new(job)))
}

/// Makes a job of pictures and puts it into the queue: key, parent and cache are not heeded.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let doing = "making a job";
    let sources = Sources { files: new.digests(), ..Sources::default() };
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let job = make(&mut transaction, JobId::generate(), new, &sources).await;
    let job = job.map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    Ok(job)
}

async fn make(
    transaction: &mut Transaction,
    id: JobId,
    new: &NewJob,
    sources: &Sources,
) -> Result<Job, sqlx::Error> {
    let job = insert(transaction, id, new, sources).await?;
    let mut images = Vec::new();
    if let Some(parent) = &sources.parent {
        let input = Copied::Input(parent.position);
        images.extend(copy(transaction, parent.job, id, input).await?);
    }
    for (position, (input, file)) in (0..).zip(new.inputs.iter().zip(&sources.files)) {
        images.push(insert_input(transaction, id, position, input, file).await?);
    }
    if let Some(reusable) = &sources.reusable {
        images.extend(copy(transaction, reusable.job, id, Copied::Results).await?);
    } else {
        let place = queue::Place {
            model: &new.model,
            api_key: new.api_key,
            priority: new.priority,
            run_at: new.run_at,
            deadline: new.deadline,
            attempts_before: 0,
        };
        queue::enqueue(transaction, id, place).await?;
    }
    Ok(Job { images, ..job })
}

/// Inserts the job's row, and answers the job without its images.
async fn insert(
    transaction: &mut Transaction,
    id: JobId,
    new: &NewJob,
    sources: &Sources,
) -> Result<Job, sqlx::Error> {
    let options = serde_json::to_value(&new.options).unwrap_or_default();
    let parent = sources.parent.as_ref().map(|parent| parent.job);
    let reusable = sources.reusable.as_ref();
    let made = sqlx::query!(
        r#"insert into jobs (
               id, prompt, model, options, api_key_id, priority, run_at, metadata, parent_id,
               request_hash, cached, seed, webhook_url, webhook_events, status, finished_at,
               reserved_micros, usage_day
           )
           select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
               case when $11 then 'completed' else 'pending' end, case when $11 then now() end,
               $15::bigint, case when $15::bigint > 0 then (now() at time zone 'UTC')::date end
           returning status as "status: Status", created_at, updated_at"#,
        id.0,
        new.prompt,
        new.model,
        options,
        new.api_key.map(|key| key.0),
        new.priority,
        new.run_at,
        new.metadata.as_ref(),
        parent.map(|parent| parent.0),
        sources.request_hash.as_ref().map(|hash| &hash[..]),
        reusable.is_some(),
        reusable.and_then(|reusable| reusable.seed),
        new.webhook.as_ref().map(|webhook| webhook.url.as_str()),
        new.webhook.as_ref().map(Webhook::event_names) as _,
        // Nobody's budget, and nothing that is paid for, needs anything kept back.
        if new.api_key.is_some() && reusable.is_none() { new.cost_micros } else { 0 },
    )
    .fetch_one(&mut **transaction)
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
        images: Vec::new(),
    })
}
