//! What a caller may choose about the stand-in.

use std::time::Duration;

use url::Url;

use crate::Tls;

/// How the stand-in behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a request runs at least, from its start to its answer. Default 1.5 s.
    pub latency: Duration,
    /// How many requests run at the same time; the others stay `IN_QUEUE`.
    ///
    /// Default 2, a new account's limit (fal concurrency limits).
    pub concurrency: usize,
    /// Where callers reach the stand-in, when that is not the listener's own address.
    ///
    /// Every absolute URL in an answer starts with it.
    pub public_url: Option<Url>,
    /// Serves HTTPS and nothing else; default plain HTTP.
    pub tls: Option<Tls>,
    /// The only key that is accepted; without it any `Authorization: Key ...` is.
    pub key: Option<String>,
    /// How many bytes of uploads and results are kept; the oldest go first. Default 512 MiB.
    pub media_bytes: usize,
    /// After how long a silence a status stream sends a comment. Default 15 s.
    pub stream_comment: Duration,
    /// The pause before a webhook is tried again; it doubles each time. Default 5 s.
    pub webhook_retry: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(1500),
            concurrency: 2,
            public_url: None,
            tls: None,
            key: None,
            media_bytes: 512 * 1024 * 1024,
            stream_comment: Duration::from_secs(15),
            webhook_retry: Duration::from_secs(5),
        }
    }
}
