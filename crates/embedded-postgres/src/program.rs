//! Runs one of PostgreSQL's programs to its end.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tokio::io::AsyncWriteExt;

use crate::server_log::last_lines;
use crate::{Error, Result};

/// Runs the command with `input`, and returns what it printed. Dropped, it kills the program.
pub(crate) async fn run(command: Command, input: &str) -> Result<String> {
    let program = PathBuf::from(command.get_program());
    let not_run = |source| Error::NotRun { program: program.clone(), source };
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_run)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why in its output.
        stdin.write_all(input.as_bytes()).await.ok();
    }
    let output = child.wait_with_output().await.map_err(not_run)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let printed = printed + &String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed { program, output: last_lines(&printed) })
}
