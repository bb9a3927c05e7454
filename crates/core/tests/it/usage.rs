//! Usage, in jobs, images and money: counted when jobs end, and kept when jobs are deleted.

use std::time::Duration;

use darkroom_core::{
    api_key::{ApiKeyId, Token},
    db::Pool,
    job::{Failure, NewJob},
    queue::{self, Ended, FailureClass, Lease, Timeline},
    store::{self, Deletion, Usage},
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;

use crate::factory;

/// What a job of these tests may cost, in millionths of a US dollar.
const COST: i64 = 30_000;

async fn key(pool: &Pool) -> ApiKeyId {
    store::create_api_key(pool, "a test", &Token::generate().unwrap(), false).await.unwrap()
}

/// A job of this key that a worker has claimed.
async fn claimed(pool: &Pool, key: Option<ApiKeyId>) -> Lease {
    let new = NewJob { api_key: key, cost_micros: COST, ..factory::new_job() };
    store::create(pool, &new).await.unwrap();
    let worker = factory::worker(pool).await;
    queue::claim(pool, worker, 1).await.unwrap().jobs[0].lease
}

async fn submitted(pool: &Pool, lease: &Lease) {
    let number = factory::begin(pool, lease).await;
    queue::record_submission(pool, lease, number, &factory::submission()).await.unwrap();
}

/// Usage as it is told: jobs, images, money kept back, and money spent.
async fn told(pool: &Pool, key: Option<ApiKeyId>) -> (i64, i64, i64, i64) {
    let today = factory::now(pool).await.date();
    let used = store::usage(pool, key, today, today).await.unwrap();
    let sum = |of: fn(&Usage) -> i64| used.iter().map(of).sum();
    let kept = sum(|used| used.reserved_micros);
    (sum(|used| used.jobs), sum(|used| used.images), kept, sum(|used| used.spent_micros))
}

#[tokio::test]
async fn what_a_job_may_cost_is_kept_back_until_it_ends_and_what_it_cost_is_spent() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let lease = claimed(pool, Some(key)).await;
    assert_eq!(told(pool, Some(key)).await, (0, 0, COST, 0));

    submitted(pool, &lease).await;
    let output = factory::stored(factory::picture(8, 8, ImageFormat::Png));
    queue::archive(pool, &lease, 0, &output, None).await.unwrap();
    let ended = Ended { cost_micros: Some(20_000), outputs: Some(1), ..Ended::default() };
    queue::complete(pool, &lease, ended, &Timeline::default()).await.unwrap();

    assert_eq!(told(pool, Some(key)).await, (1, 1, 0, 20_000));
    // The sums are the same after the changes were added up.
    assert_eq!(store::fold_usage(pool).await.unwrap().rows, 1);
    assert_eq!(told(pool, Some(key)).await, (1, 1, 0, 20_000));
    assert_eq!(told(pool, None).await, (1, 1, 0, 20_000));
    assert_eq!(factory::count(pool, "usage_changes").await, 0);

    store::delete(pool, lease.job).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (1, 1, 0, 20_000));
}

#[tokio::test]
async fn nothing_is_spent_for_what_is_not_made_and_all_that_may_have_been_paid_for_is() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let fail = async |lease: &Lease, class| {
        let failure = Failure { code: "test".into(), message: "A test.".into() };
        queue::fail(pool, lease, &failure, class, &Timeline::default()).await.unwrap();
    };

    let refused = claimed(pool, Some(key)).await;
    submitted(pool, &refused).await;
    fail(&refused, FailureClass::Never).await;
    assert_eq!(told(pool, Some(key)).await, (1, 0, 0, 0));

    // Its submission was never answered.
    let unknown = claimed(pool, Some(key)).await;
    factory::begin(pool, &unknown).await;
    fail(&unknown, FailureClass::Never).await;
    assert_eq!(told(pool, Some(key)).await, (2, 0, 0, COST));

    let waiting = NewJob { api_key: Some(key), cost_micros: COST, ..factory::new_job() };
    let waiting = store::create(pool, &waiting).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (2, 0, COST, COST));
    store::delete(pool, waiting.id).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (2, 0, 0, COST));
}

#[tokio::test]
async fn an_attempt_of_which_nothing_came_counts_where_it_may_be_paid_for() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let failure = Failure { code: "test".into(), message: "A test.".into() };
    let due = Timeline::default();
    due.note_free();
    due.note_maybe_paid();

    let lease = claimed(pool, Some(key)).await;
    submitted(pool, &lease).await;
    queue::retry(pool, &lease, &failure, Duration::ZERO, &due).await.unwrap();
    let lease = queue::claim(pool, lease.worker, 1).await.unwrap().jobs[0].lease;
    submitted(pool, &lease).await;
    queue::fail(pool, &lease, &failure, FailureClass::Never, &due).await.unwrap();

    assert_eq!(told(pool, Some(key)).await, (1, 0, 0, 2 * COST));
}

#[tokio::test]
async fn a_cancelled_attempt_counts_unless_it_was_seen_to_be_free() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let free = Timeline::default();
    free.note_free();

    let stopped = claimed(pool, Some(key)).await;
    submitted(pool, &stopped).await;
    queue::end_cancelled(pool, &stopped, &free).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (1, 0, 0, 0));

    let lost = claimed(pool, Some(key)).await;
    submitted(pool, &lost).await;
    queue::end_cancelled(pool, &lost, &Timeline::default()).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (2, 0, 0, COST));
}

#[tokio::test]
async fn what_attempts_of_a_job_cost_is_spent_though_it_is_deleted_before_it_has_ended() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let lease = claimed(pool, Some(key)).await;
    factory::begin(pool, &lease).await;
    queue::abandon_attempt(pool, &lease).await.unwrap();
    queue::snooze(pool, &lease, Duration::ZERO).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (0, 0, COST, 0));

    assert_eq!(store::delete(pool, lease.job).await.unwrap(), Deletion::Deleted);

    assert_eq!(told(pool, Some(key)).await, (0, 0, 0, COST));
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_runs_is_counted_when_it_has_ended() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let lease = claimed(pool, Some(key)).await;
    submitted(pool, &lease).await;
    store::delete(pool, lease.job).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (0, 0, COST, 0));

    let ended = Ended { cost_micros: Some(COST), ..Ended::default() };
    queue::complete(pool, &lease, ended, &Timeline::default()).await.unwrap();

    assert_eq!(told(pool, Some(key)).await, (1, 0, 0, COST));
    assert_eq!(factory::count(pool, "jobs").await, 0);
}

#[tokio::test]
async fn a_job_that_is_tried_again_is_one_job_and_its_attempts_are_paid_for_once_each() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let key = key(pool).await;
    let lease = claimed(pool, Some(key)).await;
    factory::begin(pool, &lease).await;
    let failure = Failure { code: "test".into(), message: "A test.".into() };
    queue::fail(pool, &lease, &failure, FailureClass::Never, &Timeline::default()).await.unwrap();

    assert_eq!(queue::reopen(pool, &[lease.job], None).await.unwrap(), [lease.job]);
    assert_eq!(told(pool, Some(key)).await, (0, 0, COST, COST));

    let worker = factory::worker(pool).await;
    let lease = queue::claim(pool, worker, 1).await.unwrap().jobs[0].lease;
    submitted(pool, &lease).await;
    let ended = Ended { cost_micros: Some(20_000), ..Ended::default() };
    queue::complete(pool, &lease, ended, &Timeline::default()).await.unwrap();
    assert_eq!(told(pool, Some(key)).await, (1, 0, 0, COST + 20_000));
}

#[tokio::test]
async fn what_nobody_in_particular_made_is_counted_too() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let lease = claimed(pool, None).await;
    assert_eq!(told(pool, None).await, (0, 0, 0, 0));

    let ended = Ended { cost_micros: Some(20_000), ..Ended::default() };
    submitted(pool, &lease).await;
    queue::complete(pool, &lease, ended, &Timeline::default()).await.unwrap();

    assert_eq!(told(pool, None).await, (1, 0, 0, 20_000));
}
