//! Jobs that requests ask for and that are not known: those that are asked for at the same time are read in one
//! statement.
//!
//! Many who poll jobs that nobody keeps cost little more than one does, and a request that waits for its job holds
//! next to nothing meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use darkroom_core::{
    db::{self, Connection},
    job::JobId,
    store,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{BATCH, Hub, Reading, Snapshot};

/// Jobs that wait to be read; who asks beyond that waits to ask.
const MOST_WAITING: usize = 20_000;

/// Statements at the same time. Fewer would have everybody wait for a slow one, and more would find less to do for each.
const AT_A_TIME: usize = 4;

/// How long all of those may take until whoever asks is told that the database is away, as when no connection is to be had.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a job stands; nothing where there is none.
type Answer = Result<Option<Arc<Snapshot>>, db::Error>;

#[derive(Debug)]
pub(super) struct Ask {
    job: JobId,
    answer: oneshot::Sender<Answer>,
}

/// Where jobs are asked for.
#[derive(Debug)]
pub(super) struct Loader(mpsc::Sender<Ask>);

impl Loader {
    pub(super) fn new() -> (Self, mpsc::Receiver<Ask>) {
        let (asks, asked) = mpsc::channel(MOST_WAITING);
        (Self(asks), asked)
    }

    /// How a job stands once this is called, not before.
    pub(super) async fn load(&self, job: JobId) -> Answer {
        let (answer, answered) = oneshot::channel();
        // Whoever reads ends with the hub only, or with the whole process.
        self.0.send(Ask { job, answer }).await.ok();
        answered.await.unwrap_or_else(|_gone| Err(db::Error::unanswered("reading jobs")))
    }
}

/// Reads what is asked for, until the hub is gone.
pub(super) async fn load_asked(hub: Weak<Hub>, mut asked: mpsc::Receiver<Ask>) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let mut asks = Vec::new();
        if asked.recv_many(&mut asks, BATCH).await == 0 {
            return;
        }
        let Some(hub) = hub.upgrade() else { return };
        match connect(&hub, &places).await {
            Ok((connection, place)) => {
                // Who asked meanwhile is read with them.
                while asks.len() < BATCH
                    && let Ok(ask) = asked.try_recv()
                {
                    asks.push(ask);
                }
                tokio::spawn(load(hub, asks, connection, place));
            }
            Err(error) => {
                // All who asked meanwhile are told so with them, and do not wait for it again.
                while let Ok(ask) = asked.try_recv() {
                    asks.push(ask);
                }
                for ask in asks {
                    // Whoever asked may be gone, here and below.
                    ask.answer.send(Err(error.clone())).ok();
                }
            }
        }
    }
}

/// A connection, once it may be used.
async fn connect(
    hub: &Hub,
    places: &Arc<Semaphore>,
) -> Result<(Connection, OwnedSemaphorePermit), db::Error> {
    let place = timeout(PATIENCE, Arc::clone(places).acquire_owned()).await;
    let Ok(Ok(place)) = place else { return Err(db::Error::unanswered("reading jobs")) };
    Ok((hub.pool.connection().await?, place))
}

async fn load(
    hub: Arc<Hub>,
    mut asks: Vec<Ask>,
    mut connection: Connection,
    _place: OwnedSemaphorePermit,
) {
    asks.retain(|ask| !ask.answer.is_closed());
    if asks.is_empty() {
        return;
    }
    let readings: HashMap<JobId, Reading> = {
        let mut known = hub.known();
        asks.iter().map(|ask| (ask.job, known.begin(ask.job))).collect()
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
        if let Some(answer) = answers.get(&ask.job) {
            ask.answer.send(answer.clone()).ok();
        }
    }
}

/// In one statement; or, where one of them cannot be read, each by itself.
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
        let mut connection = database.pool.connection().await.unwrap();

        let answers = read(&mut connection, &[newer, good]).await;

        assert_eq!(answers[&good].as_ref().unwrap().as_ref().unwrap().job.id, good);
        assert!(!answers[&newer].as_ref().unwrap_err().is_unavailable());
    }
}
