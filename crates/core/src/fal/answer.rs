//! An answer from fal, read as a whole and within bounds.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{
    error::{Error, Refusal},
    malformed,
};

/// The largest answer that is read, pictures and lists aside: results hold only the addresses of pictures.
pub(super) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A body of which no byte comes for so long is given up.
const IDLE: Duration = Duration::from_secs(30);

/// An answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Sends a call and reads what comes back.
    pub(super) async fn to(request: RequestBuilder) -> Result<Self, Error> {
        Self::read(send(request).await?, MAX_ANSWER_BYTES).await
    }

    /// Reads an answer. If a refusal breaks off, its status code is kept without a body.
    pub(super) async fn read(response: Response, limit: usize) -> Result<Self, Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match bounded(response, limit).await {
            Ok(body) => body,
            Err(error) if status.is_success() => return Err(error),
            Err(_) => Vec::new(),
        };
        Ok(Self { status, headers, body })
    }

    /// The JSON of a successful answer, or else the refusal.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.status.is_success() {
            malformed::parse(&self.body).map_err(Error::Malformed)
        } else {
            Err(self.refusal())
        }
    }

    /// What an answer that is not successful says.
    pub(super) fn refusal(&self) -> Error {
        Error::Refused(Refusal::read(self.status, &self.headers, &self.body))
    }
}

/// Sends a call and awaits the head of its answer.
pub(super) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    request.send().await.map_err(Error::transport)
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn bounded(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = chunk(&mut response, IDLE).await? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the next piece of a body, which must not take longer than `idle`.
pub(super) async fn chunk(response: &mut Response, idle: Duration) -> Result<Option<Bytes>, Error> {
    match timeout(idle, response.chunk()).await {
        Ok(read) => read.map_err(Error::transport),
        Err(_elapsed) => Err(Error::Silent),
    }
}
