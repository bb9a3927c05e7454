//! A side's worker, which waits for jobs until it is told to stop.

use std::{fs, process::Stdio};

use anyhow::{Context, bail, ensure};
use rustix::process::Signal;
use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::{Duration, timeout},
};

use super::Side;
use crate::{
    footprint::Footprint,
    side::answer::Ready,
    stand::{Guard, send},
};

/// How long it may take until it is ready.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take to end.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A worker of a side. When this is dropped, the worker ends with all processes that it started.
pub(in crate::queue) struct Running {
    child: Child,
    guard: Guard,
    /// Kept open, because the worker may print more.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Starts one, and waits until it says that it is ready.
    pub(in crate::queue) async fn start(side: &Side, url: &SecretString) -> anyhow::Result<Self> {
        let guard = Guard::post()?;
        let mut command = side.command(url, &["work"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        guard.watch(&mut command)?;
        let mut child = command.spawn().with_context(|| format!("{} does not start", side.name))?;
        let stdout = child.stdout.take().context("its output is not read")?;
        let mut said = BufReader::new(stdout).lines();
        let Ok(line) = timeout(START_PATIENCE, said.next_line()).await else {
            bail!("work: not ready within {} s", START_PATIENCE.as_secs());
        };
        let line = line?.context("work: ended before it was ready")?;
        let ready: Ready =
            serde_json::from_str(&line).with_context(|| format!("work: no answer in: {line}"))?;
        ensure!(ready.ready, "work: not ready");
        Ok(Self { child, guard, _said: said })
    }

    /// Resident memory of the worker and of the processes that it started, in MB.
    pub(in crate::queue) fn megabytes(&self) -> anyhow::Result<f64> {
        let group = self.guard.group()?;
        let mut kilobytes = 0;
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // `pid (name) state parent group …`; the name may hold anything.
            let after_name = stat.rsplit_once(')').map_or("", |(_name, rest)| rest);
            let its_group = after_name.split_whitespace().nth(2).and_then(|it| it.parse().ok());
            if pid != group && its_group == Some(group) {
                kilobytes += Footprint::of(pid).map_or(0, |footprint| footprint.resident);
            }
        }
        Ok(f64::from(kilobytes) / 1024.0)
    }

    /// Tells it to stop, and waits until it has.
    pub(in crate::queue) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id() {
            send(pid, Signal::TERM)?;
        }
        // If it does not stop in time, it is killed with its group.
        timeout(STOP_PATIENCE, self.child.wait()).await.ok();
        Ok(())
    }
}
