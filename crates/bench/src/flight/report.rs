//! The tables of `flight`.

use std::{cmp::Reverse, collections::HashMap};

use tokio::time::Duration;

use crate::{
    footprint::megabytes,
    statements::{Statistics, Step},
    table,
};

/// The figures of a flight.
pub(super) struct Flight {
    pub(super) jobs: u16,
    pub(super) intake: Duration,
    /// Memory in kB: before the jobs, with all in flight, and the most until the end.
    pub(super) idle: u32,
    pub(super) held: u32,
    pub(super) peak: u32,
    pub(super) descriptors: usize,
    /// The share of one core that is used while all are in flight.
    pub(super) cpu: f64,
    pub(super) statements: Vec<(Step, i64)>,
    pub(super) drain: Duration,
}

/// Prints all flights, whose statements were counted for this many seconds.
pub(super) fn print(flights: &[Flight], seconds: u64) {
    let what = format!("in flight at once, one worker; counted for {seconds} s");
    let rows: Vec<_> = flights.iter().map(|flight| flight.row(seconds)).collect();
    table::print(
        [
            &what,
            "taken in s",
            "idle MB",
            "all in flight MB",
            "peak MB",
            "descriptors",
            "CPU %",
            "statements/s",
            "without claims and settles",
            "ended in s",
        ],
        &rows,
    );
    for flight in flights {
        let what = format!("statements with {} in flight", flight.jobs);
        let row = |(step, calls): &(Step, i64)| {
            [format!("{}: {}", step.who, step.what), per_second(*calls, seconds)]
        };
        let rows: Vec<_> = flight.statements.iter().map(row).collect();
        table::print([&what, "statements/s"], &rows);
    }
    println!(
        "\nNone lost: every job completed. None twice: the stand-in had one request for each."
    );
}

/// How often each step was sent, the most frequent first.
pub(super) fn by_step(statistics: &Statistics) -> Vec<(Step, i64)> {
    let mut steps: HashMap<Step, i64> = HashMap::new();
    for entry in statistics.sent() {
        *steps.entry(Step::of(entry)).or_default() += entry.calls;
    }
    let mut steps: Vec<_> = steps.into_iter().collect();
    steps.sort_by(|(a, _), (b, _)| a.what.cmp(&b.what));
    steps.sort_by_key(|(_step, calls)| Reverse(*calls));
    steps
}

fn per_second(calls: i64, seconds: u64) -> String {
    let calls = u32::try_from(calls).map_or(f64::MAX, f64::from);
    let seconds = Duration::from_secs(seconds).as_secs_f64();
    format!("{:.2}", calls / seconds)
}

impl Flight {
    fn row(&self, seconds: u64) -> [String; 10] {
        let all: i64 = self.statements.iter().map(|(_step, calls)| calls).sum();
        let jobs = self.statements.iter().filter(|(step, _calls)| step.is_of_a_job());
        let of_jobs: i64 = jobs.map(|(_step, calls)| calls).sum();
        [
            self.jobs.to_string(),
            format!("{:.1}", self.intake.as_secs_f64()),
            megabytes(self.idle),
            megabytes(self.held),
            megabytes(self.peak),
            self.descriptors.to_string(),
            format!("{:.0}", self.cpu * 100.0),
            per_second(all, seconds),
            per_second(all - of_jobs, seconds),
            format!("{:.1}", self.drain.as_secs_f64()),
        ]
    }
}
