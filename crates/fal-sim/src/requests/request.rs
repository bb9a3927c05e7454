//! One request, from its submission to its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use super::Started;
use crate::answer::{Answer, shortened};
use crate::clock;
use crate::problem::Problem;

/// Where a request is. There is no failed and no cancelled: both end `COMPLETED`
/// (fal queue docs: status).
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Phase {
    InQueue,
    InProgress,
    Completed,
}

/// A line of a request's log.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Log {
    message: String,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    level: &'static str,
    source: &'static str,
}

/// One request of the account.
pub(crate) struct Request {
    id: Uuid,
    endpoint_id: String,
    pub(crate) app: String,
    submitted_at: OffsetDateTime,
    /// The input for the ledger, with long strings (data URIs) shortened.
    input: Value,
    /// The whole input, until the model has it.
    whole_input: Value,
    pub(crate) phase: Phase,
    pub(crate) logs: Vec<Log>,
    pub(crate) answer: Option<Answer>,
    pub(crate) inference: Option<Duration>,
    expired: bool,
    result_fetches: u64,
    pub(super) cancelled: Arc<Notify>,
}

/// A request as the ledger shows it.
#[derive(Debug, Serialize)]
pub(crate) struct LedgerEntry {
    request_id: Uuid,
    endpoint_id: String,
    #[serde(with = "time::serde::rfc3339")]
    submitted_at: OffsetDateTime,
    input: Value,
    status: Phase,
    /// The code the result GET answers with, once the request is over.
    status_code: Option<u16>,
    billed_units: u32,
    result_fetches: u64,
}

impl Request {
    pub(super) fn new(id: Uuid, endpoint_id: &str, app: &str, input: Value) -> Self {
        Self {
            id,
            endpoint_id: endpoint_id.to_owned(),
            app: app.to_owned(),
            submitted_at: clock::now(),
            input: shortened(&input),
            whole_input: input,
            phase: Phase::InQueue,
            logs: Vec::new(),
            answer: None,
            inference: None,
            expired: false,
            result_fetches: 0,
            cancelled: Arc::default(),
        }
    }

    pub(super) fn start(&mut self) -> Started {
        self.phase = Phase::InProgress;
        Started {
            id: self.id,
            endpoint_id: self.endpoint_id.clone(),
            input: self.whole_input.take(),
            cancelled: Arc::clone(&self.cancelled),
        }
    }

    pub(super) fn settle(&mut self, answer: Answer, inference: Option<Duration>) {
        self.phase = Phase::Completed;
        self.whole_input = Value::Null;
        self.answer = Some(answer);
        self.inference = inference;
    }

    pub(super) fn log(&mut self, message: String) {
        self.logs.push(Log { message, timestamp: clock::now(), level: "INFO", source: "USER" });
    }

    /// Hands out the answer and counts that.
    pub(crate) fn fetch(&mut self) -> Result<Answer, Problem> {
        if self.expired {
            return Err(Problem::UnknownRequest);
        }
        let answer = self.answer.clone().ok_or(Problem::InProgress)?;
        self.result_fetches += 1;
        Ok(answer)
    }

    /// Lets go of the answer's body; the ledger keeps the rest.
    pub(super) fn expire(&mut self) {
        self.expired = true;
        if let Some(answer) = &mut self.answer {
            answer.body = Bytes::new();
        }
    }

    pub(super) fn entry(&self) -> LedgerEntry {
        LedgerEntry {
            request_id: self.id,
            endpoint_id: self.endpoint_id.clone(),
            submitted_at: self.submitted_at,
            input: self.input.clone(),
            status: self.phase,
            status_code: self.answer.as_ref().map(|answer| answer.status_code),
            billed_units: self.answer.as_ref().map_or(0, |answer| answer.billed_units),
            result_fetches: self.result_fetches,
        }
    }
}
