//! The limit of requests in flight: never exceeded, as the provider saw it.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::{
    Evidence,
    records::{Attempt, Records},
};
use crate::chaos::report::Report;

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
    let seen = evidence.seen.most_in_flight();
    report.fact("requests in flight at once, at most", most);
    if seen > 0 {
        report.fact("jobs in flight at once, at most", seen);
    }
    let Some(limit) = evidence.options.max_in_flight.map(usize::from) else {
        return;
    };
    let mut exceeded = Vec::new();
    if most > limit {
        exceeded.push(format!("{most} requests at {at:?}, of {limit}"));
    }
    if usize::try_from(seen).is_ok_and(|seen| seen > limit) {
        exceeded.push(format!("{seen} jobs in flight, of {limit}"));
    }
    report.never("limits exceeded", exceeded);
}

/// The most spans that overlap, and when that was first so. One that ends as another begins does not overlap it.
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
