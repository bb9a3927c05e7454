//! The connection pools, the key, and the headers of every submission.

use std::time::Duration;

use reqwest::{
    Method, RequestBuilder,
    header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use super::{answer::Answer, error::Error};
use crate::{config, tls};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time limit of one call, from its start to the last byte received. Calls with pictures have their own.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// How often a connection is probed, and how long it may take to answer: one that broke silently
/// would otherwise swallow calls until they time out.
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may be idle before it is not used again. The client must close first: a submission could
/// otherwise be sent while the server closes. Servers usually wait a minute or more.
const MOST_IDLE: Duration = Duration::from_secs(30);

/// The most idle connections that are kept for one host.
const MAX_IDLE_CONNECTIONS: usize = 64;

const STAND_IN_KEY: HeaderValue = HeaderValue::from_static("Key stand-in:no-key-is-set");

/// A client of fal.ai. Cheap to clone; one serves thousands of requests in flight.
#[derive(Clone, Debug)]
pub struct Client {
    /// Sends the key, and follows no redirect, so that the key stays with fal.
    pub(super) keyed: reqwest::Client,
    /// Sends the key, and sets no time limit on answers.
    pub(super) streaming: reqwest::Client,
    /// Sends no key: pictures are stored at another service.
    pub(super) keyless: reqwest::Client,
    pub(super) queue_url: Url,
    pub(super) rest_url: Url,
    pub(super) api_url: Url,
    /// Hosts that results may be fetched from besides fal's own.
    pub(super) media_hosts: Vec<String>,
    /// Sent with every submission.
    pub(super) submit_headers: HeaderMap,
    /// Sent with every upload.
    pub(super) upload_headers: HeaderMap,
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A key with line breaks inside, or the like.
    #[error("FAL_AI_API_KEY holds characters that a key cannot have")]
    Key,
    /// A setting that does not fit into a header.
    #[error("FAL_TAGS does not fit into a header")]
    Tags,
    /// TLS cannot be set up.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
}

impl Client {
    /// A client with these settings. Without a key it can only drive a stand-in.
    pub fn new(settings: &config::Fal) -> Result<Self, BuildError> {
        let mut headers = HeaderMap::new();
        match &settings.key {
            Some(key) => headers.insert(AUTHORIZATION, authorization(key)?),
            // The stand-in requires a key, as fal does.
            None if !settings.is_live() => headers.insert(AUTHORIZATION, STAND_IN_KEY),
            None => None,
        };
        let keyed = builder().timeout(CALL_TIMEOUT).default_headers(headers.clone());
        // A stream lasts as long as its request runs. In HTTP/2, streams would share one
        // connection with calls and take their places; so each has its own connection.
        let streaming = builder().http1_only().default_headers(headers);
        let keyless = builder().timeout(CALL_TIMEOUT);
        Ok(Self {
            keyed: keyed.build().map_err(BuildError::Http)?,
            streaming: streaming.build().map_err(BuildError::Http)?,
            keyless: keyless.build().map_err(BuildError::Http)?,
            queue_url: settings.queue_url.clone(),
            rest_url: settings.rest_url.clone(),
            api_url: settings.api_url.clone(),
            media_hosts: media_hosts(settings),
            submit_headers: submit_headers(settings)?,
            upload_headers: upload_headers(settings),
        })
    }

    /// A call about a request, at the address that was stored with it.
    pub(super) async fn ask(&self, method: Method, url: &Url) -> Result<Answer, Error> {
        self.require_own(url)?;
        let mut call = self.keyed.request(method.clone(), url.clone());
        if method == Method::PUT {
            // Not sent by default, and some servers answer 411 without it.
            call = call.header(CONTENT_LENGTH, 0);
        }
        Answer::to(call).await
    }

    /// Refuses an address on another host: it may have been stored under another provider, which must
    /// not see the key.
    pub(super) fn require_own(&self, url: &Url) -> Result<(), Error> {
        if url.origin() == self.queue_url.origin() { Ok(()) } else { Err(Error::ForeignRequest) }
    }

    /// A call to fal's REST host.
    pub(super) fn rest(&self, path: &str, query: &str) -> RequestBuilder {
        let mut url = self.rest_url.clone();
        url.set_path(path);
        url.set_query(Some(query));
        self.keyed.post(url)
    }
}

/// What all connections to fal have in common.
pub(super) fn builder() -> reqwest::ClientBuilder {
    tls::install_provider();
    reqwest::Client::builder()
        .user_agent(concat!("darkroom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        .pool_idle_timeout(MOST_IDLE)
        .tcp_keepalive(KEEPALIVE)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(KEEPALIVE)
        .http2_keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .http2_keep_alive_while_idle(true)
}

/// `Key <secret>`, not `Bearer` (source: fal's inference API reference).
fn authorization(key: &SecretString) -> Result<HeaderValue, BuildError> {
    let text = format!("Key {}", key.expose_secret().trim());
    let mut value = HeaderValue::from_str(&text).map_err(|_invalid| BuildError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The headers of all submissions (source: fal-js, `headers.ts`).
fn submit_headers(settings: &config::Fal) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::new();
    if let Some(deadline) = settings.start_deadline {
        let name = HeaderName::from_static("x-fal-request-timeout");
        headers.insert(name, deadline.as_secs().into());
    }
    if let Some(lifetime) = lifetime(settings) {
        headers.insert(HeaderName::from_static("x-fal-object-lifecycle-preference"), lifetime);
    }
    if let Some(tags) = &settings.tags {
        let value = HeaderValue::from_str(tags.as_str()).map_err(|_invalid| BuildError::Tags)?;
        headers.insert(HeaderName::from_static("x-fal-tags"), value);
    }
    Ok(headers)
}

/// The lifetime under both names: which one is read depends on the storage (source: `fal_client`, `client.py`).
fn upload_headers(settings: &config::Fal) -> HeaderMap {
    let names = ["x-fal-object-lifecycle", "x-fal-object-lifecycle-preference"];
    let lifetime = lifetime(settings).into_iter();
    lifetime
        .flat_map(|value| names.map(|name| (HeaderName::from_static(name), value.clone())))
        .collect()
}

fn lifetime(settings: &config::Fal) -> Option<HeaderValue> {
    let seconds = settings.object_lifetime?.as_secs();
    HeaderValue::from_str(&json!({"expiration_duration_seconds": seconds}).to_string()).ok()
}

/// The configured hosts; and where the queue is not fal's, also the queue's and the REST host, which then have the
/// pictures.
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
