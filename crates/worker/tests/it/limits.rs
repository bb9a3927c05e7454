//! Limits and pauses, with real workers: what of their jobs reaches the stand-in.

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    models,
    queue::{self, Scope},
};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

async fn jobs(house: &House, count: usize) -> Vec<JobId> {
    let mut jobs = Vec::new();
    for _ in 0..count {
        jobs.push(house.job().await);
    }
    jobs
}

async fn all_completed(house: &House, jobs: &[JobId]) {
    for job in jobs {
        house.once(*job, Status::Completed).await;
    }
}

/// The most attempts that were open at a time, by when each began and ended.
async fn most_at_a_time(house: &House) -> i64 {
    let overlaps = "select max(others) from (
        select (
            select count(*) from attempts as other
            where other.began_at <= attempts.began_at and other.ended_at > attempts.began_at
        ) as others from attempts
    ) as counted";
    sqlx::query_scalar(overlaps).fetch_one(&house.database.pool).await.unwrap()
}

#[tokio::test]
async fn a_limit_of_one_holds_on_several_workers_and_the_next_job_starts_when_one_ends() {
    let mut house = House::open(Duration::from_millis(30)).await;
    house.set("FAL_MAX_IN_FLIGHT", "1");
    // Longer than this test waits for a job, so that none is claimed because the interval is over.
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "200");
    let jobs = jobs(&house, 12).await;
    let workers = [house.worker(), house.worker(), house.worker()];

    all_completed(&house, &jobs).await;

    assert_eq!(most_at_a_time(&house).await, 1);
    assert_eq!(house.submissions().await.len(), 12);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_limit_of_one_holds_when_its_worker_is_killed() {
    let mut house = House::open(Duration::from_millis(30)).await;
    house.set("FAL_MAX_IN_FLIGHT", "1");
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    // Long enough that the worker can be killed meanwhile.
    let slow = json!({"at": "run", "latency": {"fixed": 5.0}, "next": 1});
    house.set_faults(json!({"faults": [slow]})).await;
    let jobs = jobs(&house, 4).await;
    let first = house.worker();
    house.once(jobs[0], Status::Processing).await;
    first.kill().await;
    let others = [house.worker(), house.worker()];

    all_completed(&house, &jobs).await;

    assert_eq!(most_at_a_time(&house).await, 1);
    assert_eq!(house.submissions().await.len(), 4);
    for worker in others {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_limit_set_at_run_time_holds_for_workers_that_run() {
    let house = House::open(Duration::from_millis(30)).await;
    let worker = house.worker();
    let model = Scope::Model(models::DEFAULT.into());
    queue::limit(&house.database.pool, &model, Some(2)).await.unwrap();
    let jobs = jobs(&house, 10).await;

    all_completed(&house, &jobs).await;

    assert!(most_at_a_time(&house).await <= 2);
    worker.stop().await;
}

#[tokio::test]
async fn a_pause_outlives_workers_and_ends_with_a_wake() {
    let mut house = House::open(Duration::from_millis(30)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "200");
    let pool = &house.database.pool;
    queue::pause(pool, &Scope::Everything).await.unwrap();
    let job = house.job().await;
    house.worker().stop().await;
    let worker = house.worker();
    eventually("the worker is there", async || {
        (queue::workers(pool).await.unwrap() == 1).then_some(())
    })
    .await;
    assert!(house.submissions().await.is_empty());

    queue::resume(pool, &Scope::Everything).await.unwrap();

    house.once(job, Status::Completed).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_job_whose_time_is_up_in_line_fails_though_everything_is_paused() {
    let mut house = House::open(Duration::from_millis(30)).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    queue::pause(&house.database.pool, &Scope::Everything).await.unwrap();
    let job = house.job_within(Duration::from_millis(100)).await;
    let worker = house.worker();

    let failed = house.once(job, Status::Failed).await;

    assert_eq!(failed.failure.unwrap().code, "deadline_exceeded");
    assert!(house.submissions().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_job_with_a_start_in_the_future_starts_on_time() {
    let mut house = House::open(Duration::from_millis(30)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "200");
    let job = house.job().await;
    let start = "update queue set run_at = now() + interval '500 ms'";
    sqlx::query(start).execute(&house.database.pool).await.unwrap();
    let worker = house.worker();

    house.once(job, Status::Completed).await;

    let early: bool = sqlx::query_scalar(
        "select attempts.claimed_at < jobs.created_at + interval '500 ms' from attempts, jobs",
    )
    .fetch_one(&house.database.pool)
    .await
    .unwrap();
    assert!(!early, "it was claimed before its time");
    worker.stop().await;
}

#[tokio::test]
async fn an_attempt_tells_its_moments_and_its_cost() {
    // Long enough that it is seen to run.
    let house = House::open(Duration::from_secs(5)).await;
    let job = house.job().await;
    let worker = house.worker();
    house.once(job, Status::Completed).await;

    let attempts = darkroom_core::store::attempts(&house.database.pool, job).await.unwrap();
    let attempt = &attempts.unwrap()[0];

    let moments = [
        attempt.claimed_at,
        Some(attempt.began_at),
        attempt.submitted_at,
        attempt.running_at,
        attempt.archived_at,
        attempt.ended_at,
    ];
    let moments = moments.map(Option::unwrap);
    assert!(moments.is_sorted(), "{moments:?}");
    assert_eq!(attempt.cost_micros, Some(30_000));
    worker.stop().await;
}
