//! The command line of `darkroom queue`.

use clap::{Args, Subcommand};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Show how many jobs are where, and the limits and pauses that were set
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
        #[arg(conflicts_with = "wanted", required_unless_present = "wanted")]
        jobs: Vec<Uuid>,
        #[command(flatten)]
        wanted: Wanted,
    },
}

/// Which failed jobs.
#[derive(Args, Debug)]
#[group(id = "wanted", multiple = true)]
pub(crate) struct Wanted {
    /// Those that failed for this reason
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Those for this model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Those that failed at this moment or later, such as 2026-01-31T09:00:00Z
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) since: Option<OffsetDateTime>,
    /// All that ever failed
    #[arg(long)]
    all: bool,
}

fn moment(text: &str) -> Result<OffsetDateTime, &'static str> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
    // With an offset, a moment of the year 9999 may be in the year 10000 in UTC, which the database cannot be told.
    let moment = moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
    moment.ok_or("a moment as in RFC 3339 is needed, such as 2026-01-31T09:00:00Z")
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
