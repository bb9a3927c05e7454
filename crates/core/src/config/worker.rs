//! Settings of a worker.

use std::{net::SocketAddr, time::Duration};

use super::reader::Reader;

/// How jobs are worked on.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// `WORKER_CONCURRENCY`: jobs that one process holds at a time. A job that waits for fal costs
    /// little more than its row.
    pub concurrency: usize,
    /// `WORKER_HEARTBEAT_SECONDS`: how often a worker says that it is alive.
    pub heartbeat: Duration,
    /// `WORKER_LEASE_SECONDS`: how late a heartbeat may be before its worker counts as dead.
    pub lease: Duration,
    /// `WORKER_CLAIM_INTERVAL_SECONDS`: how long an idle worker waits before it looks again,
    /// when nothing wakes it.
    pub claim_interval: Duration,
    /// `WORKER_STREAMS`: status streams that one process holds open at a time; further requests are
    /// followed by checks.
    pub streams: usize,
    /// `HALT_PROBE_SECONDS`: during a halt, how long until fal is asked again whether it accepts the
    /// account.
    pub halt_probe: Duration,
    /// `METRICS_ADDRESS`: where a worker serves `/metrics` and `/health`. Without it, nowhere.
    pub metrics_address: Option<SocketAddr>,
}

impl Worker {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut seconds = |name, default| Duration::from_secs(reader.value(name, default));
        let worker = Self {
            heartbeat: seconds("WORKER_HEARTBEAT_SECONDS", 5),
            lease: seconds("WORKER_LEASE_SECONDS", 16),
            claim_interval: seconds("WORKER_CLAIM_INTERVAL_SECONDS", 5),
            halt_probe: seconds("HALT_PROBE_SECONDS", 30),
            concurrency: reader.value("WORKER_CONCURRENCY", 64),
            streams: reader.value("WORKER_STREAMS", 256),
            metrics_address: reader.optional("METRICS_ADDRESS"),
        };
        let beats = worker.heartbeat > Duration::ZERO && worker.lease > worker.heartbeat * 3;
        reader.require(
            "WORKER_LEASE_SECONDS",
            beats,
            "must be more than three times WORKER_HEARTBEAT_SECONDS, so that one lost beat is no death",
        );
        let looks = worker.claim_interval > Duration::ZERO;
        reader.require("WORKER_CLAIM_INTERVAL_SECONDS", looks, "must be more than 0");
        reader.require("WORKER_CONCURRENCY", worker.concurrency > 0, "must be more than 0");
        let probes = worker.halt_probe > Duration::ZERO;
        reader.require("HALT_PROBE_SECONDS", probes, "must be more than 0");
        worker
    }
}
