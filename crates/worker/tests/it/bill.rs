//! What we count as spent, compared with what the stand-in bills.

use std::{net::TcpListener, time::Duration};

use darkroom_core::{
    api_key::{ApiKeyId, Token},
    db,
    job::{JobId, NewJob, Status},
    queue::{self, Waker},
    store,
};
use darkroom_fal_sim::Settings;
use serde_json::json;

use crate::house::{House, new_job};

const SLOW: Duration = Duration::from_mins(10);

/// The price of one unit on the stand-in's bill, in millionths of a US dollar.
const UNIT: i64 = 30_000;

async fn key(house: &House) -> ApiKeyId {
    let token = Token::generate().unwrap();
    store::create_api_key(&house.database.pool, "a test", &token, false).await.unwrap()
}

/// A job of this key, which costs one unit if it is paid for.
async fn job(house: &House, key: ApiKeyId) -> JobId {
    let new = NewJob { api_key: Some(key), cost_micros: UNIT, deadline: Some(SLOW), ..new_job() };
    store::create(&house.database.pool, &new).await.unwrap().id
}

async fn spent(house: &House, key: ApiKeyId) -> i64 {
    let pool = &house.database.pool;
    let today = db::now(pool).await.unwrap().date();
    let used = store::usage(pool, Some(key), today, today).await.unwrap();
    assert_eq!(used.iter().map(|used| used.reserved_micros).sum::<i64>(), 0);
    used.iter().map(|used| used.spent_micros).sum()
}

async fn billed(house: &House) -> i64 {
    let ledger = house.submissions().await;
    ledger.iter().map(|request| request["billed_units"].as_i64().unwrap() * UNIT).sum()
}

async fn cancel(house: &House, id: JobId) {
    queue::cancel(&house.database.pool, id).await.unwrap();
    Waker::new(house.database.pool.clone()).cancelled(id);
}

#[tokio::test]
async fn a_result_that_cannot_be_used_is_paid_for() {
    let house = House::open(Duration::from_millis(20)).await;
    let no_picture = json!({"at": "download", "status": 200, "shape": "plain"});
    house.set_faults(json!({"faults": [no_picture]})).await;
    let key = key(&house).await;
    let id = job(&house, key).await;
    let worker = house.worker();

    house.once(id, Status::Failed).await;

    assert_eq!((billed(&house).await, spent(&house, key).await), (UNIT, UNIT));
    worker.stop().await;
}

#[tokio::test]
async fn a_request_that_fails_is_not_paid_for() {
    let house = House::open(Duration::from_millis(20)).await;
    let refused = json!({"at": "run", "error_type": "content_policy_violation"});
    house.set_faults(json!({"faults": [refused]})).await;
    let key = key(&house).await;
    let id = job(&house, key).await;
    let worker = house.worker();

    house.once(id, Status::Failed).await;

    assert_eq!((billed(&house).await, spent(&house, key).await), (0, 0));
    worker.stop().await;
}

#[tokio::test]
async fn a_request_that_may_run_on_after_its_jobs_deadline_counts_as_paid_for() {
    let house = House::open(SLOW).await;
    house.set_faults(json!({"faults": [{"at": "cancel", "ignored": true}]})).await;
    let key = key(&house).await;
    let id = job(&house, key).await;
    let first = house.worker();
    house.once(id, Status::Processing).await;
    first.kill().await;
    house.let_time_be_up().await;

    let second = house.worker();

    house.once(id, Status::Failed).await;
    assert_eq!(spent(&house, key).await, UNIT);
    second.stop().await;
}

#[tokio::test]
async fn a_request_that_was_stopped_is_not_paid_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings { latency: SLOW, concurrency: 1, ..Settings::default() };
    let house = House::with_settings(listener, settings).await;
    let key = key(&house).await;
    let running = job(&house, key).await;
    let worker = house.worker();
    house.once(running, Status::Processing).await;
    let waiting = job(&house, key).await;
    house.once(waiting, Status::Processing).await;

    for id in [waiting, running] {
        cancel(&house, id).await;
        house.once(id, Status::Cancelled).await;
    }

    assert_eq!((billed(&house).await, spent(&house, key).await), (0, 0));
    worker.stop().await;
}
