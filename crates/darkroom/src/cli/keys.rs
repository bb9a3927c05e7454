//! `darkroom keys`: its words.

use clap::Subcommand;

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
    /// List all keys, by how they begin
    List,
    /// Revoke a key: within seconds it opens nothing any more
    Revoke {
        /// How it begins, or its id
        key: String,
    },
}
