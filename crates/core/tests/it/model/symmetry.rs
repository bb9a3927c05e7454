//! States that differ only in names count as one: in the numbers of leases, or in which worker is which.
//!
//! That keeps the states few although lives and claims are not bounded.

use super::{
    rules::{Flaw, Rules},
    state::{JOBS, Process, State, WORKERS, Worker},
};

/// The state that stands for all states like this one.
pub(super) fn canonical(mut state: State, rules: &Rules) -> State {
    if !rules.has(Flaw::LeaseNumbersBeginAnew) {
        rename_leases(&mut state);
    }
    for worker in (0..).take(WORKERS) {
        if is_forgotten(&state, worker) {
            *state.worker(worker) = Worker::default();
        }
    }
    rename_workers(&mut state);
    state
}

/// Renames lease numbers. They are only compared, and a new one equals no other, so a number that is in a row
/// becomes 1, and one that only tasks remember becomes 0.
fn rename_leases(state: &mut State) {
    for task in state.workers.iter_mut().flat_map(|worker| worker.tasks.iter_mut().flatten()) {
        let job = &state.jobs[usize::from(task.job)];
        let is_in_a_row = job.row.is_some_and(|row| row.number > 0 && row.number == task.number);
        task.number = u8::from(is_in_a_row);
        task.is_reopened &= is_in_a_row;
        task.is_undone &= is_in_a_row;
    }
    for row in state.jobs.iter_mut().filter_map(|job| job.row.as_mut()) {
        row.number = row.number.min(1);
    }
}

/// Puts the workers in an order that does not depend on their names: by their state and what they hold.
fn rename_workers(state: &mut State) {
    let mut order: [(Worker, [bool; JOBS], u8); WORKERS] = Default::default();
    for ((place, worker), number) in order.iter_mut().zip(&mut state.workers).zip(0..) {
        worker.tasks.sort_unstable();
        let holds = state.jobs.map(|job| job.row.is_some_and(|row| row.leased_by == Some(number)));
        *place = (*worker, holds, number);
    }
    order.sort_unstable_by(|one, other| other.cmp(one));
    for ((worker, (was, ..)), number) in state.workers.iter_mut().zip(order).zip(0..) {
        *worker = was;
        for (job, holds) in state.jobs.iter_mut().zip(order[usize::from(number)].1) {
            if let Some(row) = &mut job.row
                && holds
            {
                row.leased_by = Some(number);
            }
        }
    }
}

/// Whether nothing is left of a worker, so that another one may take its place.
pub(super) fn is_forgotten(state: &State, worker: u8) -> bool {
    let its = &state.workers[usize::from(worker)];
    !its.is_known
        && its.process == Process::IsDead
        && its.rescue.is_none()
        && state.jobs.iter().all(|job| job.row.is_none_or(|row| row.leased_by != Some(worker)))
}
