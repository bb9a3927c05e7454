//! An attempt at a delivery: one call of the receiver, and what follows from its answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use darkroom_core::{
    chain::chain,
    db,
    links::Links,
    outbound::{Answer, Bounds, Error, TargetProblem},
    queue::deliveries::{Claimed, Tried, Verdict},
    webhook::{Message, Signer},
};
use url::Url;

use crate::{
    backoff::{LONGEST_DELIVERY_WAIT, until_next_delivery},
    life::Life,
};

/// Enough for a receiver that only says that it has the event, and works on it later.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(15), bytes: 4 * 1024 };

/// How many characters are kept of a receiver's answer or of an error.
const KEPT: usize = 200;

/// Makes the attempt.
pub(super) async fn make(life: Life, signer: Signer, delivery: Claimed) -> (Tried, Verdict) {
    let links = match links(&life).await {
        Ok(links) => links,
        // The database is away, so nothing is sent: its result could not be recorded either.
        Err(error) => {
            let error = Some(beginning(&chain(&error)));
            let wait = until_next_delivery(delivery.failures + 1);
            return (Tried { error, ..Tried::default() }, Verdict::Again(wait));
        }
    };
    let body = Message::new(delivery.job, &delivery.model, delivery.event, delivery.created_at)
        .with_results(&delivery.results, &links)
        .with_failure(delivery.failure.as_ref())
        .to_json();
    let headers = signer.headers(delivery.lease.delivery.0, delivery.claimed_at, &body);
    let began = Instant::now();
    let answer = match Url::parse(&delivery.url) {
        Ok(url) => life.worker.outbound.post(&url, headers, Bytes::from(body), BOUNDS).await,
        Err(_malformed) => Err(Error::Target(TargetProblem::Malformed)),
    };
    let took = began.elapsed();
    let wait = until_next_delivery(delivery.failures + 1);
    match answer {
        Ok(answer) => {
            let tried = Tried {
                status: Some(answer.status.as_u16()),
                error: explanation(&answer).map(str::to_owned),
                response: Some(beginning(&String::from_utf8_lossy(&answer.body)))
                    .filter(|text| !text.is_empty()),
                took,
            };
            (tried, verdict(&answer, wait))
        }
        Err(error) => {
            let error = Some(beginning(&chain(&error)));
            (Tried { error, took, ..Tried::default() }, Verdict::Again(wait))
        }
    }
}

/// Writes links to the results; without a public address they are paths.
async fn links(life: &Life) -> Result<Links, db::Error> {
    let public_url = life.worker.public_url.as_ref();
    let base = public_url.map_or("", |url| url.as_str().trim_end_matches('/'));
    life.worker.linker.links(&life.worker.pool, base).await
}

fn verdict(answer: &Answer, wait: Duration) -> Verdict {
    match answer.status.as_u16() {
        200..=299 => Verdict::Delivered,
        // The receiver wants no more of them (source: the Standard Webhooks specification).
        410 => Verdict::GiveUp,
        429 | 503 => {
            let wished = retry_after(answer).unwrap_or_default().min(LONGEST_DELIVERY_WAIT);
            Verdict::Again(wait.max(wished))
        }
        _ => Verdict::Again(wait),
    }
}

/// Seconds only: a date would need a clock that both sides share.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// Explains what a status code does not say by itself.
fn explanation(answer: &Answer) -> Option<&'static str> {
    match answer.status.as_u16() {
        300..=399 => Some("it redirects, which is not followed; tell us the address itself"),
        410 => Some("the receiver is gone for good"),
        _ => None,
    }
}

/// The beginning of a foreign text, on one line and without control characters that a terminal would obey.
fn beginning(text: &str) -> String {
    let shown = text.trim().chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    shown.take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_says_is_kept_in_part_and_without_control_characters() {
        assert_eq!(beginning(" a\u{1b}[31m\0b\n"), "a [31m b");
        assert_eq!(beginning(&"é".repeat(1000)).chars().count(), KEPT);
    }
}
