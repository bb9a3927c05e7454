//! Find a request whose submission went unanswered, in the platform's list (source: fal's platform
//! API reference, requests by endpoint).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use tokio::time::timeout;
use url::Url;

use super::{
    Client, Error,
    address::Named,
    answer::{Answer, send},
    malformed::hint,
    request_id,
};
use crate::queue::Submission;

/// Requests on a page; fal allows no more.
const PAGE: &str = "100";

/// Most pages that a search reads: fewer requests of one endpoint end between two searches, or before the first one
/// unless that comes late.
const MOST_PAGES: usize = 100;

/// Time limit of a whole search: other searches wait for their turn.
const PATIENCE: Duration = Duration::from_mins(2);

/// A page holds inputs and outputs, which may be pictures in text.
const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;

#[derive(Deserialize)]
pub(super) struct Page {
    items: Vec<Item>,
    #[serde(default, deserialize_with = "hint")]
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(deserialize_with = "request_id::deserialize")]
    request_id: String,
    /// Missing where payloads are not kept.
    #[serde(default, deserialize_with = "hint")]
    json_input: Option<Value>,
}

impl Client {
    /// Finds the request of an endpoint that has this address as an input and ended after `since`, if the
    /// platform lists it. Whether it lists requests before they end is not documented.
    pub async fn find_request(
        &self,
        endpoint: &str,
        input_url: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Submission>, Error> {
        let searching = self.search(endpoint, input_url, since);
        timeout(PATIENCE, searching).await.unwrap_or(Err(Error::SlowList))
    }

    async fn search(
        &self,
        endpoint: &str,
        input_url: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Submission>, Error> {
        let mut cursor = None;
        for _ in 0..MOST_PAGES {
            let mut page = self.page(endpoint, since, cursor.as_deref()).await?;
            if let Some(request_id) = page.take(input_url) {
                return Ok(Some(Named::by(request_id).at(&self.queue_url, endpoint)));
            }
            match page.next_cursor {
                Some(next) if !next.is_empty() && cursor.as_ref() != Some(&next) => {
                    cursor = Some(next);
                }
                _ => return Ok(None),
            }
        }
        tracing::warn!(
            endpoint,
            "fal's list of requests goes on and on; its older part was not read"
        );
        Ok(None)
    }

    async fn page(
        &self,
        endpoint: &str,
        since: OffsetDateTime,
        cursor: Option<&str>,
    ) -> Result<Page, Error> {
        let url = self.page_url(endpoint, since, cursor);
        let response = send(self.keyed.get(url)).await?;
        Answer::read(response, MAX_PAGE_BYTES).await?.json()
    }

    fn page_url(&self, endpoint: &str, since: OffsetDateTime, cursor: Option<&str>) -> Url {
        let mut url = self.api_url.clone();
        url.set_path("v1/models/requests/by-endpoint");
        let mut query = url.query_pairs_mut();
        query.append_pair("endpoint_id", endpoint).append_pair("limit", PAGE);
        query.append_pair("expand", "payloads");
        // Without a start, fal searches the last 24 hours.
        if let Ok(start) = since.to_offset(UtcOffset::UTC).format(&Rfc3339) {
            query.append_pair("start", &start);
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        drop(query);
        url
    }
}

impl Page {
    /// The id of the request that has this text somewhere in its input.
    pub(super) fn take(&mut self, text: &str) -> Option<String> {
        let has_it = |item: &Item| item.json_input.as_ref().is_some_and(|it| mentions(it, text));
        let position = self.items.iter().position(has_it)?;
        Some(self.items.swap_remove(position).request_id)
    }
}

/// Looks through all fields, because models name their inputs differently and nest them.
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(fields) => fields.values().any(|field| mentions(field, text)),
        _ => false,
    }
}
