//! The queue: which jobs wait, which worker holds which job, and how a job's work ends.
//!
//! A job's way: enqueue → [`claim()`] → [`begin_attempt`] → [`record_submission`] →
//! [`archive()`] → one of [`complete()`], [`retry`], [`fail`], [`end_cancelled`], [`snooze`] when
//! something that it needs is away, or [`break_off`] when our own code broke. For an attempt without an
//! answer: [`withdraw_attempt`], [`abandon_attempt`], [`fail_unanswered`]. When a worker stops or dies:
//! [`release`], [`rescue()`].
//!
//! Events that a job's caller wants to be told are delivered under leases, too: [`deliveries`].
//!
//! Guarantees:
//! - A worker's every write about a claimed job takes its [`Lease`]. Under an old lease it changes
//!   nothing and answers [`Error::LeaseLost`]. What is known of a submission ([`record_notice`],
//!   [`record_late_answer`], [`withdraw_late`]) and a caller's cancellation ([`cancel()`]) need no lease, and settle no
//!   job that a worker holds.
//! - A job has at most one open attempt; while one is open, no other begins.
//! - No transaction is open while anything but the database is waited for.
//! - The database's clock decides everything that has to do with time.
//! - A statement reads only the rows that it needs, however wrong the planner's estimates are: a row is named by
//!   `job_id = $1` or `job_id = any(array(…))`, in a join by `any(array[…])`; for any other question exactly one index
//!   serves, and the limit is hidden from the planner. (`docs/decisions/one-index-for-each-question.md`)

/// A statement that begins with the CTE `lease`: the job's row where the lease holds, locked until the
/// transaction ends, and no row where it does not.
///
/// Wherever one job's lease is compared, `is not distinct from` keeps the planner from the index of leases, in which it
/// would read all that the worker holds, or ever held while a transaction stays open. The primary key finds the row.
macro_rules! under_lease {
    ($query:ident, $lease:expr, $sql:literal $(, $argument:expr)* $(,)?) => {
        sqlx::$query!(
            "with lease as (
                 select job_id, cancel_requested_at is not null as is_cancelled from queue
                 where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3
                 for share
             )" + $sql,
            $lease.job.0,
            $lease.worker.0,
            $lease.number
            $(, $argument)*
        )
    };
}
pub(crate) use under_lease;

mod attempt;
mod census;
pub mod deliveries;
mod halt;
mod line;
mod pictures;
mod rules;
mod settle;
mod wake;
mod worker;

pub use attempt::{
    Answered, Begun, Heard, Noticed, Submission, Timeline, abandon_attempt, attempted_model,
    attempts_made, begin_attempt, fail_unanswered, heard_meanwhile, miss_attempt, over_for,
    record_late_answer, record_notice, record_submission, record_submissions, unknown_attempts,
    withdraw_attempt, withdraw_late,
};
use attempt::{Bill, open_attempts};
pub use census::{Standing, Survey, census, survey, workers};
pub use halt::{Halt, end_halt, halt, halted, take_probe};
pub use line::{
    Claimed, Claims, FailedJobs, MOST_CLAIMED, OpenAttempt, Search, Whereabouts, claim,
    claim_under_rules, failed_jobs, gather_stragglers, reopen, reopen_one, ripen, whereabouts,
};
pub(crate) use line::{Place, Places, enqueue_query};
pub use pictures::{Input, archive, input};
pub use rules::{Rule, Scope, limit, pause, resume, rules};
pub use settle::{
    Cancellation, Completion, Ended, FailureClass, break_off, cancel, cancel_waiting, complete,
    complete_all, end_cancelled, fail, fail_overdue, retry, snooze,
};
pub use wake::{Audience, Listener, ProviderProgress, Teller, Wake, Waker};
pub(crate) use wake::{NotifySlot, hints_of_new};
pub use worker::{
    Beat, Rescued, Round, SUSPECT, WorkerId, beat, end_isolation, isolate, register, release,
    release_unknown, rescue,
};

use uuid::Uuid;

use crate::{db, job::JobId};

/// A worker's right to settle a job, as long as the worker lives and nobody has claimed the job since.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Lease {
    /// The job it is about.
    pub job: JobId,
    /// The worker that holds it.
    pub worker: WorkerId,
    /// The fence: drawn at random by each claim.
    pub number: i64,
}

impl Lease {
    /// Read from its columns.
    fn stored(job: Uuid, worker: Uuid, number: i64) -> Self {
        Self { job: JobId(job), worker: WorkerId(worker), number }
    }
}

/// Why a write about a claimed job was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The worker no longer holds the job, or the job or its attempt is gone. This is normal: stop quietly.
    #[error("the lease is lost")]
    LeaseLost,
    /// The database is broken or away.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Answers [`Error::LeaseLost`] when a fenced statement found no row under its lease.
fn fenced(found: bool) -> Result<(), Error> {
    if found { Ok(()) } else { Err(Error::LeaseLost) }
}
