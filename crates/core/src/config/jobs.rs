//! Settings of what jobs may be.

use std::{path::PathBuf, time::Duration};

use super::reader::Reader;
use crate::{models, queue::SUSPECT};

/// What jobs may be.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// `MODELS_FILE`: models besides the embedded ones, or in their place.
    pub models_file: Option<PathBuf>,
    /// `DEFAULT_MODEL`: the model of a job that names none.
    pub default_model: String,
    /// `JOB_DEADLINE_SECONDS`: how long a job may take, from its start, before it fails.
    pub deadline: Duration,
    /// `RETENTION_DAYS`: how long after its end a job is pruned, with its images. Without it, jobs stay.
    pub retention: Option<Duration>,
    /// `RESULT_CACHE_HOURS`: how long a result answers the same request; 0 is never.
    pub result_cache: Option<Duration>,
    /// `MAX_ATTEMPTS`: submissions to fal before a job fails for good.
    pub max_attempts: i16,
    /// `MAX_RESCUES`: how often a job may be rescued from a dead worker, or the work on it may break off, before it
    /// fails for good. From the third rescue on, only those from isolation count. More than 1.
    pub max_rescues: i16,
    /// `UNKNOWN_SUBMISSION_SECONDS`: how long a submission whose answer was lost is looked for. In production it is
    /// longer than a submission may be under way after its worker was taken for dead.
    pub unknown_patience: Duration,
    /// `UNKNOWN_SUBMISSION`: what follows when such a submission was not found.
    pub unknown: UnknownSubmission,
}

/// What follows when it cannot be found out whether fal has a submission.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnknownSubmission {
    /// Another attempt is made, if any are left: the edit may be paid for twice.
    Resubmit,
    /// The job fails: the edit may be paid for and lost.
    Fail,
}

impl Jobs {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let jobs = Self {
            models_file: reader.optional("MODELS_FILE"),
            default_model: reader.value("DEFAULT_MODEL", models::DEFAULT.to_owned()),
            deadline: reader.seconds("JOB_DEADLINE_SECONDS", 24 * 60 * 60, 1..=31_536_000),
            retention: reader.optional("RETENTION_DAYS").map(days),
            result_cache: hours(reader.value("RESULT_CACHE_HOURS", 24)),
            max_attempts: reader.value("MAX_ATTEMPTS", 3),
            max_rescues: reader.value("MAX_RESCUES", 5),
            unknown_patience: reader.seconds("UNKNOWN_SUBMISSION_SECONDS", 600, 0..=604_800),
            unknown: reader.choice(
                "UNKNOWN_SUBMISSION",
                &[("resubmit", UnknownSubmission::Resubmit), ("fail", UnknownSubmission::Fail)],
            ),
        };
        let keeps = jobs.retention.is_none_or(|retention| retention > Duration::ZERO);
        reader.require("RETENTION_DAYS", keeps, "must be more than 0");
        reader.require("MAX_ATTEMPTS", jobs.max_attempts > 0, "must be more than 0");
        reader.require("MAX_RESCUES", jobs.max_rescues >= SUSPECT, "must be more than 1");
        jobs
    }
}

fn hours(hours: u16) -> Option<Duration> {
    (hours > 0).then(|| Duration::from_secs(u64::from(hours) * 60 * 60))
}

fn days(days: u16) -> Duration {
    Duration::from_secs(u64::from(days) * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{refuses, takes};

    #[test]
    fn a_job_is_given_no_time_that_has_no_end_in_the_database() {
        refuses("JOB_DEADLINE_SECONDS", &["0", "31536001", "18446744073709551615"]);
        refuses("UNKNOWN_SUBMISSION_SECONDS", &["604801", "18446744073709551615"]);
        takes("JOB_DEADLINE_SECONDS", &["1", "31536000"]);
        takes("UNKNOWN_SUBMISSION_SECONDS", &["0", "604800"]);
    }
}
