//! Reads jobs that requests ask for and that are not in memory: those asked for at the same time in one statement.
//!
//! So many clients that poll such jobs cost little more than one, and a request that waits for its job holds next to
//! nothing meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use darkroom_core::{
    db::{Ask, Batcher, Bounds, Connection, Pool},
    job::JobId,
};

use super::{BATCH, Hub, Reading, Snapshot, read};

const BOUNDS: Bounds<JobId> = Bounds {
    doing: "reading jobs",
    waiting: 20_000,
    at_a_time: 4,
    waits_for_previous: Duration::from_millis(2),
    patience: Duration::from_secs(3),
    sends_abandoned: false,
    weigh: |_job| 1,
    weight: BATCH,
};

/// Where jobs are asked for. It answers their current state, and `None` where there is no such job.
pub(super) type Loader = Batcher<JobId, Option<Arc<Snapshot>>>;

/// Reads the jobs that are asked for, and has the hub keep them.
pub(super) fn loader(pool: Pool, hub: Weak<Hub>) -> Loader {
    Batcher::new(pool, BOUNDS, move |connection, asks| {
        let hub = hub.clone();
        async move {
            // If the hub is gone, so are all requests.
            if let Some(hub) = hub.upgrade() {
                load(&hub, connection, asks).await;
            }
        }
    })
}

async fn load(hub: &Hub, mut connection: Connection, asks: Vec<Ask<JobId, Option<Arc<Snapshot>>>>) {
    let readings: HashMap<JobId, Reading> = {
        let mut known = hub.known();
        asks.iter().map(|ask| (ask.question, known.begin(ask.question))).collect()
    };
    let jobs: Vec<JobId> = readings.keys().copied().collect();
    let answers = read(&mut connection, &jobs).await;
    drop(connection);
    for (job, reading) in readings {
        match answers.get(&job) {
            Some(Ok(snapshot)) => hub.known().keep(job, reading, snapshot.clone()),
            _ => hub.known().give_up(job),
        }
    }
    for ask in asks {
        if let Some(answer) = answers.get(&ask.question) {
            ask.asker.tell(answer.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use darkroom_core::db;
    use futures_util::future::join_all;
    use prometheus_client::metrics::counter::Counter;

    use super::*;
    use crate::{metrics::Reads, watch::Watch};

    #[tokio::test]
    async fn while_the_database_is_away_all_who_ask_wait_once_for_it() {
        let nowhere = "postgres://nobody@127.0.0.1:1/none".into();
        let pool = db::connect_patiently(&nowhere, 1, Duration::from_millis(300)).unwrap();
        let reads = Reads { memory: Counter::default(), database: Counter::default() };
        let watch = Watch::start(pool.clone(), false, reads);

        let asked = (0..3 * BATCH).map(|_| watch.read(JobId::generate()));
        let answers = join_all(asked).await;

        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(db::Error::is_unavailable)));
        assert_eq!(pool.usage().timeouts, 1);
    }
}
