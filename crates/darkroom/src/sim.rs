//! `darkroom sim`

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;
use darkroom_core::config;
use darkroom_fal_sim::{Running, Settings, start};

use crate::stop;

pub(crate) async fn run(settings: config::Sim) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let running = serve(settings).await?;
    tracing::info!(url = %running.base_url(), "the stand-in serves");
    stop.cancelled().await;
    running.stop().await;
    Ok(())
}

/// Serves until it is stopped, on this machine only.
pub(crate) async fn serve(settings: config::Sim) -> anyhow::Result<Running> {
    let address = (Ipv4Addr::LOCALHOST, settings.port);
    let listener = TcpListener::bind(address).with_context(|| {
        format!("the stand-in cannot listen on port {}; set SIM_PORT to another", settings.port)
    })?;
    let settings = Settings {
        latency: settings.latency,
        concurrency: settings.concurrency,
        ..Settings::default()
    };
    start(listener, settings).await.context("the stand-in does not start")
}
