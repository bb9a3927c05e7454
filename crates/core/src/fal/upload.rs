//! Upload: hand fal a picture (source: fal-js, `storage.ts`: initiate, then PUT).

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Client, Error, answer::Answer, client::CALL_TIMEOUT};
use crate::images::MediaType;

/// The slowest line over which pictures are worth sending.
const LEAST_BYTES_PER_SECOND: u64 = 50_000;

#[derive(Serialize)]
struct Initiate {
    content_type: &'static str,
    file_name: String,
}

#[derive(Deserialize)]
struct Initiated {
    upload_url: Url,
    file_url: Url,
}

impl Client {
    /// Uploads a picture and returns the address at which models can read it.
    pub async fn upload(&self, data: Bytes, media_type: MediaType) -> Result<Url, Error> {
        let initiated = self.initiate(media_type).await?;
        // Another service, whose address is itself the permission: no key is sent.
        let put = self
            .keyless
            .put(initiated.upload_url)
            .header(CONTENT_TYPE, media_type.as_str())
            .timeout(time_for(data.len()))
            .body(data);
        let answer = Answer::to(put).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(initiated.file_url),
            // No key was sent, so it is about the address and not about the account.
            401 | 403 => Err(Error::AddressRefused(answer.status)),
            // In whatever words: the same picture would be too large again.
            413 => Err(Error::InputTooLarge),
            _ => Err(answer.refusal()),
        }
    }

    /// Asks whether fal accepts the account, by beginning an upload that is never made: that is free,
    /// and refused while the account is locked (source: fal-ai/fal#1147).
    pub async fn probe(&self) -> Result<(), Error> {
        self.initiate(MediaType::Jpeg).await.map(drop)
    }

    async fn initiate(&self, media_type: MediaType) -> Result<Initiated, Error> {
        let initiate = Initiate {
            content_type: media_type.as_str(),
            file_name: format!("input.{}", media_type.extension()),
        };
        let call = self.rest("storage/upload/initiate", "storage_type=fal-cdn-v3");
        Answer::to(call.headers(self.upload_headers.clone()).json(&initiate)).await?.json()
    }
}

/// How long it may take to send so many bytes and get the answer.
fn time_for(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    CALL_TIMEOUT.saturating_add(Duration::from_secs(bytes / LEAST_BYTES_PER_SECOND))
}
