//! A worker: its row, and its memory.

use super::{JOBS, TASKS};

/// A worker, in one life: its row, and its memory.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) struct Worker {
    /// Whether its row in `workers` is there.
    pub(in crate::model) is_known: bool,
    /// The state of its process.
    pub(in crate::model) process: Process,
    /// How far its claim is.
    pub(in crate::model) claim: Claim,
    /// Whether the database has yet to execute a claim that the worker gave up.
    pub(in crate::model) has_stray_claim: bool,
    /// A rescue of it that is half done, with the jobs for which that saw an open attempt.
    pub(in crate::model) rescue: Option<[bool; JOBS]>,
    /// Its work on jobs.
    pub(in crate::model) tasks: [Option<Task>; TASKS],
}

/// The state of a worker's process.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) enum Process {
    /// It is not there any more, or never was.
    #[default]
    IsDead,
    /// Its life is over; submissions that were under way go on.
    IsOver,
    /// It may act.
    Lives,
}

/// How far a worker's claim is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) enum Claim {
    /// There is none.
    #[default]
    Rests,
    /// The database has taken the claim's snapshot, and no row yet: the first step that it would give each job.
    Looked([Option<Step>; JOBS]),
    /// The worker heard no answer.
    IsInDoubt,
}

/// A worker's work on a job, and the lease that the worker believes it has.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) struct Task {
    /// The job.
    pub(in crate::model) job: u8,
    /// The number of the lease.
    pub(in crate::model) number: u8,
    /// Whether the lease is for the row of the reopened job. No statement reads it: it serves to check what is true.
    pub(in crate::model) is_reopened: bool,
    /// Whether a crash has undone the claim. No statement reads this, either.
    pub(in crate::model) is_undone: bool,
    /// What it does next.
    pub(in crate::model) step: Step,
}

/// What a task does next. Attempts are counted from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) enum Step {
    /// Uploads, and begins an attempt.
    Start,
    /// Waits for fal's answer to a submission.
    Submitted(u8),
    /// Has the answer, and records it.
    Record(u8),
    /// Takes back an attempt whose submission surely did not arrive.
    Withdraw,
    /// Looks for the request of an attempt without an answer.
    Reconcile(u8),
    /// Waits until a request ends, and archives its result.
    Follow(u8),
    /// Fails the job, which was rescued too often.
    Doom,
    /// Found no answer on record after its work broke; retries.
    Retry,
    /// Does not know whether it has settled the job, and snoozes it.
    LetGo,
}

impl Step {
    /// Whether it is part of a submission, which goes on after its worker's life.
    pub(in crate::model) fn outlives(self) -> bool {
        matches!(self, Self::Submitted(_) | Self::Record(_) | Self::Withdraw)
    }
}
