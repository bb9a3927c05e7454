//! `queue::withdraw_attempt`, `queue::abandon_attempt`, `queue::fail_unanswered`, which return the open
//! attempt if that turns out to be answered; and `queue::withdraw_late`.

use super::{Lease, LeaseLost, fenced, settle};
use crate::model::{
    properties::Property,
    rules::{Flaw, Rules},
    state::{Attempt, Job, Progress, State},
};

/// Takes back an attempt whose submission surely did not arrive.
pub(in crate::model) fn withdraw_attempt(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<Option<u8>, LeaseLost> {
    fenced(state, rules, lease)?;
    take_back(state.job(lease.job), |_request| true);
    Ok(still_open(state, lease.job))
}

/// The same, by a worker that has lost the job. The attempt is not found by its number, which another one may have by
/// now, but by something that only it has: here, that nothing arrived.
pub(in crate::model) fn withdraw_late(state: &mut State, job: u8) {
    let has_not_arrived = |progress| matches!(progress, Progress::NotSent | Progress::Vanished);
    take_back(state.job(job), has_not_arrived);
    still_open(state, job);
}

fn take_back(job: &mut Job, is_meant: impl Fn(Progress) -> bool) {
    for (attempt, request) in job.attempts.iter_mut().zip(&mut job.requests) {
        if *attempt == Some(Attempt::Unanswered) && is_meant(request.progress) {
            *attempt = None;
            if request.progress == Progress::Vanished {
                request.progress = Progress::NotSent;
            }
        }
    }
}

/// Gives up an attempt that was looked for in vain.
pub(in crate::model) fn abandon_attempt(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<Option<u8>, LeaseLost> {
    fenced(state, rules, lease)?;
    let looks = !rules.has(Flaw::AbandoningDoesNotLook);
    let mut closes_answered = false;
    for attempt in state.job(lease.job).attempts.iter_mut().flatten() {
        if *attempt == Attempt::Unanswered || (attempt.is_open() && !looks) {
            closes_answered |= *attempt == Attempt::Answered;
            *attempt = Attempt::Unknown;
        }
    }
    if closes_answered {
        state.breaks(Property::NoAnsweredAttemptIsGivenUp);
    }
    Ok(still_open(state, lease.job))
}

/// Fails the job whose attempt was looked for in vain.
pub(in crate::model) fn fail_unanswered(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<Option<u8>, LeaseLost> {
    fenced(state, rules, lease)?;
    let answered = answered(state, lease.job);
    if answered.is_none() {
        settle::fail(state, rules, lease)?;
    }
    Ok(answered)
}

/// The open attempt that is left, if it is answered; the row is told whether one is left.
fn still_open(state: &mut State, job: u8) -> Option<u8> {
    let answered = answered(state, job);
    let job = state.job(job);
    let has_attempt = job.open_attempt().is_some();
    if let Some(row) = &mut job.row {
        row.has_attempt = has_attempt;
    }
    answered
}

/// The open attempt, if its answer is on record.
fn answered(state: &mut State, job: u8) -> Option<u8> {
    let (attempt, is_answered) = state.job(job).open_attempt()?;
    is_answered.then_some(attempt)
}
