//! Pace: whatever goes wrong, jobs go on ending.

use time::OffsetDateTime;
use tokio::time::Duration;

use super::{
    Evidence,
    records::{Job, Records},
};
use crate::chaos::report::Report;

/// The longest allowed time in which no job ends though some wait. It is generous: faults and slow machines are in it.
const LONGEST: Duration = Duration::from_mins(1);

pub(super) fn judge(records: &Records, evidence: &Evidence<'_>, report: &mut Report) {
    // Once the stream has ended, a single job may rest for good reason.
    let first = records.jobs.first().map(|job| job.created_at);
    let until = first.map(|first| first + evidence.poured);
    let gap = until.map(|until| longest_gap(&records.jobs, until)).unwrap_or_default();
    report.fact(
        "longest time without an end while jobs waited, in s",
        format!("{:.1}", gap.as_secs_f64()),
    );
    let slow = (gap > LONGEST).then(|| format!("{:.1} s", gap.as_secs_f64()));
    report.never("more than a minute in which no job ended though some waited", slow);
}

/// The longest time before `until` in which there were jobs and none ended.
fn longest_gap(jobs: &[Job], until: OffsetDateTime) -> Duration {
    let mut steps: Vec<(OffsetDateTime, i64)> = jobs
        .iter()
        .flat_map(|job| [Some((job.created_at, 1)), job.finished_at.map(|at| (at, -1))])
        .flatten()
        .filter(|(at, _)| *at <= until)
        .chain([(until, -1)])
        .collect();
    steps.sort_unstable();
    let (mut open, mut since, mut longest) = (0, until, time::Duration::ZERO);
    for (at, step) in steps {
        if open > 0 && step < 0 {
            longest = longest.max(at - since);
        }
        if open == 0 || step < 0 {
            since = at;
        }
        open += step;
    }
    longest.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> OffsetDateTime {
        datetime!(2026-01-01 00:00 UTC) + time::Duration::seconds(second)
    }

    fn job(created: i64, finished: Option<i64>) -> Job {
        Job {
            id: Uuid::nil(),
            prompt: String::new(),
            status: String::new(),
            webhook_url: None,
            failure_code: None,
            failure_message: None,
            created_at: at(created),
            finished_at: finished.map(at),
        }
    }

    #[test]
    fn only_time_in_which_jobs_wait_counts() {
        let jobs = [job(0, Some(3)), job(30, Some(34)), job(33, Some(41)), job(50, None)];

        assert_eq!(longest_gap(&jobs, at(55)), Duration::from_secs(7));
        assert_eq!(longest_gap(&jobs, at(90)), Duration::from_secs(40));
    }
}
