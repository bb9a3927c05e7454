//! Turns: when a new job is told of in the commit that makes it, and not after it.
//!
//! It is sooner by a statement, and holds the lock of NOTIFY until all that was written is on disk. So it is done where
//! hardly anybody else wants that lock.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a process has told nothing where it is quiet.
const QUIET: Duration = Duration::from_millis(20);

/// As many times as long as its last turn took: it holds the lock for a tenth of the time at most.
const REST: u32 = 10;

/// When it is quiet, for all clones of a waker.
#[derive(Clone, Debug)]
pub(super) struct Quiet(Arc<Mutex<Next>>);

#[derive(Debug)]
struct Next {
    /// It is quiet from then on.
    from: Instant,
    /// Not while somebody tells.
    is_turn_taken: bool,
}

/// The right to tell of a new job in the commit that makes it, until that is done.
#[derive(Debug)]
pub(crate) struct Turn {
    quiet: Quiet,
    began: Instant,
}

impl Quiet {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Next { from: Instant::now(), is_turn_taken: false })))
    }

    /// Nothing where it is not quiet: what is to be told is told otherwise then.
    pub(super) fn turn(&self) -> Option<Turn> {
        let (mut next, began) = (self.lock(), Instant::now());
        if next.is_turn_taken || began < next.from {
            next.not_before(began + QUIET);
            return None;
        }
        next.is_turn_taken = true;
        drop(next);
        Some(Turn { quiet: self.clone(), began })
    }

    /// Something is told.
    pub(super) fn end(&self) {
        self.lock().not_before(Instant::now() + QUIET);
    }

    fn lock(&self) -> MutexGuard<'_, Next> {
        // Nothing that is done under it can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Next {
    fn not_before(&mut self, moment: Instant) {
        self.from = self.from.max(moment);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut next = self.quiet.lock();
        next.is_turn_taken = false;
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

        let turn = quiet.turn().unwrap();
        advance(Duration::from_millis(30)).await;
        assert!(quiet.turn().is_none(), "somebody tells");
        drop(turn);

        advance(Duration::from_millis(250)).await;
        assert!(quiet.turn().is_none(), "ten times as long has not passed");
        advance(Duration::from_millis(60)).await;
        quiet.end();
        assert!(quiet.turn().is_none(), "something was told");
        advance(QUIET).await;
        assert!(quiet.turn().is_some());
    }
}
