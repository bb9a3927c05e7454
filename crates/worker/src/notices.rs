//! Notices: what is heard of a request that is followed. fal says that it has ended, or its job's
//! caller wants it to.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use darkroom_core::job::JobId;
use tokio::sync::Notify;

/// The jobs of one worker that wait for a notice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices(Arc<Mutex<HashMap<JobId, Arc<Waiting>>>>);

#[derive(Debug, Default)]
struct Waiting {
    has_ended: AtomicBool,
    is_cancelled: AtomicBool,
    heard: Notify,
}

/// What was heard about a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    /// fal says that it has ended.
    Ended,
    /// The job's caller wants it to end.
    Cancelled,
    /// Notices may have been missed: it is worth asking.
    Perhaps,
}

/// A job's wait, until it is dropped.
#[derive(Debug)]
pub(crate) struct Awaited {
    notices: Notices,
    job: JobId,
    waiting: Arc<Waiting>,
}

impl Notices {
    /// Begins to wait. Expect a notice before asking how far the request is: one in between is then
    /// not missed.
    pub(crate) fn expect(&self, job: JobId) -> Awaited {
        let waiting = Arc::<Waiting>::default();
        self.lock().insert(job, Arc::clone(&waiting));
        Awaited { notices: self.clone(), job, waiting }
    }

    /// Passes a notice on to whoever waits for it.
    pub(crate) fn hear(&self, job: JobId) {
        if let Some(waiting) = self.lock().get(&job) {
            waiting.has_ended.store(true, Ordering::Release);
            waiting.heard.notify_one();
        }
    }

    /// Passes the wish of a job's caller on that it should end. Once: it is told at each beat.
    pub(crate) fn cancel(&self, job: JobId) {
        if let Some(waiting) = self.lock().get(&job)
            && !waiting.is_cancelled.swap(true, Ordering::AcqRel)
        {
            waiting.heard.notify_one();
        }
    }

    /// Notices may have been missed: everybody is told.
    pub(crate) fn doubt(&self) {
        self.lock().values().for_each(|waiting| waiting.heard.notify_one());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Waiting>>> {
        // A panic cannot leave a map of ids half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// Waits until something is heard.
    pub(crate) async fn heard(&self) -> Heard {
        self.waiting.heard.notified().await;
        if self.waiting.has_ended.load(Ordering::Acquire) {
            Heard::Ended
        } else if self.waiting.is_cancelled.load(Ordering::Acquire) {
            Heard::Cancelled
        } else {
            Heard::Perhaps
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.notices.lock().remove(&self.job);
    }
}
