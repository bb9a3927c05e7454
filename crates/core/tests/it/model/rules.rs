//! The settings of a model: its sizes, what may go wrong in it, and which flaws its code has.

use darkroom_core::config::UnknownSubmission;

/// A model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// One or two.
    pub(super) jobs: usize,
    /// Workers at a time that are not forgotten yet.
    pub(super) workers: usize,
    /// `MAX_ATTEMPTS`.
    pub(super) max_attempts: u8,
    /// `MAX_RESCUES`; `None` if rescues are not counted.
    pub(super) max_rescues: Option<u8>,
    /// The most jobs in flight at a time.
    pub(super) limit: Option<usize>,
    /// `UNKNOWN_SUBMISSION`.
    pub(super) unknown: UnknownSubmission,
    /// What may happen besides ordinary steps.
    pub(super) troubles: &'static [Trouble],
    /// What a write about a claimed job is fenced by.
    pub(super) fence: Fence,
    /// What the code is made to do wrong.
    pub(super) flaws: &'static [Flaw],
}

/// What may happen, besides ordinary steps and besides workers that die, are slow or are told to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// The database executes a statement, and its answer is lost.
    LostAnswers,
    /// Callers cancel.
    Cancels,
    /// Jobs have deadlines, and they pass.
    Deadlines,
    /// Jobs that failed are reopened, once.
    Reopenings,
    /// fal's requests fail.
    Failures,
    /// The database is slow: time passes between a claim's snapshot and its locks.
    SlowClaims,
    /// The database executes a claim after its worker gave up waiting for it.
    StrayClaims,
    /// The work on a job panics.
    Panics,
    /// The database crashes before a claim is on its disk, and so undoes it.
    Crashes,
}

/// What a write about a claimed job is fenced by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fence {
    /// By job, worker and lease number, as in the code.
    Whole,
    /// By job and worker.
    WithoutLeaseNumber,
    /// By job and lease number.
    WithoutWorker,
}

/// A mistake that the code could make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    /// The statements that settle a job do not check its lease.
    SettlingIsNotFenced,
    /// Lease numbers are counted in the row, so a new row begins with 1 again, and a claim that was undone leaves its
    /// number to the next.
    LeaseNumbersBeginAnew,
    /// A rescue frees the rows first, and then deletes its worker.
    RescueFreesFirst,
    /// A claim checks that its worker's row is there, and does not lock it.
    ClaimDoesNotLockItsWorker,
    /// An attempt begins even if another is open.
    AttemptBeginsBesideAnother,
    /// Giving an attempt up does not check whether it was answered.
    AbandoningDoesNotLook,
    /// Claims under a limit do not go one after another.
    ClaimsCountWithoutALock,
    /// A row that is put back does not count as in flight any more, even if fal has a request of its job.
    PuttingBackForgetsTheAttempt,
    /// A rescue itself looks up which jobs have an open attempt, before it has locked their rows.
    RescueLooksBeforeItLocks,
    /// `queue::release_unknown` is told the jobs that have a task, not their leases.
    ReleaseNamesJobs,
    /// A claim that the database comes to only after `queue::release_unknown` still takes jobs.
    StrayClaimsAreServed,
    /// A claim reports a job's attempt as of its snapshot, which is older than the row that it takes. In the
    /// row it only checks whether there is an attempt.
    ClaimTellsOfItsSnapshot,
    /// The same, without that check.
    ClaimTakesWhatItSaw,
    /// Work that broke checks whether its attempt was answered, and closes it in another statement.
    BrokenWorkLooksFirst,
}

impl Rules {
    /// One job and two workers; nothing wrong.
    pub(super) const ONE_JOB: Self = Self {
        jobs: 1,
        workers: 3,
        max_attempts: 2,
        max_rescues: Some(1),
        limit: None,
        unknown: UnknownSubmission::Resubmit,
        troubles: &[],
        fence: Fence::Whole,
        flaws: &[],
    };

    /// Whether this may happen.
    pub(super) fn may(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    /// Whether the code has this flaw.
    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }
}
