//! fal's id of a request. It becomes part of addresses, so not every text is accepted.

use serde::{Deserialize, Deserializer, de::Error};

/// Most characters that are accepted; fal's ids are UUIDs, of 36.
const LONGEST: usize = 128;

/// Reads a request's id.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=LONGEST).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(id)
    } else {
        Err(D::Error::custom("not an id"))
    }
}
