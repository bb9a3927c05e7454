//! Enqueue: a new job waits for its first claim.

use sqlx::PgConnection;

use crate::job::JobId;

/// Puts a job into the queue, in the transaction that makes it.
pub async fn enqueue(connection: &mut PgConnection, job: JobId) -> Result<(), sqlx::Error> {
    sqlx::query!("insert into queue (job_id) values ($1)", job.0).execute(connection).await?;
    Ok(())
}
