//! The sides, and how each is called: as a program, in a process group of its own that ends with the call.

mod running;

use std::env;

use anyhow::bail;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::{process::Command, time::Duration};

use super::Options;
use crate::{
    peers::{self, Program},
    stand::{FAL_URLS, NOWHERE},
};
pub(super) use running::Running;

/// Darkroom's settings, as a side.
const SETTINGS: [(&str, &str); 2] =
    [("WORKER_CONCURRENCY", "1000"), ("DATABASE_MAX_CONNECTIONS", "10")];

/// A side of the benchmarks.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Its name in tables.
    pub(super) name: String,
    pub(super) kind: Kind,
    program: Program,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Darkroom.
    Ours,
    /// Darkroom, where no two jobs are made in one transaction.
    Alone,
    /// Darkroom's statements alone; or, where jobs are made, the same bytes in a table that nobody works on.
    Floor,
    /// The least that a queue needs.
    Plain,
    /// Another queue.
    Peer,
}

/// This program's own sides that can be wanted, in the order of tables.
const OWN: [Kind; 3] = [Kind::Plain, Kind::Floor, Kind::Ours];

/// Fails if a side is wanted that there is none of, or that is not installed.
pub(super) async fn check(options: &Options) -> anyhow::Result<()> {
    if options.only.is_empty() {
        return Ok(());
    }
    let peers = peers::queues(&options.peers).await?;
    let mut words = OWN.map(Kind::word).to_vec();
    words.extend(peers.iter().map(|(name, _program)| name.as_str()));
    options.check_sides(&words)
}

/// The sides that are installed and wanted. If no peer is installed, that is printed.
pub(super) async fn all(options: &Options) -> anyhow::Result<Vec<Side>> {
    let mut sides = Vec::new();
    for kind in OWN {
        if options.wants(kind.word()) {
            sides.push(of(kind)?);
        }
    }
    let peers = peers::queues(&options.peers).await?.into_iter();
    let peers = peers.filter(|(name, _program)| options.wants(name));
    sides.extend(peers.map(|(name, program)| Side { name, kind: Kind::Peer, program }));
    Ok(sides)
}

/// A side that this program itself provides.
pub(super) fn of(kind: Kind) -> anyhow::Result<Side> {
    let name = match kind {
        Kind::Ours => "ours",
        Kind::Alone => "ours, each alone",
        Kind::Floor => "our statements",
        Kind::Plain => "one table",
        Kind::Peer => bail!("a peer is a program of its own"),
    };
    let arguments = ["side", kind.word()].map(str::to_owned).into();
    let program = Program { path: env::current_exe()?, arguments };
    Ok(Side { name: name.to_owned(), kind, program })
}

impl Kind {
    /// Its name on the command line.
    fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Alone => "alone",
            Self::Floor => "floor",
            Self::Plain => "plain",
            Self::Peer => "peer",
        }
    }
}

impl Side {
    /// Asks one question.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        url: &SecretString,
        question: &[&str],
        patience: Duration,
    ) -> anyhow::Result<T> {
        peers::answer(self.command(url, question), question, patience).await
    }

    /// The command that asks the program a question, with its database.
    fn command(&self, url: &SecretString, question: &[&str]) -> Command {
        let mut command = self.program.command(question);
        command.env("DATABASE_URL", url.expose_secret());
        if self.kind != Kind::Peer {
            command.envs(FAL_URLS.map(|name| (name, NOWHERE)));
            command.envs(SETTINGS);
        }
        command
    }
}
