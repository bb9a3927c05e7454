//! The requests in memory.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use super::{
    Door, Phase, Request, Submission,
    journal::{Journal, Line, Made},
};
use crate::answer::Answer;

/// How many requests are remembered; beyond that the oldest finished one is forgotten.
const REMEMBERED: usize = 10_000;

/// A body of this length, in bytes, has pictures inside.
const HUGE: usize = 1024 * 1024;

/// How many huge results are kept; fal, too, keeps them for a shorter time
/// (fal queue docs: result retention).
const HUGE_REMEMBERED: usize = 32;

#[derive(Default)]
pub(super) struct Memory {
    pub(super) by_id: HashMap<Uuid, Request>,
    pub(super) oldest_first: VecDeque<Uuid>,
    pub(super) waiting: VecDeque<Uuid>,
    pub(super) running: usize,
    /// The requests with a huge result, oldest first.
    huge: VecDeque<Uuid>,
    pub(super) journal: Option<Journal>,
}

impl Memory {
    /// How many requests for one endpoint wait.
    pub(super) fn length(&self, endpoint_id: &str) -> usize {
        let requests = self.waiting.iter().filter_map(|id| self.by_id.get(id));
        requests.filter(|request| request.endpoint_id == endpoint_id).count()
    }

    /// Makes a request from a submission, and notes it in the journal.
    pub(super) fn make(&mut self, door: Door, submission: Submission) -> Request {
        let noted = self.journal.is_some().then(|| submission.clone());
        let request = Request::new(Uuid::new_v4(), door, submission);
        let (id, submitted_at) = (request.id, request.submitted_at);
        self.note(
            noted.map(|submission| {
                Line::Made(Box::new(Made { id, door, submitted_at, submission }))
            }),
        );
        request
    }

    /// Ends a request, and notes it in the journal.
    pub(super) fn end(&mut self, id: Uuid, answer: Answer, inference: Option<Duration>) {
        let Some(request) = self.by_id.get_mut(&id) else {
            return;
        };
        let length = answer.body.len();
        request.settle(answer, inference);
        let line = self.journal.is_some().then(|| Line::ended(request)).flatten();
        self.note(line);
        self.make_room(id, length);
    }

    /// Drops the oldest huge result if this one, of `length` bytes, makes one too many.
    fn make_room(&mut self, id: Uuid, length: usize) {
        if length < HUGE {
            return;
        }
        self.huge.push_back(id);
        if self.huge.len() > HUGE_REMEMBERED
            && let Some(oldest) = self.huge.pop_front()
            && let Some(request) = self.by_id.get_mut(&oldest)
        {
            request.expire();
        }
    }

    /// Writes a line, if there is a journal.
    pub(super) fn note(&mut self, line: Option<Line>) {
        if let (Some(journal), Some(line)) = (&mut self.journal, line) {
            journal.note(&line);
        }
    }

    /// Replays a line of the journal.
    pub(super) fn relive(&mut self, line: Line) {
        match line {
            Line::Made(made) => {
                let id = made.id;
                let is_queued = made.door == Door::Queue;
                let request = Request::new(id, made.door, made.submission);
                self.add(request.made_at(made.submitted_at));
                self.waiting.extend(is_queued.then_some(id));
            }
            Line::Ended(ended) => {
                let (id, length) = (ended.id, ended.answer.body.len());
                self.waiting.retain(|waiting| *waiting != id);
                if let Some(request) = self.by_id.get_mut(&id) {
                    request.relive(*ended);
                }
                self.make_room(id, length);
            }
            Line::Acknowledged(id) => {
                if let Some(request) = self.by_id.get_mut(&id) {
                    request.webhook_acknowledged = true;
                }
            }
        }
    }

    /// Remembers a request.
    pub(super) fn add(&mut self, request: Request) {
        self.forget_oldest();
        self.oldest_first.push_back(request.id);
        self.by_id.insert(request.id, request);
    }

    /// Makes room for one more; requests that have not ended are never forgotten.
    fn forget_oldest(&mut self) {
        if self.oldest_first.len() < REMEMBERED {
            return;
        }
        let over = |id: &Uuid| {
            let request = self.by_id.get(id);
            request.is_none_or(|request| matches!(request.phase, Phase::Completed))
        };
        if let Some(id) = self.oldest_first.iter().position(over)
            && let Some(id) = self.oldest_first.remove(id)
        {
            self.by_id.remove(&id);
        }
    }
}
