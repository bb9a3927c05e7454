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
    db::{self, Ask, Batcher, Bounds, Connection, Pool},
    job::JobId,
    store,
};

use super::{BATCH, Hub, Reading, Snapshot};

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

type Answer = Result<Option<Arc<Snapshot>>, db::Error>;

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

/// Reads jobs in one statement; if one of them cannot be read, each in a statement of its own.
async fn read(connection: &mut Connection, jobs: &[JobId]) -> HashMap<JobId, Answer> {
    let mut answers = HashMap::new();
    match store::find_all(&mut *connection, jobs).await {
        Ok(read) => {
            answers.extend(jobs.iter().map(|job| (*job, Ok(None))));
            let read = read.into_iter().map(|job| (job.id, Ok(Some(Arc::new(Snapshot::new(job))))));
            answers.extend(read);
        }
        Err(error) if error.is_unavailable() || jobs.len() < 2 => {
            answers.extend(jobs.iter().map(|job| (*job, Err(error.clone()))));
        }
        Err(_one_of_them) => {
            for job in jobs {
                let read = store::find_all(&mut *connection, &[*job]).await;
                let read = read.map(|mut read| read.pop().map(|job| Arc::new(Snapshot::new(job))));
                answers.insert(*job, read);
            }
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use darkroom_core::job::NewJob;
    use darkroom_testing::TestDatabase;
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

    #[tokio::test]
    async fn a_job_that_cannot_be_read_keeps_nobody_from_others() {
        let database = TestDatabase::create().await;
        let new = NewJob { prompt: "a test".into(), model: "a model".into(), ..NewJob::default() };
        let good = store::create(&database.pool, &new).await.unwrap().id;
        let newer = store::create(&database.pool, &new).await.unwrap().id;
        for statement in [
            "alter table jobs drop constraint jobs_status_known",
            "update jobs set status = 'of a later version' where id = (select max(id::text)::uuid from jobs)",
        ] {
            sqlx::query(statement).execute(&database.pool).await.unwrap();
        }
        let mut connection = database.pool.acquire().await.unwrap();

        let answers = read(&mut connection, &[newer, good]).await;

        assert_eq!(answers[&good].as_ref().unwrap().as_ref().unwrap().job.id, good);
        assert!(!answers[&newer].as_ref().unwrap_err().is_unavailable());
    }
}
