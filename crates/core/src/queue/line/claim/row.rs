//! A claim's answer, as the database gives it.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{Claimed, Claims};
use crate::{
    job::JobId,
    queue::{Lease, Timeline, WorkerId},
};

/// A claimed job, or no job where none was claimed. `has_rules` and `rests` are about the whole queue,
/// the same in each row.
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
    pub(super) has_attempt: Option<bool>,
}

impl Row {
    /// The claims, and which of their jobs have an open attempt.
    pub(super) fn gather(rows: Vec<Self>, worker: WorkerId) -> (Claims, Vec<JobId>) {
        let first = rows.first();
        let resumed = rows.iter().filter(|row| row.has_attempt == Some(true));
        let resumed = resumed.filter_map(|row| row.job_id.map(JobId)).collect();
        let claims = Claims {
            has_rules: first.is_some_and(|row| row.has_rules),
            next_ripe: first.and_then(|row| row.rests).map(seconds),
            jobs: rows.into_iter().filter_map(|row| row.into_claimed(worker)).collect(),
        };
        (claims, resumed)
    }

    fn into_claimed(self, worker: WorkerId) -> Option<Claimed> {
        Some(Claimed {
            lease: Lease { job: JobId(self.job_id?), worker, number: self.lease_no? },
            prompt: self.prompt?,
            model: self.model?,
            // A row with options that only a newer version knows must not keep this version from claiming the others.
            options: serde_json::from_value(self.options?).ok(),
            time_left: self.time_left.map(seconds),
            overdue: self.time_left.map_or(Duration::ZERO, |left| seconds(-left)),
            is_cancelled: self.is_cancelled?,
            rescues: self.rescues?,
            timeline: Timeline::default(),
            attempt: None,
        })
    }
}

/// A moment in the past, which is negative, is zero.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
