//! Intake: jobs that are asked for at the same time share a statement, and nothing else.

use std::collections::HashSet;

use darkroom_core::{
    api_key::ApiKeyId,
    db::{self, Pool},
    job::{Job, JobId, NewJob},
    queue::{self, Waker},
    store::{self, Asked, Intake, Page},
};
use darkroom_testing::TestDatabase;
use futures_util::{
    FutureExt,
    future::{join, join_all},
};
use image::ImageFormat;
use uuid::Uuid;

use crate::factory;

/// Asks for all of them while no connection is to be had, then lets one be had.
async fn together(pool: &Pool, news: Vec<NewJob>) -> Vec<Result<Asked, db::Error>> {
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));
    let only = pool.acquire().await.unwrap();
    let asked = join_all(news.into_iter().map(|new| intake.ask(new)));
    join(asked, async { drop(only) }).await.0
}

fn made(asked: Result<Asked, db::Error>) -> Job {
    let asked = asked.unwrap();
    assert!(matches!(asked, Asked::Made(_)), "{asked:?}");
    if let Asked::Made(job) = asked { *job } else { unreachable!() }
}

fn one_connection(database: &TestDatabase) -> Pool {
    db::connect(&database.url, 1).unwrap()
}

#[tokio::test]
async fn jobs_that_are_asked_for_at_the_same_time_are_made_in_one_statement_each_with_its_own() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let widths = [10, 20, 30, 40, 50];
    let news = widths.map(|width| NewJob {
        prompt: format!("of {width}"),
        inputs: vec![
            factory::stored(factory::picture(width, 10, ImageFormat::Png)),
            factory::stored(factory::picture(width, 11, ImageFormat::Png)),
        ],
        ..factory::new_job()
    });

    let jobs: Vec<Job> = together(&pool, news.to_vec()).await.into_iter().map(made).collect();

    // A statement has one moment.
    let moments: HashSet<_> = jobs.iter().map(|job| job.created_at).collect();
    assert_eq!(moments.len(), 1, "{moments:?}");
    for (job, new) in jobs.iter().zip(news) {
        let stored = store::find(&pool, job.id).await.unwrap().unwrap();
        assert_eq!(format!("{stored:?}"), format!("{job:?}"));
        assert_eq!(stored.prompt, new.prompt);
        for (image, input) in stored.images.iter().zip(&new.inputs) {
            let kept = store::image(&pool, image.id).await.unwrap().unwrap();
            assert_eq!(kept.data, input.data);
        }
        assert_eq!(stored.images.len(), 2);
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_made_keeps_nobody_from_theirs() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let bad = NewJob { prompt: String::new(), ..factory::new_job() };

    let asked = together(&pool, vec![factory::new_job(), bad, factory::new_job()]).await;

    let [first, refused, last] = <[_; 3]>::try_from(asked).unwrap();
    assert!(!refused.unwrap_err().is_unavailable());
    let jobs = store::list(&pool, Page { before: None, limit: 10 }).await.unwrap();
    let listed: HashSet<JobId> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(listed, HashSet::from([made(first).id, made(last).id]));
    assert_eq!(jobs.len(), 2);
}

#[tokio::test]
async fn whoever_is_gone_before_its_turn_has_no_job() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));
    let only = pool.acquire().await.unwrap();
    let mut gone = Box::pin(intake.ask(factory::new_job()));
    assert!(gone.as_mut().now_or_never().is_none());
    drop(gone);
    drop(only);

    let job = made(intake.ask(factory::new_job()).await);

    let jobs = store::list(&pool, Page { before: None, limit: 10 }).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
}

#[tokio::test]
async fn keys_take_turns_also_where_their_jobs_are_made_in_one_statement() {
    let database = TestDatabase::create().await;
    let pool = one_connection(&database);
    let worker = factory::worker(&pool).await;
    let keys = [(); 2].map(|()| Some(ApiKeyId(Uuid::new_v4())));
    let [greedy, modest] = keys;
    // Somebody waits already, and the greedy one, too.
    for _ in 0..2 {
        let new = NewJob { api_key: greedy, ..factory::new_job() };
        store::create(&pool, &new).await.unwrap();
    }
    let owners = [greedy, greedy, greedy, modest, modest, modest];
    let news = owners.map(|api_key| NewJob { api_key, ..factory::new_job() });

    let jobs: Vec<Job> = together(&pool, news.to_vec()).await.into_iter().map(made).collect();

    let mut claimed = Vec::new();
    while let Some(job) = queue::claim(&pool, worker, 1).await.unwrap().jobs.first() {
        claimed.push(job.lease.job);
    }
    let of_first_two: Vec<JobId> =
        claimed.iter().copied().filter(|job| jobs.iter().all(|made| made.id != *job)).collect();
    let order = [
        of_first_two[0],
        jobs[3].id,
        of_first_two[1],
        jobs[4].id,
        jobs[0].id,
        jobs[5].id,
        jobs[1].id,
        jobs[2].id,
    ];
    assert_eq!(claimed, order);
}
