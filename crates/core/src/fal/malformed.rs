//! JSON that is not what fal documents: the error names the place of the fault, and never shows the value.

use std::fmt;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{error::Category, value::RawValue};

/// What is wrong with an answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// A field that matters is missing, or of a wrong type.
    #[error("the field {0} is missing or of a wrong type")]
    Field(String),
    /// Not JSON, or not all of it.
    #[error("it is not JSON from line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
}

/// Parses an answer.
pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Malformed> {
    let mut parser = serde_json::Deserializer::from_slice(json);
    let parsed = serde_path_to_error::deserialize(&mut parser).map_err(|error| name(&error))?;
    parser.end().map_err(|error| not_json(&error))?;
    Ok(parsed)
}

/// Reads a value that is only a hint: one of a wrong type counts as missing.
pub(super) fn hint<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    // Not through `serde_json::Value`, which cannot hold every number that JSON has.
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Reads a list; an entry of a wrong type is `None`.
pub(super) fn hints<'de, D, T>(deserializer: D) -> Result<Vec<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries: Option<Vec<Box<RawValue>>> = hint(deserializer)?;
    let entries = entries.unwrap_or_default().into_iter();
    Ok(entries.map(|entry| serde_json::from_str(entry.get()).ok()).collect())
}

/// Names the place where parsing failed. All fields on the path are named in our types: no others are parsed.
fn name(error: &serde_path_to_error::Error<serde_json::Error>) -> Malformed {
    let inner = error.inner();
    if inner.classify() != Category::Data {
        return not_json(inner);
    }
    let parent = error.path().to_string();
    // For a field that is missing or there twice, the path names only its parent, and the message
    // names the field.
    let Some(field) = quoted(inner, "missing field `").or(quoted(inner, "duplicate field `"))
    else {
        return Malformed::Field(if parent == "." { "(all)".into() } else { parent });
    };
    Malformed::Field(if parent == "." { field } else { format!("{parent}.{field}") })
}

fn quoted(error: &impl fmt::Display, before: &str) -> Option<String> {
    let text = error.to_string();
    let (field, _) = text.strip_prefix(before)?.split_once('`')?;
    Some(field.to_owned())
}

fn not_json(error: &serde_json::Error) -> Malformed {
    Malformed::NotJson { line: error.line(), column: error.column() }
}
