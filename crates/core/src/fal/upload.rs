//! Upload: hand fal a picture (source: fal-js, `storage.ts`: initiate, then PUT).

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Client, Error,
    client::{json, refused, send},
};
use crate::images::MediaType;

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
    /// Uploads a picture and answers the address that models can read it at.
    pub async fn upload(&self, data: Bytes, media_type: MediaType) -> Result<Url, Error> {
        let mut url = self.rest_url.clone();
        url.set_path("storage/upload/initiate");
        url.set_query(Some("storage_type=fal-cdn-v3"));
        let initiate = Initiate {
            content_type: media_type.as_str(),
            file_name: format!("input.{}", media_type.extension()),
        };
        let initiated: Initiated = json(send(self.keyed.post(url).json(&initiate)).await?).await?;

        // Another service, and its address is the permission: no key.
        let put = self
            .keyless
            .put(initiated.upload_url)
            .header(CONTENT_TYPE, media_type.as_str())
            .body(data);
        let answer = send(put).await?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        Ok(initiated.file_url)
    }
}
