//! Await: follow a submitted request to its end by asking for it, and fetch what came of it.

use std::time::Duration;

use darkroom_core::{
    fal::{Class, Error, Output, Progress},
    queue::Ended,
};
use tokio::time::{Instant, sleep};

use super::{Running, upload::AWAY};
use crate::{
    backoff::{exponential, jittered, until_next_check},
    life::Life,
    outcome::{Outcome, Stop},
};

/// Tries at a result that the machinery around it keeps back; about two minutes.
const RESULT_TRIES: u32 = 8;

/// Asks until the request has ended. Whatever keeps fal from answering, the request is paid for
/// and is not given up; only one that fal does not know any more is.
pub(super) async fn until_ended(life: &Life, running: &Running) -> Result<Ended, Stop> {
    let since = Instant::now();
    let mut failures = 0;
    loop {
        sleep(until_next_check(since.elapsed())).await;
        match life.worker.fal.check(&running.submission).await {
            Ok(Progress::Ended { inference_seconds }) => return Ok(Ended { inference_seconds }),
            Ok(Progress::Waiting { .. } | Progress::Running) => failures = 0,
            Err(error) if error.is_unknown_request() => return Err(retry(&error, running)),
            Err(error) => {
                tracing::warn!(provider.request_id = running.submission.provider_request_id,
                    %error, "a check failed; the next one follows");
                sleep(exponential(Duration::from_millis(500), Duration::from_secs(30), failures))
                    .await;
                failures += 1;
            }
        }
    }
}

/// Fetches what a request came to.
pub(super) async fn result(life: &Life, running: &Running) -> Result<Output, Stop> {
    for failures in 0..RESULT_TRIES {
        let error = match life.worker.fal.result(&running.submission).await {
            Ok(output) => return Ok(output),
            Err(error) => error,
        };
        tracing::warn!(provider.request_id = running.submission.provider_request_id, %error,
            "a result was not to be had");
        if !error.is_passing() {
            return Err(given_up(&error, running));
        }
        sleep(exponential(Duration::from_millis(500), Duration::from_mins(1), failures)).await;
    }
    // Still paid for and still there: it is asked for again later.
    Err(Outcome::Snooze(jittered(AWAY)).into())
}

/// What the error of an ended request means.
pub(super) fn given_up(error: &Error, running: &Running) -> Stop {
    match error.class() {
        Class::Retry => retry(error, running),
        Class::Never => Outcome::Fail(error.failure()).into(),
        Class::Later | Class::Halt => Outcome::Snooze(jittered(AWAY)).into(),
    }
}

fn retry(error: &Error, running: &Running) -> Stop {
    Outcome::Retry { failure: error.failure(), attempt: running.attempt }.into()
}
