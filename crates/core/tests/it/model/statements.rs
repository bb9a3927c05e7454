//! The queue's statements, each as one step on the rows. The files are those of `core::queue`.

mod attempt;
mod claim;
mod rescue;
mod settle;
mod unanswered;
mod worker;

pub(super) use attempt::{Begun, begin_attempt, record_notice, record_submission};
pub(super) use claim::{claimable, first_step, take, undo_claim};
pub(super) use rescue::{delete_worker, free_rows, rescue};
pub(super) use settle::{
    cancel, cancel_waiting, complete, end_cancelled, fail, fail_overdue, reopen, retry, snooze,
};
pub(super) use unanswered::{abandon_attempt, fail_unanswered, withdraw_attempt, withdraw_late};
pub(super) use worker::{release, release_unknown};

use super::{
    properties::Property,
    rules::{Fence, Rules},
    state::State,
};

/// The lease that a task believes it has. Its statements name all of it but the last two parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) worker: u8,
    pub(super) job: u8,
    pub(super) number: u8,
    pub(super) is_reopened: bool,
    pub(super) is_undone: bool,
}

/// A write was not done, because its lease is lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeaseLost;

/// Checks whether a statement's `where` finds its row, and notes if it finds one that it should not.
fn fenced(state: &mut State, rules: &Rules, lease: Lease) -> Result<(), LeaseLost> {
    let job = *state.job(lease.job);
    let row = job.row.ok_or(LeaseLost)?;
    let is_worker = row.leased_by == Some(lease.worker);
    let is_number = row.number == lease.number;
    let is_found = match rules.fence {
        Fence::Whole => is_worker && is_number,
        Fence::WithoutLeaseNumber => is_worker,
        Fence::WithoutWorker => is_number,
    };
    if !is_found {
        return Err(LeaseLost);
    }
    let is_of_the_row = job.is_reopened == lease.is_reopened && !lease.is_undone;
    if !(is_worker && is_number && is_of_the_row) {
        state.breaks(Property::DeadLeasesWriteNothing);
    }
    Ok(())
}
