//! Fetch what was paid for: a request's result, or one of its outputs. Calls are repeated as long as that is worthwhile.

use std::time::{Duration, Instant};

use darkroom_core::{
    chain::chain,
    fal::{Class, Error, Output},
    queue::{Claimed, Submission},
};
use tokio::time::sleep;

use crate::{
    backoff::{asked_for, exponential, while_away_after},
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
    probing::{self, Account},
};

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Fetches a request's result, and notes what that says about its cost: a request that failed costs nothing.
pub(super) async fn result(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Output, Stop> {
    let fetching = async || {
        let fetched = life.worker.fal.result(submission).await;
        match &fetched {
            Err(error) if error.is_free() => job.timeline.note_free(),
            Ok(_) | Err(_) => job.timeline.note_maybe_paid(),
        }
        fetched
    };
    persistently(life, submission, Call::Result, fetching).await
}

/// Repeats a call until it succeeds, or has failed often enough for its error to be believed.
pub(super) async fn persistently<T, F>(
    life: &Life,
    submission: &Submission,
    what: Call,
    call: impl Fn() -> F,
) -> Result<T, Stop>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut tries = 0;
    loop {
        let asked = Instant::now();
        let answer = call().await;
        life.worker.metrics.called(what, asked, &answer);
        let error = match answer {
            Ok(fetched) => return Ok(fetched),
            Err(error) => error,
        };
        tracing::warn!(provider.request_id = submission.provider_request_id, error = %chain(&error),
            "a result or an output could not be fetched");
        tries += 1;
        if tries >= error.worthwhile_tries() {
            return Err(believe(life, &error).await.into());
        }
        let wait = exponential(Duration::from_millis(250), LONGEST_WAIT, tries);
        sleep(wait.max(asked_for(&error))).await;
    }
}

async fn believe(life: &Life, error: &Error) -> Outcome {
    match error.class() {
        // Paid for and still there, as far as anybody knows: it is fetched later.
        Class::Later => Outcome::Snooze(while_away_after(error)),
        Class::Halt => match (probing::heed(life, error).await, error) {
            // So it is what the request itself came to.
            (Account::Accepted, Error::Failed(_)) => Outcome::Fail(error.failure()),
            _ => Outcome::Snooze(while_away_after(error)),
        },
        Class::Retry => Outcome::Retry(error.failure()),
        Class::Never => Outcome::Fail(error.failure()),
    }
}
