//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::{bare, cost, flight, http, images};
#[cfg(unix)]
use crate::{chaos, queue, side};

/// Measures Darkroom beside floors (programs that do the least possible), and checks its guarantees under faults.
///
/// Needs the `darkroom` of the same build beside it: `cargo build --release --workspace`.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Benchmark(Benchmark),
    /// A steady stream of jobs, while everything goes wrong that can
    #[cfg(unix)]
    Chaos(chaos::Options),
    /// One side of `queue`, called as a peer's program is
    #[cfg(unix)]
    #[command(hide = true)]
    Side(side::Call),
    /// Serves the floors of `http` and `watchers`
    #[command(hide = true)]
    Bare(bare::Options),
    /// Prepares one picture, for `images`
    #[command(hide = true)]
    Prepare(images::Once),
}

/// The benchmarks.
#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// All of them, each with its defaults
    All,
    /// Requests a second, beside a bare server, one statement a request, and FastAPI
    Http(http::Options),
    /// Streams of events on one API: how soon each watcher is told, and what they take
    #[cfg(unix)]
    Watchers,
    /// How soon API and worker are of use once started, and what they take while idle
    Start,
    /// From POST to completed, less the time that the edit itself takes, beside fal's own clients
    Latency(Extent),
    /// Thousands of requests in flight at once, held by one worker
    Flight(flight::Options),
    /// Statements and write-ahead log of a job, from its POST to its end
    Cost(cost::Options),
    /// Memory of each role, idle and after load
    Memory(Extent),
    /// Pictures made right for the model, beside vipsthumbnail
    Images(Extent),
    /// The queue by itself, beside other queues on PostgreSQL and what PostgreSQL can do at all
    #[cfg(unix)]
    Queue(queue::Options),
}

impl Benchmark {
    /// The extent, of the benchmarks that share these options.
    pub(crate) fn extent(&self) -> Option<&Extent> {
        match self {
            Self::Http(options) => Some(&options.extent),
            Self::Latency(extent) | Self::Memory(extent) | Self::Images(extent) => Some(extent),
            _ => None,
        }
    }
}

/// How much is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Extent {
    /// Keep-alive connections at a time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) connections: u16,
    /// Seconds of a round, for each side
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds; the median one is reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) rounds: u16,
    /// Jobs of the latency and memory benchmarks
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) jobs: u16,
}

impl Extent {
    /// How long a round takes, for each side.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
