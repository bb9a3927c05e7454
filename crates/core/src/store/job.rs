//! Jobs: made, read, listed, deleted.

use std::collections::HashMap;

use uuid::Uuid;

use super::image::{ImageId, StoredImage, insert_input};
use crate::{
    db::{Error, Pool},
    job::{Failure, Job, JobId, NewJob, Status},
    queue,
};

/// A stretch of the list: newest first, after a cursor.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only jobs made before this one.
    pub before: Option<JobId>,
    /// At most so many jobs.
    pub limit: u16,
}

/// Makes a job: its row, its input and its place in the queue commit together or not at all.
pub async fn create(pool: &Pool, new: &NewJob) -> Result<Job, Error> {
    let doing = "making a job";
    let id = JobId::generate();
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let row = sqlx::query_as!(
        JobRow,
        r#"insert into jobs (id, prompt, model) values ($1, $2, $3)
           returning id, prompt, model, status as "status: Status", failure_code, failure_message,
               created_at, updated_at"#,
        id.0,
        new.prompt,
        new.model,
    )
    .fetch_one(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    let input =
        insert_input(&mut transaction, id, &new.input).await.map_err(Error::doing(doing))?;
    queue::enqueue(&mut transaction, id).await.map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;

    let mut job = row.into_job();
    job.images.push(StoredImage {
        id: input,
        is_result: false,
        media_type: new.input.media_type.as_str().into(),
        width: new.input.width,
        height: new.input.height,
        bytes: u64::try_from(new.input.data.len()).unwrap_or(u64::MAX),
    });
    Ok(job)
}

/// Reads a job, or nothing where there is none of that id.
pub async fn find(pool: &Pool, id: JobId) -> Result<Option<Job>, Error> {
    let row = sqlx::query_as!(
        JobRow,
        r#"select id, prompt, model, status as "status: Status", failure_code, failure_message,
               created_at, updated_at
           from jobs where id = $1"#,
        id.0,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("reading a job"))?;
    let mut jobs = with_images(pool, row.into_iter().collect()).await?;
    Ok(jobs.pop())
}

/// Lists jobs, newest first.
pub async fn list(pool: &Pool, page: Page) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query_as!(
        JobRow,
        r#"select id, prompt, model, status as "status: Status", failure_code, failure_message,
               created_at, updated_at
           from jobs where id < $1 order by id desc limit $2"#,
        page.before.map_or(Uuid::max(), |before| before.0),
        i64::from(page.limit),
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("listing jobs"))?;
    with_images(pool, rows).await
}

/// Deletes a job, its images, its attempts and its place in the queue; false where there is none.
/// A worker that holds it finds its lease lost and stops.
pub async fn delete(pool: &Pool, id: JobId) -> Result<bool, Error> {
    let deleted = sqlx::query!(
        "with waiting as (delete from queue where job_id = $1)
         delete from jobs where id = $1",
        id.0,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("deleting a job"))?;
    Ok(deleted.rows_affected() == 1)
}

async fn with_images(pool: &Pool, rows: Vec<JobRow>) -> Result<Vec<Job>, Error> {
    let mut jobs: Vec<Job> = rows.into_iter().map(JobRow::into_job).collect();
    if jobs.is_empty() {
        return Ok(jobs);
    }
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.0).collect();
    let rows = sqlx::query!(
        r#"select id, job_id, role = 'result' as "is_result!", media_type, width, height,
               octet_length(data) as "bytes!"
           from images where job_id = any($1) order by job_id, role, position"#,
        &ids,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("reading a job's images"))?;
    let mut images: HashMap<Uuid, Vec<StoredImage>> = HashMap::new();
    for row in rows {
        images.entry(row.job_id).or_default().push(StoredImage {
            id: ImageId(row.id),
            is_result: row.is_result,
            media_type: row.media_type,
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
            bytes: u64::from(row.bytes.unsigned_abs()),
        });
    }
    for job in &mut jobs {
        job.images = images.remove(&job.id.0).unwrap_or_default();
    }
    Ok(jobs)
}

struct JobRow {
    id: Uuid,
    prompt: String,
    model: String,
    status: Status,
    failure_code: Option<String>,
    failure_message: Option<String>,
    created_at: time::OffsetDateTime,
    updated_at: time::OffsetDateTime,
}

impl JobRow {
    fn into_job(self) -> Job {
        Job {
            id: JobId(self.id),
            prompt: self.prompt,
            model: self.model,
            status: self.status,
            failure: self
                .failure_code
                .zip(self.failure_message)
                .map(|(code, message)| Failure { code, message }),
            created_at: self.created_at,
            updated_at: self.updated_at,
            images: Vec::new(),
        }
    }
}
