//! Limits and pauses are never exceeded, by the count at each claim and by the requests that the provider had.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::{
    Evidence,
    records::{Attempt, Claim, Records},
};
use crate::chaos::{faults::Held, report::Report};

pub(super) fn judge(records: &Records, evidence: &Evidence<'_>, report: &mut Report) {
    let by_url: HashMap<&str, &Attempt> =
        records.attempts.iter().map(|attempt| (attempt.input_url.as_str(), attempt)).collect();
    // A request counts until it ended, or until its attempt was given up.
    let spans = records.ledger.iter().map(|request| {
        let attempt = request.input_url().and_then(|url| by_url.get(url));
        let given_up = attempt.and_then(|attempt| attempt.ended_at);
        let end = [request.ended_at, given_up].into_iter().flatten().min();
        (request.submitted_at, end)
    });
    let (most, at) = most_at_once(spans);
    report.fact("requests in flight at once, at most", most);
    let claimed = records.claims.iter().map(|claim| claim.in_all).max();
    report.fact("jobs in flight at once, at most", claimed.unwrap_or_default());
    let limit = evidence.options.max_in_flight;
    let mut exceeded = Vec::new();
    if limit.is_some_and(|limit| most > usize::from(limit)) {
        exceeded.push(format!("{most} requests at {at:?}"));
    }
    let beyond = |claim: &&Claim| limit.is_some_and(|limit| claim.in_all > i64::from(limit));
    exceeded.extend(records.claims.iter().filter(beyond).map(describe));
    report.never("claims beyond the limit of everything", exceeded);

    let held = evidence.tally.held();
    let breaks = |held: &Held, claim: &Claim| {
        let count = if held.model.is_some() { claim.of_model } else { claim.in_all };
        held.model.is_none_or(|model| model == claim.model)
            && (held.since..held.until).contains(&claim.at)
            && count > held.most
    };
    let against = records.claims.iter().filter(|claim| held.iter().any(|held| breaks(held, claim)));
    report.never("claims against an operator's rule", against.map(describe));
}

fn describe(claim: &Claim) -> String {
    let Claim { job_id, model, of_model, in_all, at } = claim;
    format!("job {job_id} at {at}, as {in_all} in flight, {of_model} of {model}")
}

/// The most spans that overlap, and when they first did. One that ends as another begins does not overlap it.
fn most_at_once(
    spans: impl Iterator<Item = (OffsetDateTime, Option<OffsetDateTime>)>,
) -> (usize, Option<OffsetDateTime>) {
    let mut steps: Vec<(OffsetDateTime, bool)> = spans
        .flat_map(|(begin, end)| [Some((begin, true)), end.map(|end| (end, false))])
        .flatten()
        .collect();
    steps.sort_unstable();
    let (mut now, mut most, mut at) = (0_usize, 0, None);
    for (moment, begins) in steps {
        now = if begins { now + 1 } else { now.saturating_sub(1) };
        if now > most {
            (most, at) = (now, Some(moment));
        }
    }
    (most, at)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn spans_overlap_unless_one_ends_as_the_other_begins() {
        let at = |second| datetime!(2026-01-01 00:00 UTC) + time::Duration::seconds(second);
        let spans = [(at(0), Some(at(5))), (at(5), Some(at(9))), (at(6), None), (at(20), None)];

        assert_eq!(most_at_once(spans.into_iter()), (2, Some(at(6))));
    }
}
