//! Webhooks: fal says that a request has ended, and proves that it was fal who said so (source:
//! fal's page on webhooks).

mod key_ring;
mod keys;
mod notice;
mod signature;

use std::sync::Arc;

use time::OffsetDateTime;
use url::Url;

use super::{BuildError, Error, address::Named, malformed::Malformed};
use crate::{config, queue::Submission};
use key_ring::KeyRing;
pub(super) use keys::Keys;
pub use notice::Notice;
pub use signature::WebhookHeaders;
pub(super) use signature::{Signed, is_genuine};

/// Recognises fal's webhooks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Webhooks {
    keys: Arc<KeyRing>,
    queue_url: Url,
}

/// A webhook that is not believed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is not from fal, or too old. Which check failed is not told to the sender.
    #[error("the webhook is not from fal")]
    Unauthentic,
    /// It cannot be known now whether it is from fal; fal will send it again.
    #[error("the keys to tell fal's webhooks by are not to be had")]
    KeysUnavailable(#[source] Error),
    /// It is from fal, but not what fal documents.
    #[error("the webhook's body is unexpected")]
    Malformed(#[source] Malformed),
}

impl Webhooks {
    /// Verifies with the keys at `FAL_REST_URL`, which are fetched when the first webhook comes.
    pub fn new(settings: &config::Fal) -> Result<Self, BuildError> {
        let keys = Arc::new(KeyRing::new(&settings.rest_url)?);
        Ok(Self { keys, queue_url: settings.queue_url.clone() })
    }

    /// Returns what a webhook tells, if fal sent it just now.
    pub async fn verify(
        &self,
        headers: &WebhookHeaders<'_>,
        body: &[u8],
    ) -> Result<Notice, WebhookError> {
        // Checked first, so that keys are not fetched for what cannot be from fal.
        let signed = Signed::read(headers, now()).ok_or(WebhookError::Unauthentic)?;
        let known = self.keys.current().await.map_err(WebhookError::KeysUnavailable)?;
        if !is_genuine(&known, &signed, body) {
            let renewed = self.keys.after(&known).await.map_err(WebhookError::KeysUnavailable)?;
            let renewed = renewed.ok_or(WebhookError::Unauthentic)?;
            if !is_genuine(&renewed, &signed, body) {
                return Err(WebhookError::Unauthentic);
            }
        }
        Notice::read(body).map_err(WebhookError::Malformed)
    }

    /// The request that a notice is about, at this endpoint.
    pub fn submission(&self, endpoint: &str, notice: &Notice) -> Submission {
        Named::by(notice.request_id.clone()).at(&self.queue_url, endpoint)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is compared with fal's clock; no lease or schedule hangs on it"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
