//! What must hold in every state, whatever happens.

use super::{
    rules::Rules,
    state::{Attempt, Job, Progress, State},
};

/// What must hold.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Property {
    /// A job that was accepted has ended, or has a row in the queue, and not both.
    NoJobIsLost,
    /// A job is settled once for each time that it was put into the queue.
    NoJobIsSettledTwice,
    /// A fenced statement changes something only under the lease that holds.
    DeadLeasesWriteNothing,
    /// A job has at most one open attempt.
    OneAttemptIsOpen,
    /// A row says rightly whether its job has an open attempt.
    RowsTellOfTheirAttempt,
    /// fal takes at most one submission for each attempt on record, and none without one.
    AnAttemptIsPaidOnce,
    /// An attempt begins only when fal will do nothing more for the attempts before it, except for those that are
    /// recorded as unknown, or are from before the job was reopened.
    NothingThatRunsIsBoughtAgain,
    /// At most one of a job's paid calls belongs to an attempt that is not recorded as failed or unknown;
    /// attempts from before it was reopened do not count.
    PaidCallsThatCountAreOne,
    /// No attempt is given up whose answer is on record.
    NoAnsweredAttemptIsGivenUp,
    /// An attempt that is recorded as completed is one whose request ended well.
    CompletedIsTrue,
    /// A job has no more attempts than it may.
    AttemptsStayWithinTheirMaximum,
    /// No more jobs are in flight than the limit allows.
    TheLimitHolds,
    /// No more requests run at fal than the limit allows. Requests of attempts that were given up as unknown, and
    /// requests that outlive their job, do not count.
    TheLimitHoldsAtFal,
    /// From every state, all jobs can still end by ordinary steps alone: see `Action::is_unasked`. So
    /// every job does end, if a step that is possible again and again is taken at last.
    EveryJobCanEnd,
}

/// The first property that does not hold in a state: of all that can be checked in a state, or only the
/// one that is asked for.
pub(super) fn broken(state: &State, rules: &Rules, asked: Option<Property>) -> Option<Property> {
    let in_flight = || state.jobs.iter().filter(|job| is_in_flight(job)).count();
    let running = || state.jobs.iter().map(running).sum::<usize>();
    let of_limits = rules.limit.into_iter().flat_map(|limit| {
        [
            (in_flight() <= limit, Property::TheLimitHolds),
            (running() <= limit, Property::TheLimitHoldsAtFal),
        ]
    });
    let of_jobs = state.jobs.iter().flat_map(of_a_job).chain(of_limits);
    let of_the_step = state.broken.map(|property| (false, property));
    of_jobs
        .chain(of_the_step)
        .filter(|(_, property)| asked.is_none_or(|asked| asked == *property))
        .find_map(|(holds, property)| (!holds).then_some(property))
}

/// What must hold of each job, and whether it does.
fn of_a_job(job: &Job) -> [(bool, Property); 7] {
    let open = job.attempts.iter().flatten().filter(|attempt| attempt.is_open()).count();
    let pays_truly = calls(job).all(|(calls, attempt)| calls <= u8::from(attempt.is_some()));
    let row_is_true = job.row.is_none_or(|row| row.has_attempt == (open > 0));
    [
        (job.end.is_some() != job.row.is_some(), Property::NoJobIsLost),
        (job.settled <= 1, Property::NoJobIsSettledTwice),
        (open <= 1, Property::OneAttemptIsOpen),
        (row_is_true, Property::RowsTellOfTheirAttempt),
        (pays_truly, Property::AnAttemptIsPaidOnce),
        (calls_that_count(job) <= 1, Property::PaidCallsThatCountAreOne),
        (completed_is_true(job), Property::CompletedIsTrue),
    ]
}

/// How many submissions fal accepted for each attempt.
fn calls(job: &Job) -> impl Iterator<Item = (u8, Option<Attempt>)> {
    job.requests.into_iter().map(|request| request.calls).zip(job.attempts)
}

/// Paid calls that should have a result.
fn calls_that_count(job: &Job) -> usize {
    calls(job)
        .skip(usize::from(job.attempts_before))
        .filter(|(calls, attempt)| {
            *calls > 0 && !matches!(attempt, Some(Attempt::Failed | Attempt::Unknown))
        })
        .count()
}

/// Whether every attempt that is recorded as completed ended well.
fn completed_is_true(job: &Job) -> bool {
    job.attempts.iter().zip(job.requests).all(|(attempt, request)| {
        *attempt != Some(Attempt::Completed) || request.progress == Progress::EndedWell
    })
}

/// Whether the job is in flight according to its attempts, not to `has_attempt` in its row.
fn is_in_flight(job: &Job) -> bool {
    job.row.is_some_and(|row| row.leased_by.is_some() || job.open_attempt().is_some())
}

/// Its requests that run at fal, and that somebody still waits for.
fn running(job: &Job) -> usize {
    let attempts = job.attempts.iter().zip(job.requests);
    attempts
        .filter(|(attempt, request)| {
            request.progress == Progress::Running
                && job.end.is_none()
                && **attempt != Some(Attempt::Unknown)
        })
        .count()
}

/// Whether another attempt may begin.
pub(super) fn may_buy_another(job: &Job) -> bool {
    let attempts = job.attempts.iter().zip(job.requests).skip(usize::from(job.attempts_before));
    attempts.filter_map(|(attempt, request)| Some(((*attempt)?, request))).all(
        |(attempt, request)| match attempt {
            Attempt::Unknown => true,
            Attempt::Unanswered | Attempt::Answered => false,
            Attempt::Completed | Attempt::Failed | Attempt::Cancelled => !matches!(
                request.progress,
                Progress::OnTheWay | Progress::Running | Progress::EndedWell
            ),
        },
    )
}
