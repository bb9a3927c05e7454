//! A claim's answer, as the database gives it.

use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Claimed, Claims, OpenAttempt};
use crate::{
    job::JobId,
    queue::{Lease, Submission, Timeline, WorkerId},
};

/// A claimed job with its open attempt, or nothing where none was claimed; and in each row, what is
/// true of the queue.
pub(super) struct Row {
    pub(super) has_rules: bool,
    pub(super) rests: Option<f64>,
    pub(super) job_id: Option<Uuid>,
    pub(super) lease_no: Option<i64>,
    pub(super) rescues: Option<i16>,
    pub(super) is_cancelled: Option<bool>,
    pub(super) prompt: Option<String>,
    pub(super) model: Option<String>,
    pub(super) options: Option<Value>,
    pub(super) time_left: Option<f64>,
    pub(super) attempt: Option<i16>,
    pub(super) input_url: Option<String>,
    pub(super) began_at: Option<OffsetDateTime>,
    pub(super) has_notice: bool,
    pub(super) provider_request_id: Option<String>,
    pub(super) status_url: Option<String>,
    pub(super) response_url: Option<String>,
    pub(super) cancel_url: Option<String>,
}

impl Row {
    pub(super) fn gather(rows: Vec<Self>, worker: WorkerId) -> Claims {
        let first = rows.first();
        Claims {
            has_rules: first.is_some_and(|row| row.has_rules),
            next_ripe: first.and_then(|row| row.rests).map(seconds),
            jobs: rows.into_iter().filter_map(|row| row.into_claimed(worker)).collect(),
        }
    }

    fn into_claimed(self, worker: WorkerId) -> Option<Claimed> {
        let submission = Submission::stored(
            self.provider_request_id,
            [self.status_url, self.response_url, self.cancel_url],
        );
        let has_notice = self.has_notice;
        let attempt = self.attempt.zip(self.input_url).zip(self.began_at).map(
            |((number, input_url), began_at)| OpenAttempt {
                number,
                input_url,
                began_at,
                has_notice,
                submission,
            },
        );
        Some(Claimed {
            lease: Lease { job: JobId(self.job_id?), worker, number: self.lease_no? },
            prompt: self.prompt?,
            model: self.model?,
            // One row that a newer version wrote must not keep this one from claiming the others.
            options: serde_json::from_value(self.options?).ok(),
            time_left: self.time_left.map(seconds),
            overdue: self.time_left.map_or(Duration::ZERO, |left| seconds(-left)),
            is_cancelled: self.is_cancelled?,
            rescues: self.rescues?,
            timeline: Timeline::default(),
            attempt,
        })
    }
}

/// What is past is zero.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
