//! Long polls: how long a client wants to wait, and the wait itself.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, http::header::HeaderMap};
use darkroom_core::job::JobId;
use tokio::time::{Instant, timeout, timeout_at};

use super::not_found;
use crate::{
    State,
    error::{ApiError, Code},
    query::{self, Offered},
    watch::{Snapshot, Told},
};

/// The most seconds that a request waits.
const MOST_SECONDS: u64 = 60;

/// How much longer it takes at most, to read the job once more.
const LAST_READ: Duration = Duration::from_secs(1);

/// How long a client wants to wait.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wait {
    time: Duration,
    /// Whether it said so by `Prefer`, which the answer has to confirm.
    is_preference: bool,
}

impl Wait {
    /// Reads `?wait=`, or else `Prefer: wait=` (RFC 7240, section 4.3). Any other parameter is refused.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let mut wait = preferred(request.headers());
        query::read(request.query_string(), &["wait"], |name, value| {
            if name != "wait" {
                return Ok(Offered::Unknown);
            }
            let seconds = value.parse().ok().filter(|seconds| *seconds <= MOST_SECONDS);
            let seconds = seconds.ok_or_else(|| {
                let detail =
                    format!("The wait must be a whole number of seconds from 0 to {MOST_SECONDS}.");
                ApiError::invalid(Code::InvalidWait, "wait", detail)
            })?;
            wait = Self { time: Duration::from_secs(seconds), is_preference: false };
            Ok(Offered::Taken)
        })?;
        Ok(wait)
    }

    /// How long the client wants to wait.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn time(self) -> Duration {
        self.time
    }

    /// A wait of this length, whatever the client says.
    pub(crate) fn of_time(time: Duration) -> Self {
        Self { time, is_preference: false }
    }

    /// Whether the client wants to wait at all.
    pub(super) fn is_some(self) -> bool {
        !self.time.is_zero()
    }

    /// The value of `Preference-Applied`, if there was a preference.
    pub(super) fn applied(self) -> Option<String> {
        self.is_preference.then(|| format!("wait={}", self.time.as_secs()))
    }

    /// Waits until a job is as wanted, the time is up, or the server is about to stop. Returns the job's state then;
    /// what was known of it last, if the database does not answer.
    pub(crate) async fn until(
        self,
        state: &State,
        job: JobId,
        is_wanted: impl Fn(&Snapshot) -> bool,
    ) -> Result<Arc<Snapshot>, ApiError> {
        let deadline = Instant::now() + self.time;
        let mut latest = state.watch.read(job).await?.ok_or_else(not_found)?;
        if self.time.is_zero() || is_wanted(&latest) {
            return Ok(latest);
        }
        let mut told = state.watch.job(job);
        loop {
            let is_told = tokio::select! {
                told = timeout_at(deadline, told.changed()) => told.is_ok_and(|told| told.is_ok()),
                () = state.stop.cancelled() => false,
            };
            if !is_told {
                // It may have changed unheard.
                return match timeout(LAST_READ, state.watch.read(job)).await {
                    Ok(Ok(now)) => now.ok_or_else(not_found),
                    Ok(Err(_)) | Err(_) => Ok(latest),
                };
            }
            match told.borrow_and_update().clone() {
                Told::Nothing => {}
                Told::Gone => return Err(not_found()),
                Told::Job(snapshot) if is_wanted(&snapshot) => return Ok(snapshot),
                Told::Job(snapshot) => latest = snapshot,
            }
        }
    }
}

/// Reads `Prefer: wait=`. A malformed preference is ignored, and a wait that is too long is cut to the longest.
fn preferred(headers: &HeaderMap) -> Wait {
    let values = headers.get_all("Prefer").filter_map(|value| value.to_str().ok());
    let preferences = values.flat_map(|value| value.split(','));
    let seconds = preferences.filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        value.trim().trim_matches('"').parse::<u64>().ok().filter(|_| is_wait)
    });
    seconds.into_iter().next().map_or_else(Wait::default, |seconds| Wait {
        time: Duration::from_secs(seconds.min(MOST_SECONDS)),
        is_preference: true,
    })
}
