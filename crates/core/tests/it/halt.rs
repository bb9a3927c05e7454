//! A halt: nobody submits, running requests go on, one worker at a time probes.

use std::time::Duration;

use darkroom_core::queue::{self, Begun, Timeline};
use darkroom_testing::TestDatabase;

use crate::factory;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn the_first_one_halts_and_the_others_change_nothing() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;

    assert!(queue::halt(pool, "provider_balance", HOUR).await.unwrap());
    assert!(!queue::halt(pool, "provider_account", HOUR).await.unwrap());

    let halt = queue::halted(pool).await.unwrap().unwrap();
    assert_eq!(halt.failure_code, "provider_balance");
    assert!(queue::end_halt(pool).await.unwrap());
    assert!(!queue::end_halt(pool).await.unwrap());
    assert_eq!(queue::halted(pool).await.unwrap(), None);
}

#[tokio::test]
async fn jobs_that_need_a_submission_are_not_claimed_during_a_halt() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    factory::job(pool).await;
    let worker = factory::worker(pool).await;
    queue::halt(pool, "provider_balance", HOUR).await.unwrap();

    assert!(queue::claim(pool, worker, 10).await.unwrap().jobs.is_empty());

    queue::end_halt(pool).await.unwrap();
    assert_eq!(queue::claim(pool, worker, 10).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn jobs_that_may_have_a_request_are_claimed_during_a_halt() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;
    queue::release(pool, job.lease.worker).await.unwrap();
    queue::halt(pool, "provider_balance", HOUR).await.unwrap();

    let next = factory::worker(pool).await;

    assert_eq!(queue::claim(pool, next, 10).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn no_attempt_begins_during_a_halt_even_for_a_job_that_was_claimed_before() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    queue::halt(pool, "provider_balance", HOUR).await.unwrap();

    let begun = queue::begin_attempt(pool, &job.lease, &factory::input_url(), &Timeline::default())
        .await
        .unwrap();

    assert_eq!(begun, Begun::Halted);
    assert_eq!(factory::count(pool, "attempts").await, 0);
}

#[tokio::test]
async fn a_probe_that_is_due_is_taken_by_one() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let due = async || queue::beat(pool, worker, HOUR).await.unwrap().unwrap().probe_is_due;
    assert!(!due().await);
    queue::halt(pool, "provider_balance", HOUR).await.unwrap();
    assert!(!due().await);
    assert!(!queue::take_probe(pool, HOUR).await.unwrap());

    sqlx::query("update provider_halt set probe_at = now()").execute(pool).await.unwrap();

    assert!(due().await);
    let mut probing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let pool = pool.clone();
        probing.spawn(async move { queue::take_probe(&pool, HOUR).await.unwrap() });
    }
    let taken = probing.join_all().await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
}
