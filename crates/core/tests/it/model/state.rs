//! A state of the model: the database's rows, what each worker holds in memory, and what fal has.

mod request;
mod worker;

pub(super) use request::{Progress, Request};
pub(super) use worker::{Claim, Process, Step, Task, Worker};

use super::properties::Property;

/// The most jobs. A model that needs fewer has the others ended from the start.
pub(super) const JOBS: usize = 2;
/// The most attempts of a job, including those from before it was reopened.
pub(super) const ATTEMPTS: usize = 2;
/// The most workers at a time: two that live, and one that is dead and not forgotten yet.
pub(super) const WORKERS: usize = 3;
/// The most tasks that a worker has at a time.
pub(super) const TASKS: usize = 3;

/// The whole state.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct State {
    /// The jobs, with what fal has of them.
    pub(super) jobs: [Job; JOBS],
    /// The workers; their order means nothing.
    pub(super) workers: [Worker; WORKERS],
    /// A property that the step to this state broke, if the rest of the state cannot show it.
    pub(super) broken: Option<Property>,
}

/// A job: its rows, and what fal has of it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Job {
    /// `jobs.status`, once it has ended.
    pub(super) end: Option<End>,
    /// Its row in `queue`.
    pub(super) row: Option<Row>,
    /// Its rows in `attempts`, in order.
    pub(super) attempts: [Option<Attempt>; ATTEMPTS],
    /// What became of each attempt's submission.
    pub(super) requests: [Request; ATTEMPTS],
    /// `queue.attempts_before`.
    pub(super) attempts_before: u8,
    /// Whether it was reopened; the model does that once.
    pub(super) is_reopened: bool,
    /// How often it was settled since it was put into the queue.
    pub(super) settled: u8,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum End {
    /// Its results are kept.
    Completed,
    /// For good, or until it is reopened.
    Failed,
    /// By its caller.
    Cancelled,
}

/// A row in `queue`. It has no time at which it is due: a claim may take any row that waits, at any time.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Row {
    /// `None` while it waits.
    pub(super) leased_by: Option<u8>,
    /// `lease_no`: the number of the lease that holds, or of the last one that did.
    pub(super) number: u8,
    /// Whether an attempt is open, according to the row.
    pub(super) has_attempt: bool,
    /// Counted up to one more than is allowed.
    pub(super) rescues: u8,
    /// `cancel_requested_at`.
    pub(super) is_cancelled: bool,
}

impl Row {
    /// Whether it counts towards the limits already.
    pub(super) fn is_in_flight(self) -> bool {
        self.leased_by.is_some() || self.has_attempt
    }
}

/// A row in `attempts`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Attempt {
    /// Open. fal may have it or not.
    Unanswered,
    /// Open. fal has it.
    Answered,
    /// It has ended with this outcome, and so with the following ones.
    Completed,
    /// fal did not make it, or nobody wants it any more.
    Failed,
    /// The job's caller cancelled it.
    Cancelled,
    /// It was given up without an answer.
    Unknown,
}

impl Attempt {
    /// Whether fal may have a request that somebody waits for.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Unanswered | Self::Answered)
    }
}

impl State {
    /// Accepted jobs, and no worker yet.
    pub(super) fn initial(jobs: usize) -> Self {
        let mut state = Self::default();
        for (number, job) in state.jobs.iter_mut().enumerate() {
            *job = if number < jobs { Job::accepted() } else { Job::absent() };
        }
        state
    }

    /// A job, to be changed.
    pub(super) fn job(&mut self, job: u8) -> &mut Job {
        &mut self.jobs[usize::from(job)]
    }

    /// A worker, to be changed.
    pub(super) fn worker(&mut self, worker: u8) -> &mut Worker {
        &mut self.workers[usize::from(worker)]
    }

    /// Notes a property that a step breaks; only the first is kept.
    pub(super) fn breaks(&mut self, property: Property) {
        self.broken.get_or_insert(property);
    }

    /// Whether there is nothing more to be done.
    pub(super) fn is_done(&self) -> bool {
        self.jobs.iter().all(|job| job.end.is_some())
    }
}

impl Job {
    /// A job that was just accepted.
    pub(super) fn accepted() -> Self {
        Self { row: Some(Row::default()), ..Self::default() }
    }

    /// The place of a job that the model does not have.
    pub(super) fn absent() -> Self {
        Self { end: Some(End::Completed), settled: 1, ..Self::default() }
    }

    /// The open attempt, and whether fal's answer to it is on record.
    pub(super) fn open_attempt(&self) -> Option<(u8, bool)> {
        (0..).zip(self.attempts).find_map(|(number, attempt)| {
            let attempt = attempt.filter(|attempt| attempt.is_open())?;
            Some((number, attempt == Attempt::Answered))
        })
    }

    /// The highest number of its attempts, counted from 1: how many there were.
    pub(super) fn attempts_made(&self) -> u8 {
        (1..)
            .zip(self.attempts)
            .filter(|(_, attempt)| attempt.is_some())
            .map(|(made, _)| made)
            .last()
            .unwrap_or(0)
    }

    /// An attempt's submission, to be changed.
    pub(super) fn request(&mut self, attempt: u8) -> &mut Request {
        &mut self.requests[usize::from(attempt)]
    }

    /// How far an attempt's submission is.
    pub(super) fn progress(&self, attempt: u8) -> Progress {
        self.requests[usize::from(attempt)].progress
    }
}
