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
        let worker = Self {
            heartbeat: reader.seconds("WORKER_HEARTBEAT_SECONDS", 5, 1..=3_600),
            lease: reader.seconds("WORKER_LEASE_SECONDS", 16, 4..=86_400),
            claim_interval: reader.seconds("WORKER_CLAIM_INTERVAL_SECONDS", 5, 1..=3_600),
            halt_probe: reader.seconds("HALT_PROBE_SECONDS", 30, 1..=86_400),
            concurrency: reader.value("WORKER_CONCURRENCY", 64),
            streams: reader.within("WORKER_STREAMS", 256, 0..=1_000_000),
            metrics_address: reader.optional("METRICS_ADDRESS"),
        };
        let beats = worker.lease > worker.heartbeat.saturating_mul(3);
        reader.require(
            "WORKER_LEASE_SECONDS",
            beats,
            "must be more than three times WORKER_HEARTBEAT_SECONDS, so that one lost beat is no death",
        );
        reader.require("WORKER_CONCURRENCY", worker.concurrency > 0, "must be more than 0");
        worker
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{refuses, takes};

    #[test]
    fn a_worker_is_given_no_time_that_it_could_not_reckon_with() {
        const ENDLESS: &str = "18446744073709551615";
        refuses("WORKER_HEARTBEAT_SECONDS", &["0", "3601", ENDLESS]);
        refuses("WORKER_LEASE_SECONDS", &["15", "86401", ENDLESS]);
        refuses("WORKER_CLAIM_INTERVAL_SECONDS", &["0", "3601", ENDLESS]);
        refuses("HALT_PROBE_SECONDS", &["0", "86401", ENDLESS]);

        takes("WORKER_HEARTBEAT_SECONDS", &["1"]);
        takes("WORKER_LEASE_SECONDS", &["16", "86400"]);
        takes("WORKER_CLAIM_INTERVAL_SECONDS", &["1", "3600"]);
        takes("HALT_PROBE_SECONDS", &["1", "86400"]);
    }

    #[test]
    fn a_worker_may_be_given_no_streams_and_not_more_than_it_could_count() {
        refuses("WORKER_STREAMS", &["-1", "1000001", "18446744073709551615"]);
        takes("WORKER_STREAMS", &["0", "1000000"]);
    }
}
