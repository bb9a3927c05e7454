//! The settings of the stand-in.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::Tls;

/// How the stand-in behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The least time from a request's start to its end. Default 1.5 s.
    pub latency: Duration,
    /// How many requests run at the same time; the others stay `IN_QUEUE`.
    ///
    /// Default 2, a new account's limit (fal concurrency limits).
    pub concurrency: usize,
    /// Where callers reach the stand-in, if not at the listener's own address.
    ///
    /// Every absolute URL in an answer starts with it.
    pub public_url: Option<Url>,
    /// Serves only HTTPS, with this certificate; default plain HTTP.
    pub tls: Option<Tls>,
    /// The only key that is accepted; without it every `Authorization: Key ...` is.
    pub key: Option<String>,
    /// The host names that run without a queue: a submission to one of them waits for its answer.
    /// Default `fal.run` and its backup.
    pub run_hosts: Vec<String>,
    /// How long a result can be fetched.
    pub retention: Retention,
    /// How many bytes of uploads and results are kept; the oldest are dropped. Default 512 MiB.
    pub media_bytes: usize,
    /// A status stream that is silent for this long sends a comment. Default 15 s.
    pub stream_comment: Duration,
    /// A directory that keeps requests, files and the webhook key across a restart; without it all is forgotten.
    pub state: Option<PathBuf>,
    /// The pause before a webhook is tried again; it doubles each time. Default 5 s.
    pub webhook_retry: Duration,
}

/// How long a result can be fetched after its request has ended
/// (fal queue docs: result retention).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// For a small result. Default 1 hour.
    pub small: Duration,
    /// For a result of 10 KB of JSON or more. Default 6 minutes.
    pub large: Duration,
}

/// From this length of its JSON, in bytes, a result is large.
const LARGE: usize = 10 * 1024;

impl Retention {
    /// How long a result of this length is kept.
    pub(crate) fn of(self, length: usize) -> Duration {
        if length < LARGE { self.small } else { self.large }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { small: Duration::from_hours(1), large: Duration::from_mins(6) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(1500),
            concurrency: 2,
            public_url: None,
            tls: None,
            key: None,
            run_hosts: ["fal.run", "falrun.com"].map(str::to_owned).into(),
            retention: Retention::default(),
            media_bytes: 512 * 1024 * 1024,
            stream_comment: Duration::from_secs(15),
            state: None,
            webhook_retry: Duration::from_secs(5),
        }
    }
}
