//! Programs that answer one question per call, with a line of JSON: those of `bench/peers`, and the sides that this
//! program itself provides.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    process::Command,
    time::{Duration, timeout},
};

use crate::stand::Guard;

/// The folder of peers, from the root of the repository.
pub(crate) const FOLDER: &str = "bench/peers";

/// How many of its last lines of standard error are shown when a program fails.
const LAST_LINES: usize = 3;

/// How long a program may take to say what it is.
const VERSION_PATIENCE: Duration = Duration::from_secs(20);

/// A program, and its arguments before those of each question.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// The answer to `version`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The settings that it runs with, in one short line.
    pub(crate) settings: String,
}

/// Finds a peer, and prints what it is; or how to install it, where it is missing.
pub(crate) async fn find(folder: &Path, peer: &str) -> Option<(Program, Identity)> {
    let asked = async {
        let program = Program::peer(folder, peer)?;
        let question = ["version"];
        let identity = answer(program.command(&question), &question, VERSION_PATIENCE).await?;
        anyhow::Ok((program, identity))
    };
    match asked.await {
        Ok((program, identity)) => {
            let Identity { name, version, settings } = &identity;
            println!("\n{name} {version}: {settings}.");
            Some((program, identity))
        }
        Err(_missing) => {
            println!("\n{peer} is left out: {} installs it.", folder.join("install").display());
            None
        }
    }
}

/// The queues that are installed, the fastest first.
#[cfg(unix)]
pub(crate) async fn queues(folder: &Path) -> anyhow::Result<Vec<(String, Program)>> {
    /// For the whole list: each peer is asked for its version.
    const PATIENCE: Duration = Duration::from_mins(1);

    let listed = match folder.join("list").canonicalize() {
        Ok(list) => {
            let listing = Command::new(list).stdin(Stdio::null()).kill_on_drop(true).output();
            timeout(PATIENCE, listing).await.context("the peers are not listed")??.stdout
        }
        Err(_absent) => Vec::new(),
    };
    let names = String::from_utf8(listed)?;
    if names.trim().is_empty() {
        println!("\nNo peers: {} installs them.", folder.join("install").display());
    }
    let names = names.split_whitespace();
    names.map(|name| Ok((name.to_owned(), Program::peer(folder, name)?))).collect()
}

impl Program {
    fn peer(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = folder.join("run").canonicalize()?;
        Ok(Self { path, arguments: vec![name.to_owned()] })
    }

    /// The command for one call. Its process is killed when the caller drops it.
    pub(crate) fn command(&self, question: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .args(question)
            .env_remove("PORT")
            // The stand-in is not sent anybody's real key.
            .env_remove("FAL_KEY")
            // No `.env` there.
            .current_dir(env::temp_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// Runs a call and parses the last line that it prints; if the call fails, the error holds its last lines of standard
/// error. Processes that it started end with it.
pub(crate) async fn answer<T: DeserializeOwned>(
    mut command: Command,
    question: &[&str],
    patience: Duration,
) -> anyhow::Result<T> {
    let guard = Guard::post()?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    guard.watch(&mut command)?;
    let asked = question.join(" ");
    let running = command.spawn().with_context(|| format!("{asked}: does not start"))?;
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn answer_of(script: &str) -> anyhow::Result<Identity> {
        let shell = Program { path: "/bin/sh".into(), arguments: vec!["-c".to_owned()] };
        answer(shell.command(&[script]), &["version"], VERSION_PATIENCE).await
    }

    #[tokio::test]
    async fn the_last_line_of_a_program_is_its_answer_and_its_complaint_is_told_in_a_line() {
        let said = r#"echo warming up; echo '{"name": "a", "version": "1", "settings": "none"}'"#;
        let complaint = "echo 'no database' >&2; echo 'good bye' >&2; exit 3";

        assert_eq!(answer_of(said).await.unwrap().name, "a");
        let error = answer_of(complaint).await.unwrap_err();
        assert_eq!(error.to_string(), "version: exit status: 3: no database good bye");
    }
}
