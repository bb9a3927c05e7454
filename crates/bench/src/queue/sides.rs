//! The sides, and how each is called: as a program, in a process group of its own that ends with the call.

mod running;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::{
    process::Command,
    time::{Duration, timeout},
};

use super::Options;
use crate::{side::answer::Identity, stand::Guard};
pub(super) use running::Running;

/// Darkroom's settings, as a side.
const SETTINGS: [(&str, &str); 2] =
    [("WORKER_CONCURRENCY", "1000"), ("DATABASE_MAX_CONNECTIONS", "10")];

/// Nobody listens there: nothing can be bought by accident.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// How much of what a side complains is told.
const LAST_LINES: usize = 3;

/// How long a side may take to say what it is.
const VERSION_PATIENCE: Duration = Duration::from_secs(20);

/// A side of the benchmarks.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) name: String,
    pub(super) kind: Kind,
    program: PathBuf,
    /// Before the action.
    arguments: Vec<OsString>,
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
    sides.extend(peers(&options.peers).await?);
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
    Ok(Side {
        name: name.to_owned(),
        kind,
        program: std::env::current_exe()?,
        arguments: ["side", name].map(OsString::from).into(),
    })
}

async fn peers(folder: &Path) -> anyhow::Result<Vec<Side>> {
    let install = folder.join("install");
    let (Ok(list), Ok(run)) =
        (folder.join("list").canonicalize(), folder.join("run").canonicalize())
    else {
        println!("\nNo peers: there is no {}.", install.display());
        return Ok(Vec::new());
    };
    let listed = Command::new(&list).stdin(Stdio::null()).output().await?;
    ensure!(listed.status.success(), "{} failed", list.display());
    let names = String::from_utf8(listed.stdout)?;
    let mut sides = Vec::new();
    if names.trim().is_empty() {
        println!("\nNo peers: {} installs them.", install.display());
    }
    for name in names.split_whitespace() {
        let peer = Side {
            name: name.to_owned(),
            kind: Kind::Peer,
            program: run.clone(),
            arguments: vec![name.into()],
        };
        match peer.version().await {
            Ok(_version) => sides.push(peer),
            Err(error) => println!(
                "\n{name} is left out; {} installs it ({}).",
                install.display(),
                one_line(&error)
            ),
        }
    }
    Ok(sides)
}

impl Side {
    /// What it says it is.
    pub(super) async fn version(&self) -> anyhow::Result<Identity> {
        // Only Darkroom and its floors ask for one, and do not connect.
        let nowhere = SecretString::from("postgres://nobody@127.0.0.1:9/nothing");
        self.ask(&nowhere, &["version"], VERSION_PATIENCE).await
    }

    /// Asks one question, and answers the last line of what it prints. What it started ends with it.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        url: &SecretString,
        question: &[&str],
        patience: Duration,
    ) -> anyhow::Result<T> {
        let guard = Guard::post()?;
        let mut command = self.command(url, question);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        guard.watch(&mut command)?;
        let asked = question.join(" ");
        let running = command.spawn().with_context(|| format!("{} does not start", self.name))?;
        let Ok(output) = timeout(patience, running.wait_with_output()).await else {
            bail!("{asked}: not done within {} s", patience.as_secs());
        };
        let output = output?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            let last = lines.split_at(lines.len().saturating_sub(LAST_LINES)).1;
            bail!("{asked}: {}: {}", output.status, last.join(" "));
        }
        let printed = String::from_utf8(output.stdout)?;
        let last = printed.lines().last().unwrap_or_default();
        serde_json::from_str(last).with_context(|| format!("{asked}: no answer in: {last}"))
    }

    /// The program with its question and its database.
    fn command(&self, url: &SecretString, question: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args(question)
            .env("DATABASE_URL", url.expose_secret())
            .env_remove("PORT")
            // No `.env` there.
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if self.kind != Kind::Peer {
            for name in ["FAL_QUEUE_URL", "FAL_REST_URL", "FAL_API_URL"] {
                command.env(name, NOWHERE);
            }
            command.envs(SETTINGS);
        }
        command
    }
}

/// An error with its causes, for a cell of a table.
pub(super) fn one_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}").replace(['\n', '|'], " ");
    text.chars().take(160).collect()
}
