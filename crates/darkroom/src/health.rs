//! `darkroom health`: a health check for containers, which have no curl.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context, bail};
use darkroom_core::{
    config::{self, Config},
    tls,
};

const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let url = format!("{}/ready", own_url(&config.server));
    tls::install_provider();
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let answer = client.build()?.get(&url).send().await.context("the API does not answer")?;
    if !answer.status().is_success() {
        bail!("the API is not ready: {}", answer.text().await.unwrap_or_default());
    }
    Ok(())
}

/// The address at which this machine's API can be called.
pub(crate) fn own_url(server: &config::Server) -> String {
    let host = match server.host {
        // "All addresses" cannot be called, loopback can.
        IpAddr::V4(host) if host.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V6(host) if host.is_unspecified() => "[::1]".to_owned(),
        IpAddr::V4(host) => host.to_string(),
        IpAddr::V6(host) => format!("[{host}]"),
    };
    format!("http://{host}:{}", server.port)
}
