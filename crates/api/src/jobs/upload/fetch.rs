//! Fetches pictures from addresses, under the rules for addresses that callers name.

mod turns;

use std::time::Duration;

use bytes::Bytes;
use darkroom_core::{
    api_key::ApiKeyId,
    chain::chain,
    config,
    outbound::{self, Answer, Bounds, Client, Cut, Redirects},
    store::NewImage,
};
use tokio::time::Instant;
use url::Url;

use self::turns::Turns;
use super::{Picture, address::not_taken, picture, too_large};
use crate::{
    State,
    error::{ApiError, Code},
};

/// The time for fetching all pictures of a request together, from its turn on.
const TIME: Duration = Duration::from_secs(30);

/// Fetches pictures. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: Client,
    turns: Turns,
}

impl Fetcher {
    pub(crate) fn new(outbound: &config::Outbound) -> Result<Self, outbound::BuildError> {
        let client = Client::new(outbound.allowed.clone(), Redirects::Followed)?;
        Ok(Self { client, turns: Turns::new() })
    }

    /// Fetches what is at the address, up to this many bytes.
    async fn get(&self, url: &Url, deadline: Instant, bytes: usize) -> Result<Answer, Failure> {
        let time = deadline.saturating_duration_since(Instant::now());
        match self.client.get(url, Bounds { time, bytes }).await {
            Err(outbound::Error::Timeout(_)) => Err(Failure::TooSlow),
            answer => Ok(answer?),
        }
    }
}

/// Why a picture could not be fetched, for the caller.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it did not come within {} seconds", TIME.as_secs())]
    TooSlow,
    #[error("it answers with status {0}")]
    Status(u16),
    #[error("the answer breaks off")]
    BrokenOff,
    #[error(transparent)]
    Call(#[from] outbound::Error),
}

/// Fetches the pictures that were sent as addresses, one after the other, to count a request's bytes exactly.
pub(in crate::jobs) async fn fetch(
    pictures: Vec<Picture>,
    key: Option<ApiKeyId>,
    state: &State,
) -> Result<Vec<NewImage>, ApiError> {
    let is_elsewhere = pictures.iter().any(|picture| matches!(picture, Picture::At { .. }));
    let _turn = if is_elsewhere { Some(state.fetcher.turns.take(key).await?) } else { None };
    let limits = &state.limits;
    let deadline = Instant::now() + TIME;
    let here = pictures.iter().map(|picture| match picture {
        Picture::Here(image) => image.data.len(),
        Picture::At { .. } => 0,
    });
    let mut left = limits.request_bytes.saturating_sub(here.sum());
    let mut images = Vec::with_capacity(pictures.len());
    for picture in pictures {
        images.push(match picture {
            Picture::Here(image) => image,
            Picture::At { field, url } => {
                let limit = limits.upload_bytes.min(left);
                // A refusal names the limit that was hit.
                let told = if limit < limits.upload_bytes { limits.request_bytes } else { limit };
                let answer = state.fetcher.get(&url, deadline, limit).await;
                let data = body(answer).map_err(|failure| match failure {
                    Some(failure) => refusal(&field, failure),
                    None => too_large(&field, told),
                })?;
                left -= data.len();
                picture::check(&field, data, state)?
            }
        });
    }
    Ok(images)
}

/// The whole body of a good answer. `Err(None)` means that it is too large.
fn body(answer: Result<Answer, Failure>) -> Result<Bytes, Option<Failure>> {
    let answer = answer?;
    match answer.cut {
        _ if !answer.status.is_success() => Err(Some(Failure::Status(answer.status.as_u16()))),
        Some(Cut::TooLarge) => Err(None),
        Some(Cut::BrokenOff) => Err(Some(Failure::BrokenOff)),
        None => Ok(answer.body.into()),
    }
}

fn refusal(field: &str, failure: Failure) -> ApiError {
    match failure {
        Failure::Call(outbound::Error::Target(problem)) => not_taken(field, problem),
        Failure::Call(outbound::Error::NothingReachable(_)) => {
            let detail = format!(
                "The address in '{field}' is not accepted: its host leads to no address that may be reached."
            );
            ApiError::invalid(Code::PrivateAddress, field, detail)
        }
        failure => {
            tracing::debug!(error = %chain(&failure), "a picture cannot be fetched");
            let detail = format!("The picture at '{field}' cannot be fetched: {failure}.");
            ApiError::invalid(Code::UnfetchableImage, field, detail)
        }
    }
}
