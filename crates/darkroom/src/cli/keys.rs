//! The command line of `darkroom keys`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, and print it: it is shown this once
    Create {
        /// What it is for, in up to 100 characters
        name: String,
        /// It operates the service, too: the queue, and everybody's jobs
        #[arg(long)]
        admin: bool,
    },
    /// List all keys, by how they begin, with their limits
    List,
    /// Set what a key may do; what is not said stays as it is
    Limit {
        /// How it begins, or its id
        key: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Revoke a key: within seconds it opens nothing any more
    Revoke {
        /// How it begins, or its id
        key: String,
    },
}

/// Each a number, or `none` for no limit of its own.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct Limits {
    /// Jobs that it may make in a minute
    #[arg(long, value_name = "JOBS")]
    pub(crate) per_minute: Option<String>,
    /// Jobs that may not have ended at a time
    #[arg(long, value_name = "JOBS")]
    pub(crate) pending: Option<String>,
    /// Jobs that may be at the provider at a time
    #[arg(long, value_name = "JOBS")]
    pub(crate) in_flight: Option<String>,
    /// US dollars that it may spend on a day (UTC), such as 5 or 0.50
    #[arg(long, value_name = "USD")]
    pub(crate) budget: Option<String>,
}
