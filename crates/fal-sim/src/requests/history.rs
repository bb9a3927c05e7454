//! Searching for requests that have ended (fal platform docs: requests by endpoint).

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Request;

/// A search for finished requests.
pub(crate) struct Search {
    pub(crate) endpoint_ids: Vec<String>,
    /// Finds requests that ended at this moment or later, ...
    pub(crate) start: OffsetDateTime,
    /// ... and before this one.
    pub(crate) end: OffsetDateTime,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) request_id: Option<Uuid>,
    /// Whether to show what went in and what came out.
    pub(crate) payloads: bool,
    pub(crate) limit: usize,
    /// How many requests the earlier pages have shown.
    pub(crate) skip: usize,
}

/// How a request ended, in the platform's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Error,
    UserError,
}

/// One finished request.
#[derive(Serialize)]
pub(crate) struct Item {
    request_id: Uuid,
    endpoint_id: String,
    #[serde(with = "time::serde::rfc3339")]
    sent_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    ended_at: OffsetDateTime,
    status_code: u16,
    /// Seconds, from the start to the end.
    duration: f64,
    #[serde(flatten)]
    payloads: Option<Payloads>,
}

#[derive(Serialize)]
struct Payloads {
    json_input: Value,
    json_output: Value,
}

impl Search {
    /// A page of the requests that match, the last to end first, and whether there are more.
    pub(super) fn run<'a>(&self, requests: impl Iterator<Item = &'a Request>) -> (Vec<Item>, bool) {
        let mut found: Vec<(OffsetDateTime, &Request)> = requests
            .filter_map(|request| Some((request.ended_at?, request)))
            .filter(|(ended_at, request)| self.finds(*ended_at, request))
            .collect();
        found.sort_by_key(|(ended_at, request)| (std::cmp::Reverse(*ended_at), request.id));
        let has_more = found.len() > self.skip.saturating_add(self.limit);
        let shown = found.into_iter().skip(self.skip).take(self.limit);
        let items = shown.filter_map(|(ended_at, request)| self.show(ended_at, request));
        (items.collect(), has_more)
    }

    fn finds(&self, ended_at: OffsetDateTime, request: &Request) -> bool {
        let outcome = request.answer.as_ref().map(|answer| Outcome::of(answer.status_code));
        self.endpoint_ids.contains(&request.endpoint_id)
            && (self.start..self.end).contains(&ended_at)
            && self.request_id.is_none_or(|id| id == request.id)
            && (self.outcome.is_none() || self.outcome == outcome)
    }

    fn show(&self, ended_at: OffsetDateTime, request: &Request) -> Option<Item> {
        let answer = request.answer.as_ref()?;
        let payloads = (self.payloads && request.stored).then(|| Payloads {
            json_input: request.input.clone(),
            json_output: serde_json::from_slice(&answer.body).unwrap_or_default(),
        });
        Some(Item {
            request_id: request.id,
            endpoint_id: request.endpoint_id.clone(),
            sent_at: request.submitted_at,
            started_at: request.started_at,
            ended_at,
            status_code: answer.status_code,
            duration: request
                .started_at
                .map_or(0.0, |started| (ended_at - started).as_seconds_f64()),
            payloads,
        })
    }
}

impl Outcome {
    /// The outcome that a filter names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "success" => Some(Self::Success),
            "error" => Some(Self::Error),
            "user_error" => Some(Self::UserError),
            _ => None,
        }
    }

    fn of(status_code: u16) -> Self {
        match status_code {
            ..400 => Self::Success,
            400..500 => Self::UserError,
            _ => Self::Error,
        }
    }
}
