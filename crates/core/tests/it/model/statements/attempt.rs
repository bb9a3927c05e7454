//! `queue::begin_attempt`, `queue::record_submission`, and what is recorded without a lease.

use super::{Lease, LeaseLost, fenced};
use crate::model::{
    properties::{self, Property},
    rules::{Flaw, Rules},
    state::{ATTEMPTS, Attempt, State},
};

/// Whether an attempt was begun.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum Begun {
    /// It is written down.
    Attempt(u8),
    /// It may not: the job's caller cancelled it.
    Cancelled,
    /// It may not: the database allows one open attempt a job.
    Refused,
}

/// Writes an attempt down, and says so in the row.
pub(in crate::model) fn begin_attempt(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
) -> Result<Begun, LeaseLost> {
    fenced(state, rules, lease)?;
    let job = *state.job(lease.job);
    if job.row.is_some_and(|row| row.is_cancelled) {
        return Ok(Begun::Cancelled);
    }
    if job.open_attempt().is_some() && !rules.has(Flaw::AttemptBeginsBesideAnother) {
        return Ok(Begun::Refused);
    }
    let number = job.attempts_made();
    if number - job.attempts_before >= rules.max_attempts || usize::from(number) == ATTEMPTS {
        state.breaks(Property::AttemptsStayWithinTheirMaximum);
        return Ok(Begun::Refused);
    }
    if !properties::may_buy_another(&job) {
        state.breaks(Property::NothingThatRunsIsBoughtAgain);
    }
    let job = state.job(lease.job);
    job.attempts[usize::from(number)] = Some(Attempt::Unanswered);
    if let Some(row) = &mut job.row {
        row.has_attempt = true;
    }
    Ok(Begun::Attempt(number))
}

/// Keeps fal's answer, under the lease.
pub(in crate::model) fn record_submission(
    state: &mut State,
    rules: &Rules,
    lease: Lease,
    attempt: u8,
) -> Result<(), LeaseLost> {
    fenced(state, rules, lease)?;
    state.job(lease.job).attempts[usize::from(attempt)].ok_or(LeaseLost)?;
    record_notice(state, lease.job, attempt);
    Ok(())
}

/// `queue::record_notice` and `queue::record_late_answer`, which need no lease. For an attempt that was given up
/// they only note something that no statement reads.
pub(in crate::model) fn record_notice(state: &mut State, job: u8, attempt: u8) {
    let attempt = &mut state.job(job).attempts[usize::from(attempt)];
    if *attempt == Some(Attempt::Unanswered) {
        *attempt = Some(Attempt::Answered);
    }
}
