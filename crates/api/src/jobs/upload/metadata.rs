//! Checks the metadata that a caller attaches to a job against its limits.

use serde_json::Value;

use crate::error::{ApiError, Code};

/// The most bytes of its text.
pub(super) const MOST_BYTES: usize = 4096;

/// The most keys of all objects in it together.
const MOST_KEYS: usize = 50;

/// The most levels: an object or array in the object is the second one.
const MOST_LEVELS: usize = 3;

pub(super) fn check(text: &str) -> Result<Value, ApiError> {
    let metadata = match serde_json::from_str::<Value>(text) {
        Ok(metadata @ Value::Object(_)) => metadata,
        Ok(_) => return Err(invalid("be a JSON object, such as {\"order\": 7}")),
        Err(_) => return Err(invalid("be JSON, such as {\"order\": 7}")),
    };
    if levels(&metadata) > MOST_LEVELS {
        return Err(invalid(&format!("not have more than {MOST_LEVELS} levels")));
    }
    if keys(&metadata) > MOST_KEYS {
        return Err(invalid(&format!("not have more than {MOST_KEYS} keys")));
    }
    // The database cannot store them.
    if has_nul(&metadata) {
        return Err(invalid("not contain NUL characters"));
    }
    Ok(metadata)
}

fn invalid(must: &str) -> ApiError {
    ApiError::invalid(Code::InvalidMetadata, "metadata", format!("The metadata must {must}."))
}

fn levels(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.len() + members.values().map(keys).sum::<usize>(),
        Value::Array(items) => items.iter().map(keys).sum(),
        _ => 0,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(key, value)| key.contains('\0') || has_nul(value))
        }
        Value::Array(items) => items.iter().any(has_nul),
        Value::String(text) => text.contains('\0'),
        _ => false,
    }
}
