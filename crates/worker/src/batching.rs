//! Batching: what many jobs ask of the database at the same time is one statement. What is asked while one is
//! under way is the next one, together; nothing waits for company.

use std::collections::HashSet;

use darkroom_core::{chain::chain, db, job::JobId};
use tokio::sync::{mpsc, oneshot};

/// Asked in one statement, at most.
const MOST: usize = 500;

/// Asks in batches.
#[derive(Debug)]
pub(crate) struct Batcher<T>(mpsc::Sender<(T, oneshot::Sender<bool>)>);

impl<T> Clone for Batcher<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> Batcher<T> {
    /// `ask` answers for which jobs it was done. Its task ends with the last clone.
    pub(crate) fn new<Asked>(
        job: fn(&T) -> JobId,
        ask: impl Fn(Vec<T>) -> Asked + Send + 'static,
    ) -> Self
    where
        Asked: Future<Output = Result<HashSet<JobId>, db::Error>> + Send,
    {
        let (asks, mut asked) = mpsc::channel::<(T, oneshot::Sender<bool>)>(MOST);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while asked.recv_many(&mut batch, MOST).await > 0 {
                let (items, answers): (Vec<T>, Vec<_>) = batch.drain(..).unzip();
                let jobs: Vec<JobId> = items.iter().map(job).collect();
                match ask(items).await {
                    Ok(done) => {
                        for (job, answer) in jobs.iter().zip(answers) {
                            // Who is not there any more is not told.
                            answer.send(done.contains(job)).ok();
                        }
                    }
                    // Whoever waits sees that no answer comes.
                    Err(error) => {
                        tracing::debug!(jobs = jobs.len(), error = %chain(&error), "a batch failed");
                    }
                }
            }
        });
        Self(asks)
    }

    /// Whether it was done; nothing where the batch failed, and each is to ask by itself: the error is
    /// then its own.
    pub(crate) async fn ask(&self, item: T) -> Option<bool> {
        let (answers, answer) = oneshot::channel();
        self.0.send((item, answers)).await.ok()?;
        answer.await.ok()
    }
}
