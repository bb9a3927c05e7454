//! `darkroom queue`: its words.

use clap::{Args, Subcommand};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Show how many jobs are where, and the limits and pauses that hold
    Status,
    /// Submit nothing new, on any worker, until it is resumed
    Pause(Subject),
    /// End a pause
    Resume(Subject),
    /// Limit how many jobs may be in flight on all workers together
    Limit {
        /// How many, or `none` for no limit
        most: String,
        #[command(flatten)]
        subject: Subject,
    },
    /// Try failed jobs again: these, or all that the options say
    Retry {
        /// Ids of jobs
        #[arg(conflicts_with_all = ["code", "model", "all"], required_unless_present_any = ["code", "model", "all"])]
        jobs: Vec<Uuid>,
        /// Those that failed for this reason
        #[arg(long)]
        code: Option<String>,
        /// Those for this model
        #[arg(long)]
        model: Option<String>,
        /// All that failed
        #[arg(long)]
        all: bool,
    },
}

/// What it is about: everything, unless one of these is said.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct Subject {
    /// Jobs for this model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Jobs of this API key, by its id
    #[arg(long)]
    pub(crate) api_key: Option<Uuid>,
}
