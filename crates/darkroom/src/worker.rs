//! `darkroom worker`

use std::net::TcpListener;

use darkroom_core::{config::Config, metrics::Registry, models::Models};
use darkroom_worker::Worker;
use tokio_util::sync::CancellationToken;

use crate::{database, descriptors, provider, stop};

pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    descriptors::raise_limit();
    let listener = config.worker.metrics_address.map(darkroom_worker::bind_metrics).transpose()?;
    let fal = provider::client(&config)?;
    let models = Models::load(&config.jobs)?;
    let pool = database::connect_beside_listener(&config.database)?;
    let worker = Worker::new(&config, pool.clone(), fal, models)?;
    if let Some(listener) = listener {
        let registry = Registry::new();
        worker.register_metrics(&registry);
        tokio::spawn(serve_metrics(listener, registry, stop.clone()));
    }
    if !database::expect_current_schema(&pool, &stop).await? {
        return Ok(());
    }
    tracing::info!(concurrency = config.worker.concurrency, "the worker works");
    darkroom_worker::run(worker, stop).await;
    Ok(())
}

/// Serves the metrics. If that fails, the worker goes on without.
async fn serve_metrics(listener: TcpListener, registry: Registry, stop: CancellationToken) {
    if let Err(error) = darkroom_worker::serve_metrics(listener, registry, stop).await {
        tracing::error!(%error, "metrics are not served any more");
    }
}
