//! What every request handler may use.

use std::time::Duration;

use actix_web::HttpRequest;
use darkroom_core::{
    callback::LazyCallback,
    config,
    db::Pool,
    fal,
    links::{Linker, Links},
    metrics::Registry,
    models::Models,
    outbound::{self, Allowed},
    queue::Waker,
    store::Intake,
};
use tokio_util::sync::CancellationToken;

use crate::{
    access::Access, base::Base, conditional::LargeAnswers, error::ApiError, health::Readiness,
    images::ThumbnailMaker, jobs::Fetcher, metrics::Metrics, rate::Rate, watch::Watch,
};

/// The API's state cannot be built: one of its HTTP clients cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The client that fetches the provider's keys.
    #[error(transparent)]
    Provider(#[from] fal::BuildError),
    /// The client that fetches pictures.
    #[error(transparent)]
    Fetcher(#[from] outbound::BuildError),
}

/// What every request handler may use. Each thread has its own copy; the copies share what their parts hold.
#[derive(Clone, Debug)]
pub struct State {
    /// Connections to the database.
    pub(crate) pool: Pool,
    /// Tells workers that there is work.
    pub(crate) waker: Waker,
    /// Makes jobs.
    pub(crate) intake: Intake,
    /// Reads jobs, and tells of their changes.
    pub(crate) watch: Watch,
    /// Limits of uploads.
    pub(crate) limits: config::Limits,
    /// Private addresses that may be called all the same.
    pub(crate) outbound_allowed: Allowed,
    /// Fetches pictures that are at an address.
    pub(crate) fetcher: Fetcher,
    /// The models on offer.
    pub(crate) models: Models,
    /// How long a job may take.
    pub(crate) deadline: Duration,
    /// How long a result answers the same request; never, where `None`.
    pub(crate) result_cache: Option<Duration>,
    /// How clients reach this server.
    pub(crate) base: Base,
    /// Whether requests can be served.
    pub(crate) readiness: Readiness,
    /// What makes the edits: `fal.ai` or its stand-in.
    pub(crate) provider: &'static str,
    /// The version, where anybody may know it: it tells attackers what to try.
    pub(crate) version: Option<&'static str>,
    /// Who is let in.
    pub(crate) access: Access,
    /// Limits how fast callers make requests.
    pub(crate) rate: Rate,
    /// Writes links to images and events.
    pub(crate) linker: Linker,
    /// Makes thumbnails.
    pub(crate) thumbnails: ThumbnailMaker,
    /// The room in memory for large answers.
    pub(crate) large_answers: LargeAnswers,
    /// Recognises the provider's webhooks.
    pub(crate) webhooks: fal::Webhooks,
    /// Recognises the callback addresses that the provider was given.
    pub(crate) callback: LazyCallback,
    /// How often a silent event stream shows that it is alive: more often than proxies time out.
    pub(crate) heartbeat: Duration,
    /// Cancelled when the server is about to stop: long waits are then answered.
    pub(crate) stop: CancellationToken,
    /// Counts what is done.
    pub(crate) metrics: Metrics,
}

impl State {
    /// Built from the settings, on top of `pool`.
    pub fn new(config: &config::Config, pool: Pool, models: Models) -> Result<Self, BuildError> {
        let metrics = Metrics::new(config, pool.clone());
        let is_development = config.environment == config::Environment::Development;
        let tells_version = is_development && !config.access.require_api_key;
        let waker = Waker::new(pool.clone());
        Ok(Self {
            version: tells_version.then_some(env!("CARGO_PKG_VERSION")),
            access: Access::new(config, pool.clone()),
            rate: Rate::new(&config.rate),
            linker: Linker::new(&config.access),
            intake: Intake::new(pool.clone(), waker.clone()),
            waker,
            watch: Watch::start(pool.clone(), config.database.notify, metrics.reads.clone()),
            metrics,
            pool,
            limits: config.limits,
            outbound_allowed: config.outbound.allowed.clone(),
            fetcher: Fetcher::new(&config.outbound)?,
            models,
            deadline: config.jobs.deadline,
            result_cache: config.jobs.result_cache,
            base: Base::new(config.server.public_url.as_ref()),
            provider: if config.fal.is_live() { "fal.ai" } else { "stand-in" },
            readiness: Readiness::default(),
            thumbnails: ThumbnailMaker::new(config.limits.image_pixels),
            large_answers: LargeAnswers::new(),
            webhooks: fal::Webhooks::new(&config.fal)?,
            callback: LazyCallback::new(config.server.public_url.clone()),
            heartbeat: Duration::from_secs(15),
            stop: CancellationToken::new(),
        })
    }

    /// With `stop` as the signal that the server is about to stop.
    #[must_use]
    pub fn until(self, stop: CancellationToken) -> Self {
        Self { stop, ..self }
    }

    /// With event streams that show this often that they are alive.
    #[must_use]
    pub fn with_heartbeat(self, heartbeat: Duration) -> Self {
        Self { heartbeat, ..self }
    }

    /// What this process shows at `/metrics`; other parts of the process may add to it.
    pub fn metrics(&self) -> &Registry {
        &self.metrics.registry
    }

    /// The address of `path` (which starts with a slash) as this request's client would write it.
    pub(crate) fn link(&self, request: &HttpRequest, path: &str) -> String {
        format!("{}{path}", self.base.of(request))
    }

    /// Writes links for this request's client.
    pub(crate) async fn links(&self, request: &HttpRequest) -> Result<Links, ApiError> {
        Ok(self.linker.links(&self.pool, self.base.of(request)).await?)
    }
}
