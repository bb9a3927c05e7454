//! A small load generator: on few cores a heavy one would be what is measured.
//!
//! Closed loop: each connection sends its next request when it has the whole answer to the one before.

mod connection;
mod figures;
mod head;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

pub(crate) use connection::{Connection, when_it_answers};
pub(crate) use figures::{Figures, milliseconds, percentile};

/// Sent before anything is recorded: connections are made and caches filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// What a round may take beyond its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends `request` over and over for `time`, and reports the answers. Any answer that is not 2xx fails the round.
pub(crate) async fn round(
    port: u16,
    request: &Arc<[u8]>,
    connections: u16,
    time: Duration,
) -> anyhow::Result<Figures> {
    let from = Instant::now() + WARM_UP;
    let until = from + time;
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        clients.spawn(client(port, Arc::clone(request), from, until));
    }
    let clients = timeout_at(until + PATIENCE, join(clients)).await;
    let latencies = clients.context("a round did not end")??;
    Figures::of(latencies.concat(), from.elapsed())
}

/// Sends `request` so many times in all, over so many connections.
pub(crate) async fn burst(
    port: u16,
    request: &Arc<[u8]>,
    connections: u16,
    times: u16,
) -> anyhow::Result<()> {
    let mut clients = JoinSet::new();
    for number in 0..connections {
        let request = Arc::clone(request);
        let share = times / connections + u16::from(number < times % connections);
        clients.spawn(async move {
            let mut connection = Connection::open(port).await?;
            for _ in 0..share {
                connection.exchange(&request).await?;
            }
            anyhow::Ok(())
        });
    }
    timeout(4 * PATIENCE, join(clients)).await.context("a burst did not end")??;
    Ok(())
}

async fn client(
    port: u16,
    request: Arc<[u8]>,
    from: Instant,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(port).await?;
    let mut latencies = Vec::new();
    loop {
        let sent = Instant::now();
        if sent >= until {
            return Ok(latencies);
        }
        connection.exchange(&request).await?;
        if sent >= from {
            latencies.push(sent.elapsed());
        }
    }
}

async fn join<T: 'static>(mut clients: JoinSet<anyhow::Result<T>>) -> anyhow::Result<Vec<T>> {
    let mut results = Vec::new();
    while let Some(result) = clients.join_next().await {
        results.push(result??);
    }
    Ok(results)
}
