//! Batcher: questions that many callers have for the database at the same time go into one statement.
//!
//! The first question is sent at once. Those that come meanwhile are sent together, when that statement has ended or
//! turns out to be slow. So a few callers share one connection, and many keep several busy.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::yield_now,
    time::timeout,
};

use super::{Connection, Error, Pool};

/// The limits of a batcher.
#[derive(Debug)]
pub struct Bounds<Question> {
    /// What its statements do, for errors.
    pub doing: &'static str,
    /// The most questions that wait to be sent; a caller beyond that waits before it can ask.
    pub waiting: usize,
    /// The most statements under way at the same time. With too few, every caller waits for slow ones.
    pub at_a_time: usize,
    /// How long a statement waits for the one before it to end, while more questions gather for it.
    pub waits_for_previous: Duration,
    /// How long a statement waits while `at_a_time` are under way, before its callers are told that the database is
    /// away, as they are when no connection is free. Nothing has been sent then.
    pub patience: Duration,
    /// Whether a question is sent even if its caller has gone by then.
    pub sends_abandoned: bool,
    /// The weight of a question.
    pub weigh: fn(&Question) -> usize,
    /// A statement takes no further questions once those that it has weigh this much.
    pub weight: usize,
}

/// A question, and the caller that waits for the answer.
#[derive(Debug)]
pub struct Ask<Question, Answer> {
    /// The question itself.
    pub question: Question,
    /// Where the answer goes.
    pub asker: Asker<Answer>,
}

/// The caller that waits for an answer.
#[derive(Debug)]
pub struct Asker<Answer>(oneshot::Sender<Result<Answer, Error>>);

impl<Answer> Asker<Answer> {
    /// Sends the answer. The caller may have gone.
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
    /// `answer` is given a connection and at least one question. Must be called in a tokio runtime; the batcher's task
    /// ends with the last clone.
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

    /// Asks in a statement that is sent after this call, so the answer is never older. Once sent, a question is carried
    /// out even if the caller stops waiting.
    pub async fn ask(&self, question: Question) -> Result<Answer, Error> {
        let (asker, answered) = oneshot::channel();
        // This fails only if the batcher's task has ended: with the last clone, or with the whole process.
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
    let permits = Permits::new(&bounds);
    while let Some(first) = asked.recv().await {
        let mut asks = vec![first];
        match connect(&pool, &bounds, &permits).await {
            Ok((connection, permit)) => {
                // Callers that were just answered may ask again at once, and so join this statement.
                yield_now().await;
                let mut weight: usize = asks.iter().map(|ask| (bounds.weigh)(&ask.question)).sum();
                // Questions that came meanwhile join it too.
                while weight < bounds.weight
                    && let Ok(ask) = asked.try_recv()
                {
                    weight += (bounds.weigh)(&ask.question);
                    asks.push(ask);
                }
                asks.retain(|ask| bounds.sends_abandoned || !ask.asker.0.is_closed());
                if !asks.is_empty() {
                    tokio::spawn(permit.keep(answer(connection, asks)));
                }
            }
            Err(error) => {
                // Callers that asked meanwhile get the same error now, instead of waiting for a connection in turn.
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

/// A permit, and then a connection.
async fn connect<Question>(
    pool: &Pool,
    bounds: &Bounds<Question>,
    permits: &Permits,
) -> Result<(Connection, Permit), Error> {
    let Ok(permit) = timeout(bounds.patience, permits.take()).await else {
        return Err(Error::not_asked(bounds.doing));
    };
    let connection = pool.acquire_for(bounds.doing).await?;
    Ok((connection, permit))
}

/// Permits for statements.
#[derive(Debug)]
struct Permits {
    all: Arc<Semaphore>,
    /// Held by the newest statement until it ends or has run for so long that the next one no longer waits for it.
    newest: Arc<Semaphore>,
    waits_for_previous: Duration,
}

#[derive(Debug)]
struct Permit {
    /// Always `Some`, because the semaphore is never closed; released when the permit is dropped.
    _one_of_all: Option<OwnedSemaphorePermit>,
    newest: Option<OwnedSemaphorePermit>,
    next_waits: Duration,
}

impl Permits {
    fn new<Question>(bounds: &Bounds<Question>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(bounds.at_a_time)),
            newest: Arc::new(Semaphore::new(1)),
            waits_for_previous: bounds.waits_for_previous,
        }
    }

    async fn take(&self) -> Permit {
        let newest = Arc::clone(&self.newest).acquire_owned().await.ok();
        let one_of_all = Arc::clone(&self.all).acquire_owned().await.ok();
        Permit { _one_of_all: one_of_all, newest, next_waits: self.waits_for_previous }
    }
}

impl Permit {
    /// Holds the permit until `answering` has ended; lets the next statement go when that takes too long.
    async fn keep(mut self, answering: impl Future<Output = ()>) {
        let mut answering = pin!(answering);
        if timeout(self.next_waits, &mut answering).await.is_err() {
            self.newest = None;
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
