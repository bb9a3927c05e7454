//! What comes of asking for a job.

use std::time::Duration;

use time::OffsetDateTime;

use crate::job::{Job, JobId};

/// What came of asking for a job.
#[derive(Clone, Debug)]
pub enum Asked {
    /// It was made.
    Made(Box<Job>),
    /// The same had been asked for under the same key, and this came of it.
    Before(JobId),
    /// It was not made.
    Refused(Refusal),
}

/// Why a job was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Something else was asked for under the same key.
    KeyOfAnother,
    /// The same was asked for under the same key, and that job is deleted.
    JobDeleted,
    /// There is no job of the parent's id.
    UnknownParent,
    /// The parent has no results.
    ParentNotCompleted,
    /// The parent has fewer results.
    NoSuchResult,
    /// The key has as many jobs that have not ended as it may have.
    TooManyPending {
        /// So many.
        most: i32,
    },
    /// The key's money of the day does not suffice. In millionths of a US dollar.
    BudgetExhausted {
        /// What it may spend on a day.
        budget: i64,
        /// What is left of it.
        left: i64,
        /// What the job may cost.
        cost: i64,
        /// When all of it is there again.
        full_at: OffsetDateTime,
        /// How long that is.
        wait: Duration,
    },
}
