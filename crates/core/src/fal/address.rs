//! Addresses of a request: those that fal gave, if they are on fal's host, else rebuilt from the id.

use serde::Deserialize;
use url::Url;

use super::{malformed::hint, request_id};
use crate::queue::Submission;

/// A request as fal names it. Only the id matters: each address may be missing (source: fal's
/// inference API reference, queue submit).
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(rename = "request_id", deserialize_with = "request_id::deserialize")]
    id: String,
    #[serde(default, rename = "status_url", deserialize_with = "hint")]
    status: Option<Url>,
    #[serde(default, rename = "response_url", deserialize_with = "hint")]
    response: Option<Url>,
    #[serde(default, rename = "cancel_url", deserialize_with = "hint")]
    cancel: Option<Url>,
}

impl Named {
    /// A request of which nothing else is known.
    pub(super) fn by(id: String) -> Self {
        Self { id, status: None, response: None, cancel: None }
    }

    /// The request at this queue, with its addresses. Addresses on another host are replaced, because
    /// the key would be sent there.
    pub(super) fn at(self, queue_url: &Url, endpoint: &str) -> Submission {
        let own = |given: Option<Url>, suffix: &str| {
            given
                .filter(|url| url.origin() == queue_url.origin())
                .unwrap_or_else(|| request_url(queue_url, endpoint, &self.id, suffix))
        };
        Submission {
            status_url: own(self.status, "/status"),
            response_url: own(self.response, ""),
            cancel_url: own(self.cancel, "/cancel"),
            provider_request_id: self.id,
        }
    }
}

/// The address of a request. Of the endpoint it has only owner and app, after the namespace where there
/// is one (source: fal-js, `utils.ts`, `parseEndpointId`).
fn request_url(queue_url: &Url, endpoint: &str, request_id: &str, suffix: &str) -> Url {
    let segments = match endpoint.split('/').next() {
        Some("workflows" | "comfy") => 3,
        _ => 2,
    };
    let app: Vec<&str> = endpoint.split('/').take(segments).collect();
    let mut url = queue_url.clone();
    url.set_path(&format!("{}/requests/{request_id}{suffix}", app.join("/")));
    url
}
