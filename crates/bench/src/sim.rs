//! Reads the stand-in's ledger of requests, and sets its faults and latencies.

use anyhow::Context;
use darkroom_core::tls;
use serde::Deserialize;
use time::{OffsetDateTime, serde::rfc3339};
use tokio::time::Duration;

/// A request in the stand-in's ledger.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) request_id: String,
    #[serde(with = "rfc3339")]
    submitted_at: OffsetDateTime,
    #[serde(with = "rfc3339::option")]
    pub(crate) started_at: Option<OffsetDateTime>,
    #[serde(with = "rfc3339::option")]
    pub(crate) ended_at: Option<OffsetDateTime>,
    pub(crate) status_code: Option<u16>,
}

impl Entry {
    /// The time from its arrival to its end: no client can be quicker.
    pub(crate) fn own_time(&self) -> anyhow::Result<Duration> {
        let ended_at = self.ended_at.context("a request at the stand-in has not ended")?;
        Ok((ended_at - self.submitted_at).try_into()?)
    }
}

/// Every request that the stand-in remembers, the oldest first.
pub(crate) async fn ledger(port: u16) -> anyhow::Result<Vec<Entry>> {
    let url = format!("http://127.0.0.1:{port}/_sim/requests");
    let answer = client()?.get(url).send().await?.error_for_status()?.bytes().await?;
    serde_json::from_slice(&answer).context("the stand-in's ledger cannot be read")
}

/// Sets the stand-in's faults, and how long things take there.
pub(crate) async fn behave(port: u16, faults: &'static str) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}/_sim/faults");
    client()?.put(url).body(faults).send().await?.error_for_status()?;
    Ok(())
}

fn client() -> anyhow::Result<reqwest::Client> {
    tls::install_provider();
    Ok(reqwest::Client::builder().no_proxy().build()?)
}
