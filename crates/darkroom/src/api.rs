//! `darkroom api`

use anyhow::Context;
use darkroom_api::State;
use darkroom_core::{config::Config, models::Models};

use crate::{database, descriptors, stop};

pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    descriptors::raise_limit();
    let models = Models::load(&config.jobs)?;
    let listener = darkroom_api::bind(&config.server)?;
    let pool = database::connect_beside_listener(&config.database)?;
    if !database::expect_current_schema(&pool, &stop).await? {
        return Ok(());
    }
    let address = listener.local_addr()?;
    let state = State::new(&config, pool.clone(), models)?.until(stop.clone());
    let server = darkroom_api::start(listener, state, &config)?;
    tracing::info!(%address, "the API serves");

    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    tokio::select! {
        () = stop.cancelled() => handle.stop(true).await,
        broken = &mut serving => broken?.context("the API broke")?,
    }
    pool.close().await;
    Ok(())
}
