//! The slot of a process: when the commit that makes a new job also notifies of it, instead of a statement after it.
//!
//! Workers and watchers hear of it one statement sooner, but NOTIFY's lock is held until all that was written is on
//! disk. So it is done only while hardly anybody else wants that lock.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A process is quiet when it has notified of nothing for this long.
const QUIET: Duration = Duration::from_millis(20);

/// After the slot was held, it is not quiet for this many times as long: so it holds the lock for at most a tenth of
/// the time.
const REST: u32 = 10;

/// Whether this process is quiet; shared by all clones of a waker.
#[derive(Clone, Debug)]
pub(super) struct Quiet(Arc<Mutex<Next>>);

#[derive(Debug)]
struct Next {
    /// It is quiet from then on, unless the slot is taken.
    from: Instant,
    /// Somebody holds the slot, so it is not quiet.
    is_slot_taken: bool,
}

/// The right to notify of new jobs in the commit that makes them. Drop it after the commit.
#[derive(Debug)]
pub(crate) struct NotifySlot {
    quiet: Quiet,
    began: Instant,
}

impl Quiet {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Next { from: Instant::now(), is_slot_taken: false })))
    }

    /// `None` where it is not quiet: the waker notifies after the commit then.
    pub(super) fn slot(&self) -> Option<NotifySlot> {
        let (mut next, began) = (self.lock(), Instant::now());
        if next.is_slot_taken || began < next.from {
            next.not_before(began + QUIET);
            return None;
        }
        next.is_slot_taken = true;
        drop(next);
        Some(NotifySlot { quiet: self.clone(), began })
    }

    /// The waker notifies now, so it is not quiet for a while.
    pub(super) fn end(&self) {
        self.lock().not_before(Instant::now() + QUIET);
    }

    fn lock(&self) -> MutexGuard<'_, Next> {
        // Nothing that is done under the lock can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Next {
    fn not_before(&mut self, moment: Instant) {
        self.from = self.from.max(moment);
    }
}

impl Drop for NotifySlot {
    fn drop(&mut self) {
        let mut next = self.quiet.lock();
        next.is_slot_taken = false;
        next.not_before(Instant::now() + QUIET.max(self.began.elapsed() * REST));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_tells_in_its_commit_and_the_longer_that_takes_the_longer_nobody_else_does() {
        let quiet = Quiet::new();

        let slot = quiet.slot().unwrap();
        advance(Duration::from_millis(30)).await;
        assert!(quiet.slot().is_none(), "somebody tells");
        drop(slot);

        advance(Duration::from_millis(250)).await;
        assert!(quiet.slot().is_none(), "ten times as long has not passed");
        advance(Duration::from_millis(60)).await;
        quiet.end();
        assert!(quiet.slot().is_none(), "something was told");
        advance(QUIET).await;
        assert!(quiet.slot().is_some());
    }
}
