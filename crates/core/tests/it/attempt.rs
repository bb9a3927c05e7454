//! Attempts: written down before they are made, one open at a time, resumed after a crash.

use std::time::Duration;

use darkroom_core::{
    job::{Failure, FailureCode, Status},
    queue::{self, Timeline},
    store,
};
use darkroom_testing::TestDatabase;

use crate::factory;

#[tokio::test]
async fn a_recorded_submission_makes_the_job_processing_and_is_resumed_by_the_next_worker() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let submission = factory::submission();

    let number = factory::begin(pool, &job.lease).await;
    queue::record_submission(pool, &job.lease, number, &submission).await.unwrap();
    queue::release(pool, job.lease.worker).await.unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Processing);
    let next = factory::worker(pool).await;
    let again = queue::claim(pool, next, 1).await.unwrap().jobs.remove(0);
    let attempt = again.attempt.unwrap();
    assert_eq!(attempt.number, 1);
    assert_eq!(attempt.submission, Some(submission));
}

#[tokio::test]
async fn an_attempt_whose_answer_was_not_recorded_is_told_apart() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;
    queue::release(pool, job.lease.worker).await.unwrap();

    let next = factory::worker(pool).await;
    let again = queue::claim(pool, next, 1).await.unwrap().jobs.remove(0);

    assert_eq!(again.attempt.unwrap().submission, None);
}

#[tokio::test]
async fn the_database_refuses_a_second_open_attempt() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;

    let second =
        queue::begin_attempt(pool, &job.lease, &factory::input_url(), &Timeline::default()).await;

    assert!(matches!(second, Err(queue::Error::Database(_))), "{second:?}");
}

#[tokio::test]
async fn an_attempt_that_surely_did_not_arrive_never_happened() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;

    assert_eq!(queue::withdraw_attempt(pool, &job.lease).await.unwrap(), None);

    assert_eq!(factory::count(pool, "attempts").await, 0);
    assert_eq!(factory::begin(pool, &job.lease).await, 1);
}

#[tokio::test]
async fn a_retry_ends_the_attempt_and_the_next_one_counts_on() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;
    let failure = Failure::new(FailureCode::ProviderError, "It did not work.");

    queue::retry(pool, &job.lease, &failure, Duration::ZERO, &Timeline::default()).await.unwrap();

    let again = queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.remove(0);
    assert!(again.attempt.is_none());
    assert_eq!(factory::begin(pool, &again.lease).await, 2);
}
