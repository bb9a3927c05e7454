//! What a webhook tells (source: fal's page on webhooks).

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::fal::{
    malformed::{Malformed, parse},
    request_id,
};

/// Tells that a request has ended. Its result has to be fetched: the webhook's copy may be missing,
/// although it was paid for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// fal's `request_id`, as in the answer to the submission.
    pub request_id: String,
    /// Whether it ended well.
    pub ok: bool,
}

#[derive(Deserialize)]
struct Body {
    #[serde(deserialize_with = "request_id::deserialize")]
    request_id: String,
    #[serde(rename = "status", deserialize_with = "ok")]
    ok: bool,
}

impl Notice {
    /// Reads a webhook's body.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let Body { request_id, ok } = parse(body)?;
        Ok(Self { request_id, ok })
    }
}

/// Reads `OK` or `ERROR`; fal's queue uses other words.
fn ok<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "OK" => Ok(true),
        "ERROR" => Ok(false),
        _ => Err(D::Error::custom("not a status")),
    }
}
