//! Notices for jobs whose request is followed: fal says that it has ended, or the job's caller wants to
//! cancel it.

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
    /// Notices may have been missed: fal should be asked.
    Perhaps,
}

/// A job's wait for notices; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Awaited {
    notices: Notices,
    job: JobId,
    waiting: Arc<Waiting>,
}

impl Notices {
    /// Begins to wait. Call it before asking fal how far the request is, so that no notice in between is
    /// missed.
    pub(crate) fn expect(&self, job: JobId) -> Awaited {
        let waiting = Arc::<Waiting>::default();
        self.lock().insert(job, Arc::clone(&waiting));
        Awaited { notices: self.clone(), job, waiting }
    }

    /// Tells the job, if it waits, that its request has ended.
    pub(crate) fn tell_ended(&self, job: JobId) {
        if let Some(waiting) = self.lock().get(&job) {
            waiting.has_ended.store(true, Ordering::Release);
            waiting.heard.notify_one();
        }
    }

    /// Tells the job, if it waits, that its caller wants to cancel it. Only the first time: each beat repeats it.
    pub(crate) fn tell_cancelled(&self, job: JobId) {
        if let Some(waiting) = self.lock().get(&job)
            && !waiting.is_cancelled.swap(true, Ordering::AcqRel)
        {
            waiting.heard.notify_one();
        }
    }

    /// Tells every job that waits that notices may have been missed.
    pub(crate) fn tell_doubt(&self) {
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
        let mut waiting = self.notices.lock();
        // Not where the job waits under another lease already: this one was lost.
        if waiting.get(&self.job).is_some_and(|now| Arc::ptr_eq(now, &self.waiting)) {
            waiting.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Heard, Notices};

    #[tokio::test]
    async fn a_wait_under_a_lost_lease_ends_without_the_one_that_came_after_it() {
        let notices = Notices::default();
        let job = "018f3c1a-0000-7000-8000-000000000000".parse().unwrap();
        let lost = notices.expect(job);
        let held = notices.expect(job);
        drop(lost);

        notices.tell_ended(job);

        assert_eq!(held.heard().await, Heard::Ended);
    }
}
