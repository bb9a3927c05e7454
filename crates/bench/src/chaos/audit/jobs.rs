//! Jobs: none is lost, each ends once, and a failure is explained.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    Evidence,
    records::{Job, Noted, Records},
};
use crate::chaos::report::Report;

pub(super) fn judge(records: &Records, evidence: &Evidence<'_>, report: &mut Report) {
    let said = evidence.said;
    let by_id: HashMap<Uuid, &Job> = records.jobs.iter().map(|job| (job.id, job)).collect();
    let lost = said.accepted.iter().filter_map(|(id, words)| match by_id.get(id) {
        None if said.deleted.contains_key(id) => None,
        None => Some(format!("job {id} is not in the database")),
        Some(job) if !job.prompt.starts_with(words) => {
            Some(format!("job {id} has another's prompt"))
        }
        Some(_) => None,
    });
    report.never("accepted jobs that are lost", lost);
    let mut made: HashMap<&str, usize> = HashMap::new();
    for job in &records.jobs {
        let words = job.prompt.split_inclusive(':').next().unwrap_or_default();
        *made.entry(words).or_default() += 1;
    }
    let twice =
        said.keyed.iter().filter(|words| made.get(words.as_str()).is_some_and(|made| *made > 1));
    report.never("keys under which more than one job was made", twice.cloned());
    let unended = records.jobs.iter().filter(|job| job.finished_at.is_none());
    report.never("jobs that did not end", unended.map(describe));
    report.never(
        "jobs that were changed after their end",
        describe_all(records.noted("ended again")),
    );
    report.never("jobs whose status went back", describe_all(records.noted("went back")));
    let (reopened, granted) = (records.noted("reopened").count(), evidence.granted);
    report.never(
        "failed jobs that were said to be tried again and were not",
        (granted > reopened).then(|| format!("{granted} granted, {reopened} done")),
    );
    let tried_again: HashSet<Uuid> = records.noted("reopened").map(|noted| noted.job_id).collect();
    let told_wrong = said.ends.iter().filter(|(id, end)| {
        let differs = by_id.get(id).is_some_and(|job| job.status != *end);
        differs && !tried_again.contains(id)
    });
    report.never(
        "callers who were told of another end",
        told_wrong.map(|(id, end)| format!("job {id}: {end}")),
    );
    let by_nobody = records.noted("deleted").filter(|it| !said.deleted.contains_key(&it.job_id));
    report.never("jobs that went though nobody deleted them", describe_all(by_nobody));
    let there = said.deleted.iter().filter(|(id, is_sure)| **is_sure && by_id.contains_key(id));
    report.never("deleted jobs that are still there", there.map(|(id, _)| format!("job {id}")));
    let unexplained = records.jobs.iter().filter(|job| is_unexplained(job));
    report.never("failures without an explanation", unexplained.map(describe));
    report.never("answers to callers that should not be", said.unexpected.iter().cloned());

    report.fact("jobs accepted (201)", said.accepted.len());
    report.fact(
        "jobs made whose 201 did not arrive",
        (records.jobs.len() + said.deleted.len()).saturating_sub(said.accepted.len()),
    );
    report.fact("failed jobs tried again", reopened);
    report.fact("jobs deleted", said.deleted.len());
    report.fact("ends that callers were told of", said.ends.len());
    report.fact("calls without an answer", said.unanswered);
    report.fact("calls answered with 503 or 408", said.away);
    report.fact("POSTs that callers gave up", said.given_up);
    let ends = records.jobs.iter().map(|job| match &job.failure_code {
        Some(code) => format!("{}: {code}", job.status),
        None => job.status.clone(),
    });
    report.counts("jobs ", ends);
    for (status, count) in &said.cancelled {
        report.fact(format!("cancellations answered with {status}"), count);
    }
}

/// `internal` means a failure that nobody foresaw; `provider_cancelled` cannot be, as only Darkroom cancels requests.
fn is_unexplained(job: &Job) -> bool {
    let explained = job.failure_message.as_ref().is_some_and(|message| !message.is_empty());
    match job.failure_code.as_deref() {
        Some("internal" | "provider_cancelled" | "") => true,
        Some(_) => !explained,
        None => job.status == "failed",
    }
}

fn describe(job: &Job) -> String {
    let code = job.failure_code.as_deref().unwrap_or("no failure");
    format!("job {} of {}: {}, {code}", job.id, job.created_at, job.status)
}

fn describe_all<'a>(noted: impl Iterator<Item = &'a Noted>) -> impl Iterator<Item = String> {
    noted.map(|noted| {
        format!(
            "job {} at {}: {}",
            noted.job_id,
            noted.at,
            noted.said.as_deref().unwrap_or_default()
        )
    })
}
