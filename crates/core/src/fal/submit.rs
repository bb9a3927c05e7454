//! Submit: the call that is paid for (source: fal's inference API reference, queue submit).

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Client, Error, SubmitError, client::json};
use crate::queue::Submission;

#[derive(Deserialize)]
struct Submitted {
    request_id: String,
    status_url: Option<Url>,
    response_url: Option<Url>,
    cancel_url: Option<Url>,
}

impl Client {
    /// Hands a model its input. Sent once, whatever happens.
    pub async fn submit(&self, endpoint: &str, input: &Value) -> Result<Submission, SubmitError> {
        let mut url = self.queue_url.clone();
        url.set_path(endpoint);
        let request = self.keyed.post(url).json(input);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Err(SubmitError::NotAccepted(Error::transport(error)));
            }
            Err(error) => return Err(SubmitError::Unknown(Error::transport(error))),
        };
        let status = response.status();
        match json::<Submitted>(response).await {
            Ok(submitted) => Ok(self.submission(endpoint, submitted)),
            // fal's own "no". A 5xx may come from a machine that had already passed it on.
            Err(error) if status.is_client_error() || status.is_redirection() => {
                Err(SubmitError::NotAccepted(error))
            }
            Err(error) => Err(SubmitError::Unknown(error)),
        }
    }

    /// Follows fal's addresses where they are fal's; the key goes nowhere else.
    fn submission(&self, endpoint: &str, submitted: Submitted) -> Submission {
        let request_id = submitted.request_id;
        let own = |given: Option<Url>, suffix: &str| {
            given
                .filter(|url| url.origin() == self.queue_url.origin())
                .unwrap_or_else(|| self.request_url(endpoint, &request_id, suffix))
        };
        Submission {
            status_url: own(submitted.status_url, "/status"),
            response_url: own(submitted.response_url, ""),
            cancel_url: own(submitted.cancel_url, "/cancel"),
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
