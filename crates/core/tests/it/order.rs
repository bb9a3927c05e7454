//! The order in which jobs are claimed: priorities, turns between API keys, a start in the future.

use std::time::Duration;

use darkroom_core::{
    api_key::ApiKeyId,
    db::Pool,
    job::{JobId, NewJob},
    queue::{self, WorkerId},
    store,
};
use darkroom_testing::TestDatabase;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::factory;

const NORMAL: i16 = 0;

async fn job_of(pool: &Pool, key: ApiKeyId, priority: i16) -> JobId {
    let new = NewJob { api_key: Some(key), priority, ..factory::new_job() };
    store::create(pool, &new).await.unwrap().id
}

fn key() -> ApiKeyId {
    ApiKeyId(Uuid::new_v4())
}

/// Claims one job after the other, until none is left.
async fn claim_all(pool: &Pool, worker: WorkerId) -> Vec<JobId> {
    let mut order = Vec::new();
    loop {
        let claimed = queue::claim(pool, worker, 1).await.unwrap().jobs;
        let Some(claimed) = claimed.first() else { return order };
        order.push(claimed.lease.job);
    }
}

#[tokio::test]
async fn higher_priorities_go_first_and_inside_one_the_oldest() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let key = key();
    let normal = [job_of(pool, key, NORMAL).await, job_of(pool, key, NORMAL).await];
    let low = job_of(pool, key, -1).await;
    let high = job_of(pool, key, 7).await;

    assert_eq!(claim_all(pool, worker).await, [high, normal[0], normal[1], low]);
}

#[tokio::test]
async fn a_key_with_many_waiting_jobs_delays_another_ones_job_by_one() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let (greedy, modest) = (key(), key());
    for _ in 0..30 {
        job_of(pool, greedy, NORMAL).await;
    }
    let first = queue::claim(pool, worker, 1).await.unwrap().jobs[0].lease.job;
    let modest = job_of(pool, modest, NORMAL).await;

    let order = claim_all(pool, worker).await;

    assert_ne!(first, modest);
    let place = order.iter().position(|job| *job == modest).unwrap();
    assert!(place <= 1, "it is claimed after {place} others");
}

#[tokio::test]
async fn keys_with_many_waiting_jobs_take_turns() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let keys = [key(), key(), key()];
    let mut owners = std::collections::HashMap::new();
    for key in keys {
        for _ in 0..10 {
            owners.insert(job_of(pool, key, NORMAL).await, key);
        }
    }

    let order = claim_all(pool, worker).await;

    for (round, three) in order.chunks(3).enumerate() {
        let owners: std::collections::HashSet<_> = three.iter().map(|job| owners[job]).collect();
        assert_eq!(owners.len(), 3, "round {round} belongs to {owners:?}");
    }
}

#[tokio::test]
async fn what_comes_after_a_quiet_time_is_behind_what_was_put_back() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let busy = key();
    for _ in 0..20 {
        job_of(pool, busy, NORMAL).await;
    }
    let claimed = queue::claim(pool, worker, 20).await.unwrap().jobs;
    let last = claimed.last().unwrap();
    queue::snooze(pool, &last.lease, Duration::from_mins(1)).await.unwrap();
    let later = job_of(pool, key(), NORMAL).await;
    sqlx::query("update queue set run_at = now() where run_at is not null")
        .execute(pool)
        .await
        .unwrap();
    queue::ripen(pool).await.unwrap();

    assert_eq!(claim_all(pool, worker).await, [last.lease.job, later]);
}

#[tokio::test]
async fn a_job_with_a_start_in_the_future_waits_for_it_and_then_takes_a_fair_turn() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let (patient, other) = (key(), key());
    let run_at = Some(factory::now(pool).await + Duration::from_mins(10));
    let mut planned = Vec::new();
    for _ in 0..5 {
        let new = NewJob { api_key: Some(patient), run_at, ..factory::new_job() };
        planned.push(store::create(pool, &new).await.unwrap().id);
    }
    assert!(claim_all(pool, worker).await.is_empty());
    let others = [job_of(pool, other, NORMAL).await, job_of(pool, other, NORMAL).await];

    sqlx::query("update queue set run_at = now() where run_at is not null")
        .execute(pool)
        .await
        .unwrap();
    queue::ripen(pool).await.unwrap();
    let order = claim_all(pool, worker).await;

    let place = |job: &JobId| order.iter().position(|other| other == job).unwrap();
    assert!(place(&others[1]) <= 3, "the burst is not ahead of everybody: {order:?}");
    assert!(planned.is_sorted_by_key(place));
}

#[tokio::test]
async fn the_deadline_of_a_job_counts_from_its_start() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let run_at = factory::now(pool).await + Duration::from_hours(48);
    let new = NewJob {
        run_at: Some(run_at),
        deadline: Some(Duration::from_hours(1)),
        ..factory::new_job()
    };
    store::create(pool, &new).await.unwrap();

    let deadline: OffsetDateTime =
        sqlx::query_scalar("select deadline_at from queue").fetch_one(pool).await.unwrap();

    assert!((deadline - run_at - Duration::from_hours(1)).abs() < Duration::from_millis(1));
}
