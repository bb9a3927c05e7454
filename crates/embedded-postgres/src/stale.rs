//! Stops what a killed darkroom left behind.
//!
//! Called with the lock held, so a PostgreSQL on this data has lost its owner.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::home::Home;
use crate::locate::Installation;
use crate::run_as::RunAs;
use crate::{Error, Result, program};

/// After `pg_ctl` has waited in its own way.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// The process a `postmaster.pid` names.
#[derive(Debug, PartialEq)]
enum Found {
    /// It ended.
    Nobody,
    /// It is PostgreSQL on our data.
    OurPostgres,
    /// It got the number of a PostgreSQL that ended.
    AnotherProgram,
}

/// Makes sure no PostgreSQL runs on the data, and nothing keeps a new one from it.
pub(crate) async fn settle(home: &Home, installation: &Installation, run_as: RunAs) -> Result<()> {
    let cluster = home.cluster();
    let pid_file = cluster.join("postmaster.pid");
    let Some(pid) = first_number(&pid_file) else {
        return Ok(());
    };
    match find(pid, &cluster) {
        // PostgreSQL sees that itself, and checks for survivors better than we could.
        Found::Nobody => Ok(()),
        // PostgreSQL would believe it to be a PostgreSQL.
        Found::AnotherProgram => {
            fs::remove_file(&pid_file).map_err(Error::file("remove", &pid_file))
        }
        Found::OurPostgres => stop(pid, &cluster, installation, run_as).await,
    }
}

async fn stop(pid: u32, cluster: &Path, installation: &Installation, run_as: RunAs) -> Result<()> {
    tracing::info!(pid, "stopping the PostgreSQL that a killed darkroom left behind");
    for mode in ["fast", "immediate"] {
        let mut pg_ctl = installation.command("pg_ctl", run_as);
        pg_ctl.args(["stop", "-w", "-t", "20", "-m", mode, "-D"]).arg(cluster);
        if let Err(error) = program::run(pg_ctl, "").await {
            // Also when the process ended by itself meanwhile: what counts is whether it is gone.
            tracing::debug!("{error}");
        }
        if is_gone(pid, cluster).await {
            return Ok(());
        }
    }
    Err(Error::LeftBehind { pid, data_dir: cluster.to_owned() })
}

async fn is_gone(pid: u32, cluster: &Path) -> bool {
    let deadline = Instant::now() + GONE_WITHIN;
    while find(pid, cluster) == Found::OurPostgres {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// The number `postmaster.pid` begins with: the process id.
fn first_number(pid_file: &Path) -> Option<u32> {
    fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()
}

/// PostgreSQL works in its data directory.
#[cfg(target_os = "linux")]
fn find(pid: u32, cluster: &Path) -> Found {
    let process = Path::new("/proc").join(pid.to_string());
    let directory = fs::read_link(process.join("cwd"));
    match (directory, cluster.canonicalize()) {
        (Ok(directory), Ok(cluster)) if directory == cluster => Found::OurPostgres,
        _ if process.exists() => Found::AnotherProgram,
        _ => Found::Nobody,
    }
}

/// PostgreSQL names its data directory on its command line.
#[cfg(all(unix, not(target_os = "linux")))]
fn find(pid: u32, cluster: &Path) -> Found {
    let printed =
        std::process::Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    judge(printed, &cluster.display().to_string())
}

#[cfg(windows)]
fn find(pid: u32, _cluster: &Path) -> Found {
    let filter = format!("PID eq {pid}");
    let printed = std::process::Command::new("tasklist").args(["/NH", "/FI", &filter]).output();
    judge(printed, "postgres.exe")
}

#[cfg(not(target_os = "linux"))]
fn judge(printed: std::io::Result<std::process::Output>, ours: &str) -> Found {
    let printed = printed
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    match printed.trim() {
        "" => Found::Nobody,
        command if command.contains(ours) => Found::OurPostgres,
        _ => Found::AnotherProgram,
    }
}
