//! `queue::claim`.

use crate::model::{
    rules::{Flaw, Rules},
    state::{Job, State, Step},
};

/// Whether a claim may take a job: one that waits, and that is in flight already or fits under the
/// limit.
pub(in crate::model) fn claimable(state: &State, rules: &Rules, job: u8) -> bool {
    let rows = state.jobs.map(|job| job.row);
    let Some(row) = rows[usize::from(job)] else { return false };
    let in_flight = rows.into_iter().flatten().filter(|row| row.is_in_flight()).count();
    row.leased_by.is_none()
        && (row.has_attempt || rules.limit.is_none_or(|limit| limit > in_flight))
}

/// The first step of a claimed job, depending on what the claim tells of its attempts. Whether the caller
/// cancelled it is left out here, because `begin_attempt` asks it again.
pub(in crate::model) fn first_step(job: &Job) -> Step {
    match job.open_attempt() {
        None => Step::Start,
        Some((attempt, false)) => Step::Reconcile(attempt),
        Some((attempt, true)) => Step::Follow(attempt),
    }
}

/// Leases a job to a worker under the next number.
pub(in crate::model) fn take(state: &mut State, rules: &Rules, worker: u8, job: u8) {
    let in_use = state.jobs.iter().filter_map(|job| Some(job.row?.number));
    // Like one that was never drawn. Numbers that only tasks remember are below all others: see `symmetry`.
    let next = 1 + in_use.max().unwrap_or(0);
    if let Some(row) = &mut state.job(job).row {
        let begins_anew = rules.has(Flaw::LeaseNumbersBeginAnew);
        row.number = if begins_anew { row.number + 1 } else { next };
        row.leased_by = Some(worker);
    }
}

/// A crash undoes a claim: the row is as it was before.
pub(in crate::model) fn undo_claim(state: &mut State, job: u8) {
    if let Some(row) = &mut state.job(job).row {
        row.leased_by = None;
        row.number -= 1;
    }
}
