//! Jobs: made, read, listed, deleted.

mod row;

use time::OffsetDateTime;
use uuid::Uuid;

use super::image::insert_input;
use crate::{
    db::{Error, Pool},
    job::{Job, JobId, NewJob, Status},
    queue,
    webhook::Webhook,
};
use row::JobImageRow;

/// A stretch of the list: newest first, after a cursor.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only jobs made before this one.
    pub before: Option<JobId>,
    /// At most so many jobs.
    pub limit: u16,
}

/// Makes a job: its row, its inputs and its place in the queue commit together or not at all.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let doing = "making a job";
    let id = JobId::generate();
    let options = serde_json::to_value(&new.options).unwrap_or_default();
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let made = sqlx::query!(
        r#"insert into jobs
               (id, prompt, model, options, api_key_id, priority, run_at, webhook_url,
               webhook_events)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           returning status as "status: Status", created_at, updated_at"#,
        id.0,
        new.prompt,
        new.model,
        options,
        new.api_key.map(|key| key.0),
        new.priority,
        new.run_at,
        new.webhook.as_ref().map(|webhook| webhook.url.as_str()),
        new.webhook.as_ref().map(Webhook::event_names) as _,
    )
    .fetch_one(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    let mut images = Vec::new();
    for (position, input) in (0..).zip(&new.inputs) {
        let stored = insert_input(&mut transaction, id, position, input).await;
        images.push(stored.map_err(Error::doing(doing))?);
    }
    let place = queue::Place {
        model: &new.model,
        api_key: new.api_key,
        priority: new.priority,
        run_at: new.run_at,
        deadline: new.deadline,
        attempts_before: 0,
    };
    let connection = transaction.unbounded().map_err(Error::doing(doing))?;
    queue::enqueue(connection, id, place).await.map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    Ok(Job {
        id,
        prompt: new.prompt.clone(),
        model: new.model.clone(),
        options,
        seed: None,
        priority: new.priority,
        run_at: new.run_at,
        webhook: new.webhook.clone(),
        status: made.status,
        failure: None,
        created_at: made.created_at,
        updated_at: made.updated_at,
        images,
    })
}

/// Reads a job, or nothing where there is none of that id.
pub async fn find(pool: &Pool, id: JobId) -> Result<Option<Job>, Error> {
    Ok(find_all(pool, &[id]).await?.pop())
}

/// Reads jobs; those that are not there are left out.
pub async fn find_all(pool: &Pool, ids: &[JobId]) -> Result<Vec<Job>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        JobImageRow,
        r#"select jobs.id, prompt, model, options, seed, priority, run_at, webhook_url, webhook_events,
               status as "status: Status", failure_code, failure_message, jobs.created_at, updated_at, images.id as "image_id?",
               role as "role?", blanked, media_type as "media_type?", width as "width?",
               height as "height?", octet_length(data) as bytes
           from jobs left join images on images.job_id = jobs.id
           where jobs.id = any($1)
           order by jobs.id, role, position"#,
        &ids,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("reading jobs"))?;
    Ok(JobImageRow::gather(rows))
}

/// Jobs that have changed since a moment, as far as they have ended or are in the queue; in no order.
pub async fn changed_since(
    pool: &Pool,
    since: OffsetDateTime,
    limit: u16,
) -> Result<Vec<JobId>, Error> {
    let changed = sqlx::query_scalar!(
        r#"(select id as "id!" from jobs where finished_at > $1 order by finished_at limit $2)
           union
           (
               select id from jobs join queue on queue.job_id = jobs.id
               where jobs.updated_at > $1 limit $2
           )
           limit $2"#,
        since,
        i64::from(limit),
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("looking for changed jobs"))?;
    Ok(changed.into_iter().map(JobId).collect())
}

/// Whether there is a job of that id.
pub(super) async fn exists(pool: &Pool, id: JobId) -> Result<bool, Error> {
    sqlx::query_scalar!(r#"select exists (select from jobs where id = $1) as "exists!""#, id.0)
        .fetch_one(pool)
        .await
        .map_err(Error::doing("looking for a job"))
}

/// Lists jobs, newest first.
pub async fn list(pool: &Pool, page: Page) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query_as!(
        JobImageRow,
        r#"with page as (
               select * from jobs where id < $1 order by id desc limit $2
           )
           select page.id, prompt, model, options, seed, priority, run_at, webhook_url, webhook_events,
               status as "status: Status", failure_code, failure_message, page.created_at, updated_at, images.id as "image_id?",
               role as "role?", blanked, media_type as "media_type?", width as "width?",
               height as "height?", octet_length(data) as bytes
           from page left join images on images.job_id = page.id
           order by page.id desc, role, position"#,
        page.before.map_or(Uuid::max(), |before| before.0),
        i64::from(page.limit),
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("listing jobs"))?;
    Ok(JobImageRow::gather(rows))
}

/// Deletes a job, its images, its attempts and its place in the queue; false where there is none.
/// A worker that holds it finds its lease lost and stops.
pub async fn delete(pool: &Pool, id: JobId) -> Result<bool, Error> {
    let deleted = sqlx::query!(
        // The queue first, as every settle does: the other order would deadlock with one.
        "with waiting as (delete from queue where job_id = $1 returning job_id)
         delete from jobs where id = $1 and (select count(*) from waiting) >= 0",
        id.0,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("deleting a job"))?;
    Ok(deleted.rows_affected() == 1)
}
