//! The options of `http`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::{cli::Extent, peers::FOLDER};

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// What to measure; everything, unless said
    #[arg(long)]
    part: Option<Part>,
    #[command(flatten)]
    pub(crate) extent: Extent,
    /// Where the peers are
    #[arg(long, default_value = FOLDER)]
    pub(super) peers: PathBuf,
}

/// A table of `http`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Part {
    /// Polls of one job
    Polls,
    /// Polls of many jobs
    Growth,
    /// Uploads
    Posts,
}

impl Options {
    /// Whether a table is asked for.
    pub(super) fn wants(&self, part: Part) -> bool {
        self.part.is_none_or(|wanted| wanted == part)
    }
}
