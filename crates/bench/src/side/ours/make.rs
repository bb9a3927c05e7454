//! Makes the jobs of a side as the API makes them, but without a picture.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use anyhow::ensure;
use darkroom_core::{
    db::Pool,
    job::NewJob,
    models,
    queue::Waker,
    store::{self, Asked, Intake},
};
use tokio::task::JoinSet;

use crate::side::stock;

/// Makes one job, and tells workers.
pub(super) async fn one(intake: &Intake) -> anyhow::Result<()> {
    let asked = intake.ask(job()).await?;
    ensure!(matches!(asked, Asked::Made(_)), "a job was not made");
    Ok(())
}

/// The same, in a transaction that it shares with no other.
pub(super) async fn one_alone(pool: &Pool, waker: &Waker) -> anyhow::Result<()> {
    let made = store::create(pool, &job()).await?;
    waker.wake();
    waker.made(&[made.id]);
    Ok(())
}

/// Makes this many jobs, with `at_a_time` under way at once.
pub(super) async fn many<Making>(
    jobs: u32,
    at_a_time: u32,
    one: impl Fn() -> Making + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    Making: Future<Output = anyhow::Result<()>> + Send,
{
    let begun = Arc::new(AtomicU32::new(0));
    let mut making = JoinSet::new();
    for _ in 0..at_a_time {
        let (one, begun) = (one.clone(), Arc::clone(&begun));
        making.spawn(async move {
            while begun.fetch_add(1, Ordering::Relaxed) < jobs {
                one().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(made) = making.join_next().await {
        made??;
    }
    Ok(())
}

/// A job without a picture, because the queue has none.
fn job() -> NewJob {
    NewJob {
        prompt: stock::PROMPT.to_owned(),
        model: models::DEFAULT.to_owned(),
        deadline: Some(stock::DEADLINE),
        ..NewJob::default()
    }
}
