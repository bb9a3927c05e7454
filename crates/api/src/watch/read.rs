//! Reads jobs so that one which cannot be read keeps nobody from the others.

use std::{collections::HashMap, sync::Arc};

use darkroom_core::{
    db::{self, Connection},
    job::JobId,
    store,
};

use super::Snapshot;

/// A job's current state; `None` where there is no such job.
pub(crate) type Answer = Result<Option<Arc<Snapshot>>, db::Error>;

/// Reads jobs in one statement; if one of them cannot be read, each in a statement of its own.
pub(crate) async fn read(connection: &mut Connection, jobs: &[JobId]) -> HashMap<JobId, Answer> {
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
    use std::time::Duration;

    use darkroom_core::{db::Pool, job::NewJob};
    use darkroom_testing::TestDatabase;
    use prometheus_client::metrics::counter::Counter;
    use tokio::time::timeout;

    use super::*;
    use crate::{
        metrics::Reads,
        watch::{News, Told, Watch},
    };

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Makes two jobs, of which the second has a status that is not known here.
    async fn good_and_newer(pool: &Pool) -> (JobId, JobId) {
        let new = NewJob { prompt: "a test".into(), model: "a model".into(), ..NewJob::default() };
        let good = store::create(pool, &new).await.unwrap().id;
        let newer = store::create(pool, &new).await.unwrap().id;
        let anything = "alter table jobs drop constraint jobs_status_known";
        sqlx::query(anything).execute(pool).await.unwrap();
        let change = "update jobs set status = 'of a later version' where id = $1";
        sqlx::query(change).bind(newer.0).execute(pool).await.unwrap();
        (good, newer)
    }

    #[tokio::test]
    async fn a_job_that_cannot_be_read_keeps_nobody_from_others() {
        let database = TestDatabase::create().await;
        let (good, newer) = good_and_newer(&database.pool).await;
        let mut connection = database.pool.acquire().await.unwrap();

        let answers = read(&mut connection, &[newer, good]).await;

        assert_eq!(answers[&good].as_ref().unwrap().as_ref().unwrap().job.id, good);
        assert!(!answers[&newer].as_ref().unwrap_err().is_unavailable());
    }

    #[tokio::test]
    async fn a_changed_job_that_cannot_be_read_keeps_nobody_from_news_of_others() {
        let database = TestDatabase::create().await;
        let (good, newer) = good_and_newer(&database.pool).await;
        let reads = Reads { memory: Counter::default(), database: Counter::default() };
        let watch = Watch::start(database.pool.clone(), false, reads);
        let mut followed = watch.all();
        // Both are read together, because their reader runs only while this test waits.
        watch.0.read_again([newer]);

        let mut watched = watch.job(good);

        timeout(PATIENCE, watched.changed()).await.unwrap().unwrap();
        assert!(matches!(&*watched.borrow(), Told::Job(told) if told.job.id == good));
        let fed = timeout(PATIENCE, followed.recv()).await.unwrap().unwrap();
        assert!(matches!(fed, News::Job(told) if told.job.id == good));
    }
}
