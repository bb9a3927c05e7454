//! What fal last said of requests that have not ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use darkroom_core::{job::JobId, queue::ProviderProgress};

/// How many jobs' progress is kept at most. One more, and all of it is dropped: then nothing is known of a request
/// until fal says something new of it.
const MOST_JOBS: usize = 20_000;

/// How many lines of a request's log are kept at most.
const MOST_LINES: usize = 50;

/// What is known of a request at fal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) is_running: bool,
    pub(crate) position: Option<u64>,
    pub(crate) logs: VecDeque<String>,
}

/// What is known of all requests.
#[derive(Debug, Default)]
pub(super) struct AllProgress(Mutex<HashMap<JobId, Arc<Known>>>);

impl AllProgress {
    pub(super) fn heard(&self, news: &ProviderProgress) {
        let mut all = self.lock();
        if all.len() >= MOST_JOBS && !all.contains_key(&news.job) {
            all.clear();
        }
        let mut now = all.get(&news.job).map(|known| Known::clone(known)).unwrap_or_default();
        now.is_running = news.is_running;
        now.position = news.position;
        now.logs.extend(news.logs.iter().cloned());
        let surplus = now.logs.len().saturating_sub(MOST_LINES);
        now.logs.drain(..surplus);
        all.insert(news.job, Arc::new(now));
    }

    /// What is known of a job's request.
    pub(super) fn of(&self, job: JobId) -> Option<Arc<Known>> {
        self.lock().get(&job).cloned()
    }

    /// Drops a job's progress: it is out of date, usually because the job has ended.
    pub(super) fn forget(&self, job: JobId) {
        self.lock().remove(&job);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Known>>> {
        // Poisoned or not: nothing that is done under this lock can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(job: JobId, line: &str) -> ProviderProgress {
        ProviderProgress { job, is_running: true, position: None, logs: vec![line.to_owned()] }
    }

    #[test]
    fn lines_are_collected_and_what_is_known_is_bounded_however_many_ask() {
        let (all, job) = (AllProgress::default(), JobId::generate());
        all.heard(&news(job, "loading"));
        all.heard(&news(job, "painting"));
        assert_eq!(all.of(job).unwrap().logs, ["loading", "painting"]);

        assert!(all.of(JobId::generate()).is_none());
        assert_eq!(all.lock().len(), 1, "to ask adds nothing");
        for _ in 0..2 * MOST_JOBS {
            all.heard(&news(JobId::generate(), "loading"));
            assert!(all.lock().len() <= MOST_JOBS);
        }
    }
}
