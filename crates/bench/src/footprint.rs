//! Memory, CPU time and descriptors of a process, as Linux reports them (source: proc(5)).

use std::{fs, time::Duration};

use anyhow::Context;

/// The resources that a process uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// Resident memory, in kB.
    pub(crate) resident: u32,
    /// The most memory that was ever resident, in kB.
    pub(crate) peak: u32,
    /// CPU time of all threads that still run.
    pub(crate) busy: Duration,
    /// Descriptors that are open.
    pub(crate) descriptors: usize,
}

impl Footprint {
    /// Reads it for a process, as of now.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let process = format!("/proc/{pid}");
        let status = fs::read_to_string(format!("{process}/status"))?;
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.trim().parse().ok()
        };
        let mut busy = 0;
        for thread in fs::read_dir(format!("{process}/task"))?.flatten() {
            let told = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let nanoseconds = told.split_whitespace().next();
            busy += nanoseconds.and_then(|told| told.parse::<u64>().ok()).unwrap_or_default();
        }
        Ok(Self {
            resident: value("VmRSS:").context("no VmRSS in /proc")?,
            peak: value("VmHWM:").context("no VmHWM in /proc")?,
            busy: Duration::from_nanos(busy),
            descriptors: fs::read_dir(format!("{process}/fd"))?.count(),
        })
    }
}

/// Converts kB to whole MB.
pub(crate) fn megabytes(kilobytes: u32) -> String {
    format!("{:.0}", f64::from(kilobytes) / 1024.0)
}
