//! A worker: its row, and its memory.

use super::{JOBS, TASKS};

/// A worker, in one life: its row, and its memory.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) struct Worker {
    /// Its row in `workers` is there.
    pub(in crate::model) is_known: bool,
    /// How its process is.
    pub(in crate::model) process: Process,
    /// How far its claim is.
    pub(in crate::model) claim: Claim,
    /// A claim that it gave up, and that the database has not come to yet.
    pub(in crate::model) has_stray_claim: bool,
    /// A rescue of it that is half done, and of which jobs it saw an open attempt.
    pub(in crate::model) rescue: Option<[bool; JOBS]>,
    /// Its work on jobs.
    pub(in crate::model) tasks: [Option<Task>; TASKS],
}

/// How a worker's process is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) enum Process {
    /// It is not there any more, or never was.
    #[default]
    IsDead,
    /// Its life is over; submissions that were under way go on.
    IsOver,
    /// It acts, when the model lets it.
    Lives,
}

/// How far a worker's claim is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) enum Claim {
    /// There is none.
    #[default]
    Rests,
    /// The database has taken its snapshot, and no row yet: what would be begun with each.
    Looked([Option<Step>; JOBS]),
    /// The worker heard no answer.
    IsInDoubt,
}

/// A worker's work on a job, and the lease that it believes in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) struct Task {
    /// Whose work it is.
    pub(in crate::model) job: u8,
    /// Of the lease.
    pub(in crate::model) number: u8,
    /// Which of the job's rows the lease is about. No statement looks at it: it tells what is true.
    pub(in crate::model) is_reopened: bool,
    /// What it does next.
    pub(in crate::model) step: Step,
}

/// What a task does next. Attempts are counted from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::model) enum Step {
    /// Uploads; begins an attempt.
    Start,
    /// Waits for fal's answer to a submission.
    Submitted(u8),
    /// Has the answer, and writes it down.
    Record(u8),
    /// Takes back what surely did not arrive.
    Withdraw,
    /// Looks for what has no answer.
    Reconcile(u8),
    /// Waits until a request ends, and keeps what comes of it.
    Follow(u8),
    /// Fails the job, which lost too many workers.
    Doom,
    /// Found no answer on record after its work broke; retries.
    Retry,
    /// Does not know whether it settled; snoozes.
    LetGo,
}

impl Step {
    /// Whether it is part of a submission, which outlives its worker's life.
    pub(in crate::model) fn outlives(self) -> bool {
        matches!(self, Self::Submitted(_) | Self::Record(_) | Self::Withdraw)
    }
}
