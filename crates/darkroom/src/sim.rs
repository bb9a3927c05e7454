//! `darkroom sim`

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use anyhow::Context;
use darkroom_core::config;
use darkroom_fal_sim::{Running, Settings, Tls, start};

use crate::{cli::SimOptions, stop};

pub(crate) async fn run(settings: config::Sim, options: SimOptions) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let sim = options.over(settings);
    let settings = Settings { tls: tls(&options)?, ..common(sim) };
    let settings = Settings {
        key: options.key,
        public_url: options.public_url,
        state: options.state,
        ..settings
    };
    let running = listen(sim.port, settings).await?;
    tracing::info!(url = %running.base_url(), port = running.port(), "the stand-in serves");
    stop.cancelled().await;
    running.stop().await;
    Ok(())
}

/// Starts the stand-in, which serves this machine only, until it is stopped.
pub(crate) async fn serve(settings: config::Sim) -> anyhow::Result<Running> {
    listen(settings.port, common(settings)).await
}

async fn listen(port: u16, settings: Settings) -> anyhow::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!("the stand-in cannot listen on port {port}; set SIM_PORT to another")
    })?;
    start(listener, settings).await.context("the stand-in does not start")
}

fn common(settings: config::Sim) -> Settings {
    Settings { latency: settings.latency, concurrency: settings.concurrency, ..Settings::default() }
}

fn tls(options: &SimOptions) -> anyhow::Result<Option<Tls>> {
    let (Some(certificates), Some(key)) = (&options.tls_cert, &options.tls_key) else {
        return Ok(None);
    };
    Ok(Some(Tls { certificates: read(certificates)?, key: read(key)? }))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
