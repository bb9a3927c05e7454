//! Calls that fetch what was paid for: repeated as long as that is worthwhile.

use std::time::{Duration, Instant};

use darkroom_core::{
    chain::chain,
    fal::{Class, Error},
    queue::Submission,
};
use tokio::time::sleep;

use crate::{
    backoff::{exponential, while_away},
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
    probing,
};

/// Repeats a call until it succeeds, or has failed often enough for its error to be believed.
pub(super) async fn worthwhile<T, F>(
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
            "something that was paid for was not to be had");
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
        // Paid for and still there: it is fetched later.
        _ if error.is_passing() => Outcome::Snooze(while_away()),
        Class::Later | Class::Halt => Outcome::Snooze(while_away()),
        Class::Retry => Outcome::Retry(error.failure()),
        Class::Never => Outcome::Fail(error.failure()),
    }
    .into()
}
