//! Create: what is asked for becomes a job, if nothing is in the way.

use super::{
    image::{Sha256, insert_input, sha256},
    once,
    parent::{self, Found},
};
use crate::{
    db::{Error, Pool, Transaction},
    job::{Job, JobId, NewJob, Status},
    queue,
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
}

impl NewJob {
    /// Of its files, in order.
    pub(super) fn digests(&self) -> Vec<Sha256> {
        self.inputs.iter().map(|input| sha256(&input.data)).collect()
    }
}

/// Asks for a job: its key, its row, its inputs and its place in the queue commit together or not at all.
pub async fn ask(pool: &Pool, new: &NewJob) -> Result<Asked, Error> {
    let doing = "asking for a job";
    let id = JobId::generate();
    let files = new.digests();
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let before = once::take(&mut transaction, new, &files, id).await;
    if let Some(before) = before.map_err(Error::doing(doing))? {
        return Ok(before);
    }
    let parent = match new.parent {
        Some(parent) => parent::find(&mut transaction, parent, new.api_key).await,
        None => Ok(Ok(None)),
    };
    let parent = match parent.map_err(Error::doing(doing))? {
        Ok(parent) => parent,
        Err(refusal) => return Ok(Asked::Refused(refusal)),
    };
    let job = make(&mut transaction, id, new, &files, parent.as_ref()).await;
    let job = job.map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    Ok(Asked::Made(Box::new(job)))
}

/// Makes a job of pictures: neither a key nor a parent is heeded.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let doing = "making a job";
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let job = make(&mut transaction, JobId::generate(), new, &new.digests(), None).await;
    let job = job.map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    Ok(job)
}

async fn make(
    transaction: &mut Transaction,
    id: JobId,
    new: &NewJob,
    files: &[Sha256],
    parent: Option<&Found>,
) -> Result<Job, sqlx::Error> {
    let options = serde_json::to_value(&new.options).unwrap_or_default();
    let made = sqlx::query!(
        r#"insert into jobs (id, prompt, model, options, api_key_id, priority, run_at, metadata, parent_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           returning status as "status: Status", created_at, updated_at"#,
        id.0,
        new.prompt,
        new.model,
        options,
        new.api_key.map(|key| key.0),
        new.priority,
        new.run_at,
        new.metadata.as_ref(),
        parent.map(|parent| parent.job.0),
    )
    .fetch_one(&mut **transaction)
    .await?;
    let mut images = Vec::new();
    if let Some(parent) = parent {
        images.push(parent::copy_input(transaction, parent, id).await?);
    }
    for (position, (input, file)) in (0..).zip(new.inputs.iter().zip(files)) {
        images.push(insert_input(transaction, id, position, input, file).await?);
    }
    let place = queue::Place {
        model: &new.model,
        api_key: new.api_key,
        priority: new.priority,
        run_at: new.run_at,
        deadline: new.deadline,
        attempts_before: 0,
    };
    queue::enqueue(transaction.unbounded()?, id, place).await?;
    Ok(Job {
        id,
        prompt: new.prompt.clone(),
        model: new.model.clone(),
        options,
        seed: None,
        priority: new.priority,
        run_at: new.run_at,
        metadata: new.metadata.clone(),
        parent: parent.map(|parent| parent.job),
        status: made.status,
        failure: None,
        created_at: made.created_at,
        updated_at: made.updated_at,
        images,
    })
}
