//! How a request ends: the status code and body of its result GET.

use std::borrow::Cow;

use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest string of an input that ledger and errors show whole, in bytes.
const LONGEST_STRING: usize = 16 * 1024;

/// The model's own answer, or the queue's in place of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status_code: u16,
    /// JSON; the bytes are shared by all fetches.
    #[serde(with = "text")]
    pub(crate) body: Bytes,
    pub(crate) billed_units: u32,
    /// Set when the request, not the model, failed (fal docs: request error types).
    pub(crate) request_error: Option<RequestError>,
}

/// A failure of the request outside the model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RequestError {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    /// Whether the caller's own deadline passed, not one of the platform.
    pub(crate) deadline: bool,
}

/// One entry of a model's `detail` list (fal docs: model errors).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Detail {
    pub(crate) loc: Vec<Value>,
    pub(crate) msg: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ctx: Option<Box<Value>>,
    pub(crate) input: Box<Value>,
}

impl Detail {
    /// An error about one field of the input.
    pub(crate) fn about(
        field: &str,
        kind: &'static str,
        msg: impl Into<String>,
        input: &Value,
    ) -> Self {
        Self {
            loc: vec![json!("body"), json!(field)],
            msg: msg.into(),
            kind,
            ctx: None,
            input: Box::new(shortened(input)),
        }
    }

    pub(crate) fn with(mut self, ctx: Value) -> Self {
        self.ctx = Some(Box::new(ctx));
        self
    }

    /// Names the entry of the list that it is about.
    pub(crate) fn at(mut self, index: usize) -> Self {
        self.loc.push(json!(index));
        self
    }
}

impl Answer {
    pub(crate) fn output(body: &Value, billed_units: u32) -> Self {
        Self { status_code: 200, body: body.to_string().into(), billed_units, request_error: None }
    }

    /// The model refuses its input; that costs nothing (fal docs: who gets billed).
    pub(crate) fn refused(details: &[Detail]) -> Self {
        Self {
            status_code: 422,
            body: json!({"detail": details}).to_string().into(),
            billed_units: 0,
            request_error: None,
        }
    }

    pub(crate) fn internal_error() -> Self {
        Self {
            status_code: 500,
            body: json!({"detail": "Internal Server Error"}).to_string().into(),
            billed_units: 0,
            request_error: None,
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self::request_failed(499, "client_cancelled", "Request was cancelled by the client", false)
    }

    /// The caller's start deadline passed (fal docs: request headers).
    pub(crate) fn not_started() -> Self {
        Self::request_failed(504, "request_timeout", "Request timed out", true)
    }

    fn request_failed(
        status_code: u16,
        kind: &'static str,
        message: &'static str,
        deadline: bool,
    ) -> Self {
        let error = RequestError { kind: kind.into(), message: message.into(), deadline };
        Self {
            status_code,
            body: json!({"detail": message, "error_type": kind}).to_string().into(),
            billed_units: 0,
            request_error: Some(error),
        }
    }
}

/// A copy of an input that is small enough to keep: long strings are cut.
pub(crate) fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONGEST_STRING => {
            let start: String = text.chars().take(64).collect();
            json!(format!("{start}... ({} bytes)", text.len()))
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), shortened(field))).collect()
        }
        other => other.clone(),
    }
}

/// Stores a body in the journal as text, as it is JSON.
mod text {
    use actix_web::web::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(body: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(body))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        String::deserialize(from).map(Bytes::from)
    }
}
