//! Await: follow a submitted request to its end by asking for it, and fetch what came of it.

use std::time::Duration;

use darkroom_core::{
    fal::{Output, Progress},
    queue::Ended,
};
use tokio::time::{Instant, sleep};

use super::{Running, fetch::worthwhile};
use crate::{
    backoff::{exponential, until_next_check},
    life::Life,
    outcome::{Outcome, Stop},
};

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
            Err(error) if error.is_unknown_request() => {
                let (failure, attempt) = (error.failure(), running.attempt);
                return Err(Outcome::Retry { failure, attempt }.into());
            }
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
    worthwhile(running, || life.worker.fal.result(&running.submission)).await
}
