//! What is on record: in the database, and in the stand-in's ledger.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::chaos::house::House;

/// A job.
#[derive(Debug, FromRow, Serialize)]
pub(super) struct Job {
    pub(super) id: Uuid,
    pub(super) prompt: String,
    pub(super) status: String,
    pub(super) webhook_url: Option<String>,
    pub(super) failure_code: Option<String>,
    pub(super) failure_message: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) finished_at: Option<OffsetDateTime>,
}

/// An attempt.
#[derive(Debug, FromRow, Serialize)]
pub(super) struct Attempt {
    pub(super) job_id: Uuid,
    pub(super) number: i16,
    pub(super) worker_id: Uuid,
    pub(super) input_url: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) began_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) submitted_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) notice_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) missed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) ended_at: Option<OffsetDateTime>,
    pub(super) provider_request_id: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) failure_code: Option<String>,
    /// It went with its job.
    pub(super) is_deleted: bool,
}

/// What a trigger noted.
#[derive(Debug, FromRow, Serialize)]
pub(super) struct Noted {
    pub(super) what: String,
    pub(super) job_id: Uuid,
    pub(super) said: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
}

/// A claim of a job that was in line, and what was in flight then, itself included.
#[derive(Debug, FromRow, Serialize)]
pub(super) struct Claim {
    pub(super) job_id: Uuid,
    pub(super) model: String,
    pub(super) of_model: i64,
    pub(super) in_all: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
}

/// A result in the image store.
#[derive(Debug, FromRow, Serialize)]
pub(super) struct Image {
    pub(super) id: Uuid,
    pub(super) job_id: Uuid,
    pub(super) sha256: Vec<u8>,
}

/// A request in the stand-in's ledger.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Request {
    #[serde(rename = "request_id")]
    pub(super) id: Uuid,
    pub(super) endpoint_id: String,
    pub(super) input: Value,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) submitted_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) ended_at: Option<OffsetDateTime>,
    pub(super) status_code: Option<u16>,
    pub(super) billed_units: u32,
    pub(super) webhook_attempts: u32,
    pub(super) webhook_acknowledged: bool,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Records {
    pub(super) jobs: Vec<Job>,
    pub(super) attempts: Vec<Attempt>,
    /// Those that were taken back because they surely did not arrive.
    pub(super) withdrawn: Vec<Attempt>,
    pub(super) noted: Vec<Noted>,
    pub(super) claims: Vec<Claim>,
    pub(super) results: Vec<Image>,
    /// In the order of their submission.
    pub(super) ledger: Vec<Request>,
}

impl Records {
    pub(super) async fn read(house: &House) -> anyhow::Result<Self> {
        let pool = &house.pool;
        let jobs =
            "select id, prompt, status, webhook_url, failure_code, failure_message, created_at, finished_at
                    from jobs order by id";
        let attempts = "select *, false as is_deleted from attempts
                        union all
                        select * from chaos.gone_attempts where is_deleted
                        order by job_id, number";
        let withdrawn = "select * from chaos.gone_attempts where not is_deleted";
        let noted = "select what, job_id, said, at from chaos.noted order by at";
        let claims = "select job_id, model, of_model, in_all, at from chaos.claims order by at";
        let results =
            "select id, job_id, sha256 from images where role = 'result' order by job_id, position";
        let ledger = house.http.get(house.sim_url("/_sim/requests")).send().await?;
        Ok(Self {
            jobs: sqlx::query_as(jobs).fetch_all(pool).await?,
            attempts: sqlx::query_as(attempts).fetch_all(pool).await?,
            withdrawn: sqlx::query_as(withdrawn).fetch_all(pool).await?,
            noted: sqlx::query_as(noted).fetch_all(pool).await?,
            claims: sqlx::query_as(claims).fetch_all(pool).await?,
            results: sqlx::query_as(results).fetch_all(pool).await?,
            ledger: ledger.error_for_status()?.json().await?,
        })
    }

    /// Writes all of it to a file, a line for each record's worth of reading.
    pub(super) fn keep(&self, directory: &Path) -> anyhow::Result<()> {
        Ok(fs::write(directory.join("records.json"), serde_json::to_vec_pretty(self)?)?)
    }

    /// What a trigger noted under this name.
    pub(super) fn noted<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a Noted> {
        self.noted.iter().filter(move |noted| noted.what == what)
    }
}

impl Request {
    /// The address of its first picture, which no two attempts have in common.
    pub(super) fn input_url(&self) -> Option<&str> {
        let one = self.input.get("image_url");
        let first = self.input.get("image_urls").and_then(|urls| urls.get(0));
        one.or(first)?.as_str()
    }

    pub(super) fn prompt(&self) -> &str {
        self.input.get("prompt").and_then(Value::as_str).unwrap_or_default()
    }
}
