//! One request, from its submission to its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use url::Url;
use uuid::Uuid;

use super::journal::Ended;
use super::{Door, Started, Submission};
use crate::answer::{Answer, shortened};
use crate::clock;
use crate::model::dialect;
use crate::problem::Problem;
use crate::settings::Retention;

/// The status of a request. None stands for failed or cancelled: such requests are `COMPLETED`
/// too (fal queue docs: status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    pub(super) id: Uuid,
    /// The id of the last attempt: the request's own, unless the request was sent back.
    pub(crate) gateway_id: Uuid,
    pub(crate) endpoint_id: String,
    pub(crate) app: String,
    pub(super) submitted_at: OffsetDateTime,
    pub(super) started_at: Option<OffsetDateTime>,
    pub(super) ended_at: Option<OffsetDateTime>,
    /// The input for the ledger, with long strings (data URIs) shortened.
    pub(super) input: Value,
    /// Whether input and output may be shown later (`X-Fal-Store-IO`).
    pub(super) stored: bool,
    /// The whole input, until the run starts and takes it.
    whole_input: Value,
    pub(crate) phase: Phase,
    pub(crate) logs: Vec<Log>,
    pub(crate) answer: Option<Answer>,
    pub(crate) inference: Option<Duration>,
    expired: bool,
    result_fetches: u64,
    door: Door,
    key_id: Option<String>,
    attempt: u32,
    pub(super) cancelled: Arc<Notify>,
    /// Notified at every change of phase and every line of the log.
    changed: watch::Sender<()>,
    /// Where to announce the end.
    pub(crate) webhook: Option<Url>,
    /// How often the webhook was tried.
    pub(crate) webhook_attempts: u32,
    /// Whether the webhook's receiver has answered 2xx.
    pub(crate) webhook_acknowledged: bool,
}

/// A request as the ledger shows it.
#[derive(Debug, Serialize)]
pub(crate) struct LedgerEntry {
    request_id: Uuid,
    endpoint_id: String,
    door: Door,
    /// The id of the caller's key. The secret half of the key is not kept.
    key_id: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    submitted_at: OffsetDateTime,
    /// When it last got a slot.
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
    input: Value,
    /// Fields of the input that the model does not document.
    unknown_fields: Vec<String>,
    status: Phase,
    /// The status code of the result GET, once the request has ended.
    status_code: Option<u16>,
    billed_units: u32,
    /// Dollars.
    cost_usd: f64,
    result_fetches: u64,
    webhook_attempts: u32,
    webhook_acknowledged: bool,
}

impl Request {
    pub(super) fn new(id: Uuid, door: Door, submission: Submission) -> Self {
        Self {
            id,
            gateway_id: id,
            endpoint_id: submission.endpoint_id,
            app: submission.app,
            submitted_at: clock::now(),
            started_at: None,
            ended_at: None,
            input: shortened(&submission.input),
            stored: submission.stored,
            whole_input: submission.input,
            phase: Phase::InQueue,
            logs: Vec::new(),
            answer: None,
            inference: None,
            expired: false,
            result_fetches: 0,
            door,
            key_id: submission.key_id,
            attempt: 0,
            cancelled: Arc::default(),
            changed: watch::Sender::default(),
            webhook: submission.webhook,
            webhook_attempts: 0,
            webhook_acknowledged: false,
        }
    }

    /// The same request, submitted at this moment instead of now.
    pub(super) fn made_at(self, submitted_at: OffsetDateTime) -> Self {
        Self { submitted_at, ..self }
    }

    /// Whether its caller is gone: a direct run that a restart interrupted.
    pub(super) fn is_cut_off(&self) -> bool {
        self.door == Door::Direct && self.phase != Phase::Completed
    }

    /// Ends the request again, as the journal says it ended.
    pub(super) fn relive(&mut self, ended: Ended) {
        self.settle(ended.answer, ended.inference);
        self.gateway_id = ended.gateway_id;
        (self.started_at, self.ended_at) = (ended.started_at, ended.at);
    }

    pub(super) fn start(&mut self) -> Started {
        self.phase = Phase::InProgress;
        self.started_at = Some(clock::now());
        self.attempt += 1;
        self.changed.send_replace(());
        Started {
            id: self.id,
            endpoint_id: self.endpoint_id.clone(),
            input: self.whole_input.take(),
            attempt: self.attempt,
            door: self.door,
            cancelled: Arc::clone(&self.cancelled),
        }
    }

    /// Puts it back in the queue, for another attempt under a new id.
    pub(super) fn send_back(&mut self, input: Value) {
        self.phase = Phase::InQueue;
        self.whole_input = input;
        self.gateway_id = Uuid::new_v4();
        self.changed.send_replace(());
    }

    pub(super) fn settle(&mut self, answer: Answer, inference: Option<Duration>) {
        self.phase = Phase::Completed;
        self.whole_input = Value::Null;
        self.answer = Some(answer);
        self.inference = inference;
        self.ended_at = Some(clock::now());
        self.changed.send_replace(());
    }

    /// Notifies of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn log(&mut self, message: String) {
        self.logs.push(Log { message, timestamp: clock::now(), level: "INFO", source: "USER" });
        self.changed.send_replace(());
    }

    /// Whether it has ended, and its answer is not older than answers get.
    pub(super) fn is_kept(&self, retention: Retention) -> bool {
        let ended = self.answer.as_ref().zip(self.ended_at);
        ended.is_some_and(|(answer, ended_at)| {
            clock::now() - ended_at < retention.of(answer.body.len())
        })
    }

    /// Returns the answer while it is kept, and counts the fetch.
    pub(crate) fn fetch(&mut self, retention: Retention) -> Result<Answer, Problem> {
        if self.answer.is_some() && !self.is_kept(retention) {
            self.expire();
        }
        if self.expired {
            return Err(Problem::UnknownRequest);
        }
        self.hand_out().ok_or(Problem::InProgress)
    }

    /// Returns the answer, if there is one, and counts the fetch.
    pub(crate) fn hand_out(&mut self) -> Option<Answer> {
        let answer = self.answer.clone()?;
        self.result_fetches += 1;
        Some(answer)
    }

    /// Drops the answer's body; the ledger keeps the rest.
    pub(super) fn expire(&mut self) {
        self.expired = true;
        if let Some(answer) = &mut self.answer {
            answer.body = Bytes::new();
        }
    }

    pub(super) fn entry(&self) -> LedgerEntry {
        let model = dialect(&self.endpoint_id);
        let billed_units = self.answer.as_ref().map_or(0, |answer| answer.billed_units);
        LedgerEntry {
            request_id: self.id,
            endpoint_id: self.endpoint_id.clone(),
            door: self.door,
            key_id: self.key_id.clone(),
            submitted_at: self.submitted_at,
            started_at: self.started_at,
            ended_at: self.ended_at,
            input: self.input.clone(),
            unknown_fields: model.unknown(&self.input),
            status: self.phase,
            status_code: self.answer.as_ref().map(|answer| answer.status_code),
            billed_units,
            cost_usd: model.cost(billed_units),
            result_fetches: self.result_fetches,
            webhook_attempts: self.webhook_attempts,
            webhook_acknowledged: self.webhook_acknowledged,
        }
    }
}
