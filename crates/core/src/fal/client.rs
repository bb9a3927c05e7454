//! The connection pools and the key.

use std::time::Duration;

use reqwest::{
    RequestBuilder, Response,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use super::error::{Error, Refusal};
use crate::{config, tls};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Of one call, from first byte sent to last byte received.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// No answer of fal is larger, pictures aside: results hold addresses of pictures.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

const STAND_IN_KEY: HeaderValue = HeaderValue::from_static("Key stand-in:no-key-is-set");

/// A client of fal.ai. Cheap to clone; one serves thousands of requests in flight.
#[derive(Clone, Debug)]
pub struct Client {
    /// Sends the key, and follows no redirect, so that the key stays with fal.
    pub(super) keyed: reqwest::Client,
    /// Sends no key: pictures are another service's.
    pub(super) keyless: reqwest::Client,
    pub(super) queue_url: Url,
    pub(super) rest_url: Url,
    /// Hosts that results may be fetched from, beside fal's own.
    pub(super) media_hosts: Vec<String>,
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A key with line breaks inside, or the like.
    #[error("FAL_AI_API_KEY holds characters that a key cannot have")]
    Key,
    /// TLS is not to be had.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
}

impl Client {
    /// A client with these settings. Without a key it can only drive a stand-in.
    pub fn new(settings: &config::Fal) -> Result<Self, BuildError> {
        tls::install_provider();
        let mut headers = HeaderMap::new();
        match &settings.key {
            Some(key) => headers.insert(AUTHORIZATION, authorization(key)?),
            // A stand-in wants to see one, as fal does.
            None if !settings.is_live() => headers.insert(AUTHORIZATION, STAND_IN_KEY),
            None => None,
        };
        let keyed = builder().default_headers(headers).build().map_err(BuildError::Http)?;
        let keyless = builder().build().map_err(BuildError::Http)?;
        Ok(Self {
            keyed,
            keyless,
            queue_url: settings.queue_url.clone(),
            rest_url: settings.rest_url.clone(),
            media_hosts: media_hosts(settings),
        })
    }
}

impl Client {
    /// A call about a request, at the address that was stored with it. The provider may have been
    /// another one then, and the key is none of its business.
    pub(super) async fn ask(&self, url: &Url) -> Result<Response, Error> {
        if url.origin() != self.queue_url.origin() {
            return Err(Error::ForeignRequest);
        }
        send(self.keyed.get(url.clone())).await
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("darkroom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .redirect(redirect::Policy::none())
}

/// `Key <secret>`, not `Bearer` (source: fal's inference API reference).
fn authorization(key: &SecretString) -> Result<HeaderValue, BuildError> {
    let text = format!("Key {}", key.expose_secret().trim());
    let mut value = HeaderValue::from_str(&text).map_err(|_invalid| BuildError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where the hosts are not fal's, their pictures come from the same place.
fn media_hosts(settings: &config::Fal) -> Vec<String> {
    let configured = settings.media_hosts.split(',').map(str::trim);
    let mut hosts: Vec<String> =
        configured.filter(|host| !host.is_empty()).map(str::to_lowercase).collect();
    if !settings.is_live() {
        hosts.extend(settings.queue_url.host_str().map(str::to_lowercase));
        hosts.extend(settings.rest_url.host_str().map(str::to_lowercase));
    }
    hosts
}

/// Sends a call and reads its answer, whatever its status code.
pub(super) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    request.send().await.map_err(Error::transport)
}

/// Reads a good answer's JSON, and turns any other into its error.
pub(super) async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    if !response.status().is_success() {
        return Err(refused(response).await);
    }
    let body = bounded(response, MAX_ANSWER_BYTES).await?;
    serde_json::from_slice(&body).map_err(Error::Malformed)
}

/// What an answer that is not good says. A body that breaks off says nothing, but the code stands.
pub(super) async fn refused(response: Response) -> Error {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = bounded(response, MAX_ANSWER_BYTES).await.unwrap_or_default();
    Error::Refused(Refusal::read(status, &headers, &body))
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn bounded(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Error::transport)? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
