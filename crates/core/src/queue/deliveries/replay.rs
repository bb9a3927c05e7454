//! Replay: a delivery is made again, because somebody asks for it.

use super::DeliveryId;
use crate::{
    db::{Error, Pool},
    job::JobId,
};

/// Starts a delivery anew, with no failures counted and a day until it expires; false where the job has no
/// such delivery. An attempt that is under way goes on.
pub async fn replay(pool: &Pool, job: JobId, delivery: DeliveryId) -> Result<bool, Error> {
    let replayed = sqlx::query!(
        r#"with replayed as (
               update deliveries set next_at = now(), expires_at = now() + interval '1 day',
                   failures = 0, delivered_at = null, gave_up_at = null
               where id = $1 and job_id = $2
               returning id
           )
           select pg_notify('darkroom_deliveries', '')::text from replayed"#,
        delivery.0,
        job.0,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("replaying a delivery"))?;
    Ok(replayed.is_some())
}
