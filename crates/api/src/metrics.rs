//! What this process counts of its requests, and the page that shows it to Prometheus.

mod database;
mod requests;

use std::sync::Arc;

use actix_web::{HttpResponse, http::header, web};
use darkroom_core::{
    config::Config,
    db::Pool,
    metrics::{CONTENT_TYPE, Label, Registry, counters, names},
};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use self::database::Database;
pub(crate) use self::requests::{Requests, label};
use crate::{
    State,
    access::Caller,
    docs::refusals::NoOperator,
    error::{ApiError, Problem},
};

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/metrics").get(scrape).head(scrape));
}

/// Everything that an API process counts; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) requests: Requests,
    /// Streams of events that are open.
    pub(crate) event_streams: Gauge,
    pub(crate) reads: Reads,
    database: Arc<Database>,
}

/// How many jobs were read from memory, and how many from the database.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    pub(crate) memory: Counter,
    pub(crate) database: Counter,
}

impl Metrics {
    /// Nothing yet.
    pub(crate) fn new(config: &Config, pool: Pool) -> Self {
        let registry = Registry::new();
        registry.add_pool("api", pool.clone());
        let requests = Requests::new();
        let event_streams = Gauge::default();
        let reads = counters("from", &["memory", "database"]);
        let from = |place| reads.get_or_create_owned(&Label::from([("from", place)]));
        let database = Arc::new(Database::new(pool, config.worker.lease));
        registry.add(names::HTTP_REQUESTS, requests.seconds());
        registry.add(names::EVENT_STREAMS, &event_streams);
        registry.add(names::JOB_READS, &reads);
        registry.add_collector(Arc::clone(&database));
        let reads = Reads { memory: from("memory"), database: from("database") };
        Self { registry, requests, event_streams, reads, database }
    }
}

/// Read the metrics
///
/// In Prometheus's text format. Where API keys are needed, this takes an operator's.
#[utoipa::path(get, path = "/metrics", tag = "admin", operation_id = "read_metrics",
    responses(
        (status = 200, description = "The metrics of this process, and of the queue as the database has it", body = String, content_type = "text/plain"),
        NoOperator,
        (status = 503, description = "The API key has to be looked up, and the database cannot be reached; send the request again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn scrape(
    state: web::Data<State>,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    caller.sees_all()?;
    state.metrics.database.look().await;
    Ok(HttpResponse::Ok()
        .content_type(CONTENT_TYPE)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(state.metrics.registry.write()))
}
