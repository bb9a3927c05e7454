//! fal's own clients, as programs of `bench/peers`.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{
    process::Command,
    time::{Duration, timeout},
};

use super::sides::{Edit, WARM_UP};
use crate::stand::Guard;

/// Where the programs are.
const PEERS: &str = "bench/peers";

/// Their names, and the ways in which each learns of an edit's end.
const CLIENTS: [(&str, [&str; 2]); 2] =
    [("fal-js", ["default", "best"]), ("fal-python", ["default", "best"])];

/// For each call.
const PATIENCE: Duration = Duration::from_mins(5);

/// How much of what a client complains is told.
const LAST_LINES: usize = 3;

/// A client, and how it learns of an edit's end.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// For people.
    pub(super) name: String,
    program: PathBuf,
    client: &'static str,
    way: &'static str,
}

/// To `version`.
#[derive(Debug, Deserialize)]
struct Identity {
    name: String,
    version: String,
    settings: String,
}

/// What a client answers.
#[derive(Debug, Deserialize)]
struct Answer {
    ms: Vec<f64>,
    with_download_ms: Vec<f64>,
    request_ids: Vec<String>,
}

/// Those that are there; what is missing is told.
pub(super) async fn installed() -> anyhow::Result<Vec<Peer>> {
    let folder = Path::new(PEERS);
    let Ok(program) = folder.join("run").canonicalize() else {
        println!("\nDarkroom by itself: there is no {PEERS} here.");
        return Ok(Vec::new());
    };
    let mut peers = Vec::new();
    for (client, ways) in CLIENTS {
        let identity: Identity = match ask(&program, &[client, "version"]).await {
            Ok(identity) => identity,
            Err(_missing) => {
                println!("\n{client} is left out; {PEERS}/install installs it.");
                continue;
            }
        };
        println!("\n{} {}: {}.", identity.name, identity.version, identity.settings);
        peers.extend(ways.map(|way| Peer {
            name: format!("`{}`, {way}", identity.name),
            program: program.clone(),
            client,
            way,
        }));
    }
    Ok(peers)
}

impl Peer {
    /// Has so many pictures edited. Those that come first warm it up, and are not told of.
    pub(super) async fn run(
        &self,
        port: u16,
        picture: &Path,
        jobs: u16,
        at_a_time: u16,
    ) -> anyhow::Result<Vec<Edit>> {
        let warm_up = WARM_UP * at_a_time;
        let url = format!("http://127.0.0.1:{port}");
        let picture = picture.to_str().context("the picture's path is not UTF-8")?;
        let (all, at_a_time) = ((warm_up + jobs).to_string(), at_a_time.to_string());
        let question = [self.client, &all, &url, picture, self.way, &at_a_time];
        let answer: Answer = ask(&self.program, &question).await?;
        let milliseconds = |ms: &f64| Duration::from_secs_f64(ms / 1000.0);
        let times = answer.ms.iter().zip(&answer.with_download_ms);
        let edits = answer.request_ids.into_iter().zip(times);
        let edits = edits.map(|(request_id, (seen, in_hand))| Edit {
            request_id,
            seen: milliseconds(seen),
            in_hand: milliseconds(in_hand),
        });
        Ok(edits.skip(usize::from(warm_up)).collect())
    }
}

/// Asks a client, and answers the last line of what it prints. What it started ends with it.
async fn ask<T: DeserializeOwned>(program: &Path, question: &[&str]) -> anyhow::Result<T> {
    let guard = Guard::post()?;
    let mut command = Command::new(program);
    command
        .args(question)
        // No key of somebody's is shown to the stand-in.
        .env_remove("FAL_KEY")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    guard.watch(&mut command)?;
    let asked = question.join(" ");
    let running =
        command.spawn().with_context(|| format!("{} does not start", program.display()))?;
    let Ok(output) = timeout(PATIENCE, running.wait_with_output()).await else {
        bail!("{asked}: not done within {} s", PATIENCE.as_secs());
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
