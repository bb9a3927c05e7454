//! What comes of asking for a job.

use std::time::Duration;

use time::OffsetDateTime;

use crate::job::{Job, JobId};

/// What came of asking for a job.
#[derive(Clone, Debug)]
pub enum Asked {
    /// It was made.
    Made(Box<Job>),
    /// The same was asked for before under the same idempotency key, and this job was made.
    Before(JobId),
    /// It was not made.
    Refused(Refusal),
}

/// Why a job was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Something else was asked for under the same idempotency key.
    KeyOfAnother,
    /// The same was asked for under the same idempotency key, and that job is deleted.
    JobDeleted,
    /// There is no job of the parent's id.
    UnknownParent,
    /// The parent is not completed, so it has no results.
    ParentNotCompleted,
    /// The parent has no result at this position.
    NoSuchResult,
    /// The API key has as many unfinished jobs as it may have.
    TooManyPending {
        /// How many that is.
        most: i32,
    },
    /// The API key's budget for the day does not cover the job. In millionths of a US dollar.
    BudgetExhausted {
        /// What it may spend on a day.
        budget: i64,
        /// What is left of it.
        left: i64,
        /// What the job may cost.
        cost: i64,
        /// When the whole budget is there again.
        full_at: OffsetDateTime,
        /// How long until then.
        wait: Duration,
    },
}
