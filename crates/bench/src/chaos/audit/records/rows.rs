//! The types of single records.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use time::OffsetDateTime;
use uuid::Uuid;

/// A job.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Job {
    pub(crate) id: Uuid,
    pub(crate) prompt: String,
    pub(crate) status: String,
    pub(crate) webhook_url: Option<String>,
    pub(crate) failure_code: Option<String>,
    pub(crate) failure_message: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) finished_at: Option<OffsetDateTime>,
}

/// An attempt.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Attempt {
    pub(crate) job_id: Uuid,
    pub(crate) number: i16,
    pub(crate) worker_id: Uuid,
    pub(crate) input_url: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) began_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) submitted_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) notice_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) missed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) ended_at: Option<OffsetDateTime>,
    pub(crate) provider_request_id: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) failure_code: Option<String>,
    /// Whether it was deleted with its job.
    pub(crate) is_deleted: bool,
}

/// What a trigger noted.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Noted {
    pub(crate) what: String,
    pub(crate) job_id: Uuid,
    pub(crate) said: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
}

/// A claim of a job that was in line, and how many jobs were in flight then, this one included.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Claim {
    pub(crate) job_id: Uuid,
    pub(crate) model: String,
    pub(crate) of_model: i64,
    pub(crate) in_all: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
}

/// A result in the image store.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Image {
    pub(crate) id: Uuid,
    pub(crate) job_id: Uuid,
    pub(crate) sha256: Vec<u8>,
}

/// A request in the stand-in's ledger.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Request {
    #[serde(rename = "request_id")]
    pub(crate) id: Uuid,
    pub(crate) endpoint_id: String,
    pub(crate) input: Value,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) submitted_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) ended_at: Option<OffsetDateTime>,
    pub(crate) status_code: Option<u16>,
    pub(crate) billed_units: u32,
    pub(crate) webhook_attempts: u32,
    pub(crate) webhook_acknowledged: bool,
}

impl Request {
    /// The address of its first picture, which no two attempts have in common.
    pub(crate) fn input_url(&self) -> Option<&str> {
        let one = self.input.get("image_url");
        let first = self.input.get("image_urls").and_then(|urls| urls.get(0));
        one.or(first)?.as_str()
    }

    pub(crate) fn prompt(&self) -> &str {
        self.input.get("prompt").and_then(Value::as_str).unwrap_or_default()
    }
}
