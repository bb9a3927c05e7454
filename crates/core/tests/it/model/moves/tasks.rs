//! Steps of the work on a job: `worker::drive`.

mod steps;

use super::Moves;
use crate::model::{
    action::{Action, Work},
    rules::{Rules, Trouble},
    state::{Process, State, Step, Task, Worker},
    statements::{Lease, LeaseLost},
};

/// The task's next step; `None` when it is done.
type Next = Result<Option<Step>, LeaseLost>;

/// Every step of a worker's tasks.
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
    /// Whether a task of the worker lets this job go already: one such task is enough.
    lets_go: bool,
}

impl TaskMoves<'_, '_> {
    /// A step that ends the lease, with its answer heard and with its answer lost.
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

    /// A step whose answer is heard.
    fn does(&mut self, does: Work, change: impl Fn(&mut State, &Rules, Lease) -> Next) {
        self.step(does, true, change);
    }

    /// A step of this task. If its lease is lost, the task stops.
    fn step(
        &mut self,
        does: Work,
        is_heard: bool,
        change: impl Fn(&mut State, &Rules, Lease) -> Next,
    ) {
        let Task { job, number, is_reopened, is_undone, .. } = self.task;
        let (worker, place, task, lives) = (self.worker, self.place, self.task, self.lives);
        let rules = self.moves.rules;
        let lease = Lease { worker, job, number, is_reopened, is_undone };
        self.moves.add(Action::Work { worker, job, does, is_heard }, |state| {
            let next = change(state, rules, lease).unwrap_or(None);
            // After its worker's life, only a submission goes on.
            let next = next.filter(|step| lives || step.outlives());
            state.worker(worker).tasks[place] = next.map(|step| Task { step, ..task });
        });
    }
}
