//! The fence: under an old lease, every write is refused and changes nothing.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::Failure,
    queue::{self, Claimed, Error, FailureClass, Lease, Timeline},
    store,
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;

use crate::factory;

/// A job that a first worker lost to a second one, which began an attempt.
async fn lost_and_claimed_again(pool: &Pool) -> (Claimed, Claimed) {
    let first = factory::claimed(pool).await;
    factory::stop_beating(pool, first.lease.worker).await;
    queue::rescue(pool, Duration::from_secs(10)).await.unwrap();
    let worker = factory::worker(pool).await;
    let second = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0);
    factory::begin(pool, &second.lease).await;
    (first, second)
}

/// Everything about the one job that a write could change.
async fn everything(pool: &Pool) -> String {
    let rows: Vec<String> = sqlx::query_scalar(
        "select row_to_json(jobs)::text from jobs
         union all select row_to_json(queue)::text from queue
         union all select row_to_json(attempts)::text from attempts
         union all select id::text from images",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.join("\n")
}

/// Every write that takes a lease, by name.
async fn every_write(pool: &Pool, lease: &Lease) -> Vec<(&'static str, Result<(), Error>)> {
    let url = factory::input_url();
    let failure = Failure { code: "test".into(), message: "A test.".into() };
    let picture = factory::stored(factory::picture(8, 8, ImageFormat::Png));
    let submission = factory::submission();
    let soon = Duration::ZERO;
    vec![
        ("read input", queue::input(pool, lease, 0).await.map(|_| ())),
        ("begin", queue::begin_attempt(pool, lease, &url, &Timeline::default()).await.map(|_| ())),
        ("miss", queue::miss_attempt(pool, lease).await.map(|_| ())),
        (
            "fail unanswered",
            queue::fail_unanswered(pool, lease, &failure, &Timeline::default()).await.map(|_| ()),
        ),
        ("isolate", queue::isolate(pool, lease).await),
        ("end isolation", queue::end_isolation(pool, lease).await),
        ("break off", queue::break_off(pool, lease, soon).await),
        ("withdraw", queue::withdraw_attempt(pool, lease).await.map(|_| ())),
        ("abandon", queue::abandon_attempt(pool, lease).await.map(|_| ())),
        ("record", queue::record_submission(pool, lease, 1, &submission).await),
        ("archive", queue::archive(pool, lease, 0, &picture, None).await),
        ("snooze", queue::snooze(pool, lease, soon).await),
        ("retry", queue::retry(pool, lease, &failure, soon, &Timeline::default()).await),
        (
            "fail",
            queue::fail(pool, lease, &failure, FailureClass::Never, &Timeline::default()).await,
        ),
        (
            "complete",
            queue::complete(pool, lease, queue::Ended::default(), &Timeline::default()).await,
        ),
    ]
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    let database = TestDatabase::create().await;
    let (first, _second) = lost_and_claimed_again(&database.pool).await;
    let before = everything(&database.pool).await;

    let writes = every_write(&database.pool, &first.lease).await;

    for (write, answer) in writes {
        assert!(matches!(answer, Err(Error::LeaseLost)), "{write}: {answer:?}");
    }
    assert_eq!(everything(&database.pool).await, before);
}

#[tokio::test]
async fn an_old_lease_of_the_same_worker_is_refused_too() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let old = factory::claimed(pool).await;
    queue::snooze(pool, &old.lease, Duration::ZERO).await.unwrap();
    let new = queue::claim(pool, old.lease.worker, 1).await.unwrap().jobs.remove(0);

    for (write, answer) in every_write(pool, &old.lease).await {
        assert!(matches!(answer, Err(Error::LeaseLost)), "{write}: {answer:?}");
    }

    queue::complete(pool, &new.lease, queue::Ended::default(), &Timeline::default()).await.unwrap();
}

#[tokio::test]
async fn a_job_that_was_deleted_under_its_worker_stays_deleted() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;

    assert_eq!(store::delete(pool, job.lease.job).await.unwrap(), store::Deletion::Deleted);

    for (write, answer) in every_write(pool, &job.lease).await {
        assert!(matches!(answer, Err(Error::LeaseLost)), "{write}: {answer:?}");
    }
    for table in ["jobs", "queue", "attempts", "images"] {
        assert_eq!(factory::count(pool, table).await, 0, "{table}");
    }
}
