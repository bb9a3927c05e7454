//! Receivers: each is told of every end of its job, of no end that did not happen, and of each end under one id.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::records::Records;
use crate::chaos::{house::House, report::Report};

pub(super) fn judge(house: &House, records: &Records, report: &mut Report) {
    let taken = house.receiver.taken();
    let mut ids: HashMap<(Uuid, &str), HashSet<&str>> = HashMap::new();
    for delivery in &taken {
        ids.entry((delivery.job, &delivery.event)).or_default().insert(&delivery.id);
    }
    let mut ends: HashMap<(Uuid, String), usize> = HashMap::new();
    for noted in records.noted("ended") {
        let said = noted.said.as_deref().and_then(|said| said.rsplit_once(' '));
        let status = said.map(|(_, status)| status).unwrap_or_default();
        *ends.entry((noted.job_id, format!("job.{status}"))).or_default() += 1;
    }
    let wants =
        |job: &Uuid| records.jobs.iter().any(|it| it.id == *job && it.webhook_url.is_some());
    let untold = ends.iter().filter(|((job, event), times)| {
        let told = ids.get(&(*job, event.as_str())).map_or(0, HashSet::len);
        wants(job) && told < **times
    });
    let untold: Vec<String> =
        untold.map(|((job, event), times)| format!("job {job}: {event}, {times} times")).collect();
    let never_was = ids.iter().filter(|((job, event), told)| {
        told.len() > ends.get(&(*job, (*event).to_owned())).copied().unwrap_or_default()
    });
    let never_was: Vec<String> = never_was
        .map(|((job, event), told)| format!("job {job}: {event}, {} ids", told.len()))
        .collect();
    let distinct: HashSet<&str> = taken.iter().map(|delivery| delivery.id.as_str()).collect();
    report.fact("ends that receivers were told of", distinct.len());
    report.fact("… and told of again", taken.len() - distinct.len());
    report.never("ends that a receiver was not told of", untold);
    report.never("ends that a receiver was told of and never were", never_was);
    let unreadable = house.receiver.unreadable();
    report.never(
        "webhooks that receivers cannot read",
        (unreadable > 0).then(|| format!("{unreadable} of them")),
    );
}
