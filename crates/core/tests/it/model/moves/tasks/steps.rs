//! The steps that a task may take next, depending on how far it is.

use darkroom_core::config::UnknownSubmission;

use super::{Next, TaskMoves};
use crate::model::{
    action::Work,
    rules::{Flaw, Rules, Trouble},
    state::{Job, Progress, State, Step},
    statements::{self, Begun, Lease, LeaseLost},
};

impl TaskMoves<'_, '_> {
    /// All steps that may follow.
    pub(super) fn all(&mut self, job: &Job) {
        match self.task.step {
            Step::Start => self.start(),
            Step::Submitted(attempt) => self.submitted(attempt, job.progress(attempt)),
            Step::Record(attempt) => self.record(attempt),
            Step::Withdraw => self.does(Work::Withdraw, |state, rules, lease| {
                let withdrawn = statements::withdraw_attempt(state, rules, lease);
                if withdrawn.is_err() {
                    statements::withdraw_late(state, lease.job);
                }
                // The code then snoozes or fails the job. The model lets it also begin again at once.
                withdrawn.map(|answered| Some(answered.map_or(Step::Start, Step::Follow)))
            }),
            Step::Reconcile(attempt) => self.reconcile(attempt, job),
            Step::Follow(attempt) => self.follow(attempt, job),
            Step::Doom => self.settles(Work::Fail, statements::fail),
            Step::Retry => self.settles(Work::Retry, retry_or_fail),
            // Repeated until its answer is heard.
            Step::LetGo => self.does(Work::Snooze, |state, rules, lease| {
                statements::snooze(state, rules, lease).map(|()| None)
            }),
        }
    }

    /// `drive::start`, `submit::once`.
    fn start(&mut self) {
        self.does(Work::Begin, |state, rules, lease| {
            begin(state, rules, lease, Progress::OnTheWay)
        });
        if self.moves.rules.may(Trouble::LostAnswers) {
            self.step(Work::Begin, false, |state, rules, lease| {
                begin(state, rules, lease, Progress::NotSent)?;
                Ok(Some(Step::Withdraw))
            });
        }
        if self.moves.rules.may(Trouble::Deadlines) {
            self.settles(Work::Refuse, statements::fail);
        }
        self.settles(Work::Snooze, statements::snooze);
        self.breaks();
    }

    /// `submit`, once the submission is on the wire.
    fn submitted(&mut self, attempt: u8, progress: Progress) {
        if progress.is_taken() {
            self.does(Work::HearAnswer, |_, _, _| Ok(Some(Step::Record(attempt))));
        }
        if progress == Progress::Vanished {
            self.does(Work::HearRefusal, |_, _, _| Ok(Some(Step::Withdraw)));
        }
        if self.lives {
            self.settles(Work::HearNothing, statements::snooze);
        } else {
            self.does(Work::HearNothing, |_, _, _| Ok(None));
        }
    }

    /// `submit::record`.
    fn record(&mut self, attempt: u8) {
        self.does(Work::Record, |state, rules, lease| {
            let recorded = statements::record_submission(state, rules, lease, attempt);
            if recorded.is_err() {
                statements::record_notice(state, lease.job, attempt);
            }
            recorded.map(|()| Some(Step::Follow(attempt)))
        });
    }

    /// `reconcile::find`.
    fn reconcile(&mut self, attempt: u8, job: &Job) {
        if job.progress(attempt).is_taken() {
            self.does(Work::Find, |_, _, _| Ok(Some(Step::Record(attempt))));
        }
        self.settles(Work::Snooze, statements::snooze);
        let attempts_before = job.attempts_before;
        self.does(Work::GiveUp, |state, rules, lease| {
            let is_last = attempt + 1 - attempts_before >= rules.max_attempts;
            let another = rules.unknown == UnknownSubmission::Resubmit && !is_last;
            Ok(if another {
                let answered = statements::abandon_attempt(state, rules, lease)?;
                Some(answered.map_or(Step::Start, Step::Follow))
            } else {
                statements::fail_unanswered(state, rules, lease)?.map(Step::Follow)
            })
        });
        self.breaks();
    }

    /// `follow::until_ended`, `drive::finish`, `expire::request`.
    fn follow(&mut self, attempt: u8, job: &Job) {
        let progress = job.progress(attempt);
        match progress {
            Progress::EndedWell => self.settles(Work::Complete, statements::complete),
            Progress::EndedBadly | Progress::Stopped => {
                self.settles(Work::Fail, statements::fail);
                self.settles(Work::Retry, retry_or_fail);
                if job.row.is_some_and(|row| row.is_cancelled) {
                    self.settles(Work::EndCancelled, statements::end_cancelled);
                }
            }
            _not_yet => {}
        }
        if progress == Progress::Running {
            let stopped = |state: &mut State, _: &Rules, lease: Lease| {
                state.job(lease.job).request(attempt).progress = Progress::Stopped;
                Ok(Some(Step::Follow(attempt)))
            };
            if job.row.is_some_and(|row| row.is_cancelled) {
                self.does(Work::PassOnWish, stopped);
            }
            if self.moves.rules.may(Trouble::Deadlines) {
                self.does(Work::StopRequest, stopped);
                self.settles(Work::Expire, statements::fail);
            }
        }
        self.settles(Work::Snooze, statements::snooze);
        self.breaks();
    }

    /// The work panics: `queue::break_off`, which is repeated until its answer is heard.
    fn breaks(&mut self) {
        if self.moves.rules.may(Trouble::Panics) {
            self.does(Work::Break, |state, rules, lease| {
                let looks_first = rules.has(Flaw::BrokenWorkLooksFirst);
                let is_retried = looks_first && !is_answered(state.job(lease.job));
                Ok(Some(if is_retried { Step::Retry } else { Step::LetGo }))
            });
        }
    }
}

/// Begins an attempt, whose submission then has this progress.
fn begin(state: &mut State, rules: &Rules, lease: Lease, progress: Progress) -> Next {
    Ok(match statements::begin_attempt(state, rules, lease)? {
        Begun::Attempt(attempt) => {
            state.job(lease.job).request(attempt).progress = progress;
            Some(Step::Submitted(attempt))
        }
        Begun::Cancelled => {
            statements::end_cancelled(state, rules, lease)?;
            None
        }
        Begun::Refused => Some(Step::LetGo),
    })
}

/// Whether fal's answer to the open attempt is on record.
fn is_answered(job: &Job) -> bool {
    job.open_attempt().is_some_and(|(_, is_answered)| is_answered)
}

/// `Outcome::Retry`: it counts the attempts on record, not those that the worker remembers.
fn retry_or_fail(state: &mut State, rules: &Rules, lease: Lease) -> Result<(), LeaseLost> {
    let job = *state.job(lease.job);
    if job.attempts_made() - job.attempts_before < rules.max_attempts {
        statements::retry(state, rules, lease)
    } else {
        statements::fail(state, rules, lease)
    }
}
