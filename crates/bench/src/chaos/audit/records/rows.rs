//! The types of single records.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use time::OffsetDateTime;
use uuid::Uuid;

/// A job.
#[derive(Debug, FromRow, Serialize)]
pub(in crate::chaos::audit) struct Job {
    pub(in crate::chaos::audit) id: Uuid,
    pub(in crate::chaos::audit) prompt: String,
    pub(in crate::chaos::audit) status: String,
    pub(in crate::chaos::audit) webhook_url: Option<String>,
    pub(in crate::chaos::audit) failure_code: Option<String>,
    pub(in crate::chaos::audit) failure_message: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::chaos::audit) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(in crate::chaos::audit) finished_at: Option<OffsetDateTime>,
}

/// An attempt.
#[derive(Debug, FromRow, Serialize)]
pub(in crate::chaos::audit) struct Attempt {
    pub(in crate::chaos::audit) job_id: Uuid,
    pub(in crate::chaos::audit) number: i16,
    pub(in crate::chaos::audit) worker_id: Uuid,
    pub(in crate::chaos::audit) input_url: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::chaos::audit) began_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(in crate::chaos::audit) submitted_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(in crate::chaos::audit) notice_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(in crate::chaos::audit) missed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(in crate::chaos::audit) ended_at: Option<OffsetDateTime>,
    pub(in crate::chaos::audit) provider_request_id: Option<String>,
    pub(in crate::chaos::audit) outcome: Option<String>,
    pub(in crate::chaos::audit) failure_code: Option<String>,
    /// Whether it was deleted with its job.
    pub(in crate::chaos::audit) is_deleted: bool,
}

/// What a trigger noted.
#[derive(Debug, FromRow, Serialize)]
pub(in crate::chaos::audit) struct Noted {
    pub(in crate::chaos::audit) what: String,
    pub(in crate::chaos::audit) job_id: Uuid,
    pub(in crate::chaos::audit) said: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::chaos::audit) at: OffsetDateTime,
}

/// A claim of a job that was in line, and how many jobs were in flight then, this one included.
#[derive(Debug, FromRow, Serialize)]
pub(in crate::chaos::audit) struct Claim {
    pub(in crate::chaos::audit) job_id: Uuid,
    pub(in crate::chaos::audit) model: String,
    pub(in crate::chaos::audit) of_model: i64,
    pub(in crate::chaos::audit) in_all: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::chaos::audit) at: OffsetDateTime,
}

/// A result in the image store.
#[derive(Debug, FromRow, Serialize)]
pub(in crate::chaos::audit) struct Image {
    pub(in crate::chaos::audit) id: Uuid,
    pub(in crate::chaos::audit) job_id: Uuid,
    pub(in crate::chaos::audit) sha256: Vec<u8>,
}

/// A request in the stand-in's ledger.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::chaos::audit) struct Request {
    #[serde(rename = "request_id")]
    pub(in crate::chaos::audit) id: Uuid,
    pub(in crate::chaos::audit) endpoint_id: String,
    pub(in crate::chaos::audit) input: Value,
    #[serde(with = "time::serde::rfc3339")]
    pub(in crate::chaos::audit) submitted_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(in crate::chaos::audit) ended_at: Option<OffsetDateTime>,
    pub(in crate::chaos::audit) status_code: Option<u16>,
    pub(in crate::chaos::audit) billed_units: u32,
    pub(in crate::chaos::audit) webhook_attempts: u32,
    pub(in crate::chaos::audit) webhook_acknowledged: bool,
}

impl Request {
    /// The address of its first picture, which no two attempts have in common.
    pub(in crate::chaos::audit) fn input_url(&self) -> Option<&str> {
        let one = self.input.get("image_url");
        let first = self.input.get("image_urls").and_then(|urls| urls.get(0));
        one.or(first)?.as_str()
    }

    pub(in crate::chaos::audit) fn prompt(&self) -> &str {
        self.input.get("prompt").and_then(Value::as_str).unwrap_or_default()
    }
}
