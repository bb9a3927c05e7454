//! Completes jobs: those that end while a statement is under way are the next one, together.

use darkroom_core::{
    chain::chain,
    db::Pool,
    queue::{self, Completion},
};
use tokio::sync::{mpsc, oneshot};

/// Jobs of one statement, at most.
const BATCH: usize = 500;

/// Completes the jobs of one life.
#[derive(Clone, Debug)]
pub(crate) struct Completer(mpsc::Sender<Asked>);

type Asked = (Completion, oneshot::Sender<bool>);

impl Completer {
    /// Its task ends with the last clone.
    pub(crate) fn new(pool: Pool) -> Self {
        let (asks, asked) = mpsc::channel(BATCH);
        tokio::spawn(complete_batches(pool, asked));
        Self(asks)
    }

    /// Completes a job, in a batch or, where that does not succeed, by itself: the error is then its own.
    pub(crate) async fn complete(
        &self,
        pool: &Pool,
        completion: Completion,
    ) -> Result<(), queue::Error> {
        let Completion { lease, ended, timeline } = completion.clone();
        let (answers, answer) = oneshot::channel();
        if self.0.send((completion, answers)).await.is_ok()
            && let Ok(completed) = answer.await
        {
            return if completed { Ok(()) } else { Err(queue::Error::LeaseLost) };
        }
        queue::complete(pool, &lease, ended, &timeline).await
    }
}

async fn complete_batches(pool: Pool, mut asked: mpsc::Receiver<Asked>) {
    let mut batch = Vec::new();
    while asked.recv_many(&mut batch, BATCH).await > 0 {
        let (completions, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        match queue::complete_all(&pool, &completions).await {
            Ok(completed) => {
                for (completion, answer) in completions.iter().zip(answers) {
                    // Who is not there any more is not told.
                    answer.send(completed.contains(&completion.lease.job)).ok();
                }
            }
            // Whoever waits for an answer sees that none comes.
            Err(error) => {
                tracing::debug!(jobs = completions.len(), error = %chain(&error), "a batch was not completed");
            }
        }
    }
}
