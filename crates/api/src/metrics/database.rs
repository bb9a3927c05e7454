//! The state of the whole service, read from the database when the metrics are asked for, but at most every few
//! seconds, however many ask.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use darkroom_core::{
    chain::chain,
    db::Pool,
    metrics::names,
    queue::{self, Survey},
};
use prometheus_client::{
    collector::Collector,
    encoding::DescriptorEncoder,
    metrics::{MetricType, gauge::ConstGauge},
};
use tokio::time::timeout;

/// How long an answer is reused: less than the time between two scrapes.
const HOLDS: Duration = Duration::from_secs(5);

/// How long the database has to answer. Scrapers wait for 10 seconds by default (source: Prometheus,
/// `scrape_timeout`).
const PATIENCE: Duration = Duration::from_secs(4);

/// The database's last answer.
#[derive(Debug)]
pub(super) struct Database {
    pool: Pool,
    /// How late a worker's heartbeat may be.
    lease: Duration,
    /// When the database was last asked. Locked while it is asked, so that one request at a time does so.
    asked: tokio::sync::Mutex<Option<Instant>>,
    /// `None` if the database did not answer.
    survey: Mutex<Option<Survey>>,
}

impl Database {
    pub(super) fn new(pool: Pool, lease: Duration) -> Self {
        Self { pool, lease, asked: tokio::sync::Mutex::default(), survey: Mutex::default() }
    }

    /// Asks the database, unless it was asked within [`HOLDS`].
    pub(super) async fn look(&self) {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < HOLDS) {
            return;
        }
        let survey = match timeout(PATIENCE, queue::survey(&self.pool, self.lease)).await {
            Ok(Ok(survey)) => Some(survey),
            Ok(Err(error)) => {
                tracing::debug!(error = %chain(&error), "the database cannot be surveyed");
                None
            }
            Err(_elapsed) => None,
        };
        *self.survey() = survey;
        *asked = Some(Instant::now());
    }

    fn survey(&self) -> MutexGuard<'_, Option<Survey>> {
        self.survey.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Database {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let survey = self.survey().clone();
        let is_up = i64::from(survey.is_some());
        let none: [(&str, &str); 0] = [];
        let gauge = MetricType::Gauge;
        names::DATABASE_UP.tell(&mut encoder, gauge, [(none, ConstGauge::new(is_up))])?;
        let standings = survey.iter().flat_map(|survey| &survey.standings);
        let jobs = standings.clone().flat_map(|standing| {
            let states = [
                ("in_line", standing.in_line),
                ("resting", standing.resting),
                ("in_flight", standing.in_flight),
            ];
            states.map(|(state, count)| {
                ([("model", standing.model.as_str()), ("state", state)], ConstGauge::new(count))
            })
        });
        names::QUEUE_JOBS.tell(&mut encoder, gauge, jobs)?;
        let oldest = standings.map(|standing| {
            let seconds = ConstGauge::new(standing.oldest_seconds.unwrap_or_default());
            ([("model", standing.model.as_str())], seconds)
        });
        names::QUEUE_OLDEST.tell(&mut encoder, gauge, oldest)?;
        let one = |value: fn(&Survey) -> i64| {
            survey.as_ref().map(|survey| (none, ConstGauge::new(value(survey))))
        };
        names::WORKERS.tell(&mut encoder, gauge, one(|survey| survey.workers))?;
        names::HALTED.tell(&mut encoder, gauge, one(|survey| survey.is_halted.into()))?;
        let unknown = one(|survey| survey.unknown_submissions);
        names::UNKNOWN_SUBMISSIONS.tell(&mut encoder, gauge, unknown)?;
        let oldest = survey
            .as_ref()
            .map(|survey| (none, ConstGauge::new(survey.oldest_transaction_seconds)));
        names::OLDEST_TRANSACTION.tell(&mut encoder, gauge, oldest)?;
        names::DEAD_ROWS.tell(&mut encoder, gauge, one(|survey| survey.dead_rows))
    }
}
