//! The stand-in's own account of what it was asked for.

use anyhow::Context;
use darkroom_core::tls;
use serde::Deserialize;
use time::{OffsetDateTime, serde::rfc3339};
use tokio::time::Duration;

/// A request at the stand-in.
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
    /// From its arrival to its end: what no client can be quicker than.
    pub(crate) fn own_time(&self) -> anyhow::Result<Duration> {
        let ended_at = self.ended_at.context("a request at the stand-in has not ended")?;
        Ok((ended_at - self.submitted_at).try_into()?)
    }
}

/// Every request that it remembers, the oldest first.
pub(crate) async fn read(port: u16) -> anyhow::Result<Vec<Entry>> {
    tls::install_provider();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://127.0.0.1:{port}/_sim/requests");
    let answer = http.get(url).send().await?.error_for_status()?.bytes().await?;
    serde_json::from_slice(&answer).context("the stand-in's ledger cannot be read")
}
