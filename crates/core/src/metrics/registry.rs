//! The metrics of a process, and how they are written.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prometheus_client::{collector::Collector, encoding::prometheus_text, registry};

use super::{Metric, pools::Pools, process::Process};
use crate::db::Pool;

/// The content type of what a registry writes.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// All metrics of a process; cheap to clone.
#[derive(Clone)]
pub struct Registry {
    metrics: Arc<Mutex<registry::Registry>>,
    pools: Pools,
}

impl Registry {
    /// A registry with the metrics that every process has.
    pub fn new() -> Self {
        let pools = Pools::default();
        let mut metrics = registry::Registry::default();
        metrics.register_collector(Box::new(Process::new()));
        metrics.register_collector(Box::new(pools.clone()));
        Self { metrics: Arc::new(Mutex::new(metrics)), pools }
    }

    /// Adds a metric that is counted. To be called once for each metric.
    pub fn add(&self, metric: Metric, counted: &(impl registry::Metric + Clone)) {
        self.lock().register(metric.stem(), metric.help, counted.clone());
    }

    /// Adds metrics that are looked up when they are asked for.
    pub fn add_collector(&self, collector: impl Collector) {
        self.lock().register_collector(Box::new(collector));
    }

    /// Adds a pool of connections.
    pub fn add_pool(&self, name: &'static str, pool: Pool) {
        self.pools.add(name, pool);
    }

    /// All metrics as of now, in Prometheus's text format (version 0.0.4).
    pub fn write(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        prometheus_text::encode(&mut text, &self.lock()).ok();
        text
    }

    fn lock(&self) -> MutexGuard<'_, registry::Registry> {
        // A panic leaves it usable: it is only ever added to.
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
