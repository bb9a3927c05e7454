//! `darkroom worker`

use darkroom_core::{config::Config, models::Models};
use darkroom_worker::Worker;

use crate::{database, provider, stop};

pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let fal = provider::client(&config)?;
    let models = Models::load(&config.jobs)?;
    let pool = database::connect_and_listen(&config.database)?;
    if !database::expect_current_schema(&pool, &stop).await? {
        return Ok(());
    }
    tracing::info!(concurrency = config.worker.concurrency, "the worker works");
    darkroom_worker::run(Worker::new(&config, pool, fal, models)?, stop).await;
    Ok(())
}
