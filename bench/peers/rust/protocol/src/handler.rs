//! What workers do with a job: nothing, but note when.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tokio::sync::Notify;

/// The handler of all queues. Clones are the same handler.
#[derive(Clone, Debug)]
pub struct Handler(Arc<Notes>);

#[derive(Debug)]
struct Notes {
    /// When each job began for the first time, by its number.
    began: Box<[OnceLock<Instant>]>,
    runs: AtomicU32,
    /// How many runs somebody waits for.
    awaited: AtomicU32,
    reached: Notify,
}

impl Handler {
    /// A handler for jobs with numbers below `jobs`.
    pub(crate) fn new(jobs: u32) -> Self {
        Self(Arc::new(Notes {
            began: (0..jobs).map(|_| OnceLock::new()).collect(),
            runs: AtomicU32::new(0),
            awaited: AtomicU32::new(0),
            reached: Notify::new(),
        }))
    }

    /// Runs a job.
    pub fn run(&self, number: u32) {
        if let Some(began) = self.0.began.get(number as usize) {
            let _ = began.set(Instant::now());
        }
        let runs = self.0.runs.fetch_add(1, Ordering::SeqCst) + 1;
        if runs == self.0.awaited.load(Ordering::SeqCst) {
            self.0.reached.notify_one();
        }
    }

    /// Waits until so many runs have begun.
    pub(crate) async fn ran(&self, runs: u32) {
        self.0.awaited.store(runs, Ordering::SeqCst);
        while self.runs() < runs {
            self.0.reached.notified().await;
        }
    }

    /// How many runs have begun.
    pub(crate) fn runs(&self) -> u32 {
        self.0.runs.load(Ordering::SeqCst)
    }

    /// When this job began.
    pub(crate) fn began(&self, number: u32) -> Option<Instant> {
        self.0.began.get(number as usize)?.get().copied()
    }
}
