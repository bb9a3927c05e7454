//! What a process holds and uses, read from Linux's `/proc`.

use std::{fs, path::PathBuf};

use anyhow::Context;
use tokio::time::Duration;

use crate::stand::Role;

/// Ticks of a second, in which Linux tells processor time (source: Linux, `proc_pid_stat(5)`).
const TICKS: u32 = 100;

/// A process.
#[derive(Clone, Debug)]
pub(crate) struct Process(PathBuf);

/// Resident memory, in MB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) now: f64,
    /// The most that it ever was.
    pub(crate) peak: f64,
}

impl Process {
    pub(super) fn of(role: &Role) -> anyhow::Result<Self> {
        Ok(Self(PathBuf::from(format!("/proc/{}", role.pid()?))))
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(self.0.join("status"))?;
        let megabytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kilobytes: u32 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
            Some(f64::from(kilobytes) / 1024.0)
        };
        Ok(Memory {
            now: megabytes("VmRSS:").context("no VmRSS in /proc")?,
            peak: megabytes("VmHWM:").context("no VmHWM in /proc")?,
        })
    }

    /// Processor time so far.
    pub(crate) fn used(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(self.0.join("stat"))?;
        // `pid (name) state …`; the name may hold anything. User and system time are the 14th and 15th field of all.
        let after_name = stat.rsplit_once(')').map_or("", |(_name, rest)| rest);
        let ticks: u32 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u32>)
            .sum::<Result<u32, _>>()?;
        Ok(Duration::from_secs(1) * ticks / TICKS)
    }

    /// Descriptors that are open.
    pub(crate) fn descriptors(&self) -> anyhow::Result<usize> {
        Ok(fs::read_dir(self.0.join("fd"))?.count())
    }
}
