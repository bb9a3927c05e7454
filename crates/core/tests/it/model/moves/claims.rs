//! Steps of a worker's claim loop.

use super::Moves;
use crate::model::{
    action::{Action, Life},
    rules::{Flaw, Rules, Trouble},
    state::{Claim, JOBS, Job, Process, State, Step, Task, Worker},
    statements,
};

/// The most lease numbers that are tried if they begin anew with each row: otherwise there is no end of states.
const MOST_NUMBERS: u8 = 3;

/// Every step of a worker's claim.
pub(super) fn claims(moves: &mut Moves<'_>, worker: u8, known: &Worker) {
    let (rules, lives) = (moves.rules, known.process == Process::Lives);
    let action = |life| Action::Worker(worker, life);
    let takes_time = rules.may(Trouble::SlowClaims)
        || rules.has(Flaw::ClaimDoesNotLockItsWorker)
        || rules.has(Flaw::ClaimsCountWithoutALock);
    let has_turn = rules.limit.is_none()
        || rules.has(Flaw::ClaimsCountWithoutALock)
        || !moves.from.workers.iter().any(|other| matches!(other.claim, Claim::Looked(_)));
    match known.claim {
        Claim::Rests if lives && known.is_known => {
            if takes_time && has_turn {
                moves.add(action(Life::LookForJobs), |state| look(state, rules, worker));
            } else if !takes_time {
                at_once(moves, worker, known);
            }
            if rules.may(Trouble::StrayClaims) && !known.has_stray_claim {
                moves.add(action(Life::GiveUpOnClaim), |state| {
                    let worker = state.worker(worker);
                    (worker.claim, worker.has_stray_claim) = (Claim::IsInDoubt, true);
                });
            }
        }
        Claim::Looked(seen) => looked(moves, worker, known, seen),
        Claim::IsInDoubt if lives => moves.add(action(Life::ReleaseUnknown), |state| {
            state.worker(worker).claim = Claim::Rests;
            statements::release_unknown(state, rules, worker);
        }),
        _nothing => {}
    }
    if known.has_stray_claim && known.is_known {
        for job in jobs(moves, known) {
            moves.add(action(Life::StrayClaim { job }), |state| {
                state.worker(worker).has_stray_claim = false;
                take(state, rules, worker, job, None);
            });
        }
    }
}

/// A crash of the database undoes claims after which nothing was written: all later writes wait for the disk, and so
/// for the claim.
pub(super) fn crashes(moves: &mut Moves<'_>, worker: u8, known: &Worker) {
    for (place, task) in known.tasks.iter().enumerate() {
        let Some(Task { job, number, step, .. }) = *task else { continue };
        let from = &moves.from.jobs[usize::from(job)];
        let is_held =
            from.row.is_some_and(|row| (row.leased_by, row.number) == (Some(worker), number));
        if is_held && step == statements::first_step(from) {
            moves.add(Action::Worker(worker, Life::CrashUndoesClaim { job }), |state| {
                statements::undo_claim(state, job);
                state.worker(worker).tasks[place] =
                    task.map(|task| Task { is_undone: true, ..task });
            });
        }
    }
}

/// The steps of a claim that has its snapshot, and now locks rows.
fn looked(moves: &mut Moves<'_>, worker: u8, known: &Worker, seen: [Option<Step>; JOBS]) {
    let (rules, lives) = (moves.rules, known.process == Process::Lives);
    let mut takes_nothing = true;
    for (job, seen) in (0..).zip(seen) {
        let row = moves.from.jobs[usize::from(job)].row;
        let (Some(seen), Some(row)) = (seen, row) else { continue };
        // Under its lock the row is checked again: that it waits, and is still in line or still has its attempt.
        let is_the_same = (seen == Step::Start) != row.has_attempt;
        let is_taken = row.leased_by.is_none() && has_room(known, job);
        if !is_taken || !(is_the_same || rules.has(Flaw::ClaimTakesWhatItSaw)) {
            continue;
        }
        takes_nothing = false;
        moves.add(Action::Worker(worker, Life::TakeJob { job }), |state| {
            let is_old =
                rules.has(Flaw::ClaimTellsOfItsSnapshot) || rules.has(Flaw::ClaimTakesWhatItSaw);
            let step = if is_old { seen } else { statements::first_step(state.job(job)) };
            state.worker(worker).claim = Claim::Rests;
            take(state, rules, worker, job, lives.then_some(step));
        });
    }
    if takes_nothing {
        moves.add(Action::Worker(worker, Life::TakeNothing), |state| {
            state.worker(worker).claim = Claim::Rests;
        });
    }
}

/// A claim in one step. If it is heard, one that takes several jobs is like several claims.
fn at_once(moves: &mut Moves<'_>, worker: u8, known: &Worker) {
    let rules = moves.rules;
    let jobs = jobs(moves, known);
    for &job in &jobs {
        moves.add(Action::Worker(worker, Life::Claim { job }), |state| {
            let step = statements::first_step(state.job(job));
            take(state, rules, worker, job, Some(step));
        });
    }
    if !rules.may(Trouble::LostAnswers) {
        return;
    }
    for taken in [[true, false], [false, true], [true, true]] {
        let action = Action::Worker(worker, Life::ClaimUnheard { jobs: taken });
        let fits = |job: u8| jobs.contains(&job);
        if !(0..).zip(taken).all(|(job, is_taken)| !is_taken || fits(job)) {
            continue;
        }
        moves.add(action, |state| {
            state.worker(worker).claim = Claim::IsInDoubt;
            for (job, _) in (0..).zip(taken).filter(|(_, is_taken)| *is_taken) {
                if statements::claimable(state, rules, job) {
                    take(state, rules, worker, job, None);
                }
            }
        });
    }
}

/// Jobs that a worker could take now.
fn jobs(moves: &Moves<'_>, known: &Worker) -> Vec<u8> {
    (0..)
        .take(JOBS)
        .filter(|job| statements::claimable(moves.from, moves.rules, *job) && has_room(known, *job))
        .filter(|job| {
            let number = moves.from.jobs[usize::from(*job)].row.map_or(0, |row| row.number);
            !moves.rules.has(Flaw::LeaseNumbersBeginAnew) || number < MOST_NUMBERS
        })
        .collect()
}

/// Whether a worker has room for another task. While it lets a job go, it may claim the same job once more.
fn has_room(known: &Worker, job: u8) -> bool {
    let tasks = || known.tasks.iter().flatten();
    tasks().filter(|task| task.job == job).count() < 2 && tasks().count() < known.tasks.len()
}

/// Takes the snapshot of a claim's statement.
fn look(state: &mut State, rules: &Rules, worker: u8) {
    let mut seen = [None; JOBS];
    for (job, seen) in (0..).zip(&mut seen) {
        if statements::claimable(state, rules, job) {
            *seen = Some(statements::first_step(state.job(job)));
        }
    }
    if seen.iter().any(Option::is_some) {
        state.worker(worker).claim = Claim::Looked(seen);
    }
}

/// Leases a job, and begins to work on it if the worker hears of it.
fn take(state: &mut State, rules: &Rules, worker: u8, job: u8, step: Option<Step>) {
    statements::take(state, rules, worker, job);
    let Job { row: Some(row), is_reopened, .. } = *state.job(job) else { return };
    let Some(step) = step else { return };
    let is_doomed = rules.max_rescues.is_some_and(|most| row.rescues > most);
    let step = if is_doomed { Step::Doom } else { step };
    let task = Task { job, number: row.number, is_reopened, is_undone: false, step };
    if let Some(free) = state.worker(worker).tasks.iter_mut().find(|task| task.is_none()) {
        *free = Some(task);
    }
}
