//! Entry points for the fuzz targets in `fuzz/`: the parsers of fal's bytes, without a connection.
//!
//! Only built with the feature `fuzzing`, which nothing that is shipped turns on.

use reqwest::{StatusCode, header::HeaderMap};
use time::OffsetDateTime;
use url::Url;

use super::{
    Notice, Output, Refusal, WebhookHeaders,
    address::Named,
    history::Page,
    malformed::parse,
    result::Made,
    status::Report,
    stream::Events,
    webhook::{Keys, Signed, is_genuine},
};
use crate::{config, queue::Submission};

/// An endpoint to submit to.
const ENDPOINT: &str = "fal-ai/app/edit";

/// Whether a key of this key set signed a webhook, at about `now` in Unix seconds.
pub fn webhook_is_genuine(
    keys: &[u8],
    headers: &WebhookHeaders<'_>,
    body: &[u8],
    now: i64,
) -> bool {
    let (Ok(keys), Ok(now)) = (Keys::read(keys), OffsetDateTime::from_unix_timestamp(now)) else {
        return false;
    };
    Signed::read(headers, now).is_some_and(|signed| is_genuine(&keys, &signed, body))
}

/// What a webhook's body tells.
pub fn notice(body: &[u8]) -> Option<Notice> {
    Notice::read(body).ok()
}

/// The report in each event of a status stream that comes in these pieces.
pub fn reports(pieces: &[&[u8]]) -> Vec<Option<Report>> {
    let mut events = Events::default();
    for piece in pieces {
        if events.push(piece).is_err() {
            break;
        }
    }
    std::iter::from_fn(|| events.pop()).map(|event| Report::read(&event).ok()).collect()
}

/// What a result says.
pub fn result(body: &[u8]) -> Option<Output> {
    parse::<Made>(body).ok()?.output(None).ok()
}

/// What an answer that is not successful says.
pub fn refusal(body: &[u8]) -> Refusal {
    Refusal::read(StatusCode::UNPROCESSABLE_ENTITY, &HeaderMap::new(), body)
}

/// The request that the answer to a submission names, at the real fal's addresses.
pub fn submission(body: &[u8]) -> Option<Submission> {
    let queue_url = Url::parse(config::LIVE_QUEUE_URL).ok()?;
    Some(parse::<Named>(body).ok()?.at(&queue_url, ENDPOINT))
}

/// The id of the request that has `input_url` among its inputs, on a page of the platform's list.
pub fn listed(body: &[u8], input_url: &str) -> Option<String> {
    parse::<Page>(body).ok()?.take(input_url)
}
