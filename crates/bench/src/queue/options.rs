//! The options of `queue`.

use std::{path::PathBuf, time::Duration};

use anyhow::bail;
use clap::{Args, ValueEnum, value_parser};

use crate::peers::FOLDER;

/// What is chosen on the command line.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// What to measure; everything, unless said
    part: Option<Part>,
    /// Rounds; medians are reported
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=99))]
    pub(super) rounds: u16,
    /// Jobs that are drained
    #[arg(long, default_value_t = 20_000, value_parser = value_parser!(u32).range(100..=1_000_000))]
    pub(super) jobs: u32,
    /// Where the programs of other queues are; those that are not installed are left out
    #[arg(long, default_value = FOLDER)]
    pub(super) peers: PathBuf,
    /// Ten times as many waiting and finished jobs, and a transaction open for 10 minutes; takes gigabytes of disk
    #[arg(long)]
    pub(super) large: bool,
    /// Minutes that a transaction stays open; by default 2, or 10 with `--large`
    #[arg(long, value_parser = value_parser!(u64).range(1..=600))]
    minutes: Option<u64>,
    /// Only this side; may be repeated
    #[arg(long = "side")]
    pub(super) only: Vec<String>,
}

/// A benchmark.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Part {
    /// Many jobs wait, one worker process
    Drain,
    /// Jobs are made, one a transaction and many at once
    Enqueue,
    /// From a job's making to the start of the work on it, by a worker that waits
    Wake,
    /// Statements, connections and memory of a worker that has nothing to do
    Idle,
    /// Darkroom alone: more worker processes
    Scale,
    /// Darkroom alone: a long line of jobs that wait
    Depth,
    /// Darkroom alone: a long record of finished jobs
    History,
    /// A transaction that stays open, and what it keeps from being cleared away
    Held,
}

impl Options {
    /// What to measure.
    pub(crate) fn parts(&self) -> Vec<Part> {
        self.part.map_or_else(|| Part::value_variants().to_vec(), |part| vec![part])
    }

    /// How long a transaction stays open.
    pub(super) fn open_for(&self) -> Duration {
        Duration::from_mins(self.minutes.unwrap_or(if self.large { 10 } else { 2 }))
    }

    /// Fails if a side is wanted that is not among these.
    pub(super) fn check_sides(&self, sides: &[&str]) -> anyhow::Result<()> {
        match self.only.iter().find(|only| !sides.contains(&only.as_str())) {
            Some(unknown) => bail!("--side {unknown}: the sides are {}", sides.join(", ")),
            None => Ok(()),
        }
    }

    /// Whether a side is wanted.
    pub(super) fn wants(&self, side: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_there_is_none_of_is_refused_with_those_that_there_are() {
        let wanting = |side: &str| Options {
            part: None,
            rounds: 1,
            jobs: 100,
            peers: FOLDER.into(),
            large: false,
            minutes: None,
            only: vec!["ours".to_owned(), side.to_owned()],
        };

        assert!(wanting("pg-boss").check_sides(&["ours", "pg-boss"]).is_ok());
        let refused = wanting("pg_boss").check_sides(&["ours", "pg-boss"]).unwrap_err();
        assert_eq!(refused.to_string(), "--side pg_boss: the sides are ours, pg-boss");
    }
}
