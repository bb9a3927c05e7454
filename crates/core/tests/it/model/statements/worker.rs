//! `queue::release` and `queue::release_unknown`.

use crate::model::{
    rules::{Flaw, Rules},
    state::{Row, State},
};

/// One transaction: the worker's row goes, which keeps its claims out; then its jobs are free.
pub(in crate::model) fn release(state: &mut State, worker: u8) {
    state.worker(worker).is_known = false;
    free(state, worker, |_, _| true);
}

/// Frees what a worker holds and has no task for. Claims that it gave up before take nothing any more.
pub(in crate::model) fn release_unknown(state: &mut State, rules: &Rules, worker: u8) {
    let tasks = state.worker(worker).tasks;
    free(state, worker, |job, row| {
        !tasks.iter().flatten().any(|task| {
            task.job == job && (task.number == row.number || rules.has(Flaw::ReleaseNamesJobs))
        })
    });
    state.worker(worker).has_stray_claim &= rules.has(Flaw::StrayClaimsAreServed);
}

/// Frees those of a worker's jobs that `which` picks.
fn free(state: &mut State, worker: u8, which: impl Fn(u8, &Row) -> bool) {
    for (number, job) in (0..).zip(&mut state.jobs) {
        if let Some(row) = &mut job.row
            && row.leased_by == Some(worker)
            && which(number, row)
        {
            row.leased_by = None;
        }
    }
}
