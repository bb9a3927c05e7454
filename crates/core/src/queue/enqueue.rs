//! Enqueue: a new job waits for its first claim.

use std::time::Duration;

use sqlx::PgConnection;

use crate::job::JobId;

/// Puts a job into the queue, in the transaction that makes it. It has so long until it fails.
pub async fn enqueue(
    connection: &mut PgConnection,
    job: JobId,
    deadline: Option<Duration>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into queue (job_id, deadline_at) values ($1, now() + make_interval(secs => $2))",
        job.0,
        deadline.map(|deadline| deadline.as_secs_f64()) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
