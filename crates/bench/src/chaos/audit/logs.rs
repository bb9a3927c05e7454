//! Logs: none tells of a panic, or of work that broke. Some kinds of lines are counted.

use std::fs;

use super::Evidence;
use crate::chaos::{house::House, report::Report};

/// What is counted, and the words of the log lines that count as it.
const COUNTED: [(&str, &str); 9] = [
    ("stale writes refused", "a job is somebody else's now"),
    ("requests resumed by another worker", "a request is resumed"),
    ("submissions whose answer was lost", "the provider did not say whether it has an attempt"),
    ("… found at the provider", "a submission whose answer was lost is found"),
    (
        "… told by a webhook after they were given up",
        "an attempt that was given up as unknown was made after all",
    ),
    ("answers that came too late for their attempt", "an answer came too late for its attempt"),
    (
        "claims whose answer was lost, and what they took freed",
        "jobs that a lost answer hid are free again",
    ),
    ("halts", "the provider does not accept the account"),
    ("heartbeats missed", "a heartbeat was"),
];

/// Words that must never be in a log.
const NEVER: [&str; 3] = ["panicked at", "the work on a job broke", "the claim loop broke"];

pub(super) fn judge(
    house: &House,
    evidence: &Evidence<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut counts, mut broken) = ([0_usize; COUNTED.len()], Vec::new());
    for (seat, place) in house.seats() {
        let log = fs::read_to_string(&place.log)?;
        for line in log.lines() {
            for ((_, words), count) in COUNTED.iter().zip(&mut counts) {
                *count += usize::from(line.contains(words));
            }
            if NEVER.iter().any(|words| line.contains(words)) {
                broken.push(format!("{seat}: {line}"));
            }
        }
    }
    for ((what, _), count) in COUNTED.iter().zip(counts) {
        report.fact(*what, count);
    }
    for (kind, count) in evidence.tally.by_kind() {
        report.fact(format!("fault: {kind}"), count);
    }
    report.never("panics", broken);
    report.never("processes that ended by themselves or badly", evidence.tally.broken());
    Ok(())
}
