//! The steps that may be taken, and which statement of the code each stands for.
//!
//! There is no step for a worker that is paused (SIGSTOP) or slow: any worker may take no step for any
//! time, even just before a write, and go on under its old lease.

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
    /// A step of somebody outside.
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
    /// The same, but its answer is lost.
    ClaimUnheard { jobs: [bool; JOBS] },
    /// The same claim in two steps: the database takes the statement's snapshot.
    LookForJobs,
    /// The second step: the database locks a row that is still as it saw it, and takes the job.
    TakeJob { job: u8 },
    /// The second step, if others have taken all jobs before.
    TakeNothing,
    /// The claim breaks for the worker, but the database may still execute it.
    GiveUpOnClaim,
    /// The database executes that claim.
    StrayClaim { job: u8 },
    /// The database crashes, and the claim of a job was not on its disk yet.
    CrashUndoesClaim { job: u8 },
    /// `queue::release_unknown`: its one transaction, before the worker's next claim.
    ReleaseUnknown,
    /// `queue::beat`, of a worker that was taken for dead: its life is over. All other beats change
    /// nothing that is modelled: the model may let others find a worker late at any time.
    Beat,
    /// `queue::release`: its one transaction. The life is over.
    Release,
    /// SIGKILL, or a power cut.
    Kill,
    /// The end of a process whose life was over, and of its submissions that were under way.
    Exit,
    /// `queue::rescue` of a dead worker, run by another one: its one transaction.
    Rescue,
    /// The same, of a worker that is only late.
    TakeForDead,
    /// A `queue::rescue` in two halves, as the code does not do it: the first half.
    RescueHalf,
    /// The other half.
    RescueRest,
}

/// A step of the work on a job: `worker::drive`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Work {
    /// `queue::begin_attempt`, and the submission is on the wire. If the worker dies in between, that is
    /// like a submission that vanishes.
    Begin,
    /// `fal.submit` answers that fal has it.
    HearAnswer,
    /// `fal.submit` answers `NotAccepted`: it surely did not arrive, or was refused.
    HearRefusal,
    /// `fal.submit` answers `Unknown`: `queue::snooze`.
    HearNothing,
    /// `queue::record_submission`, or, where the lease is lost, `queue::record_late_answer`.
    Record,
    /// `queue::withdraw_attempt`, or, where the lease is lost, `queue::withdraw_late`.
    Withdraw,
    /// `fal.find_request` finds it. If it finds nothing, that is `Snooze` or `GiveUp`.
    Find,
    /// `queue::abandon_attempt`, or, if no other attempt may be made, `queue::fail_unanswered`.
    GiveUp,
    /// `fal.cancel`, because the job's caller cancelled it, and fal stops it.
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
    /// `queue::fail`, because the request failed, or because the job was rescued too often.
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
    /// fal accepts it, and it is paid for.
    Arrive,
    /// It gets lost, or fal refuses it.
    Vanish,
    /// It ends with a result.
    EndWell,
    /// It ends without one.
    EndBadly,
    /// `queue::record_notice`: the webhook. Only the first one can change anything.
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
    /// `queue::cancel_waiting`, of this job.
    CancelWaiting,
}

impl Action {
    /// Whether jobs must be able to end without it: because it is a fault, is done by somebody outside, or
    /// may never happen.
    pub(super) fn is_unasked(self) -> bool {
        match self {
            Self::Worker(_, life) => matches!(
                life,
                Life::ClaimUnheard { .. }
                    | Life::GiveUpOnClaim
                    | Life::StrayClaim { .. }
                    | Life::CrashUndoesClaim { .. }
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
