//! Steps of fal and of callers.

use super::Moves;
use crate::model::{
    action::{Action, Caller, Fal},
    rules::Trouble,
    state::{Attempt, End, Progress},
    statements,
};

/// The steps of submissions at fal, whether or not anybody still waits for them.
pub(super) fn fal(moves: &mut Moves<'_>) {
    let (rules, jobs) = (moves.rules, moves.from.jobs);
    for (number, job) in (0..).zip(&jobs) {
        for (attempt, request) in (0..).zip(job.requests) {
            let action = |does| Action::Fal { job: number, attempt, does };
            let mut becomes = |does, progress| {
                moves.add(action(does), |state| {
                    let request = state.job(number).request(attempt);
                    request.progress = progress;
                    request.calls += u8::from(does == Fal::Arrive);
                });
            };
            match request.progress {
                Progress::OnTheWay => {
                    becomes(Fal::Arrive, Progress::Running);
                    becomes(Fal::Vanish, Progress::Vanished);
                }
                Progress::Running => {
                    becomes(Fal::EndWell, Progress::EndedWell);
                    if rules.may(Trouble::Failures) {
                        becomes(Fal::EndBadly, Progress::EndedBadly);
                    }
                }
                _nothing_more => {}
            }
            let is_news = job.attempts[usize::from(attempt)] == Some(Attempt::Unanswered);
            if is_news && request.progress.has_ended() {
                moves.add(action(Fal::Notify), |state| {
                    statements::record_notice(state, number, attempt);
                });
            }
        }
    }
}

/// What callers and deadlines do to jobs, whether or not a worker holds them.
pub(super) fn callers(moves: &mut Moves<'_>) {
    let jobs = moves.from.jobs;
    for (number, job) in (0..).zip(&jobs) {
        let action = |does| Action::Caller { job: number, does };
        if moves.rules.may(Trouble::Cancels) && job.row.is_some_and(|row| !row.is_cancelled) {
            moves.add(action(Caller::Cancel), |state| statements::cancel(state, number));
        }
        if moves.rules.may(Trouble::Deadlines) && job.row.is_some() {
            moves.add(action(Caller::FailOverdue), |state| statements::fail_overdue(state, number));
        }
        if job.row.is_some_and(|row| row.is_cancelled) {
            moves.add(action(Caller::CancelWaiting), |state| {
                statements::cancel_waiting(state, number);
            });
        }
        let may_reopen = job.end == Some(End::Failed) && !job.is_reopened;
        if moves.rules.may(Trouble::Reopenings) && may_reopen {
            moves.add(action(Caller::Reopen), |state| statements::reopen(state, number));
        }
    }
}
