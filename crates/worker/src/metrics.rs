//! What this process counts of its work.

use std::time::{Duration, Instant};

use darkroom_core::{
    fal,
    job::{Failure, FailureCode},
    metrics::{Label, Registry, call_seconds, counters, edit_seconds, names},
    queue::FailureClass,
};
use prometheus_client::metrics::{
    counter::Counter, family::Family, gauge::Gauge, histogram::Histogram,
};
use strum::{IntoStaticStr, VariantArray};

/// One label whose values are models on offer.
type Model = [(&'static str, String); 1];

/// The labels of a failure: its class and its code.
type FailureLabels = [(&'static str, String); 2];

/// Handles of all that a worker counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) claims: Counter,
    /// Jobs that are worked on.
    pub(crate) held: Gauge,
    pub(crate) deaths: Counter,
    pub(crate) rescued_workers: Counter,
    pub(crate) rescued_jobs: Counter,
    pub(crate) handed_over: Counter,
    pub(crate) given_up: Counter,
    pub(crate) halts: Counter,
    settles: Family<Label, Counter>,
    failures: Family<FailureLabels, Counter>,
    stale_writes: Family<Label, Counter>,
    submissions: Family<Label, Counter>,
    fal_calls: Family<Label, Histogram>,
    fal_errors: Family<[(&'static str, &'static str); 2], Counter>,
    fal_edits: Family<Model, Histogram>,
    spend: Family<Model, Counter<f64>>,
    webhooks: Family<Label, Counter>,
    webhook_calls: Histogram,
}

/// The failures that the worker itself finds. fal's are counted as they come.
const OWN_FAILURES: [FailureCode; 5] = [
    FailureCode::DamagedImage,
    FailureCode::DeadlineExceeded,
    FailureCode::SubmissionUnknown,
    FailureCode::UnknownModel,
    FailureCode::WorkerLost,
];

/// A call to fal.
#[derive(Clone, Copy, Debug, Eq, IntoStaticStr, PartialEq, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Call {
    Upload,
    Submit,
    Check,
    Result,
    Download,
    Cancel,
    Search,
    Probe,
}

/// How the work on a job ended.
#[derive(Clone, Copy, Debug, Eq, IntoStaticStr, PartialEq, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Settled {
    Completed,
    Failed,
    Cancelled,
    Retry,
    Later,
    Broken,
}

impl Metrics {
    /// Counts nothing yet. Labels that are known beforehand begin at 0, so that a first event shows as an increase.
    pub(crate) fn new() -> Self {
        let failures = Family::<FailureLabels, Counter>::default();
        for code in OWN_FAILURES {
            let class = FailureClass::Never.as_str().to_owned();
            drop(failures.get_or_create(&[("class", class), ("code", code.as_str().to_owned())]));
        }
        let fal_calls = Family::<Label, Histogram>::new_with_constructor(call_seconds);
        let fal_errors = Family::<[(&str, &str); 2], Counter>::default();
        for call in Call::VARIANTS {
            let call = ("call", call.into());
            drop(fal_calls.get_or_create(&[call]));
            for class in fal::Class::VARIANTS {
                drop(fal_errors.get_or_create(&[call, ("class", class.into())]));
            }
        }
        Self {
            claims: Counter::default(),
            held: Gauge::default(),
            deaths: Counter::default(),
            rescued_workers: Counter::default(),
            rescued_jobs: Counter::default(),
            handed_over: Counter::default(),
            given_up: Counter::default(),
            halts: Counter::default(),
            settles: counters(
                "outcome",
                &Settled::VARIANTS.iter().map(Into::into).collect::<Vec<_>>(),
            ),
            failures,
            stale_writes: counters("of", &["job", "delivery"]),
            submissions: counters("result", &["accepted", "refused", "unknown"]),
            fal_calls,
            fal_errors,
            fal_edits: Family::new_with_constructor(edit_seconds),
            spend: Family::default(),
            webhooks: counters("result", &["delivered", "again", "given_up"]),
            webhook_calls: call_seconds(),
        }
    }

    /// Registers them with `registry`.
    pub(crate) fn register(&self, registry: &Registry) {
        registry.add(names::CLAIMS, &self.claims);
        registry.add(names::JOBS_HELD, &self.held);
        registry.add(names::SETTLES, &self.settles);
        registry.add(names::FAILURES, &self.failures);
        registry.add(names::STALE_WRITES, &self.stale_writes);
        registry.add(names::DEATHS, &self.deaths);
        registry.add(names::RESCUED_WORKERS, &self.rescued_workers);
        registry.add(names::RESCUED_JOBS, &self.rescued_jobs);
        registry.add(names::HANDED_OVER_JOBS, &self.handed_over);
        registry.add(names::SUBMISSIONS, &self.submissions);
        registry.add(names::GIVEN_UP, &self.given_up);
        registry.add(names::FAL_CALLS, &self.fal_calls);
        registry.add(names::FAL_ERRORS, &self.fal_errors);
        registry.add(names::FAL_EDITS, &self.fal_edits);
        registry.add(names::HALTS, &self.halts);
        registry.add(names::SPEND, &self.spend);
        registry.add(names::WEBHOOKS, &self.webhooks);
        registry.add(names::WEBHOOK_CALLS, &self.webhook_calls);
    }

    /// The work on a job ended.
    pub(crate) fn settled(&self, settled: Settled) {
        self.settles.get_or_create(&[("outcome", settled.into())]).inc();
    }

    /// Jobs that were completed.
    #[cfg(feature = "measuring")]
    pub(crate) fn completed(&self) -> u64 {
        self.settles.get_or_create(&[("outcome", Settled::Completed.into())]).get()
    }

    /// An attempt or a job failed.
    pub(crate) fn failed(&self, failure: &Failure, class: FailureClass) {
        let labels = [("class", class.as_str().to_owned()), ("code", failure.code.clone())];
        self.failures.get_or_create(&labels).inc();
    }

    /// A completed job cost `micros` millionths of a US dollar.
    pub(crate) fn spent(&self, model: &str, micros: i64) {
        // A dollar has as many millionths as a second, and seconds become a float without loss.
        let dollars =
            Duration::from_micros(u64::try_from(micros).unwrap_or_default()).as_secs_f64();
        self.spend.get_or_create(&[("model", model.to_owned())]).inc_by(dollars);
    }

    /// A write about a `job` or a `delivery` came under a lease that was lost.
    pub(crate) fn stale_write(&self, of: &'static str) {
        self.stale_writes.get_or_create(&[("of", of)]).inc();
    }

    /// A submission was made.
    pub(crate) fn submitted<T>(&self, submitted: &Result<T, fal::SubmitError>) {
        let result = match submitted {
            Ok(_) => "accepted",
            Err(fal::SubmitError::NotAccepted(_)) => "refused",
            Err(fal::SubmitError::Unknown(_)) => "unknown",
        };
        self.submissions.get_or_create(&[("result", result)]).inc();
    }

    /// fal was called, and this is what came of it.
    pub(crate) fn called<T, E: AsRef<fal::Error>>(
        &self,
        call: Call,
        began: Instant,
        answer: &Result<T, E>,
    ) {
        let call = ("call", call.into());
        self.fal_calls.get_or_create(&[call]).observe(began.elapsed().as_secs_f64());
        if let Err(error) = answer {
            let class = ("class", error.as_ref().class().into());
            self.fal_errors.get_or_create(&[call, class]).inc();
        }
    }

    /// A request that this process submitted has ended at fal, `took` after fal accepted it.
    pub(crate) fn edited(&self, model: &str, took: Duration) {
        let edits = self.fal_edits.get_or_create(&[("model", model.to_owned())]);
        edits.observe(took.as_secs_f64());
    }

    /// Deliveries expired while their receiver was busy.
    pub(crate) fn gave_deliveries_up(&self, deliveries: u64) {
        self.webhooks.get_or_create(&[("result", "given_up")]).inc_by(deliveries);
    }

    /// An attempt to deliver a webhook ended.
    pub(crate) fn tried_to_deliver(&self, result: &'static str, took: Duration) {
        self.webhooks.get_or_create(&[("result", result)]).inc();
        self.webhook_calls.observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_of_thousands_of_dollars_is_counted_to_the_cent() {
        let metrics = Metrics::new();

        metrics.spent("dear", 4_295_000_000);
        metrics.spent("dear", 30_000);

        let spent = metrics.spend.get_or_create(&[("model", "dear".to_owned())]).get();
        assert!((spent - 4_295.03).abs() < 1e-9, "{spent}");
    }
}
