//! Reads jobs.

use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::image::{ImageId, StoredImage};
use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool},
    job::{Failure, Job, JobId, Status},
    webhook::Webhook,
};

/// A statement that reads jobs with their images, as [`JobImageRow`]s: `$with` is empty or a CTE that chooses the jobs,
/// `$jobs` what they are read from, as `jobs`, and `$rest` the conditions and their order.
///
/// Here as in every join, columns are named with their tables: a later version may add one of the same name to the
/// other table.
macro_rules! job_query {
    ($with:literal, $jobs:literal, $rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::store::job::JobImageRow,
            $with + r#" select jobs.id, jobs.api_key_id, jobs.prompt, jobs.model, jobs.options,
                 jobs.seed, jobs.priority, jobs.run_at, jobs.webhook_url, jobs.webhook_events,
                 jobs.metadata, jobs.parent_id, jobs.cached, jobs.status as "status: Status",
                 jobs.failure_code, jobs.failure_message, jobs.created_at, jobs.updated_at,
                 images.id as "image_id?", images.role as "role?", images.blanked,
                 images.media_type as "media_type?", images.width as "width?",
                 images.height as "height?", octet_length(images.data) as bytes
             from "# + $jobs + " left join images on images.job_id = jobs.id " + $rest,
            $($argument),+
        )
    };
}
pub(super) use job_query;

/// Reads a job; `None` where there is none of that id.
pub async fn find(pool: &Pool, id: JobId) -> Result<Option<Job>, Error> {
    Ok(find_all(pool, &[id]).await?.pop())
}

/// Reads jobs, the oldest first; those that are not there are left out.
pub async fn find_all(executor: impl PgExecutor<'_>, ids: &[JobId]) -> Result<Vec<Job>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = job_query!(
        "",
        "jobs",
        "where jobs.id = any($1) and jobs.deleted_at is null
         order by jobs.id, images.role, images.position",
        &ids,
    )
    .fetch_all(executor)
    .await
    .map_err(Error::doing("reading jobs"))?;
    Ok(JobImageRow::gather(rows))
}

/// Whether there is a job of that id.
pub(super) async fn exists(pool: &Pool, id: JobId) -> Result<bool, Error> {
    sqlx::query_scalar!(
        r#"select exists (select from jobs where id = $1 and deleted_at is null) as "exists!""#,
        id.0
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("looking for a job"))
}

/// A job with one of its images; a job with several comes in as many rows, one after the other.
pub(super) struct JobImageRow {
    pub(super) id: Uuid,
    pub(super) api_key_id: Option<Uuid>,
    pub(super) prompt: String,
    pub(super) model: String,
    pub(super) options: Value,
    pub(super) seed: Option<i64>,
    pub(super) priority: i16,
    pub(super) run_at: Option<OffsetDateTime>,
    pub(super) webhook_url: Option<String>,
    pub(super) webhook_events: Option<Vec<String>>,
    pub(super) metadata: Option<Value>,
    pub(super) parent_id: Option<Uuid>,
    pub(super) cached: bool,
    pub(super) status: Status,
    pub(super) failure_code: Option<String>,
    pub(super) failure_message: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
    pub(super) image_id: Option<Uuid>,
    pub(super) role: Option<String>,
    pub(super) blanked: Option<bool>,
    pub(super) media_type: Option<String>,
    pub(super) width: Option<i32>,
    pub(super) height: Option<i32>,
    pub(super) bytes: Option<i32>,
}

impl JobImageRow {
    /// Makes jobs of rows that are in the order of their jobs.
    pub(super) fn gather(rows: Vec<Self>) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        for mut row in rows {
            let image = row.take_image();
            match jobs.last_mut() {
                Some(job) if job.id.0 == row.id => job.images.extend(image),
                _ => jobs.push(Job { images: image.into_iter().collect(), ..row.into_job() }),
            }
        }
        jobs
    }

    fn take_image(&mut self) -> Option<StoredImage> {
        Some(StoredImage {
            id: ImageId(self.image_id?),
            is_result: self.role.as_deref() == Some("result"),
            blanked: self.blanked,
            media_type: self.media_type.take()?,
            width: self.width?.unsigned_abs(),
            height: self.height?.unsigned_abs(),
            bytes: u64::from(self.bytes?.unsigned_abs()),
        })
    }

    fn into_job(self) -> Job {
        let failure = self.failure_code.zip(self.failure_message);
        Job {
            id: JobId(self.id),
            api_key: self.api_key_id.map(ApiKeyId),
            prompt: self.prompt,
            model: self.model,
            options: self.options,
            seed: self.seed,
            priority: self.priority,
            run_at: self.run_at,
            webhook: Webhook::stored(self.webhook_url, self.webhook_events),
            metadata: self.metadata,
            parent: self.parent_id.map(JobId),
            cached: self.cached,
            status: self.status,
            failure: failure.map(|(code, message)| Failure { code, message }),
            created_at: self.created_at,
            updated_at: self.updated_at,
            images: Vec::new(),
        }
    }
}
