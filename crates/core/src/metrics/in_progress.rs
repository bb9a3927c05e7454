//! What is in progress at the moment.

use prometheus_client::metrics::gauge::Gauge;

/// Counts as one in its gauge for as long as it lives.
#[derive(Debug)]
pub struct InProgress(Gauge);

impl InProgress {
    /// Something begins.
    pub fn begin(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.dec();
    }
}
