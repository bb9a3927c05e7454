//! A small load generator: on few cores, a heavy one would mostly measure itself.
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
pub(crate) use figures::{Figures, median, milliseconds, percentile};

/// How long requests are sent before any is recorded, to make connections and fill caches.
const WARM_UP: Duration = Duration::from_millis(500);

/// How much longer than planned a round may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests that are sent in turn.
pub(crate) type Requests = Arc<[Arc<[u8]>]>;

/// Sends `requests` in turn, over and over for `time`, and returns the figures. An answer that is not 2xx fails the
/// round.
pub(crate) async fn round(
    port: u16,
    requests: &Requests,
    connections: u16,
    time: Duration,
) -> anyhow::Result<Figures> {
    let from = Instant::now() + WARM_UP;
    let until = from + time;
    let mut clients = JoinSet::new();
    for number in 0..connections {
        // Each begins at its own number and advances by the number of connections: together they send all in turn.
        let turn = (usize::from(number)..).step_by(connections.into());
        clients.spawn(client(port, Arc::clone(requests), turn, from, until));
    }
    let clients = timeout_at(until + PATIENCE, join(clients)).await;
    let clients = clients.context("a round did not end")??;
    let (latencies, sent): (Vec<_>, Vec<u32>) = clients.into_iter().unzip();
    Figures::of(latencies.concat(), from.elapsed(), sent.into_iter().sum())
}

/// Sends each request once.
pub(crate) async fn each(port: u16, requests: &Requests, connections: u16) -> anyhow::Result<()> {
    let mut clients = JoinSet::new();
    for number in 0..connections {
        let requests = Arc::clone(requests);
        clients.spawn(async move {
            let mut connection = Connection::open(port).await?;
            for request in requests.iter().skip(number.into()).step_by(connections.into()) {
                connection.exchange(request).await?;
            }
            anyhow::Ok(())
        });
    }
    timeout(4 * PATIENCE, join(clients)).await.context("not every request was answered")??;
    Ok(())
}

/// How many of `all` the client of this number has when `sharing` clients share them.
pub(crate) fn share(all: u16, sharing: u16, number: u16) -> u16 {
    all / sharing + u16::from(number < all % sharing)
}

/// Sends `request` this many times in all, over this many connections.
pub(crate) async fn burst(
    port: u16,
    request: &Arc<[u8]>,
    connections: u16,
    times: u16,
) -> anyhow::Result<()> {
    each(port, &vec![Arc::clone(request); times.into()].into(), connections).await
}

/// Returns the latencies of the recorded requests, and how many requests were sent, the warm-up included.
async fn client(
    port: u16,
    requests: Requests,
    turn: impl Iterator<Item = usize>,
    from: Instant,
    until: Instant,
) -> anyhow::Result<(Vec<Duration>, u32)> {
    let mut connection = Connection::open(port).await?;
    let mut latencies = Vec::new();
    let mut all = 0;
    for number in turn {
        let request = requests.get(number % requests.len()).context("nothing is to be sent")?;
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        connection.exchange(request).await?;
        all += 1;
        if sent >= from {
            latencies.push(sent.elapsed());
        }
    }
    Ok((latencies, all))
}

async fn join<T: 'static>(mut clients: JoinSet<anyhow::Result<T>>) -> anyhow::Result<Vec<T>> {
    let mut results = Vec::new();
    while let Some(result) = clients.join_next().await {
        results.push(result??);
    }
    Ok(results)
}
