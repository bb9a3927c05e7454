//! Timeline: when things happened to an attempt, as its worker sees them. They are written with its end,
//! because a moment is not worth a statement of its own.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// The moments of a claimed job, as its worker saw them, and whether its request is paid for.
#[derive(Clone, Debug)]
pub struct Timeline(Arc<Moments>);

#[derive(Debug)]
struct Moments {
    claimed: Instant,
    running: OnceLock<Instant>,
    archived: OnceLock<Instant>,
    bill: Mutex<Bill>,
}

/// What is known of the cost of a request that did not end well.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::queue) enum Bill {
    /// Nothing: what it costs depends on how it ended.
    #[default]
    Unseen,
    /// It costs nothing.
    Free,
    /// It may be paid for, however it ended.
    Due,
}

/// Of a job that was claimed just now.
impl Default for Timeline {
    fn default() -> Self {
        let moments = Moments {
            claimed: Instant::now(),
            running: OnceLock::new(),
            archived: OnceLock::new(),
            bill: Mutex::default(),
        };
        Self(Arc::new(moments))
    }
}

impl Timeline {
    /// Notes that its request runs; the first time counts.
    pub fn note_running(&self) {
        self.0.running.get_or_init(Instant::now);
    }

    /// Notes that its outputs are in the image store.
    pub fn note_archived(&self) {
        self.0.archived.get_or_init(Instant::now);
    }

    /// Notes that its request costs nothing; the latest note of its cost counts.
    pub fn note_free(&self) {
        self.note_bill(Bill::Free);
    }

    /// Notes that its request may be paid for, whatever comes of it; the latest note of its cost counts.
    pub fn note_maybe_paid(&self) {
        self.note_bill(Bill::Due);
    }

    fn note_bill(&self, bill: Bill) {
        *self.0.bill.lock().unwrap_or_else(PoisonError::into_inner) = bill;
    }

    /// The latest note of what its request costs.
    pub(in crate::queue) fn bill(&self) -> Bill {
        *self.0.bill.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since the claim.
    pub(in crate::queue) fn claimed_ago(&self) -> Duration {
        self.0.claimed.elapsed()
    }

    /// Seconds since its request was first seen to run.
    pub(in crate::queue) fn running_ago(&self) -> Option<f64> {
        ago(&self.0.running)
    }

    /// Seconds since its outputs were in the image store.
    pub(in crate::queue) fn archived_ago(&self) -> Option<f64> {
        ago(&self.0.archived)
    }
}

fn ago(moment: &OnceLock<Instant>) -> Option<f64> {
    moment.get().map(|moment| moment.elapsed().as_secs_f64())
}
