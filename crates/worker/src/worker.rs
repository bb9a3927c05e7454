//! A worker: its pool, clients and settings, and the loop that begins a new life after it was taken for dead.

use std::sync::Arc;

use darkroom_core::{
    callback::LazyCallback,
    config,
    db::Pool,
    fal,
    links::Linker,
    metrics::Registry,
    models::Models,
    outbound::{self, Redirects},
    webhook::Secrets,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use url::Url;

#[cfg(feature = "measuring")]
use crate::measuring::IdleEdits;
use crate::{
    backoff::Backoff,
    life::{End, live},
    metrics::Metrics,
};

/// How many pictures, of up to tens of megabytes each, one process holds at a time: from before they are
/// decoded or downloaded until they are uploaded or archived.
const CARRIED: usize = 8;

/// Connections that no picture is read or written through, however many are on their way: a heartbeat that had to wait
/// for pictures could come after its worker was taken for dead.
const WITHOUT_PICTURES: usize = 2;

/// How many attempts one process begins at a time. More would only wait for a connection of the pool, and that takes
/// far more memory than waiting for their turn here.
const BEGINNING: usize = 32;

/// A worker's pool, clients and settings, and the limits that all its jobs share.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(crate) pool: Pool,
    pub(crate) fal: fal::Client,
    pub(crate) models: Models,
    pub(crate) settings: config::Worker,
    pub(crate) jobs: config::Jobs,
    /// Whether the database connection can listen to NOTIFY.
    pub(crate) notify: bool,
    /// The most jobs in flight on all workers together, unless a rule says otherwise.
    pub(crate) max_in_flight: Option<i32>,
    pub(crate) max_pixels: u64,
    /// Pictures decoded at a time: each takes a core, and memory for all its pixels.
    pub(crate) decoding: Arc<Semaphore>,
    /// Pictures on their way in or out at a time: each is held in memory.
    pub(crate) carrying: Arc<Semaphore>,
    /// Attempts that are being written down.
    pub(crate) beginning: Arc<Semaphore>,
    /// Lists of requests that are searched at a time: each page is held in memory.
    pub(crate) searching: Arc<Semaphore>,
    /// Suspects that are worked on at a time: the next rescue has one to blame.
    pub(crate) isolation: Arc<Semaphore>,
    /// Status streams that may still be opened.
    pub(crate) streams: Arc<Semaphore>,
    /// The address at which fal's webhook may tell that a request has ended.
    pub(crate) callback: LazyCallback,
    /// Calls receivers of webhooks.
    pub(crate) outbound: outbound::Client,
    /// The secrets that deliveries are signed with, if they are configured.
    pub(crate) webhook_secrets: Option<Secrets>,
    /// Writes links to images.
    pub(crate) linker: Linker,
    /// The address at which clients reach the API, if it is set.
    pub(crate) public_url: Option<Url>,
    /// Counts what it does.
    pub(crate) metrics: Arc<Metrics>,
    /// Is sent each edit that takes no time; without it, edits are really made.
    #[cfg(feature = "measuring")]
    pub(crate) idle_edits: Option<IdleEdits>,
}

impl Worker {
    /// A worker with these settings, on `pool` and `fal`, for jobs of `models`.
    pub fn new(
        config: &config::Config,
        pool: Pool,
        fal: fal::Client,
        models: Models,
    ) -> Result<Self, outbound::BuildError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            fal,
            models,
            settings: config.worker,
            jobs: config.jobs.clone(),
            notify: config.database.notify,
            max_in_flight: config.fal.max_in_flight.map(i32::from),
            max_pixels: config.limits.image_pixels,
            decoding: Arc::new(Semaphore::new(cores)),
            carrying: Arc::new(Semaphore::new(carried(&pool))),
            beginning: Arc::new(Semaphore::new(BEGINNING)),
            searching: Arc::new(Semaphore::new(1)),
            isolation: Arc::new(Semaphore::new(1)),
            streams: Arc::new(Semaphore::new(config.worker.streams)),
            callback: LazyCallback::new(config.server.public_url.clone()),
            outbound: outbound::Client::new(config.outbound.allowed.clone(), Redirects::Answered)?,
            webhook_secrets: config.outbound.webhook_secrets.clone(),
            linker: Linker::new(&config.access),
            public_url: config.server.public_url.clone(),
            metrics: Arc::new(Metrics::new()),
            #[cfg(feature = "measuring")]
            idle_edits: None,
            pool,
        })
    }

    /// Registers its metrics, and those of its pool, with `registry`.
    pub fn register_metrics(&self, registry: &Registry) {
        registry.add_pool("worker", self.pool.clone());
        self.metrics.register(registry);
    }
}

/// How many pictures may be on their way with this pool.
fn carried(pool: &Pool) -> usize {
    let connections = usize::try_from(pool.usage().max).unwrap_or(usize::MAX);
    connections.saturating_sub(WITHOUT_PICTURES).clamp(1, CARRIED)
}

/// Works until `stop` is cancelled, then hands its jobs over. A worker that was taken for dead (it
/// was paused, or cut off from the database) drops what it held and goes on under a new id.
pub async fn run(worker: Worker, stop: CancellationToken) {
    let mut backoff = Backoff::patient();
    loop {
        match live(&worker, &stop).await {
            End::Stopped => return,
            End::TakenForDead => {
                worker.metrics.deaths.inc();
            }
            // What broke it may break the next one at once.
            End::Broken => {
                if stop.run_until_cancelled(backoff.wait()).await.is_none() {
                    return;
                }
            }
        }
        tracing::warn!("the worker goes on under a new id");
    }
}
