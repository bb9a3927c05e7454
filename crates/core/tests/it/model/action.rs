//! What may happen next, and which statement of the code each step stands for.
//!
//! There is no step for a worker that is stopped (SIGSTOP) or slow: any worker may take no step for
//! as long as the model likes, with writes in its hands, and go on under its old lease.

use super::state::JOBS;

/// A step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    /// In a worker's life.
    Worker(u8, Life),
    /// A worker's work on a job.
    Work { worker: u8, job: u8, does: Work, is_heard: bool },
    /// What becomes of an attempt's submission.
    Fal { job: u8, attempt: u8, does: Fal },
    /// From outside.
    Caller { job: u8, does: Caller },
}

/// A step of a worker's life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    /// `queue::register`: a new process, or one whose life was over.
    Register,
    /// `queue::claim`: its one statement. Under a limit `queue::claim_under_rules`: its one transaction,
    /// which waits for its turn.
    Claim { job: u8 },
    /// The same, with an answer that is lost.
    ClaimUnheard { jobs: [bool; JOBS] },
    /// The same, when the database has taken the statement's snapshot.
    LookForJobs,
    /// The same, when the database has come to the locks, and takes what is as it saw it.
    TakeJob { job: u8 },
    /// The same, where others were first.
    TakeNothing,
    /// The same broke, and the database may come to it yet.
    GiveUpOnClaim,
    /// That claim, when the database comes to it.
    StrayClaim { job: u8 },
    /// `queue::release_unknown`: its one transaction, before the worker's next claim.
    ReleaseUnknown,
    /// `queue::beat`, of a worker that was taken for dead: its life is over. All other beats change
    /// nothing that is modelled: a worker is late when the model lets somebody rescue its jobs.
    Beat,
    /// `queue::release`: its one transaction. The life is over.
    Release,
    /// SIGKILL, or a power cut.
    Kill,
    /// The end of a process whose life was over; of submissions that were under way, too.
    Exit,
    /// `queue::rescue` of a dead worker, run by another one: its one transaction.
    Rescue,
    /// The same, of a worker that is only late.
    TakeForDead,
    /// `queue::rescue`, as it is not: one half of it, then the other.
    RescueHalf,
    /// The other half.
    RescueRest,
}

/// A step of the work on a job: `worker::drive`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Work {
    /// `queue::begin_attempt`, and the submission is on the wire. One whose worker dies in between
    /// is one that vanishes.
    Begin,
    /// `fal.submit` answers that fal has it.
    HearAnswer,
    /// `fal.submit` answers `NotAccepted`: it surely did not arrive, or was refused.
    HearRefusal,
    /// `fal.submit` answers `Unknown`: `queue::snooze`.
    HearNothing,
    /// `queue::record_submission`, or, where the lease is lost, `queue::record_late_answer`.
    Record,
    /// `queue::withdraw_attempt`.
    Withdraw,
    /// `fal.find_request` finds it. That it finds nothing is `Snooze` or `GiveUp`.
    Find,
    /// `queue::abandon_attempt`, or, where no other attempt is to be made, `queue::fail_unanswered`.
    GiveUp,
    /// `fal.cancel`, because the job's caller wants it to end, and fal stops it.
    PassOnWish,
    /// `fal.cancel`, because the time is up, and fal stops it.
    StopRequest,
    /// `queue::fail`, because the time is up, whether or not fal stops the request.
    Expire,
    /// `queue::fail`, before anything is submitted: the pictures are damaged, or the time is up.
    Refuse,
    /// `queue::complete_all`.
    Complete,
    /// `queue::retry`.
    Retry,
    /// `queue::fail`, because the request did, or because the job lost too many workers.
    Fail,
    /// `queue::end_cancelled`.
    EndCancelled,
    /// `queue::snooze`.
    Snooze,
    /// A panic, after which comes `queue::break_off`.
    Break,
}

/// A step of a submission.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fal {
    /// fal takes it: it is paid for.
    Arrive,
    /// It gets lost, or fal refuses it.
    Vanish,
    /// There is a result.
    EndWell,
    /// There is none.
    EndBadly,
    /// `queue::record_notice`: the webhook. Only the first can change something.
    Notify,
}

/// A step of somebody outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Caller {
    /// `queue::cancel`: its one transaction.
    Cancel,
    /// `queue::reopen`: a new row.
    Reopen,
    /// `queue::fail_overdue`, of this job.
    FailOverdue,
    /// `queue::end_unwanted`, of this job.
    EndUnwanted,
}

impl Action {
    /// Whether jobs must not need it to end: what goes wrong, what somebody outside does, and what
    /// may never come.
    pub(super) fn is_unasked(self) -> bool {
        match self {
            Self::Worker(_, life) => matches!(
                life,
                Life::ClaimUnheard { .. }
                    | Life::GiveUpOnClaim
                    | Life::StrayClaim { .. }
                    | Life::Release
                    | Life::Kill
                    | Life::TakeForDead
            ),
            Self::Work { does, is_heard, .. } => {
                !is_heard
                    || matches!(does, Work::StopRequest | Work::Expire | Work::Refuse | Work::Break)
            }
            Self::Fal { does, .. } => matches!(does, Fal::Notify | Fal::EndBadly | Fal::Vanish),
            Self::Caller { .. } => true,
        }
    }
}
