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
    pub(super) name: String,
    pub(super) kind: Kind,
    program: Program,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Darkroom.
    Ours,
    /// Darkroom's statements alone.
    Floor,
    /// The least there is.
    Plain,
    /// Another queue.
    Peer,
}

/// Those that are there and wanted; what is missing is told.
pub(super) async fn all(options: &Options) -> anyhow::Result<Vec<Side>> {
    let mut sides = vec![of(Kind::Plain)?, of(Kind::Floor)?, of(Kind::Ours)?];
    let peers = peers::queues(&options.peers).await?.into_iter();
    sides.extend(peers.map(|(name, program)| Side { name, kind: Kind::Peer, program }));
    sides.retain(|side| options.wants(&side.name));
    Ok(sides)
}

/// A side that is a program of this one.
pub(super) fn of(kind: Kind) -> anyhow::Result<Side> {
    let name = match kind {
        Kind::Ours => "ours",
        Kind::Floor => "floor",
        Kind::Plain => "plain",
        Kind::Peer => bail!("a peer is a program of its own"),
    };
    let arguments = ["side", name].map(str::to_owned).into();
    let program = Program { path: env::current_exe()?, arguments };
    Ok(Side { name: name.to_owned(), kind, program })
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

    /// The program with its question and its database.
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
