//! `queue::complete_all`, `fail`, `end_cancelled`, `retry`, `snooze`; and the statements that settle a job which
//! no worker holds, or put it back into the queue.

use super::{Lease, LeaseLost, fenced};
use crate::model::{
    rules::{Flaw, Rules},
    state::{Attempt, End, Row, State},
};

/// The job is completed.
pub(in crate::model) fn complete(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<(), LeaseLost> {
    under_lease(state, rules, lease)?;
    close(state, lease.job, Attempt::Completed, Attempt::Completed);
    settle(state, lease.job, End::Completed);
    Ok(())
}

/// The job failed, for good.
pub(in crate::model) fn fail(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<(), LeaseLost> {
    under_lease(state, rules, lease)?;
    close(state, lease.job, Attempt::Failed, Attempt::Unknown);
    settle(state, lease.job, End::Failed);
    Ok(())
}

/// The job ended as its caller asked.
pub(in crate::model) fn end_cancelled(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<(), LeaseLost> {
    under_lease(state, rules, lease)?;
    close(state, lease.job, Attempt::Cancelled, Attempt::Unknown);
    settle(state, lease.job, End::Cancelled);
    Ok(())
}

/// The attempt failed, and the job waits for another.
pub(in crate::model) fn retry(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<(), LeaseLost> {
    fenced(state, rules, lease)?;
    close(state, lease.job, Attempt::Failed, Attempt::Unknown);
    if let Some(row) = &mut state.job(lease.job).row {
        (row.leased_by, row.has_attempt) = (None, false);
    }
    Ok(())
}

/// The job waits; its attempt stays open.
pub(in crate::model) fn snooze(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<(), LeaseLost> {
    fenced(state, rules, lease)?;
    if let Some(row) = &mut state.job(lease.job).row {
        row.leased_by = None;
        row.has_attempt &= !rules.has(Flaw::PuttingBackForgetsTheAttempt);
    }
    Ok(())
}

/// `queue::cancel`: ends a job that waits and has no open attempt; for any other it keeps the cancellation.
pub(in crate::model) fn cancel(state: &mut State, job: u8) {
    let has_attempt = state.job(job).open_attempt().is_some();
    match &mut state.job(job).row {
        Some(row) if row.leased_by.is_some() || has_attempt => row.is_cancelled = true,
        Some(_waits) => settle(state, job, End::Cancelled),
        None => {}
    }
}

/// `queue::fail_overdue`: fails a job that waits in line and is not cancelled.
pub(in crate::model) fn fail_overdue(state: &mut State, job: u8) {
    if state.job(job).row.is_some_and(|row| !row.is_cancelled && !row.is_in_flight()) {
        settle(state, job, End::Failed);
    }
}

/// `queue::cancel_waiting`: ends a job that waits although its caller cancelled it.
pub(in crate::model) fn cancel_waiting(state: &mut State, job: u8) {
    if state.job(job).row.is_some_and(|row| row.is_cancelled && !row.is_in_flight()) {
        settle(state, job, End::Cancelled);
    }
}

/// `queue::reopen`: a new row. The attempts that there were count no more.
pub(in crate::model) fn reopen(state: &mut State, job: u8) {
    let job = state.job(job);
    job.attempts_before = job.attempts_made();
    (job.end, job.row, job.settled, job.is_reopened) = (None, Some(Row::default()), 0, true);
}

/// The fence of the statements that settle a job.
fn under_lease(state: &mut State, rules: &Rules, lease: Lease) -> Result<(), LeaseLost> {
    if rules.has(Flaw::SettlingIsNotFenced) { Ok(()) } else { fenced(state, rules, lease) }
}

/// Ends the job.
fn settle(state: &mut State, job: u8, end: End) {
    let job = state.job(job);
    (job.row, job.end) = (None, Some(end));
    job.settled += 1;
}

/// Closes the open attempt with one of two outcomes, depending on whether fal's answer is on record.
fn close(state: &mut State, job: u8, answered: Attempt, unanswered: Attempt) {
    for attempt in state.job(job).attempts.iter_mut().flatten() {
        match attempt {
            Attempt::Answered => *attempt = answered,
            Attempt::Unanswered => *attempt = unanswered,
            _ended => {}
        }
    }
}
