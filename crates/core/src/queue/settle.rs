//! Settle: the ends of a lease other than completion. The job fails, is cancelled, is tried again, or waits.

mod cancel;
mod complete;
mod unclaimed;

use std::time::Duration;

use sqlx::PgExecutor;

use super::{Bill, Error, Lease, Timeline, fenced};
use crate::{
    db::{self, Pool},
    job::Failure,
};
pub use cancel::{Cancellation, cancel};
pub use complete::{Completion, Ended, complete, complete_all};
pub use unclaimed::{cancel_waiting, fail_overdue};

/// Whether another attempt may help after one has failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureClass {
    /// It may.
    Retry,
    /// It would fail like this one.
    Never,
}

impl FailureClass {
    /// Its name in the row and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Never => "never",
        }
    }
}

/// A statement that ends a lease: `$freed` takes the job out of the queue, or leaves its place to others, and `$ended`
/// are CTEs about the job in `lease`, which has no row where the lease does not hold.
macro_rules! settle_query {
    ($freed:literal, $ended:literal, $lease:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_scalar!(
            "with lease as (" + $freed + "
                 where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3
                 returning job_id
             ), " + $ended + r#"
             select exists (select from lease) as "settled!""#,
            $lease.job.0,
            $lease.worker.0,
            $lease.number,
            $($argument),+
        )
    };
}

/// Fails the job for good. An attempt that has no answer is closed as `unknown`.
pub async fn fail(
    executor: impl PgExecutor<'_>,
    lease: &Lease,
    failure: &Failure,
    class: FailureClass,
    timeline: &Timeline,
) -> Result<(), Error> {
    let settled = settle_query!(
        "delete from queue",
        "ended as (
             update attempts set ended_at = now(), failure_code = $4, failure_class = $6,
                 running_at = now() - make_interval(secs => $7), may_be_paid = $8,
                 outcome = case when submitted_at is null then 'unknown' else 'failed' end
             from lease where attempts.job_id = lease.job_id and ended_at is null
         ), shown as (
             update jobs set status = 'failed', updated_at = now(), finished_at = now(),
                 failure_code = $4, failure_message = $5
             from lease where jobs.id = lease.job_id
         )",
        lease,
        failure.code,
        failure.message,
        class.as_str(),
        timeline.running_ago() as _,
        timeline.bill() == Bill::Due,
    )
    .fetch_one(executor)
    .await
    .map_err(db::Error::doing("failing a job"))?;
    fenced(settled)
}

/// Ends the job as cancelled. An attempt that has no answer is closed as `unknown`.
pub async fn end_cancelled(pool: &Pool, lease: &Lease, timeline: &Timeline) -> Result<(), Error> {
    let settled = settle_query!(
        "delete from queue",
        "ended as (
             update attempts set ended_at = now(),
                 running_at = now() - make_interval(secs => $4),
                 cost_micros = case when $5 then 0 end,
                 outcome = case when submitted_at is null then 'unknown' else 'cancelled' end
             from lease where attempts.job_id = lease.job_id and ended_at is null
         ), shown as (
             update jobs set status = 'cancelled', updated_at = now(), finished_at = now()
             from lease where jobs.id = lease.job_id
         )",
        lease,
        timeline.running_ago() as _,
        timeline.bill() == Bill::Free,
    )
    .fetch_one(pool)
    .await
    .map_err(db::Error::doing("ending a cancelled job"))?;
    fenced(settled)
}

/// Ends the failed attempt, and gives the job back for another one after a while. Its rescues are counted from zero
/// again: another job may have been what took its workers down.
pub async fn retry(
    pool: &Pool,
    lease: &Lease,
    failure: &Failure,
    after: Duration,
    timeline: &Timeline,
) -> Result<(), Error> {
    let settled = settle_query!(
        "update queue set leased_by = null, has_attempt = false, rescues = 0,
             run_at = now() + make_interval(secs => nullif($4::float8, 0))",
        "ended as (
             update attempts set ended_at = now(), failure_code = $5, failure_class = 'retry',
                 running_at = now() - make_interval(secs => $6), may_be_paid = $7,
                 outcome = case when submitted_at is null then 'unknown' else 'failed' end
             from lease where attempts.job_id = lease.job_id and ended_at is null
         )",
        lease,
        after.as_secs_f64(),
        failure.code,
        timeline.running_ago() as _,
        timeline.bill() == Bill::Due,
    )
    .fetch_one(pool)
    .await
    .map_err(db::Error::doing("putting a job back to try it again"))?;
    fenced(settled)
}

/// Gives the job back for a while, because something that it needs is away. It costs no attempt, and a
/// request that is running at fal is resumed.
pub async fn snooze(pool: &Pool, lease: &Lease, after: Duration) -> Result<(), Error> {
    let settled = sqlx::query!(
        "update queue set leased_by = null, run_at = now() + make_interval(secs => nullif($4::float8, 0))
         where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3",
        lease.job.0,
        lease.worker.0,
        lease.number,
        after.as_secs_f64(),
    )
    .execute(pool)
    .await
    .map_err(db::Error::doing("snoozing a job"))?;
    fenced(settled.rows_affected() == 1)
}

/// Gives the job back for a while, because our own code broke; that counts as if the job had taken its worker
/// down. An open attempt stays open: its request may run, and is paid for.
pub async fn break_off(pool: &Pool, lease: &Lease, after: Duration) -> Result<(), Error> {
    let settled = sqlx::query!(
        "update queue set leased_by = null, rescues = rescues + 1,
             run_at = now() + make_interval(secs => $4)
         where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3",
        lease.job.0,
        lease.worker.0,
        lease.number,
        after.as_secs_f64(),
    )
    .execute(pool)
    .await
    .map_err(db::Error::doing("breaking the work on a job off"))?;
    fenced(settled.rows_affected() == 1)
}
