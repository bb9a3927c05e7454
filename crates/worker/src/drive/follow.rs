//! Await: follow a submitted request to its end by asking for it, and fetch what came of it.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Output, Progress},
    queue::{Ended, Submission},
};
use tokio::time::{Instant, sleep};

use super::fetch::worthwhile;
use crate::{
    backoff::{exponential, until_next_check},
    life::Life,
    outcome::{Outcome, Stop},
};

/// Answers of "not found" in a row, from something that is not fal, before they are believed: about
/// eight minutes of them.
const BELIEVED_404S: u32 = 20;

/// Asks until the request has ended. Whatever keeps fal from answering, the request is paid for
/// and is not given up; only one that fal does not know any more is.
pub(super) async fn until_ended(life: &Life, submission: &Submission) -> Result<Ended, Stop> {
    let since = Instant::now();
    let mut failures = 0;
    loop {
        sleep(until_next_check(since.elapsed())).await;
        match life.worker.fal.check(submission).await.map(|report| report.progress) {
            Ok(Progress::Ended { inference_seconds }) => return Ok(Ended { inference_seconds }),
            Ok(Progress::Waiting { .. } | Progress::Running) => failures = 0,
            Err(error)
                if error.is_unknown_request()
                    || (error.is_not_found() && failures >= BELIEVED_404S) =>
            {
                return Err(Outcome::Retry(error.failure()).into());
            }
            Err(error) => {
                tracing::warn!(provider.request_id = submission.provider_request_id,
                    error = %chain(&error), "a check failed; the next one follows");
                sleep(exponential(Duration::from_millis(500), Duration::from_secs(30), failures))
                    .await;
                failures += 1;
            }
        }
    }
}

/// Fetches what a request came to.
pub(super) async fn result(life: &Life, submission: &Submission) -> Result<Output, Stop> {
    worthwhile(submission, || life.worker.fal.result(submission)).await
}
