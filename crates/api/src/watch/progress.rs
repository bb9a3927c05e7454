//! What fal says of requests, for as long as it is news.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use darkroom_core::{job::JobId, queue::ProviderProgress};
use tokio::sync::watch;

/// Jobs of which it is known, at most.
const MOST_JOBS: usize = 20_000;

/// Lines of a log that are known, at most.
const MOST_LINES: usize = 50;

/// What is known of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) is_running: bool,
    pub(crate) position: Option<u64>,
    pub(crate) logs: VecDeque<String>,
}

/// What is known of all requests.
#[derive(Debug, Default)]
pub(super) struct AllProgress(Mutex<HashMap<JobId, watch::Sender<Option<Arc<Known>>>>>);

impl AllProgress {
    pub(super) fn heard(&self, news: &ProviderProgress) {
        let mut all = self.lock();
        if all.len() >= MOST_JOBS {
            all.retain(|_, teller| teller.receiver_count() > 0);
        }
        let teller = all.entry(news.job).or_insert_with(|| watch::channel(None).0);
        teller.send_modify(|known| {
            let mut now = known.as_deref().cloned().unwrap_or_default();
            now.is_running = news.is_running;
            now.position = news.position;
            now.logs.extend(news.logs.iter().cloned());
            let surplus = now.logs.len().saturating_sub(MOST_LINES);
            now.logs.drain(..surplus);
            *known = Some(Arc::new(now));
        });
    }

    /// What is known of a job's request, and what will be.
    pub(super) fn of(&self, job: JobId) -> watch::Receiver<Option<Arc<Known>>> {
        self.lock().entry(job).or_insert_with(|| watch::channel(None).0).subscribe()
    }

    /// A job has ended: it is no news any more.
    pub(super) fn forget(&self, job: JobId) {
        self.lock().remove(&job);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, watch::Sender<Option<Arc<Known>>>>> {
        // Nothing that is done under it can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
