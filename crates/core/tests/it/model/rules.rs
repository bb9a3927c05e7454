//! What a model is made of: its sizes, what may go wrong in it, and what is wrong with its code.

use darkroom_core::config::UnknownSubmission;

/// A model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// One or two.
    pub(super) jobs: usize,
    /// Workers that somebody knows of at a time.
    pub(super) workers: usize,
    /// `MAX_ATTEMPTS`.
    pub(super) max_attempts: u8,
    /// `MAX_RESCUES`; nothing where rescues are not counted.
    pub(super) max_rescues: Option<u8>,
    /// Jobs in flight at a time, at most.
    pub(super) limit: Option<usize>,
    /// `UNKNOWN_SUBMISSION`.
    pub(super) unknown: UnknownSubmission,
    /// What may happen beside the ordinary.
    pub(super) troubles: &'static [Trouble],
    /// What a write about a claimed job is fenced by.
    pub(super) fence: Fence,
    /// What the code does wrong.
    pub(super) flaws: &'static [Flaw],
}

/// What may happen, beside the ordinary and beside workers that die, are slow or are told to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// The database does what it was asked, and its answer is lost.
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
    /// The database comes to a claim after its worker gave it up.
    StrayClaims,
    /// The work on a job panics.
    Panics,
}

/// What a write about a claimed job is fenced by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fence {
    /// By job, worker and lease number: as the code does it.
    Whole,
    /// By job and worker.
    WithoutLeaseNumber,
    /// By job and lease number.
    WithoutWorker,
}

/// Something that the code could do wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    /// What settles a job does not look for its lease.
    SettlingIsNotFenced,
    /// Lease numbers are counted in the row, and begin anew with it.
    LeaseNumbersBeginAnew,
    /// A rescue frees the rows first, and then deletes its worker.
    RescueFreesFirst,
    /// A claim looks whether its worker is there, and does not lock it.
    ClaimDoesNotLockItsWorker,
    /// An attempt begins whether or not one is open.
    AttemptBeginsBesideAnother,
    /// Giving an attempt up does not look whether it was answered.
    AbandoningDoesNotLook,
    /// Claims under a limit do not go one after another.
    ClaimsCountWithoutALock,
    /// A row that is put back is not in flight any more, whatever fal has.
    PuttingBackForgetsTheAttempt,
    /// A rescue looks itself which jobs have an open attempt, before it has the lock of their rows.
    RescueLooksBeforeItLocks,
    /// `queue::release_unknown` is told which jobs have a task, whatever their lease.
    ReleaseNamesJobs,
    /// A claim that the database comes to only after `queue::release_unknown` is done all the same.
    StrayClaimsAreServed,
    /// A claim tells of a job's attempt what was so at its snapshot, which is older than the row that it
    /// takes. It looks at the row only whether there is an attempt.
    ClaimTellsOfItsSnapshot,
    /// The same, without a look at the row.
    ClaimTakesWhatItSaw,
    /// Work that broke looks whether its attempt was answered, and closes it in another statement.
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

    /// Whether the code does this wrong.
    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }
}
