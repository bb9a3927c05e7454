//! The process itself.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{MetricType, gauge::ConstGauge},
};

use super::names;

/// Tells of the process.
#[derive(Debug)]
pub(super) struct Process {
    /// Seconds since 1970.
    started: f64,
}

impl Process {
    /// To be called at the process's start.
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: since.as_secs_f64() }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let gauge = MetricType::Gauge;
        let none: [(&str, &str); 0] = [];
        names::START_TIME.tell(&mut encoder, gauge, [(none, ConstGauge::new(self.started))])?;
        names::MEMORY.tell(&mut encoder, gauge, [(none, ConstGauge::new(resident_bytes()))])?;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        names::BUILD.tell(&mut encoder, gauge, [(version, ConstGauge::new(1_i64))])
    }
}

/// As Linux tells it (source: proc(5), `/proc/pid/status`); 0 elsewhere.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_takes_memory() {
        assert!(resident_bytes() > 1024 * 1024);
    }
}
