//! Batcher: what many ask of the database at the same time is asked in one statement.
//!
//! Nothing waits for company: what is asked while others are under way is asked next, together.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
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
    /// Statements at the same time. Fewer have everybody wait for a slow one, and more find less to do for each.
    pub at_a_time: usize,
    /// How long all of those may take until whoever asks is told that the database is away, as when no connection is
    /// to be had.
    pub patience: Duration,
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

    /// What is so once this is called, not before. What is asked is done, or not, whether or not its answer is waited for.
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
    let places = Arc::new(Semaphore::new(bounds.at_a_time));
    while let Some(first) = asked.recv().await {
        let mut asks = vec![first];
        match connect(&pool, &bounds, &places).await {
            Ok((connection, place)) => {
                let mut weight: usize = asks.iter().map(|ask| (bounds.weigh)(&ask.question)).sum();
                // Who asked meanwhile is answered with them.
                while weight < bounds.weight
                    && let Ok(ask) = asked.try_recv()
                {
                    weight += (bounds.weigh)(&ask.question);
                    asks.push(ask);
                }
                asks.retain(|ask| !ask.asker.0.is_closed());
                if !asks.is_empty() {
                    let answering = answer(connection, asks);
                    tokio::spawn(async move {
                        answering.await;
                        drop(place);
                    });
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
    places: &Arc<Semaphore>,
) -> Result<(Connection, OwnedSemaphorePermit), Error> {
    let place = timeout(bounds.patience, Arc::clone(places).acquire_owned()).await;
    let Ok(Ok(place)) = place else { return Err(Error::unanswered(bounds.doing)) };
    let connection = pool.acquire().await.map_err(Error::doing(bounds.doing))?;
    Ok((connection, place))
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
