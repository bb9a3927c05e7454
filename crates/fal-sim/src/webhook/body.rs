//! The body of a webhook (fal docs: webhooks, payloads).

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;

/// A request that has ended.
pub(crate) struct Ended {
    pub(crate) id: Uuid,
    pub(crate) gateway_id: Uuid,
    pub(crate) answer: Answer,
}

impl Ended {
    /// The JSON of the webhook; its status is `OK` or `ERROR`, never `COMPLETED`.
    ///
    /// Without its payload it is the same, plus an error that the payload could not be serialised.
    pub(super) fn body(&self, without_payload: bool) -> Bytes {
        let code = self.answer.status_code;
        let good = code < 400;
        let mut body = json!({
            "request_id": self.id,
            "gateway_request_id": self.gateway_id,
            "status": if good { "OK" } else { "ERROR" },
            "payload": Value::Null,
        });
        let mut put = |name: &str, value: Value| {
            body.as_object_mut().and_then(|body| body.insert(name.to_owned(), value));
        };
        if !good {
            put("error", format!("Invalid status code: {code}").into());
        }
        if without_payload {
            put("payload_error", "Response payload is not JSON serializable".into());
        } else {
            put("payload", serde_json::from_slice(&self.answer.body).unwrap_or_default());
        }
        body.to_string().into()
    }
}
