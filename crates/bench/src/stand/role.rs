//! One role as a process.

use std::{
    env::consts::EXE_SUFFIX,
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

/// How much of a log is shown.
const LAST_LINES: usize = 10;

/// A running role, killed when dropped.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    /// Where it listens, if it does.
    pub(crate) port: u16,
    child: Child,
    log: PathBuf,
}

impl Role {
    /// Starts `darkroom <name>`, or the bench's own `bare`, with no variables but these.
    pub(super) fn start(
        name: &'static str,
        options: &[&str],
        variables: &[(&str, &str)],
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let log = logs.join(format!("{name}.log"));
        let mut command = Command::new(program(name)?);
        command
            .arg(name)
            .args(options)
            .env_clear()
            .envs(variables.iter().copied())
            // No `.env` there.
            .current_dir(logs)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .kill_on_drop(true);
        match name {
            "sim" | "bare" => command.arg("--port").arg(port.to_string()),
            _ => command.env("PORT", port.to_string()),
        };
        let child = command.spawn().with_context(|| format!("{name} does not start"))?;
        Ok(Self { name, port, child, log })
    }

    /// Ends it at once, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Names the process.
    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().with_context(|| format!("{} has ended", self.name))
    }

    /// What became of it, and the end of its log.
    pub(super) fn last_words(&mut self) -> String {
        let state = match self.child.try_wait() {
            Ok(Some(status)) => format!("ended ({status})"),
            Ok(None) => "runs".to_owned(),
            Err(error) => error.to_string(),
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.split_at(lines.len().saturating_sub(LAST_LINES)).1;
        format!("\n{} {state}; its log ends:\n{}", self.name, last.join("\n"))
    }
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    let bench = std::env::current_exe()?;
    if name == "bare" {
        return Ok(bench);
    }
    let darkroom = bench.with_file_name(format!("darkroom{EXE_SUFFIX}"));
    if !darkroom.exists() {
        bail!(
            "{} is missing: build it first, with `cargo build --release --workspace`",
            darkroom.display()
        );
    }
    Ok(darkroom)
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
