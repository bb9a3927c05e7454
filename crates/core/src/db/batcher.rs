//! Batcher: what many ask of the database at the same time is asked in one statement.
//!
//! Who asks first is asked for at once. What is asked meanwhile is asked next, together: when that statement has ended, or
//! turns out to be slow. So a few who ask share one, and many keep several connections busy.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::yield_now,
    time::timeout,
};

use super::{Connection, Error, Pool};

/// What a batcher keeps to.
#[derive(Debug)]
pub struct Bounds<Question> {
    /// What it does, for errors.
    pub doing: &'static str,
    /// Questions that wait; who asks beyond that waits to ask.
    pub waiting: usize,
    /// Statements at the same time. With fewer, everybody waits for slow ones.
    pub at_a_time: usize,
    /// How long the next statement waits for the end of the last one, and finds more to do then.
    pub alone: Duration,
    /// How long as many statements as may be under way may all take, until whoever asks is told that the database is away,
    /// as when no connection is to be had.
    pub patience: Duration,
    /// Whether a question is asked also where whoever asked is gone by then.
    pub asks_for_the_gone: bool,
    /// What a question weighs.
    pub weigh: fn(&Question) -> usize,
    /// A statement takes no more questions once those that it has weigh as much.
    pub weight: usize,
}

/// A question, and whoever waits for the answer.
#[derive(Debug)]
pub struct Ask<Question, Answer> {
    /// What is asked.
    pub question: Question,
    /// Who is to be told.
    pub asker: Asker<Answer>,
}

/// Whoever waits for an answer.
#[derive(Debug)]
pub struct Asker<Answer>(oneshot::Sender<Result<Answer, Error>>);

impl<Answer> Asker<Answer> {
    /// Tells what came of it. Whoever asked may be gone.
    pub fn tell(self, answer: Result<Answer, Error>) {
        self.0.send(answer).ok();
    }
}

/// Asks in batches.
pub struct Batcher<Question, Answer> {
    asks: mpsc::Sender<Ask<Question, Answer>>,
    doing: &'static str,
}

impl<Question: Send + 'static, Answer: Send + 'static> Batcher<Question, Answer> {
    /// `answer` is given a connection, and at least one question. Must be called in a tokio runtime; its task ends with
    /// the last clone.
    pub fn new<Answering>(
        pool: Pool,
        bounds: Bounds<Question>,
        answer: impl Fn(Connection, Vec<Ask<Question, Answer>>) -> Answering + Send + 'static,
    ) -> Self
    where
        Answering: Future<Output = ()> + Send + 'static,
    {
        let doing = bounds.doing;
        let (asks, asked) = mpsc::channel(bounds.waiting);
        tokio::spawn(ask_together(pool, bounds, asked, answer));
        Self { asks, doing }
    }

    /// What is so once this is called, not before. Once it is asked it is done, whether or not the answer is waited for.
    pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
        let (asker, answered) = oneshot::channel();
        // Whoever asks ends with the last clone only, or with the whole process.
        self.asks.send(Ask { question, asker: Asker(asker) }).await.ok();
        answered.await.unwrap_or_else(|_gone| Err(Error::unanswered(self.doing)))
    }
}

async fn ask_together<Question: Send + 'static, Answer: Send + 'static, Answering>(
    pool: Pool,
    bounds: Bounds<Question>,
    mut asked: mpsc::Receiver<Ask<Question, Answer>>,
    answer: impl Fn(Connection, Vec<Ask<Question, Answer>>) -> Answering,
) where
    Answering: Future<Output = ()> + Send + 'static,
{
    let places = Places::new(&bounds);
    while let Some(first) = asked.recv().await {
        let mut asks = vec![first];
        match connect(&pool, &bounds, &places).await {
            Ok((connection, place)) => {
                // Whoever was just answered may ask again at once.
                yield_now().await;
                let mut weight: usize = asks.iter().map(|ask| (bounds.weigh)(&ask.question)).sum();
                // Who asked meanwhile is answered with them.
                while weight < bounds.weight
                    && let Ok(ask) = asked.try_recv()
                {
                    weight += (bounds.weigh)(&ask.question);
                    asks.push(ask);
                }
                asks.retain(|ask| bounds.asks_for_the_gone || !ask.asker.0.is_closed());
                if !asks.is_empty() {
                    tokio::spawn(place.keep(answer(connection, asks)));
                }
            }
            Err(error) => {
                // All who asked meanwhile are told so with them, and do not wait for it again.
                while let Ok(ask) = asked.try_recv() {
                    asks.push(ask);
                }
                for ask in asks {
                    ask.asker.tell(Err(error.clone()));
                }
            }
        }
    }
}

/// A connection, once it may be used.
async fn connect<Question>(
    pool: &Pool,
    bounds: &Bounds<Question>,
    places: &Places,
) -> Result<(Connection, Place), Error> {
    let Ok(place) = timeout(bounds.patience, places.take()).await else {
        return Err(Error::unanswered(bounds.doing));
    };
    let connection = pool.acquire().await.map_err(Error::doing(bounds.doing))?;
    Ok((connection, place))
}

/// For statements that are under way.
#[derive(Debug)]
struct Places {
    all: Arc<Semaphore>,
    /// The one whose statement is alone.
    first: Arc<Semaphore>,
    alone: Duration,
}

#[derive(Debug)]
struct Place {
    /// Never closed, so always there; until it is dropped.
    _one_of_all: Option<OwnedSemaphorePermit>,
    first: Option<OwnedSemaphorePermit>,
    alone: Duration,
}

impl Places {
    fn new<Question>(bounds: &Bounds<Question>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(bounds.at_a_time)),
            first: Arc::new(Semaphore::new(1)),
            alone: bounds.alone,
        }
    }

    async fn take(&self) -> Place {
        let first = Arc::clone(&self.first).acquire_owned().await.ok();
        let one_of_all = Arc::clone(&self.all).acquire_owned().await.ok();
        Place { _one_of_all: one_of_all, first, alone: self.alone }
    }
}

impl Place {
    /// Keeps it until this has ended.
    async fn keep(mut self, answering: impl Future<Output = ()>) {
        let mut answering = pin!(answering);
        if timeout(self.alone, &mut answering).await.is_err() {
            self.first = None;
            answering.await;
        }
    }
}

impl<Question, Answer> Clone for Batcher<Question, Answer> {
    fn clone(&self) -> Self {
        Self { asks: self.asks.clone(), doing: self.doing }
    }
}

impl<Question, Answer> fmt::Debug for Batcher<Question, Answer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("doing", &self.doing).finish_non_exhaustive()
    }
}
