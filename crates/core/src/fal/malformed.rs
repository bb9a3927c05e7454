//! JSON that is not what fal documents: what is wrong is named by its place, and never shown.

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

/// A value that is only a hint: whatever it is, it does no harm.
pub(super) fn hint<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    // Not through a value of any kind: those cannot hold every number that JSON has.
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Each of a list's entries that is what it should be, or nothing in its place.
pub(super) fn hints<'de, D, T>(deserializer: D) -> Result<Vec<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries: Option<Vec<Box<RawValue>>> = hint(deserializer)?;
    let entries = entries.unwrap_or_default().into_iter();
    Ok(entries.map(|entry| serde_json::from_str(entry.get()).ok()).collect())
}

/// Where the parser stood. Fields on the way are ours by name: no others are looked into.
fn name(error: &serde_path_to_error::Error<serde_json::Error>) -> Malformed {
    let inner = error.inner();
    if inner.classify() != Category::Data {
        return not_json(inner);
    }
    let parent = error.path().to_string();
    // Of a field that is missing or there twice, the path names only the parent, and the message
    // the field.
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
