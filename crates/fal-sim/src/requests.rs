//! The account's requests: which ones wait, which run, and how each one ended.
//!
//! A request waits until one of the account's slots is free. The slots are counted here and
//! nowhere else: [`Requests::start_next`] and [`Requests::start_at_once`] take one, and
//! [`Requests::settle`] or [`Requests::send_back`] frees it.

mod history;
mod journal;
mod memory;
mod request;
mod submission;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::answer::Answer;
use crate::settings::Retention;
pub(crate) use history::{Item, Outcome, Search};
use journal::{Journal, Line};
use memory::Memory;
pub(crate) use request::{LedgerEntry, Log, Phase, Request};
pub(crate) use submission::{Door, Submission};

/// All requests of the one account.
pub(crate) struct Requests {
    concurrency: usize,
    memory: Mutex<Memory>,
}

/// A request that has just got a slot.
pub(crate) struct Started {
    pub(crate) id: Uuid,
    pub(crate) endpoint_id: String,
    pub(crate) input: Value,
    /// How often it has got a slot, including this time.
    pub(crate) attempt: u32,
    pub(crate) door: Door,
    /// Notified when the request is cancelled.
    pub(crate) cancelled: Arc<Notify>,
}

/// What a cancellation did (fal queue docs: cancel).
pub(crate) enum Cancelled {
    /// The request was waiting, and is out of the queue.
    Removed,
    /// The request was running, and was told to stop.
    Signalled,
    /// The request had already ended.
    TooLate,
}

impl Requests {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self { concurrency: concurrency.max(1), memory: Mutex::default() }
    }

    /// Goes on with a journal's requests. One that was running runs again from its start, but a
    /// direct run, whose caller is gone, ends as an internal error.
    pub(crate) fn resume(concurrency: usize, journal: &Path) -> io::Result<Self> {
        let (journal, lines) = Journal::open(journal)?;
        let mut memory = Memory::default();
        for line in lines {
            memory.relive(line);
        }
        memory.journal = Some(journal);
        let lost: Vec<Uuid> =
            memory.by_id.values().filter(|it| it.is_cut_off()).map(|it| it.id).collect();
        for id in lost {
            memory.end(id, Answer::internal_error(), None);
        }
        Ok(Self { memory: Mutex::new(memory), ..Self::new(concurrency) })
    }

    /// Requests that have ended, whose webhook was not acknowledged, and whose result is still kept: no webhook is tried
    /// for longer.
    pub(crate) fn unannounced(&self, retention: Retention) -> Vec<Uuid> {
        let memory = self.lock();
        let wants =
            |request: &&Request| request.is_kept(retention) && !request.webhook_acknowledged;
        memory.by_id.values().filter(wants).map(|request| request.id).collect()
    }

    /// Records that a request's webhook was acknowledged.
    pub(crate) fn acknowledge(&self, id: Uuid) {
        let mut memory = self.lock();
        if let Some(request) = memory.by_id.get_mut(&id) {
            request.webhook_acknowledged = true;
            memory.note(Some(Line::Acknowledged(id)));
        }
    }

    /// Queues a request and returns its id and how many are ahead of it.
    ///
    /// `None` when the endpoint's queue is longer than the caller allows.
    pub(crate) fn submit(&self, submission: Submission) -> Option<(Uuid, usize)> {
        let mut memory = self.lock();
        if let Some(longest) = submission.longest_queue
            && memory.length(&submission.endpoint_id) > longest
        {
            return None;
        }
        let position = memory.waiting.len();
        let request = memory.make(Door::Queue, submission);
        let id = request.id;
        memory.add(request);
        memory.waiting.push_back(id);
        Some((id, position))
    }

    /// Gives a free slot to a request that does not queue; `None` when no slot is free.
    pub(crate) fn start_at_once(&self, submission: Submission) -> Option<Started> {
        let mut memory = self.lock();
        if memory.running >= self.concurrency {
            return None;
        }
        let mut request = memory.make(Door::Direct, submission);
        let started = request.start();
        memory.add(request);
        memory.running += 1;
        Some(started)
    }

    /// Gives a free slot to the request that has waited longest.
    pub(crate) fn start_next(&self) -> Option<Started> {
        let mut memory = self.lock();
        if memory.running >= self.concurrency {
            return None;
        }
        let id = memory.waiting.pop_front()?;
        let started = memory.by_id.get_mut(&id).map(Request::start)?;
        memory.running += 1;
        Some(started)
    }

    /// Ends a running request and frees its slot.
    pub(crate) fn settle(&self, id: Uuid, answer: Answer, inference: Duration) {
        let mut memory = self.lock();
        memory.running = memory.running.saturating_sub(1);
        memory.end(id, answer, Some(inference));
    }

    /// Ends a request that has waited too long for its start, and returns its phase before that. `None` when it is
    /// forgotten.
    pub(crate) fn give_up(&self, id: Uuid) -> Option<Phase> {
        let mut memory = self.lock();
        let phase = memory.by_id.get(&id)?.phase;
        if phase == Phase::InQueue {
            memory.end(id, Answer::not_started(), None);
            memory.waiting.retain(|waiting| *waiting != id);
        }
        Some(phase)
    }

    /// Frees the slot of a running request, which is to run again from its start.
    ///
    /// Its status is `IN_QUEUE` again, but it cannot start before [`Requests::rejoin`].
    pub(crate) fn send_back(&self, started: Started) {
        let mut memory = self.lock();
        memory.running = memory.running.saturating_sub(1);
        if let Some(request) = memory.by_id.get_mut(&started.id) {
            request.send_back(started.input);
        }
    }

    /// Puts a request that was sent back at the head of the line, unless it has ended meanwhile.
    pub(crate) fn rejoin(&self, id: Uuid) {
        let mut memory = self.lock();
        let waits = |request: &Request| matches!(request.phase, Phase::InQueue);
        if memory.by_id.get(&id).is_some_and(waits) {
            memory.waiting.push_front(id);
        }
    }

    /// Adds a line to a request's log.
    pub(crate) fn log(&self, id: Uuid, message: String) {
        if let Some(request) = self.lock().by_id.get_mut(&id) {
            request.log(message);
        }
    }

    /// Reads one request and its place in the queue; `None` for an id unknown under this app.
    pub(crate) fn read<T>(
        &self,
        app: &str,
        id: Uuid,
        read: impl FnOnce(&mut Request, Option<usize>) -> T,
    ) -> Option<T> {
        let mut memory = self.lock();
        let position = memory.waiting.iter().position(|waiting| *waiting == id);
        let request = memory.by_id.get_mut(&id).filter(|request| request.app == app)?;
        let position = match request.phase {
            // One that was sent back is not in the line, but will join it at its head.
            Phase::InQueue => Some(position.unwrap_or_default()),
            Phase::InProgress | Phase::Completed => None,
        };
        Some(read(request, position))
    }

    /// Reads or changes one request, whatever its app.
    pub(crate) fn with<T>(&self, id: Uuid, with: impl FnOnce(&mut Request) -> T) -> Option<T> {
        self.lock().by_id.get_mut(&id).map(with)
    }

    /// Takes a request out of the queue, or tells a running one to stop; unless `heeded`, that one
    /// is not told and runs to its end.
    pub(crate) fn cancel(&self, app: &str, id: Uuid, heeded: bool) -> Option<Cancelled> {
        let mut memory = self.lock();
        let request = memory.by_id.get(&id).filter(|request| request.app == app)?;
        let found = match request.phase {
            Phase::Completed => Cancelled::TooLate,
            Phase::InProgress => {
                if heeded {
                    request.cancelled.notify_one();
                }
                Cancelled::Signalled
            }
            Phase::InQueue => {
                memory.end(id, Answer::cancelled(), None);
                Cancelled::Removed
            }
        };
        memory.waiting.retain(|waiting| *waiting != id || !matches!(found, Cancelled::Removed));
        Some(found)
    }

    /// A page of the finished requests that a search finds, and whether there are more.
    pub(crate) fn history(&self, search: &Search) -> (Vec<Item>, bool) {
        search.run(self.lock().by_id.values())
    }

    /// Every remembered request, oldest first.
    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        let memory = self.lock();
        let requests = memory.oldest_first.iter().filter_map(|id| memory.by_id.get(id));
        requests.map(Request::entry).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
