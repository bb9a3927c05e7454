//! The queue: which jobs wait, who holds which, and how a job's work ends.
//!
//! A job's way: enqueue → [`claim()`] → [`begin_attempt`] → [`record_submission`] →
//! [`archive()`] → one of [`complete()`], [`retry`], [`fail`], [`end_cancelled`], [`snooze`] when
//! something that it needs is away, or [`break_off`] when our own code broke. An attempt without an answer: [`withdraw_attempt`],
//! [`abandon_attempt`], [`fail_unanswered`]. On the way out of a worker: [`release`], [`rescue()`].
//!
//! What a job's caller is to be told of it is delivered under leases, too: [`deliveries`].
//!
//! Guarantees:
//! - A worker's every write about a claimed job takes its [`Lease`]. Under an old lease it changes
//!   nothing and answers [`Error::LeaseLost`]. Without one come what fal says ([`record_notice`],
//!   [`record_late_answer`]) and a caller's wish ([`cancel()`]), which settle nothing that is held.
//! - A job has at most one open attempt; while one is open, no other begins.
//! - No transaction is open while anything but the database is waited for.
//! - The database's clock decides everything that has to do with time.
//! - A statement reads the rows that it is about, whatever PostgreSQL thinks of how many there are: a row is named by
//!   `job_id = $1` or `job_id = any(array(…))`, where it is joined by `any(array[…])`, and any other question has one index
//!   that answers it, and hides its limit. (`docs/decisions/one-index-for-each-question.md`)

/// A statement that begins with `lease`: the job's row where the lease holds, locked until the
/// statement ends, and no row where it does not.
///
/// Here and wherever one job's lease is compared: `is not distinct from` is no condition for the index of leases, which
/// would lead through all that the worker holds, or ever held while a transaction stays open. The key leads to the row.
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

mod archive;
mod attempt;
mod cancel;
mod census;
mod claim;
mod complete;
pub mod deliveries;
mod enqueue;
mod front;
mod halt;
mod isolation;
mod notice;
mod overdue;
mod record;
mod reopen;
mod rescue;
mod ripen;
mod rules;
mod settle;
mod timeline;
mod unanswered;
mod wake;
mod whereabouts;
mod worker;

pub use archive::{Input, archive, input};
pub use attempt::{Begun, Submission, attempts_made, begin_attempt, unknown_attempts};
pub use cancel::{Cancellation, cancel, end_unwanted};
pub use census::{Standing, Survey, census, survey, workers};
pub use claim::{Claimed, Claims, MOST_CLAIMED, OpenAttempt, claim, claim_under_rules};
pub use complete::{Completion, Ended, complete, complete_all};
use enqueue::enqueue;
pub(crate) use enqueue::{Place, Places, enqueue_query};
pub use front::gather_stragglers;
pub use halt::{Halt, end_halt, halt, halted, take_probe};
pub use isolation::{SUSPECT, end_isolation, isolate};
pub use notice::{Noticed, attempted_model, record_late_answer, record_notice};
pub use overdue::fail_overdue;
pub use record::{Answered, record_submission, record_submissions};
pub use reopen::{FailedJobs, failed_jobs, reopen, reopen_one};
pub use rescue::{Rescued, rescue};
pub use ripen::ripen;
pub use rules::{Rule, Scope, limit, pause, resume, rules};
pub use settle::{FailureClass, break_off, end_cancelled, fail, retry, snooze};
pub use timeline::Timeline;
pub use unanswered::{abandon_attempt, fail_unanswered, miss_attempt, withdraw_attempt};
pub(crate) use wake::hints_of_new;
pub use wake::{Audience, Listener, ProviderProgress, Teller, Wake, Waker};
pub use whereabouts::{Whereabouts, whereabouts};
pub use worker::{Beat, Round, WorkerId, beat, register, release, release_unknown};

use crate::{db, job::JobId};

/// A worker's right to settle a job, for as long as it lives and nobody else claimed it since.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    /// The job it is about.
    pub job: JobId,
    /// Whose it is.
    pub worker: WorkerId,
    /// Counts up with each claim of the job: the fence.
    pub number: i64,
}

/// A write about a claimed job was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Someone else has the job, or it is gone. Normal weather: stop quietly.
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
