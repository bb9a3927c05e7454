//! Addresses of a request: fal's own where they are fal's, else rebuilt.

use serde::Deserialize;
use url::Url;

use super::{Client, malformed::hint};
use crate::queue::Submission;

/// The addresses that fal hands out with a request; each may be missing (source: fal's inference
/// API reference, queue submit and status).
#[derive(Default, Deserialize)]
pub(super) struct Given {
    #[serde(default, rename = "status_url", deserialize_with = "hint")]
    status: Option<Url>,
    #[serde(default, rename = "response_url", deserialize_with = "hint")]
    response: Option<Url>,
    #[serde(default, rename = "cancel_url", deserialize_with = "hint")]
    cancel: Option<Url>,
}

impl Client {
    /// A request by its id. Addresses of somebody else are not followed: the key would go there.
    pub(super) fn submission(
        &self,
        endpoint: &str,
        request_id: String,
        given: Given,
    ) -> Submission {
        let own = |given: Option<Url>, suffix: &str| {
            given
                .filter(|url| url.origin() == self.queue_url.origin())
                .unwrap_or_else(|| self.request_url(endpoint, &request_id, suffix))
        };
        Submission {
            status_url: own(given.status, "/status"),
            response_url: own(given.response, ""),
            cancel_url: own(given.cancel, "/cancel"),
            provider_request_id: request_id,
        }
    }

    /// The address of a request: only owner and app of the endpoint, after the namespace where
    /// there is one (source: fal-js, `utils.ts`, `parseEndpointId`).
    fn request_url(&self, endpoint: &str, request_id: &str, suffix: &str) -> Url {
        let segments = match endpoint.split('/').next() {
            Some("workflows" | "comfy") => 3,
            _ => 2,
        };
        let app: Vec<&str> = endpoint.split('/').take(segments).collect();
        let mut url = self.queue_url.clone();
        url.set_path(&format!("{}/requests/{request_id}{suffix}", app.join("/")));
        url
    }
}
