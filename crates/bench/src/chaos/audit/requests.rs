//! Requests at the provider: each belongs to one attempt, and each attempt has one at most. Any of them may cost money.

use std::collections::HashMap;

use super::records::{Attempt, Records, Request};
use crate::chaos::{house::MAX_ATTEMPTS, report::Report};

pub(super) fn judge(records: &Records, report: &mut Report) {
    let attempts = &records.attempts;
    let by_url: HashMap<&str, &Attempt> =
        attempts.iter().map(|attempt| (attempt.input_url.as_str(), attempt)).collect();
    let by_request: HashMap<&str, &Attempt> = attempts
        .iter()
        .filter_map(|attempt| Some((attempt.provider_request_id.as_deref()?, attempt)))
        .collect();
    let withdrawn = |request: &Request| {
        let url = request.input_url()?;
        records.withdrawn.iter().find(|withdrawn| withdrawn.input_url == url)
    };
    let (mut beyond, mut taken_back, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let (mut swapped, mut unrecorded) = (Vec::new(), Vec::new());
    let mut requests_of: HashMap<(uuid::Uuid, i16), usize> = HashMap::new();
    for request in &records.ledger {
        let id = request.id.to_string();
        let by_address = request.input_url().and_then(|url| by_url.get(url)).copied();
        let Some(attempt) = by_address else {
            match withdrawn(request) {
                Some(attempt) => taken_back.push(format!(
                    "request {id} of attempt {} of job {}",
                    attempt.number, attempt.job_id
                )),
                None => unknown.push(format!("request {id} of {}", request.submitted_at)),
            }
            continue;
        };
        let requests = requests_of.entry((attempt.job_id, attempt.number)).or_default();
        *requests += 1;
        if *requests > 1 {
            beyond.push(format!("request {id}, number {requests} of {}", describe(attempt)));
        }
        if by_request.get(id.as_str()).is_some_and(|other| !std::ptr::eq(*other, attempt)) {
            swapped.push(format!("request {id} of {} is another's on record", describe(attempt)));
        }
        let is_known = attempt.provider_request_id.is_some() || attempt.is_deleted;
        if !is_known && attempt.outcome.as_deref() != Some("unknown") {
            unrecorded.push(format!("request {id} of {}", describe(attempt)));
        }
    }
    report.never("requests beyond one for each attempt", beyond);
    report.never("requests of attempts that were taken back as never made", taken_back);
    report.never("requests that belong to no attempt", unknown);
    report.never("requests on record with another's attempt", swapped);
    report.never("requests whose attempt neither knows them nor is unknown", unrecorded);
    let known: HashMap<String, &Request> =
        records.ledger.iter().map(|request| (request.id.to_string(), request)).collect();
    let invented = attempts.iter().filter(|attempt| {
        attempt.provider_request_id.as_ref().is_some_and(|id| !known.contains_key(id))
    });
    report.never("attempts with a request that was never made", invented.map(describe));
    let too_many = attempts.iter().filter(|attempt| {
        let goes = records.noted("reopened").filter(|noted| noted.job_id == attempt.job_id).count();
        usize::try_from(attempt.number).is_ok_and(|number| number > MAX_ATTEMPTS * (1 + goes))
    });
    report.never("attempts beyond the most that a job may have", too_many.map(describe));
    let again = records.noted("attempt ended again");
    report.never(
        "attempts that ended again",
        again.map(|noted| {
            format!("job {}: {}", noted.job_id, noted.said.as_deref().unwrap_or_default())
        }),
    );
    facts(records, report, &by_url);
}

fn facts(records: &Records, report: &mut Report, by_url: &HashMap<&str, &Attempt>) {
    report.fact("requests at the provider", records.ledger.len());
    report.counts(
        "attempts ",
        records.attempts.iter().map(|attempt| match (&attempt.outcome, &attempt.failure_code) {
            (Some(outcome), Some(code)) => format!("{outcome}: {code}"),
            (Some(outcome), None) => outcome.clone(),
            (None, _) if attempt.is_deleted => "deleted with their job".to_owned(),
            (None, _) => "open".to_owned(),
        }),
    );
    let of = |request: &Request| by_url.get(request.input_url()?).copied();
    let is_unknown =
        |request: &&Request| of(request).is_some_and(|it| it.outcome.as_deref() == Some("unknown"));
    let made_all_the_same = records.ledger.iter().filter(is_unknown).count();
    report.fact("unknown attempts that the provider had", made_all_the_same);
    report.fact("attempts taken back as never made", records.withdrawn.len());
    let paid: Vec<&Request> =
        records.ledger.iter().filter(|request| request.billed_units > 0).collect();
    report.fact("requests paid for", paid.len());
    report.counts(
        "paid for, and attempt ",
        paid.iter().filter_map(|request| of(request)).map(|attempt| {
            attempt.outcome.clone().unwrap_or_else(|| "deleted with its job".to_owned())
        }),
    );
    let noticed = records.ledger.iter().filter(|request| request.webhook_acknowledged).count();
    report.fact("requests whose webhook was taken", noticed);
    let tries: u32 = records.ledger.iter().map(|request| request.webhook_attempts).sum();
    report.fact("webhooks sent by the provider", tries);
}

fn describe(attempt: &Attempt) -> String {
    let outcome = attempt.outcome.as_deref().unwrap_or("open");
    let request = attempt.provider_request_id.as_deref().unwrap_or("unanswered");
    format!("attempt {} of job {}: {outcome}, {request}", attempt.number, attempt.job_id)
}
