//! fal's own clients, as programs of `bench/peers`.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use tokio::time::Duration;

use super::sides::{Edit, WARM_UP};
use crate::peers::{self, FOLDER, Program};

/// Their names, and the ways in which each learns of an edit's end.
const CLIENTS: [(&str, [&str; 2]); 2] =
    [("fal-js", ["default", "best"]), ("fal-python", ["default", "best"])];

/// For each call.
const PATIENCE: Duration = Duration::from_mins(5);

/// A client, and how it learns of an edit's end.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Its name in tables.
    pub(super) name: String,
    program: Program,
    way: &'static str,
}

/// What a client answers.
#[derive(Debug, Deserialize)]
struct Answer {
    ms: Vec<f64>,
    with_download_ms: Vec<f64>,
    request_ids: Vec<String>,
}

/// The clients that are installed. How to install those that are missing is printed.
pub(super) async fn installed() -> Vec<Peer> {
    let mut peers = Vec::new();
    for (client, ways) in CLIENTS {
        let Some((program, identity)) = peers::find(Path::new(FOLDER), client).await else {
            continue;
        };
        peers.extend(ways.map(|way| Peer {
            name: format!("`{}`, {way}", identity.name),
            program: program.clone(),
            way,
        }));
    }
    peers
}

impl Peer {
    /// Has `jobs` pictures edited. Those before them warm the client up, and are not returned.
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
        let question = [all.as_str(), &url, picture, self.way, &at_a_time];
        let command = self.program.command(&question);
        let answer: Answer = peers::answer(command, &question, PATIENCE).await?;
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
