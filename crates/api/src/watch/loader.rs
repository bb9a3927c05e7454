//! Jobs that requests ask for and that are not known: those that are asked for at the same time are read in one
//! statement.
//!
//! Many who poll jobs that nobody keeps cost little more than one does, and a request that waits for its job holds
//! next to nothing meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use darkroom_core::{
    db::{self, Connection},
    job::JobId,
    store,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{BATCH, Hub, Snapshot};

/// Jobs that wait to be read; who asks beyond that waits to ask.
const MOST_WAITING: usize = 20_000;

/// Statements at the same time. Fewer would have everybody wait for a slow one, and more would find less to do for each.
const AT_A_TIME: usize = 4;

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
        answered.await.unwrap_or_else(|_gone| Err(db::Error::interrupted("reading jobs")))
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
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Some(hub) = hub.upgrade() else { return };
        let connection = hub.pool.connection().await;
        // Who asked meanwhile is read with them; or is told with them that there is no connection to be had, and does not
        // wait for that again.
        while asks.len() < BATCH
            && let Ok(ask) = asked.try_recv()
        {
            asks.push(ask);
        }
        match connection {
            Ok(connection) => drop(tokio::spawn(load(hub, asks, connection, place))),
            Err(error) => {
                for ask in asks {
                    // Whoever asked may be gone, here and below.
                    ask.answer.send(Err(error.clone())).ok();
                }
            }
        }
    }
}

async fn load(
    hub: Arc<Hub>,
    asks: Vec<Ask>,
    mut connection: Connection,
    _place: OwnedSemaphorePermit,
) {
    let readings: HashMap<JobId, _> = {
        let mut known = hub.known();
        asks.iter().map(|ask| (ask.job, known.begin(ask.job))).collect()
    };
    let jobs: Vec<JobId> = readings.keys().copied().collect();
    let read = store::find_all(&mut connection, &jobs).await;
    drop(connection);
    let read: Result<HashMap<JobId, Arc<Snapshot>>, _> = read
        .map(|read| read.into_iter().map(|job| (job.id, Arc::new(Snapshot::new(job)))).collect());
    {
        let mut known = hub.known();
        for (job, reading) in readings {
            match &read {
                Ok(read) => known.keep(job, reading, read.get(&job).cloned()),
                Err(_) => known.give_up(job),
            }
        }
    }
    for ask in asks {
        let answer = match &read {
            Ok(read) => Ok(read.get(&ask.job).cloned()),
            Err(error) => Err(error.clone()),
        };
        ask.answer.send(answer).ok();
    }
}
