//! `queue::rescue`.

use crate::model::{
    rules::Rules,
    state::{JOBS, State},
};

/// One transaction: the worker's row goes, which keeps its claims out; then its jobs are free.
pub(in crate::model) fn rescue(state: &mut State, rules: &Rules, worker: u8) {
    delete_worker(state, worker);
    free_rows(state, rules, worker, [true; JOBS]);
}

/// The first half.
pub(in crate::model) fn delete_worker(state: &mut State, worker: u8) {
    state.worker(worker).is_known = false;
}

/// The second half: frees what a worker holds. If the rescue believes that a job has no open attempt, the row says
/// so, too.
pub(in crate::model) fn free_rows(
    state: &mut State,
    rules: &Rules,
    worker: u8,
    has_attempt: [bool; JOBS],
) {
    for (job, has_attempt) in state.jobs.iter_mut().zip(has_attempt) {
        if let Some(row) = &mut job.row
            && row.leased_by == Some(worker)
        {
            row.leased_by = None;
            row.rescues = rules.max_rescues.map_or(0, |most| (row.rescues + 1).min(most + 1));
            row.has_attempt &= has_attempt;
        }
    }
}
