//! The client: one call, bounded in time and bytes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    dns::Resolve,
    header::HeaderMap,
    redirect::{Attempt, Policy},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    Allowed, Error, check,
    resolver::{Guard, System},
};
use crate::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The most redirects in a row that are followed, where they are followed at all.
const MOST_REDIRECTS: usize = 3;

/// The most idle connections to one host that are kept, and for how long.
const MAX_IDLE_CONNECTIONS: usize = 4;
const IDLE: Duration = Duration::from_secs(30);

/// Whether redirects are followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Redirects {
    /// They are not: a redirect itself is the answer.
    Answered,
    /// Up to three in a row are, and each is checked as the first address is.
    Followed,
}

/// How long a call may take and how much is read of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From the start to the last byte.
    pub time: Duration,
    /// Bytes of the body.
    pub bytes: usize,
}

/// The answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// As answered.
    pub status: StatusCode,
    /// As answered.
    pub headers: HeaderMap,
    /// As much of the body as came within the bounds.
    pub body: Vec<u8>,
    /// Why the body is not complete; `None` where it is.
    pub cut: Option<Cut>,
}

/// Why the rest of a body is missing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// It is larger than the bounds allow.
    TooLarge,
    /// It broke off, or took too long.
    BrokenOff,
}

/// A client for addresses that callers name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    allowed: Allowed,
}

/// The client cannot be made, because TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for addresses that callers name cannot be made")]
pub struct BuildError(#[source] reqwest::Error);

#[derive(Debug, thiserror::Error)]
#[error("too many redirects")]
pub(super) struct TooManyRedirects;

impl Client {
    /// A client that reaches what is public or allowed.
    pub fn new(allowed: Allowed, redirects: Redirects) -> Result<Self, BuildError> {
        Self::resolving_by(Arc::new(System), allowed, redirects)
    }

    /// The same, with names resolved by `resolver` instead of the machine.
    pub fn resolving_by(
        resolver: Arc<dyn Resolve>,
        allowed: Allowed,
        redirects: Redirects,
    ) -> Result<Self, BuildError> {
        tls::install_provider();
        let guard = Guard { resolver, allowed: allowed.clone() };
        let policy = match redirects {
            Redirects::Answered => Policy::none(),
            Redirects::Followed => following(allowed.clone()),
        };
        let http = reqwest::Client::builder()
            .user_agent(concat!("darkroom/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .dns_resolver(Arc::new(guard))
            .redirect(policy)
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(BuildError)?;
        Ok(Self { http, allowed })
    }

    /// Fetches what is there.
    pub async fn get(&self, url: &Url, bounds: Bounds) -> Result<Answer, Error> {
        self.call(url, self.http.get(url.clone()), bounds).await
    }

    /// Posts a body.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        bounds: Bounds,
    ) -> Result<Answer, Error> {
        self.call(url, self.http.post(url.clone()).headers(headers).body(body), bounds).await
    }

    async fn call(&self, url: &Url, call: RequestBuilder, bounds: Bounds) -> Result<Answer, Error> {
        // The resolver's guard never sees an IP address that stands in the URL itself.
        check(url, &self.allowed)?;
        let deadline = Instant::now() + bounds.time;
        match timeout_at(deadline, call.send()).await {
            Ok(Ok(response)) => Ok(read(response, deadline, bounds.bytes).await),
            Ok(Err(error)) => Err(Error::of(error)),
            Err(_elapsed) => Err(Error::Timeout(bounds.time)),
        }
    }
}

/// Reads no more than the bounds allow; dropping the rest closes the connection.
async fn read(mut response: Response, deadline: Instant, bytes: usize) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let cut = loop {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = bytes - body.len();
                body.extend(chunk.iter().take(room));
                if chunk.len() > room {
                    break Some(Cut::TooLarge);
                }
            }
            Ok(Ok(None)) => break None,
            Ok(Err(_)) | Err(_) => break Some(Cut::BrokenOff),
        }
    };
    Answer { status, headers, body, cut }
}

fn following(allowed: Allowed) -> Policy {
    Policy::custom(move |attempt: Attempt<'_>| {
        // The first of `previous` is the address that was asked for, not a redirect.
        if attempt.previous().len() > MOST_REDIRECTS {
            return attempt.error(TooManyRedirects);
        }
        match check(attempt.url(), &allowed) {
            Ok(()) => attempt.follow(),
            Err(problem) => attempt.error(problem),
        }
    })
}
