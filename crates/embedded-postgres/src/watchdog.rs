//! Sees to it that PostgreSQL does not outlive its owner, even one that is killed.
//!
//! A shell becomes PostgreSQL, after leaving a copy of itself that reads from a pipe. The system
//! closes our end of the pipe however we end; the copy then asks PostgreSQL for a fast shutdown,
//! and removes a temporary directory. A line in the pipe says that PostgreSQL has ended already,
//! and its number may be another's.
//!
//! Both are in a process group of their own, out of reach of the terminal's Ctrl-C: who still
//! writes to the database while shutting down, decides when it stops.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command};

use crate::locate::Installation;
use crate::run_as::RunAs;

/// The command for a guarded `postgres`, to be completed with its arguments.
#[cfg(unix)]
pub(crate) fn command(
    installation: &Installation,
    run_as: RunAs,
    remove: Option<&Path>,
) -> Command {
    use std::os::unix::process::CommandExt;
    let mut shell = run_as.command("/bin/sh");
    shell.process_group(0).args(["-c", include_str!("watchdog.sh"), "darkroom-watchdog"]);
    shell.arg(remove.unwrap_or(Path::new(""))).arg(installation.program("postgres"));
    shell
}

/// No watchdog here: the next start stops what was left behind.
#[cfg(not(unix))]
pub(crate) fn command(
    installation: &Installation,
    run_as: RunAs,
    _remove: Option<&Path>,
) -> Command {
    use std::os::windows::process::CommandExt;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    let mut postgres = installation.command("postgres", run_as);
    postgres.creation_flags(CREATE_NEW_PROCESS_GROUP);
    postgres
}

/// Tells the watchdog that PostgreSQL has ended.
pub(crate) fn dismiss(mut lifeline: ChildStdin) {
    // Where there is no watchdog any more, there is no one to tell.
    lifeline.write_all(b"over\n").ok();
}
