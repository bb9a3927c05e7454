//! Download: fetch an output, from known hosts only, without the key and within bounds.

use std::time::Duration;

use bytes::Bytes;
use url::{Host, Url};

use super::{
    Client, Error,
    answer::{Answer, MAX_ANSWER_BYTES, bounded, send},
};
use crate::images::{Inspected, inspect};

/// The largest output that is fetched; none of the models on offer makes a larger one.
const MAX_OUTPUT_BYTES: usize = 64 * 1024 * 1024;

/// Enough for the largest output on a slow line; a download that stands still is cut off earlier.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(5);

/// Several times what the largest model makes, which is about 17 million.
const MAX_OUTPUT_PIXELS: u64 = 100_000_000;

/// fal's own hosts of pictures (source: fal's pages on its CDN and on file access).
const FAL_MEDIA: [&str; 2] = ["fal.media", "storage.googleapis.com"];

/// A fetched picture.
#[derive(Clone, Debug)]
pub struct Download {
    /// The file, whole.
    pub data: Bytes,
    /// Read from its bytes.
    pub picture: Inspected,
}

impl Client {
    /// Fetches an output.
    pub async fn download(&self, url: &Url) -> Result<Download, Error> {
        if !self.is_media_host(url) {
            let host = url.host_str().unwrap_or("no host").to_owned();
            return Err(Error::ForeignHost { host });
        }
        let get = self.keyless.get(url.clone()).timeout(DOWNLOAD_TIMEOUT);
        let response = send(get).await?;
        // No key was sent, so a refusal is about the output and not about the account.
        if matches!(response.status().as_u16(), 401 | 403 | 404 | 410) {
            return Err(Error::OutputGone(response.status()));
        }
        if !response.status().is_success() {
            return Err(Answer::read(response, MAX_ANSWER_BYTES).await?.refusal());
        }
        let data: Bytes = bounded(response, MAX_OUTPUT_BYTES).await?.into();
        match inspect(&data, MAX_OUTPUT_PIXELS) {
            Ok(picture) => Ok(Download { data, picture }),
            Err(problem) => {
                tracing::warn!(%problem, "an output is not usable");
                Err(Error::NoPicture)
            }
        }
    }

    /// Whether results may be fetched from this host: from configured ones exactly, from fal's own and their subdomains
    /// over TLS.
    fn is_media_host(&self, url: &Url) -> bool {
        let Some(host) = url.host_str().map(str::to_lowercase) else {
            return false;
        };
        if self.media_hosts.contains(&host) {
            return matches!(url.scheme(), "http" | "https");
        }
        let is_domain = matches!(url.host(), Some(Host::Domain(_)));
        let is_fal = FAL_MEDIA.iter().any(|known| {
            host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        is_domain && is_fal && url.scheme() == "https"
    }
}
