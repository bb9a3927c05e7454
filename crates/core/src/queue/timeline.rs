//! Timeline: what a worker sees of an attempt, written down with its end and not before: a moment is
//! worth no statement of its own.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// The moments of a claimed job, as its worker saw them.
#[derive(Clone, Debug)]
pub struct Timeline(Arc<Moments>);

#[derive(Debug)]
struct Moments {
    claimed: Instant,
    running: OnceLock<Instant>,
    archived: OnceLock<Instant>,
}

/// Of a job that was claimed just now.
impl Default for Timeline {
    fn default() -> Self {
        let moments = Moments {
            claimed: Instant::now(),
            running: OnceLock::new(),
            archived: OnceLock::new(),
        };
        Self(Arc::new(moments))
    }
}

impl Timeline {
    /// Its request was seen to run; the first time counts.
    pub fn runs(&self) {
        self.0.running.get_or_init(Instant::now);
    }

    /// Its outputs are in the image store.
    pub fn is_archived(&self) {
        self.0.archived.get_or_init(Instant::now);
    }

    /// Since the claim.
    pub(super) fn claimed_ago(&self) -> Duration {
        self.0.claimed.elapsed()
    }

    /// Seconds since its request was first seen to run.
    pub(super) fn running_ago(&self) -> Option<f64> {
        ago(&self.0.running)
    }

    /// Seconds since its outputs were in the image store.
    pub(super) fn archived_ago(&self) -> Option<f64> {
        ago(&self.0.archived)
    }
}

fn ago(moment: &OnceLock<Instant>) -> Option<f64> {
    moment.get().map(|moment| moment.elapsed().as_secs_f64())
}
