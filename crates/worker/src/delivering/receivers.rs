//! Receivers: how many calls of each are under way, which deliveries wait for one to end, and which are given back.
//!
//! A receiver that is slow or never answers must not delay others, so a process calls each few times at once. A claim
//! that stepped over the deliveries of busy receivers would read all of them, each time. So it takes them as they are
//! due. What finds its receiver busy waits here for a moment, in order; what still waits then, or is too much, is
//! snoozed, and no claim meets it for a while.
//!
//! Snoozed ones become due again one by one, a few times as fast as their receiver answers. So one that is fast is kept
//! busy, and of one that is slow few come back in vain. None rests longer than [`LONGEST`]: if the receiver is well
//! again, they are told then, and if ten thousand wait for one that hangs, that is some three claims a second.
//!
//! Nothing of this is counted in the database: leases are released, rescued and settled as ever.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use darkroom_core::queue::deliveries::{Claimed, Lease};
use tokio::{sync::Notify, time::sleep};
use url::Url;

use crate::{backoff::jittered, slots::Slot};

/// Calls of one receiver that a process makes at a time.
const CALLS: u32 = 8;

/// Deliveries that may wait here for a call of their receiver to end: what one claim brings beyond [`CALLS`].
const WAITING: usize = 56;

/// How long they may wait. Meanwhile their job may be deleted, and they are told all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest rest of what is snoozed.
const LONGEST: Duration = Duration::from_mins(1);

/// How long a call is thought to take until some have ended.
const GUESS: Duration = Duration::from_millis(20);

/// Snoozed ones come back so many times as fast as their receiver answers: it must not run dry when it gets faster.
const AHEAD: u32 = 4;

/// The least time between two that are snoozed: claiming and settling one takes as long.
const SHORTEST_PACE: Duration = Duration::from_millis(1);

/// How often what has waited or rested long enough is looked for.
const LOOK: Duration = Duration::from_millis(250);

/// All receivers that are busy.
#[derive(Clone, Debug, Default)]
pub(super) struct Receivers(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<HashMap<String, Line>>,
    /// Signalled when a receiver of snoozed deliveries has room for more.
    room: Notify,
}

/// What one receiver is doing.
#[derive(Debug)]
struct Line {
    calls: u32,
    waiting: VecDeque<Held>,
    /// How long its calls take, the latest counting most.
    took: Duration,
    /// When a call last began or ended.
    moved_at: Instant,
    /// When the last one that was snoozed is due again.
    rests_until: Instant,
}

/// A delivery that was claimed and is not settled yet.
#[derive(Debug)]
pub(super) struct Held {
    /// What is to be delivered.
    pub(super) delivery: Claimed,
    /// Shows that this process knows of its lease.
    slot: Slot<Lease>,
    since: Instant,
}

/// What becomes of a delivery that was claimed.
#[derive(Debug)]
pub(super) enum Admitted {
    /// Its receiver may be called, with the delivery that has waited longest.
    Called(Turn, Held),
    /// It waits for a call to end.
    Waits,
    /// It is to be snoozed for so long.
    Surplus(Held, Duration),
}

/// The right to call a receiver, with one delivery after the other; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    receivers: Receivers,
    receiver: String,
    is_over: bool,
}

impl Held {
    /// A delivery that was claimed just now.
    pub(super) fn new(delivery: Claimed, slot: Slot<Lease>) -> Self {
        Self { delivery, slot, since: Instant::now() }
    }

    /// The delivery, and the slot to keep until it is settled.
    pub(super) fn into_parts(self) -> (Claimed, Slot<Lease>) {
        (self.delivery, self.slot)
    }
}

impl Receivers {
    /// Takes in a delivery. Those of one receiver are called in this order.
    pub(super) fn admit(&self, held: Held) -> Admitted {
        let receiver = receiver(&held.delivery.url);
        let now = Instant::now();
        let mut lines = self.lock();
        let line = lines.entry(receiver.clone()).or_insert_with(|| Line::new(now));
        let is_busy = line.calls >= CALLS;
        if is_busy && line.waiting.len() >= WAITING {
            return Admitted::Surplus(held, line.rest(now));
        }
        line.waiting.push_back(held);
        if is_busy {
            return Admitted::Waits;
        }
        let Some(first) = line.waiting.pop_front() else {
            return Admitted::Waits;
        };
        line.calls += 1;
        line.moved_at = now;
        Admitted::Called(Turn { receivers: self.clone(), receiver, is_over: false }, first)
    }

    /// Takes out what has waited too long, with the time to snooze each for. Forgets receivers that are not busy any
    /// more.
    pub(super) fn overdue(&self) -> Vec<(Held, Duration)> {
        let now = Instant::now();
        let mut overdue = Vec::new();
        self.lock().retain(|_receiver, line| {
            let has_waited = |held: &mut Held| now.duration_since(held.since) >= PATIENCE;
            while let Some(held) = line.waiting.pop_front_if(has_waited) {
                overdue.push((held, line.rest(now)));
            }
            line.calls > 0 || !line.waiting.is_empty() || line.rests_until > now
        });
        overdue
    }

    /// Waits until it is time to look for what has waited or rested long enough: for ever where there is nothing.
    pub(super) async fn stir(&self) {
        if !self.is_any_behind(Instant::now()) {
            return pending().await;
        }
        tokio::select! {
            () = self.0.room.notified() => {}
            () = sleep(LOOK) => {}
        }
    }

    fn is_any_behind(&self, now: Instant) -> bool {
        self.lock().values().any(|line| !line.waiting.is_empty() || line.rests_until > now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        // Nothing that could panic comes between two changes that belong together.
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Ends the call, which took so long. Returns the next delivery to the same receiver, or else the turn is over.
    pub(super) fn next(&mut self, took: Duration) -> Option<Held> {
        let now = Instant::now();
        let mut lines = self.receivers.lock();
        let line = lines.get_mut(&self.receiver)?;
        line.took = (line.took * 7 + took) / 8;
        line.moved_at = now;
        let next = line.waiting.pop_front();
        if next.is_none() {
            // Under the same lock: what comes after this must not wait for this turn.
            line.calls = line.calls.saturating_sub(1);
            self.is_over = true;
        }
        let has_room = next.is_none() || line.waiting.len() == WAITING / 2;
        if has_room && line.rests_until > now {
            self.receivers.0.room.notify_one();
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over
            && let Some(line) = self.receivers.lock().get_mut(&self.receiver)
        {
            line.calls = line.calls.saturating_sub(1);
        }
    }
}

impl Line {
    fn new(now: Instant) -> Self {
        Self { calls: 0, waiting: VecDeque::new(), took: GUESS, moved_at: now, rests_until: now }
    }

    /// How long the next one that is snoozed rests: until its turn may come.
    fn rest(&mut self, now: Instant) -> Duration {
        let took = self.took.max(now.duration_since(self.moved_at));
        let pace = (took / CALLS / AHEAD).max(SHORTEST_PACE);
        self.rests_until = self.rests_until.max(now) + pace;
        let rest = self.rests_until - now;
        if rest <= LONGEST {
            return rest;
        }
        // These have no turn, and come back a few at a time.
        self.rests_until = now + LONGEST;
        jittered(LONGEST * 3 / 4)
    }
}

/// The receiver that a webhook's address belongs to. All malformed ones are one: they are called in vain.
fn receiver(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    let receiver = parsed.as_ref().and_then(|url| {
        let host = url.host_str()?.trim_end_matches('.');
        Some(format!("{host}:{}", url.port_or_known_default()?))
    });
    receiver.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_a_host_and_a_port_however_its_address_is_written() {
        let same = ["https://a.test/1", "https://user@A.test:443/2?b=c", "https://a.test./"];

        assert!(same.iter().all(|url| receiver(url) == "a.test:443"));
        assert_eq!(receiver("http://[::1]:8080/"), "[::1]:8080");
        assert_eq!((receiver("nonsense"), receiver("data:,")), (String::new(), String::new()));
    }

    #[test]
    fn what_is_snoozed_comes_back_four_times_as_fast_as_its_receiver_answers() {
        let now = Instant::now();
        let mut line = Line { took: Duration::from_secs(8), ..Line::new(now) };

        let rests: Vec<_> = (0..4).map(|_| line.rest(now).as_millis()).collect();

        assert_eq!(rests, [250, 500, 750, 1000]);
    }

    #[test]
    fn what_is_snoozed_for_a_receiver_that_hangs_comes_back_after_a_minute_and_not_all_at_once() {
        let began = Instant::now();
        let now = began + Duration::from_secs(12);
        let mut line = Line::new(began);

        let rests: Vec<_> = (0..10_000).map(|_| line.rest(now)).collect();

        assert!(rests.is_sorted_by(|one, next| one < next || *one > LONGEST / 2));
        let (first, last) = (rests[0], rests[9_999]);
        assert_eq!(first, Duration::from_millis(375));
        assert!(last >= LONGEST * 3 / 4 && rests.iter().all(|rest| *rest <= LONGEST));
        assert_eq!(line.rests_until, now + LONGEST);
    }
}
