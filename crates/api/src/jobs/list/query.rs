//! Reads which jobs of the list are asked for.

use darkroom_core::{
    job::{JobId, Status},
    store::{Filter, Page},
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::{
    error::{ApiError, Code},
    jobs::moment,
    query::{self, Offered},
};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// The most characters of a value, and of a key in the metadata.
const LONGEST: usize = 200;

/// The most metadata filters.
const MOST_KEYS: usize = 10;

/// How the name of a filter on the metadata begins.
const METADATA: &str = "metadata.";

/// All parameters.
const NAMES: [&str; 8] = [
    "limit",
    "cursor",
    "status",
    "model",
    "parent_id",
    "created_after",
    "created_before",
    "metadata.KEY",
];

/// Which jobs of the list are asked for.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) page: Page,
    pub(crate) filter: Filter,
    /// The other filters as they were sent, for the next page's address.
    sent: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let page = Page { before: None, limit: DEFAULT_LIMIT };
        let mut query = Self { page, filter: Filter::default(), sent: Vec::new() };
        query::read(text, &NAMES, |name, value| {
            match name {
                "limit" => query.page.limit = parse_limit(value)?,
                "cursor" => query.page.before = Some(parse_cursor(value)?),
                "status" => {
                    query.add_statuses(value)?;
                    return Ok(Offered::TakenAsOneOfSeveral);
                }
                _ => return query.add(name, value),
            }
            Ok(Offered::Taken)
        })?;
        Ok(query)
    }

    /// The query of the next page, which begins after this job.
    pub(crate) fn after(&self, last: JobId) -> String {
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.append_pair("limit", &self.page.limit.to_string());
        next.append_pair("cursor", &last.to_string());
        if !self.filter.statuses.is_empty() {
            next.append_pair("status", &words(&self.filter.statuses).join(","));
        }
        next.extend_pairs(&self.sent).finish()
    }

    /// Adds statuses, each once, however often it is sent.
    fn add_statuses(&mut self, value: &str) -> Result<(), ApiError> {
        for word in value.split(',') {
            let status = parse_status(word.trim())?;
            if !self.filter.statuses.contains(&status) {
                self.filter.statuses.push(status);
            }
        }
        Ok(())
    }

    /// Adds a filter by another field than the status.
    fn add(&mut self, name: &str, value: &str) -> Result<Offered, ApiError> {
        if value.contains('\0') || value.chars().count() > LONGEST {
            let detail =
                format!("The value must have at most {LONGEST} characters, and none may be NUL.");
            return Err(ApiError::invalid(Code::InvalidFilter, name, detail));
        }
        let filter = &mut self.filter;
        match name {
            "model" => filter.model = Some(value.into()),
            "parent_id" => filter.parent = Some(parse_parent(value)?),
            "created_after" => filter.created_after = Some(parse_moment(name, value)?),
            "created_before" => filter.created_before = Some(parse_moment(name, value)?),
            _ => {
                let key = name.strip_prefix(METADATA).filter(|key| {
                    (1..=LONGEST).contains(&key.chars().count()) && !key.contains('\0')
                });
                let Some(key) = key else { return Ok(Offered::Unknown) };
                if filter.metadata.len() >= MOST_KEYS {
                    let detail = format!(
                        "The list can be filtered by at most {MOST_KEYS} keys of the metadata."
                    );
                    return Err(ApiError::invalid(Code::TooManyFilters, name, detail));
                }
                filter.metadata.push(objects(key, value));
            }
        }
        self.sent.push((name.into(), value.into()));
        Ok(Offered::Taken)
    }
}

/// The metadata that a filter matches: the value as a string, and as a number or boolean if it is written like one.
fn objects(key: &str, value: &str) -> Vec<Value> {
    let written = serde_json::from_str::<Value>(value).ok();
    let written = written.filter(|value| value.is_number() || value.is_boolean());
    [json!(value)].into_iter().chain(written).map(|value| json!({ key: value })).collect()
}

fn parse_limit(text: &str) -> Result<u16, ApiError> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("The limit must be a whole number from 1 to {MAX_LIMIT}.");
        ApiError::invalid(Code::InvalidLimit, "limit", detail)
    })
}

fn parse_cursor(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_malformed| {
        let detail = "The cursor must come from the Link header of the page before.";
        ApiError::invalid(Code::InvalidCursor, "cursor", detail)
    })
}

/// Statuses as clients write them.
fn words(statuses: &[Status]) -> Vec<String> {
    statuses.iter().map(|status| json!(status).as_str().unwrap_or_default().to_owned()).collect()
}

fn parse_status(word: &str) -> Result<Status, ApiError> {
    // Made a JSON string first, because that is what statuses are deserialized from.
    serde_json::from_value(json!(word)).map_err(|_unknown| {
        let detail =
            format!("The status must be one or more of {}.", words(&Status::ALL).join(", "));
        ApiError::invalid(Code::InvalidStatus, "status", detail)
    })
}

fn parse_parent(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_malformed| {
        ApiError::invalid(Code::InvalidId, "parent_id", "The parent_id must be the id of a job.")
    })
}

/// Reads a moment. A plus sign that the client did not escape arrives as a space.
fn parse_moment(name: &str, text: &str) -> Result<OffsetDateTime, ApiError> {
    moment(name, &text.trim().replace(' ', "+"))
}
