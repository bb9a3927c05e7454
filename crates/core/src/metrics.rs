//! Metrics: what a process counts and measures, shown in Prometheus's text format.
//!
//! Each part that counts holds its own handles, and adds them to the [`Registry`] of its process. A count costs an
//! atomic addition; the text is only written when it is asked for.

mod in_progress;
pub mod names;
mod pools;
mod process;
mod registry;

pub use in_progress::InProgress;
pub use registry::{CONTENT_TYPE, Registry};

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

/// A metric, as Prometheus knows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Metric {
    /// With its unit.
    pub name: &'static str,
    /// What it tells, without a full stop.
    pub help: &'static str,
}

impl Metric {
    /// The name as the exporter wants it: it adds `_total` to a counter's itself.
    fn stem(&self) -> &'static str {
        self.name.strip_suffix("_total").unwrap_or(self.name)
    }

    /// Writes values that are looked up when metrics are asked for.
    pub fn tell<L: EncodeLabelSet, M: EncodeMetric>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        kind: prometheus_client::metrics::MetricType,
        values: impl IntoIterator<Item = (L, M)>,
    ) -> std::fmt::Result {
        let help = format!("{}.", self.help);
        let mut encoder = encoder.encode_descriptor(self.stem(), &help, None, kind)?;
        for (labels, value) in values {
            value.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// One label, of a metric whose label values are known at compile time.
pub type Label = [(&'static str, &'static str); 1];

/// Counters told apart by one label. They begin at 0, so that the first event shows as an increase.
pub fn counters(label: &'static str, values: &[&'static str]) -> Family<Label, Counter> {
    let counters = Family::default();
    for value in values {
        drop(counters.get_or_create(&[(label, *value)]));
    }
    counters
}

/// A histogram of what takes milliseconds to a minute.
pub fn call_seconds() -> Histogram {
    Histogram::new([0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}

/// A histogram of what takes seconds to an hour.
pub fn edit_seconds() -> Histogram {
    Histogram::new([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0])
}
