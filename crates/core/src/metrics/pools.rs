//! The state of the connection pools at the moment that metrics are asked for.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use super::names;
use crate::db::Pool;

/// The pools of a process, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools(Arc<Mutex<Vec<(&'static str, Pool)>>>);

impl Pools {
    pub(super) fn add(&self, name: &'static str, pool: Pool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, pool));
    }
}

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let uses: Vec<_> = pools.iter().map(|(name, pool)| (*name, pool.usage())).collect();
        let connections = uses.iter().flat_map(|(name, usage)| {
            [("in_use", usage.in_use), ("idle", usage.idle)]
                .map(|(state, count)| ([("pool", *name), ("state", state)], ConstGauge::new(count)))
        });
        names::CONNECTIONS.tell(&mut encoder, MetricType::Gauge, connections)?;
        let most = uses.iter().map(|(name, usage)| ([("pool", *name)], ConstGauge::new(usage.max)));
        names::MAX_CONNECTIONS.tell(&mut encoder, MetricType::Gauge, most)?;
        let timeouts =
            uses.iter().map(|(name, usage)| ([("pool", *name)], ConstCounter::new(usage.timeouts)));
        names::ACQUIRE_TIMEOUTS.tell(&mut encoder, MetricType::Counter, timeouts)
    }
}
