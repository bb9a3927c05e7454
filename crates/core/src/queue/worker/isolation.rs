//! Isolation: a worker works on one suspect at a time, so that a rescue can tell which job took the worker down.

use crate::{
    db::{self, Pool},
    queue::{Error, Lease, fenced},
};

/// A job that was rescued this many times is a suspect: its workers died, and any of the jobs that they held may be why.
pub const SUSPECT: i16 = 2;

/// Marks a suspect before the step that may take its worker down. If the worker dies now, the rescue counts for
/// this job, and for no other suspect.
pub async fn isolate(pool: &Pool, lease: &Lease) -> Result<(), Error> {
    set_isolated(pool, lease, true).await
}

/// The step is done and the worker lives: another suspect may be isolated.
pub async fn end_isolation(pool: &Pool, lease: &Lease) -> Result<(), Error> {
    set_isolated(pool, lease, false).await
}

async fn set_isolated(pool: &Pool, lease: &Lease, is_isolated: bool) -> Result<(), Error> {
    let set = sqlx::query!(
        "update queue set is_isolated = $4
         where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3",
        lease.job.0,
        lease.worker.0,
        lease.number,
        is_isolated,
    )
    .execute(pool)
    .await
    .map_err(db::Error::doing("isolating a job"))?;
    fenced(set.rows_affected() == 1)
}
