//! Steps of the work on a job: `worker::drive`.

use super::Moves;
use crate::model::{
    action::{Action, Work},
    rules::{Flaw, Rules, Trouble},
    state::{Job, Process, Progress, State, Step, Task, Worker},
    statements::{self, Begun, Lease, LeaseLost},
};
use darkroom_core::config::UnknownSubmission;

/// What a task goes on with; nothing when it is done.
type Next = Result<Option<Step>, LeaseLost>;

pub(super) fn tasks(moves: &mut Moves<'_>, worker: u8, known: &Worker) {
    if known.process == Process::IsDead {
        return;
    }
    for (place, task) in known.tasks.iter().enumerate() {
        if let Some(task) = *task {
            let job = moves.from.jobs[usize::from(task.job)];
            let lives = known.process == Process::Lives;
            let lets_go = known
                .tasks
                .iter()
                .flatten()
                .any(|other| other.job == task.job && other.step == Step::LetGo);
            TaskMoves { moves: &mut *moves, worker, place, task, lives, lets_go }.all(&job);
        }
    }
}

/// The steps of one task.
struct TaskMoves<'a, 'b> {
    moves: &'a mut Moves<'b>,
    worker: u8,
    place: usize,
    task: Task,
    /// Its worker's life is not over.
    lives: bool,
    /// The worker lets this job go already: one such task is enough.
    lets_go: bool,
}

impl TaskMoves<'_, '_> {
    fn all(&mut self, job: &Job) {
        match self.task.step {
            Step::Start => self.start(),
            Step::Submitted(attempt) => self.submitted(attempt, job.progress(attempt)),
            Step::Record(attempt) => self.record(attempt),
            Step::Withdraw => self.does(Work::Withdraw, |state, rules, lease| {
                let answered = statements::withdraw_attempt(state, rules, lease)?;
                // To snooze or to fail. That it may begin again at once is more than the code does.
                Ok(Some(answered.map_or(Step::Start, Step::Follow)))
            }),
            Step::Reconcile(attempt) => self.reconcile(attempt, job),
            Step::Follow(attempt) => self.follow(job.progress(attempt), job),
            Step::Doom => self.settles(Work::Fail, statements::fail),
            Step::Retry => self.settles(Work::Retry, |state, rules, lease| {
                let looks_now = !rules.has(Flaw::BrokenWorkLooksFirst);
                if looks_now && is_answered(state.job(lease.job)) {
                    return statements::snooze(state, rules, lease);
                }
                retry_or_fail(state, rules, lease)
            }),
            // It is said until it is heard.
            Step::LetGo => self.does(Work::Snooze, |state, rules, lease| {
                statements::snooze(state, rules, lease).map(|()| None)
            }),
        }
    }

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

    fn record(&mut self, attempt: u8) {
        self.does(Work::Record, |state, rules, lease| {
            let recorded = statements::record_submission(state, rules, lease, attempt);
            if recorded.is_err() {
                statements::record_notice(state, lease.job, attempt);
            }
            recorded.map(|()| Some(Step::Follow(attempt)))
        });
    }

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

    fn follow(&mut self, progress: Progress, job: &Job) {
        let attempt = match self.task.step {
            Step::Follow(attempt) => attempt,
            _other => return,
        };
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

    /// The work panics.
    fn breaks(&mut self) {
        if self.moves.rules.may(Trouble::Panics) {
            self.does(Work::Break, |state, _, lease| {
                let is_answered = is_answered(state.job(lease.job));
                Ok(Some(if is_answered { Step::LetGo } else { Step::Retry }))
            });
        }
    }

    /// A step that ends the lease, heard and unheard.
    fn settles(
        &mut self,
        does: Work,
        settle: impl Fn(&mut State, &Rules, Lease) -> Result<(), LeaseLost>,
    ) {
        self.step(does, true, |state, rules, lease| settle(state, rules, lease).map(|()| None));
        if self.moves.rules.may(Trouble::LostAnswers) && !self.lets_go && self.lives {
            self.step(does, false, |state, rules, lease| {
                settle(state, rules, lease).map(|()| Some(Step::LetGo))
            });
        }
    }

    fn does(&mut self, does: Work, change: impl Fn(&mut State, &Rules, Lease) -> Next) {
        self.step(does, true, change);
    }

    /// A step of this task. Where its lease is lost, it stops.
    fn step(
        &mut self,
        does: Work,
        is_heard: bool,
        change: impl Fn(&mut State, &Rules, Lease) -> Next,
    ) {
        let Task { job, number, is_reopened, .. } = self.task;
        let (worker, place, task, lives) = (self.worker, self.place, self.task, self.lives);
        let rules = self.moves.rules;
        let lease = Lease { worker, job, number, is_reopened };
        self.moves.add(Action::Work { worker, job, does, is_heard }, |state| {
            let next = change(state, rules, lease).unwrap_or(None);
            // What only a living worker does stops with its life.
            let next = next.filter(|step| lives || step.outlives());
            state.worker(worker).tasks[place] = next.map(|step| Task { step, ..task });
        });
    }
}

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

fn is_answered(job: &Job) -> bool {
    job.open_attempt().is_some_and(|(_, is_answered)| is_answered)
}

/// `Outcome::Retry`: from the record, and not from what the worker remembers of it.
fn retry_or_fail(state: &mut State, rules: &Rules, lease: Lease) -> Result<(), LeaseLost> {
    let job = *state.job(lease.job);
    if job.attempts_made() - job.attempts_before < rules.max_attempts {
        statements::retry(state, rules, lease)
    } else {
        statements::fail(state, rules, lease)
    }
}
