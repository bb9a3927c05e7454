//! Await: follow a submitted request to its end, and fetch what came of it.
//!
//! Three ways to know that it has ended, used together: fal's webhook, the status stream, and
//! asking. Whichever is first wins. Asking never stops, because the other two may.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Output, Progress},
    job::JobId,
    queue::{Ended, Submission},
};
use tokio::time::{Instant, sleep_until};

use super::{fetch::worthwhile, stream::Stream};
use crate::{
    backoff::{exponential, jittered, until_next_check},
    life::Life,
    notices::Heard,
    outcome::{Outcome, Stop},
    probing,
};

/// Answers of "not found" in a row, from something that is not fal, before they are believed: about
/// eight minutes of them.
const BELIEVED_404S: u32 = 20;

/// How often a request is asked about whose stream is live.
const BACKSTOP: Duration = Duration::from_secs(30);

/// Waits until the request has ended. Whatever keeps fal from answering, the request is paid for
/// and is not given up; only one that fal does not know any more is.
pub(super) async fn until_ended(
    life: &Life,
    job: JobId,
    submission: &Submission,
) -> Result<Ended, Stop> {
    let since = Instant::now();
    let notice = life.notices.expect(job);
    let mut stream = Stream::open(life, submission);
    let mut failures = 0;
    let mut next_check = since + until_next_check(Duration::ZERO);
    loop {
        tokio::select! {
            said = stream.next() => {
                if let Some(Progress::Ended { inference_seconds }) = said {
                    return Ok(Ended { inference_seconds, ..Ended::default() });
                }
                let wait = if said.is_some() { jittered(BACKSTOP) } else { Duration::ZERO };
                next_check = Instant::now() + wait;
                continue;
            }
            heard = notice.heard() => {
                // Its word is signed: the result is there to be fetched.
                if heard == Heard::Ended {
                    return Ok(Ended::default());
                }
            }
            () = sleep_until(next_check) => {}
        }
        match life.worker.fal.check(submission).await.map(|report| report.progress) {
            Ok(Progress::Ended { inference_seconds }) => {
                return Ok(Ended { inference_seconds, ..Ended::default() });
            }
            Ok(Progress::Waiting { .. } | Progress::Running) => {
                failures = 0;
                next_check = Instant::now()
                    + if stream.is_live() {
                        jittered(BACKSTOP)
                    } else {
                        until_next_check(since.elapsed())
                    };
            }
            Err(error)
                if error.is_unknown_request()
                    || (error.is_not_found() && failures >= BELIEVED_404S) =>
            {
                return Err(Outcome::Retry(error.failure()).into());
            }
            Err(error) => {
                if failures == 0 {
                    probing::heed(life, &error).await;
                }
                tracing::warn!(provider.request_id = submission.provider_request_id,
                    error = %chain(&error), "a check failed; the next one follows");
                let wait =
                    exponential(Duration::from_millis(500), Duration::from_secs(30), failures);
                next_check = Instant::now() + wait;
                failures += 1;
            }
        }
    }
}

/// Fetches what a request came to.
pub(super) async fn result(life: &Life, submission: &Submission) -> Result<Output, Stop> {
    worthwhile(submission, || life.worker.fal.result(submission)).await
}
