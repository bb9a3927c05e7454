//! Deliveries, as a job's log of them shows them.

use serde::Deserialize;
use sqlx::types::Json;
use time::{OffsetDateTime, serde::rfc3339};
use uuid::Uuid;

use crate::{
    db::{Error, Pool},
    job::JobId,
};

/// One event of a job, told to its receiver or to be told.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The `webhook-id` of each attempt.
    pub id: Uuid,
    /// What it tells, such as `job.completed`.
    pub event: String,
    /// When that was.
    pub created_at: OffsetDateTime,
    /// When the next attempt is due; `None` when none follows.
    pub next_at: Option<OffsetDateTime>,
    /// When the receiver took it.
    pub delivered_at: Option<OffsetDateTime>,
    /// When it was given up.
    pub gave_up_at: Option<OffsetDateTime>,
    /// The latest attempts, the first one first.
    pub attempts: Vec<DeliveryAttempt>,
}

/// One call of a receiver.
#[derive(Clone, Debug, Deserialize)]
pub struct DeliveryAttempt {
    /// When it began.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// The answer's status code, where there was one.
    pub status: Option<u16>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// The beginning of what the receiver said.
    pub response: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// A job's deliveries, the first one first; `None` where there is no such job.
pub async fn deliveries(pool: &Pool, job: JobId) -> Result<Option<Vec<Delivery>>, Error> {
    let doing = "reading a job's deliveries";
    let rows = sqlx::query!(
        r#"select id, event, created_at, next_at, delivered_at, gave_up_at,
               log as "log: Json<Vec<DeliveryAttempt>>"
           from deliveries
           where job_id = $1 and exists (
               select from jobs where id = deliveries.job_id and deleted_at is null
           )
           order by created_at, id"#,
        job.0,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing(doing))?;
    if rows.is_empty() && !super::job::exists(pool, job).await? {
        return Ok(None);
    }
    let deliveries = rows.into_iter().map(|row| Delivery {
        id: row.id,
        event: row.event,
        created_at: row.created_at,
        next_at: row.next_at,
        delivered_at: row.delivered_at,
        gave_up_at: row.gave_up_at,
        attempts: row.log.0,
    });
    Ok(Some(deliveries.collect()))
}
