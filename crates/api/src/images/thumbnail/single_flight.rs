//! Does work once that is asked for several times at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OnceCell;

/// The work under way, by key.
#[derive(Debug)]
pub(super) struct SingleFlight<K, V> {
    flights: Mutex<HashMap<K, Weak<OnceCell<V>>>>,
}

impl<K: Eq + Hash, V: Copy> SingleFlight<K, V> {
    /// Does the work, or waits for the caller that does it already and returns the same. If that caller fails or gives
    /// up, the next in line does the work.
    pub(super) async fn run<E, F: Future<Output = Result<V, E>>>(
        &self,
        key: K,
        work: impl FnOnce() -> F,
    ) -> Result<V, E> {
        self.flight(key).get_or_try_init(work).await.copied()
    }

    /// The flight under way, or a new one. Flights that have landed, which nobody holds any more, are forgotten.
    fn flight(&self, key: K) -> Arc<OnceCell<V>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.strong_count() > 0);
        let under_way = flights.get(&key).and_then(Weak::upgrade);
        under_way.unwrap_or_else(|| {
            let flight = Arc::default();
            flights.insert(key, Arc::downgrade(&flight));
            flight
        })
    }
}

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self { flights: Mutex::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_a_hundred_ask_for_at_once_is_done_once() {
        let flights = SingleFlight::default();
        let (done, landing) = (AtomicUsize::new(0), Notify::new());
        let ask = || {
            flights.run("key", async || {
                landing.notified().await;
                Ok::<usize, ()>(done.fetch_add(1, Ordering::Relaxed) + 1)
            })
        };

        let asking = join_all((0..100).map(|_| ask()));
        let (answers, ()) = tokio::join!(asking, async { landing.notify_waiters() });

        assert_eq!(answers, [Ok(1); 100]);
    }

    #[tokio::test]
    async fn work_for_different_things_is_done_side_by_side() {
        let flights = SingleFlight::default();
        let both = tokio::sync::Barrier::new(2);
        let ask = |key: u8| {
            let both = &both;
            flights.run(key, move || async move {
                // Neither goes on without the other.
                both.wait().await;
                Ok::<u8, ()>(key)
            })
        };

        assert_eq!(tokio::join!(ask(1), ask(2)), (Ok(1), Ok(2)));
    }

    #[tokio::test]
    async fn after_a_failure_the_next_in_line_does_it() {
        let flights = SingleFlight::default();
        let tries = AtomicUsize::new(0);
        let ask = || {
            flights.run("key", async || {
                tokio::task::yield_now().await;
                match tries.fetch_add(1, Ordering::Relaxed) {
                    0 => Err("no"),
                    _ => Ok(()),
                }
            })
        };

        let mut answers = join_all((0..10).map(|_| ask())).await;

        answers.sort_unstable();
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        assert_eq!(tries.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_has_landed_is_forgotten() {
        let flights = SingleFlight::default();
        for key in 0..10 {
            assert_eq!(flights.run(key, async || Ok::<u8, ()>(key)).await, Ok(key));
            // Work for the same thing begins anew.
            assert_eq!(flights.run(key, async || Ok::<u8, ()>(key + 1)).await, Ok(key + 1));
        }

        assert!(flights.flights.lock().unwrap().len() <= 1);
    }
}
