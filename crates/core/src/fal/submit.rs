//! Submit: the call that is paid for (source: fal's inference API reference, queue submit).

use serde_json::Value;
use url::Url;

use super::{
    Client, Error, SubmitError,
    address::Named,
    answer::{Answer, MAX_ANSWER_BYTES},
};
use crate::queue::Submission;

impl Client {
    /// Hands a model its input; fal calls the webhook when the request has ended. It is sent only once,
    /// whatever happens.
    pub async fn submit(
        &self,
        endpoint: &str,
        input: &Value,
        webhook: Option<&Url>,
    ) -> Result<Submission, SubmitError> {
        let mut url = self.queue_url.clone();
        url.set_path(endpoint);
        if let Some(webhook) = webhook {
            url.query_pairs_mut().append_pair("fal_webhook", webhook.as_str());
        }
        let request = self.keyed.post(url).headers(self.submit_headers.clone()).json(input);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Err(SubmitError::NotAccepted(Error::transport(error)));
            }
            Err(error) => return Err(SubmitError::Unknown(Error::transport(error))),
        };
        let answer =
            Answer::read(response, MAX_ANSWER_BYTES).await.map_err(SubmitError::Unknown)?;
        match answer.json::<Named>() {
            Ok(named) => Ok(named.at(&self.queue_url, endpoint)),
            // These may also come from a gateway that had passed the submission on and then gave up waiting.
            Err(error) if matches!(answer.status.as_u16(), 408 | 499 | 500..) => {
                Err(SubmitError::Unknown(error))
            }
            // fal refused it.
            Err(error) if !answer.status.is_success() => Err(SubmitError::NotAccepted(error)),
            Err(error) => Err(SubmitError::Unknown(error)),
        }
    }
}
