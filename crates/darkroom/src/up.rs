//! `darkroom up`: starts database, stand-in, schema, API and worker in the order in which they
//! need each other, and stops them in the reverse order.

use std::future::pending;

use anyhow::{Context, bail};
use darkroom_api::State;
use darkroom_core::{config::Config, db, models::Models};
use darkroom_embedded_postgres::{EmbeddedPostgres, Settings};
use darkroom_fal_sim::Running;
use darkroom_worker::Worker;

use crate::{
    banner::{self, Parts},
    database, descriptors, provider, sim, stop,
};

pub(crate) async fn run(mut config: Config) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    descriptors::raise_limit();
    // First, so that a second instance fails before it touches anything.
    let listener = darkroom_api::bind(&config.server)?;
    let address = listener.local_addr()?;

    provider::check(&config)?;
    let models = Models::load(&config.jobs)?;
    let starting = stop.run_until_cancelled(embedded_postgres(&mut config));
    let Some(mut postgres) = starting.await.transpose()? else { return Ok(()) };
    let stand_in = stand_in(&mut config).await?;
    let fal = provider::client(&config)?;
    // One pool each: connections that the server's threads opened end with these threads.
    let pool = database::connect_beside_listener(&config.database)?;
    let servers_pool = database::connect_beside_listener(&config.database)?;
    if stop.run_until_cancelled(db::migrate(&pool)).await.transpose()?.is_none() {
        return Ok(());
    }

    let state = State::new(&config, servers_pool.clone(), models.clone())?.until(stop.clone());
    let worker = Worker::new(&config, pool.clone(), fal, models)?;
    worker.register_metrics(state.metrics());
    let server = darkroom_api::start(listener, state, &config)?;
    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    let mut working = tokio::spawn(darkroom_worker::run(worker, stop.clone()));
    banner::print(&Parts {
        config: &config,
        address,
        postgres: postgres.as_ref(),
        stand_in: stand_in.as_ref(),
    });

    tokio::select! {
        // First, because the worker ends by itself when it is told to stop.
        biased;
        () = stop.cancelled() => {}
        broken = &mut serving => broken?.context("the API broke")?,
        broken = &mut working => {
            broken.context("the worker broke")?;
            bail!("the worker ended");
        }
        error = ended(postgres.as_mut()) => return Err(error.into()),
    }
    stop.cancel();
    handle.stop(true).await;
    working.await.context("the worker broke")?;
    servers_pool.close().await;
    pool.close().await;
    if let Some(stand_in) = stand_in {
        stand_in.stop().await;
    }
    if let Some(postgres) = postgres {
        postgres.stop().await?;
    }
    Ok(())
}

/// Starts a private PostgreSQL if `config` names none, and puts its address there.
async fn embedded_postgres(config: &mut Config) -> anyhow::Result<Option<EmbeddedPostgres>> {
    if config.database.url.is_some() {
        return Ok(None);
    }
    let data_dir = database::embedded(&config.database);
    let postgres = EmbeddedPostgres::start(Settings::new(data_dir)).await?;
    config.database.url = Some(postgres.url(database::EMBEDDED));
    Ok(Some(postgres))
}

/// Returns when a private PostgreSQL has ended by itself, and says why.
async fn ended(postgres: Option<&mut EmbeddedPostgres>) -> darkroom_embedded_postgres::Error {
    match postgres {
        Some(postgres) => postgres.ended().await,
        None => pending().await,
    }
}

/// Starts the stand-in if `config` has no key for fal and names no other provider, and puts its
/// address there.
async fn stand_in(config: &mut Config) -> anyhow::Result<Option<Running>> {
    if config.fal.key.is_some() || !config.fal.is_live() {
        return Ok(None);
    }
    let stand_in = sim::serve(config.sim).await?;
    config.fal.queue_url = stand_in.base_url().clone();
    config.fal.rest_url = stand_in.base_url().clone();
    config.fal.api_url = stand_in.base_url().clone();
    Ok(Some(stand_in))
}
