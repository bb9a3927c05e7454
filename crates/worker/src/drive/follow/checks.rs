//! When a request is checked next, and when it is taken for lost.

use std::time::Duration;

use darkroom_core::fal::Error;
use tokio::time::Instant;

use crate::backoff::{asked_for, at_random, exponential, jittered, until_next_check};

/// How long "not found" must be the only answer before it is believed: from fal, whose servers may not all know
/// a request the moment it was accepted, and from whatever else answers in fal's place.
const BELIEVED_OF_FAL: Duration = Duration::from_mins(1);
const BELIEVED_OF_OTHERS: Duration = Duration::from_mins(8);

/// How often a request is checked while its stream is live.
const BACKSTOP: Duration = Duration::from_secs(30);

/// The time over which the checks of all requests are spread.
const SPREAD: Duration = Duration::from_secs(5);

/// The waits after a failure, which double.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The checks of a request.
#[derive(Debug)]
pub(super) struct Checks {
    /// Since when the request is followed.
    since: Instant,
    /// When it is checked next.
    pub(super) next: Instant,
    /// Whether the stream tells what is new, so that checks are only a backstop.
    pub(super) has_stream: bool,
    /// How many checks in a row have failed.
    failures: u32,
    /// Since when each answer was "not found".
    missing: Option<Instant>,
    /// How often the provider was to cancel the request and did not hear it.
    unheard: u32,
}

impl Checks {
    pub(super) fn begin() -> Self {
        let since = Instant::now();
        Self {
            since,
            next: since + until_next_check(Duration::ZERO),
            has_stream: false,
            failures: 0,
            missing: None,
            unheard: 0,
        }
    }

    /// The stream says something. Only its first word puts the next check off, because a stream may say the same for
    /// ever; and not if the provider has to be told something with that check.
    pub(super) fn stream_says(&mut self, is_urgent: bool) {
        if !self.has_stream && !is_urgent {
            self.next = Instant::now() + jittered(BACKSTOP);
        }
        self.has_stream = true;
    }

    /// Something may have been missed, by this request and all others: each is checked soon, and not all at once.
    pub(super) fn may_have_missed(&mut self) {
        self.next = self.next.min(Instant::now() + at_random(SPREAD));
    }

    /// The stream has ended, so the next check is made at once.
    pub(super) fn stream_ended(&mut self) {
        (self.has_stream, self.next) = (false, Instant::now());
    }

    /// A check was answered: the request goes on. `is_unheard` says that the provider was to cancel it, and gave no
    /// answer to that.
    pub(super) fn goes_on(&mut self, is_unheard: bool) {
        (self.failures, self.missing) = (0, None);
        let wait = if is_unheard {
            self.unheard += 1;
            exponential(FIRST_WAIT, LONGEST_WAIT, self.unheard - 1)
        } else {
            let quiet = if self.has_stream { jittered(BACKSTOP) } else { Duration::ZERO };
            quiet.max(until_next_check(self.since.elapsed()))
        };
        self.next = Instant::now() + wait;
    }

    /// Whether this error, after the ones before, says that the request is lost.
    pub(super) fn is_lost(&mut self, error: &Error) -> bool {
        if !error.is_not_found() {
            self.missing = None;
            // A request at another provider cannot be asked about at all.
            return error.is_unknown_request();
        }
        let since = *self.missing.get_or_insert_with(Instant::now);
        let is_of_fal = error.is_unknown_request();
        since.elapsed() >= if is_of_fal { BELIEVED_OF_FAL } else { BELIEVED_OF_OTHERS }
    }

    /// A check failed, and the next one follows later than after the failure before. True for the first failure in a
    /// row.
    pub(super) fn failed(&mut self, error: &Error) -> bool {
        let wait = exponential(FIRST_WAIT, LONGEST_WAIT, self.failures);
        self.next = Instant::now() + wait.max(asked_for(error));
        self.failures += 1;
        self.failures == 1
    }
}
