//! Gets an input picture from this server, from a data URI, or over HTTP.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Detail;
use crate::files;
use crate::server::Sim;

/// The largest input picture, in bytes.
const PICTURE_BYTES: usize = 64 * 1024 * 1024;

/// How long a download may take; some models document 20 s (fal docs: input files).
const DOWNLOAD_TIME: Duration = Duration::from_secs(20);

/// The client for pictures on other servers.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    // If another part of the process has already installed a provider, that one stays.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .timeout(DOWNLOAD_TIME)
        .connect_timeout(Duration::from_secs(5))
        .build()
}

/// The bytes behind the `index`th entry of a picture field.
pub(crate) async fn fetch(
    sim: &Sim,
    field: &str,
    index: usize,
    url: &str,
) -> Result<Bytes, Detail> {
    let input = Value::from(url);
    let failed = |msg: &str| Detail::about(field, "file_download_error", msg, &input).at(index);
    let bytes = if let Some(data) = url.strip_prefix("data:") {
        decode(data).ok_or_else(|| failed("Failed to read the data URI."))?
    } else if let Some(id) = files::own_id(&sim.base_url, url) {
        let file = Uuid::parse_str(id).ok().and_then(|id| sim.media.get(id));
        let file = file.ok_or_else(|| failed("Failed to download the file: not found."))?;
        file.bytes
    } else {
        match download(&sim.http, url).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::debug!(%error, "an input picture could not be downloaded");
                return Err(failed(
                    "Failed to download the file. Please check if the URL is accessible.",
                ));
            }
        }
    };
    if bytes.len() > PICTURE_BYTES {
        let msg = format!("File size exceeds the maximum of {PICTURE_BYTES} bytes.");
        let detail = Detail::about(field, "file_too_large", msg, &input).at(index);
        return Err(detail.with(json!({"max_size": PICTURE_BYTES})));
    }
    Ok(bytes)
}

fn decode(data: &str) -> Option<Bytes> {
    let (head, body) = data.split_once(',')?;
    let body = head.ends_with(";base64").then_some(body)?;
    STANDARD.decode(body).ok().map(Bytes::from)
}

/// Reads up to one chunk beyond the limit, so that the caller sees that it is exceeded.
async fn download(client: &reqwest::Client, url: &str) -> reqwest::Result<Bytes> {
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > PICTURE_BYTES {
            break;
        }
    }
    Ok(bytes.freeze())
}
