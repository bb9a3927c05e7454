//! Fetch what was paid for: a request's result, or one of its outputs. Calls are repeated as long as that is worthwhile.

use std::time::{Duration, Instant};

use darkroom_core::{
    chain::chain,
    fal::{Class, Error, Output},
    queue::{Claimed, Submission},
};
use tokio::time::sleep;

use crate::{
    backoff::{exponential, while_away},
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
    probing,
};

/// Fetches a request's result, and notes what that says about its cost: a request that failed costs nothing.
pub(super) async fn result(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Output, Stop> {
    let fetching = async || {
        let fetched = life.worker.fal.result(submission).await;
        match &fetched {
            Err(error) if error.is_of_the_request() => job.timeline.note_free(),
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
            probing::heed(life, &error).await;
            return Err(believe(&error));
        }
        sleep(exponential(Duration::from_millis(250), Duration::from_secs(30), tries)).await;
    }
}

fn believe(error: &Error) -> Stop {
    match error.class() {
        // Paid for and still there, as far as anybody knows: it is fetched later.
        _ if error.is_passing() || error.is_of_a_gateway() => Outcome::Snooze(while_away()),
        Class::Later | Class::Halt => Outcome::Snooze(while_away()),
        Class::Retry => Outcome::Retry(error.failure()),
        Class::Never => Outcome::Fail(error.failure()),
    }
    .into()
}
