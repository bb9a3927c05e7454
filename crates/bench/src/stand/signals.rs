//! Signals to roles.

use std::process::ExitStatus;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Duration, timeout};

use super::role::Role;

impl Role {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        send(self.pid()?, signal)
    }

    /// Asks it to end, and waits for it. A role that does not end in time is killed, which is an error.
    pub(crate) async fn terminate(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        if let Ok(ended) = timeout(patience, self.child.wait()).await {
            return Ok(ended?);
        }
        self.kill().await?;
        bail!("{} did not end within {} s of a SIGTERM", self.plan.name, patience.as_secs())
    }
}

/// Sends a signal to the process of this number.
pub(crate) fn send(pid: u32, signal: Signal) -> anyhow::Result<()> {
    let pid =
        i32::try_from(pid).ok().and_then(Pid::from_raw).context("no process has this number")?;
    Ok(kill_process(pid, signal)?)
}
