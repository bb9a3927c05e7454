//! The ends of a job.

use darkroom_core::{
    job::{Failure, Status},
    queue::{self, FailureClass, Timeline},
    store,
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;

use crate::factory;

#[tokio::test]
async fn a_completed_job_has_its_results_in_order_and_leaves_the_queue() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    for (position, side) in [(1, 20), (0, 10)] {
        let output = factory::stored(factory::picture(side, side, ImageFormat::Png));
        queue::archive(pool, &job.lease, position, &output, None).await.unwrap();
    }

    queue::complete(pool, &job.lease, queue::Ended::default(), &Timeline::default()).await.unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Completed);
    let results: Vec<_> =
        shown.images.iter().filter(|image| image.is_result).map(|image| image.width).collect();
    assert_eq!(results, [10, 20]);
    assert_eq!(factory::count(pool, "queue").await, 0);
}

#[tokio::test]
async fn outputs_of_an_earlier_attempt_are_not_among_the_results() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    for position in [0, 1, 2] {
        let output = factory::stored(factory::picture(8, 8, ImageFormat::Png));
        queue::archive(pool, &job.lease, position, &output, None).await.unwrap();
    }

    let ended = queue::Ended { outputs: Some(1), ..queue::Ended::default() };
    queue::complete(pool, &job.lease, ended, &Timeline::default()).await.unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.images.iter().filter(|image| image.is_result).count(), 1);
}

#[tokio::test]
async fn a_job_that_fails_with_an_unanswered_attempt_leaves_it_counted() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;

    queue::fail(
        pool,
        &job.lease,
        &Failure::new("test", "A test."),
        FailureClass::Never,
        &Timeline::default(),
    )
    .await
    .unwrap();

    assert_eq!(queue::unknown_attempts(pool).await.unwrap(), 1);
}

#[tokio::test]
async fn an_output_that_is_archived_again_replaces_the_first() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;

    for side in [10, 20] {
        let output = factory::stored(factory::picture(side, side, ImageFormat::Png));
        queue::archive(pool, &job.lease, 0, &output, None).await.unwrap();
    }

    assert_eq!(factory::count(pool, "images where role = 'result'").await, 1);
}

#[tokio::test]
async fn a_failed_job_says_why_and_leaves_the_queue() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let failure = Failure::new("content_policy", "Not allowed.");

    queue::fail(pool, &job.lease, &failure, FailureClass::Never, &Timeline::default())
        .await
        .unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Failed);
    assert_eq!(shown.failure, Some(failure));
    assert_eq!(factory::count(pool, "queue").await, 0);
}
