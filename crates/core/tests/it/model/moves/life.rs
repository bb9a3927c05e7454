//! Steps of a worker's life.

use super::Moves;
use crate::model::{
    action::{Action, Life},
    rules::Flaw,
    state::{Claim, JOBS, Process, State, Worker},
    statements, symmetry,
};

/// The most workers that live at a time.
const MOST_LIVING: usize = 2;

/// Every step of a worker's life.
pub(super) fn life(moves: &mut Moves<'_>, worker: u8, known: &Worker) {
    let (rules, from) = (moves.rules, moves.from);
    let mut add = |life, step: &dyn Fn(&mut State)| {
        moves.add(Action::Worker(worker, life), |state| step(state));
    };
    let living = from.workers.iter().filter(|other| other.process == Process::Lives);
    if symmetry::is_forgotten(from, worker) {
        if living.count() < MOST_LIVING {
            add(Life::Register, &|state| {
                *state.worker(worker) =
                    Worker { is_known: true, process: Process::Lives, ..Worker::default() };
            });
        }
        return;
    }
    match known.process {
        Process::Lives => {
            if known.is_known {
                add(Life::Release, &|state| {
                    statements::release(state, worker);
                    end_life(state.worker(worker));
                });
            } else {
                add(Life::Beat, &|state| end_life(state.worker(worker)));
            }
            // Killed only if another worker lives, or there is room for a new one.
            let is_replaceable = (0..)
                .zip(from.workers)
                .take(rules.workers)
                .filter(|(other, _)| *other != worker)
                .any(|(other, its)| {
                    (its.process == Process::Lives && its.is_known)
                        || symmetry::is_forgotten(from, other)
                });
            if is_replaceable {
                add(Life::Kill, &|state| kill(state.worker(worker)));
            }
        }
        Process::IsOver => add(Life::Exit, &|state| kill(state.worker(worker))),
        Process::IsDead => {}
    }
    rescue(moves, worker, known);
}

/// Steps of another worker that finds this one's beat late.
fn rescue(moves: &mut Moves<'_>, worker: u8, known: &Worker) {
    let (rules, from) = (moves.rules, moves.from);
    let mut add = |life, step: &dyn Fn(&mut State)| {
        moves.add(Action::Worker(worker, life), |state| step(state));
    };
    let looks_first = rules.has(Flaw::RescueLooksBeforeItLocks);
    if let Some(seen) = known.rescue {
        // The worker that began it goes on.
        add(Life::RescueRest, &|state| {
            state.worker(worker).rescue = None;
            if looks_first {
                statements::free_rows(state, rules, worker, seen);
            } else {
                statements::delete_worker(state, worker);
            }
        });
        return;
    }
    let is_seen = (0..)
        .zip(from.workers)
        .any(|(other, its)| other != worker && its.process == Process::Lives && its.is_known);
    // A rescue waits for the lock that a claim has on its worker's row, or skips the row.
    let is_locked =
        matches!(known.claim, Claim::Looked(_)) && !rules.has(Flaw::ClaimDoesNotLockItsWorker);
    if !known.is_known || !is_seen || is_locked {
        return;
    }
    if looks_first || rules.has(Flaw::RescueFreesFirst) {
        add(Life::RescueHalf, &|state| {
            let seen = state.jobs.map(|job| job.open_attempt().is_some());
            state.worker(worker).rescue = Some(seen);
            if looks_first {
                statements::delete_worker(state, worker);
            } else {
                statements::free_rows(state, rules, worker, [true; JOBS]);
            }
        });
        return;
    }
    let is_dead = known.process == Process::IsDead;
    add(if is_dead { Life::Rescue } else { Life::TakeForDead }, &|state| {
        statements::rescue(state, rules, worker);
    });
}

/// Ends a life: the work on jobs stops where it is, and submissions that are under way go on.
fn end_life(worker: &mut Worker) {
    (worker.process, worker.claim) = (Process::IsOver, Claim::Rests);
    for task in &mut worker.tasks {
        *task = task.filter(|task| task.step.outlives());
    }
    if worker.tasks.iter().all(Option::is_none) {
        kill(worker);
    }
}

/// Ends a process: its memory is gone. A claim that the database has begun goes on.
fn kill(worker: &mut Worker) {
    (worker.process, worker.tasks) = (Process::IsDead, Worker::default().tasks);
    if worker.claim == Claim::IsInDoubt {
        worker.claim = Claim::Rests;
    }
}
