//! An account that fal does not accept: nobody submits until it does again.

use std::time::Duration;

use darkroom_core::{
    job::{NewJob, Status},
    queue, store,
};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::{House, new_job};

async fn locked() -> House {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("HALT_PROBE_SECONDS", "1");
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let lock = ["initiate", "submit"].map(|at| json!({"at": at, "status": 403, "shape": "plain"}));
    house.set_faults(json!({"faults": lock})).await;
    house
}

#[tokio::test]
async fn one_refusal_halts_all_workers_and_a_probe_lets_them_go_on() {
    let house = locked().await;
    let mut jobs = vec![house.job().await];
    let workers = [house.worker(), house.worker()];
    let halt = eventually("submissions are halted", async || {
        queue::halted(&house.database.pool).await.unwrap()
    })
    .await;
    assert_eq!(halt.failure_code, "provider_balance");

    for _ in 0..5 {
        jobs.push(house.job().await);
    }
    // Meanwhile the worker probes, and calls nothing else.
    let refused = async || house.strikes(0).await;
    let probed = async || {
        let before = refused().await;
        let again = async || (refused().await > before).then_some(());
        eventually("the provider was probed", again).await;
    };
    let claims = async || -> Vec<i64> {
        sqlx::query_scalar("select lease_no from queue where lease_no > 0 order by lease_no")
            .fetch_all(&house.database.pool)
            .await
            .unwrap()
    };
    probed().await;
    let claimed = claims().await;
    assert!(claimed.len() <= 2, "jobs are claimed though none can be submitted: {claimed:?}");
    probed().await;
    assert_eq!(claims().await, claimed, "none is claimed again, either");
    assert!(house.attempts().await.is_empty());

    house.set_faults(json!({})).await;
    for id in jobs {
        house.once(id, Status::Completed).await;
    }
    assert_eq!(house.submissions().await.len(), 6);
    assert_eq!(queue::halted(&house.database.pool).await.unwrap(), None);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn requests_that_are_running_are_followed_through_a_halt() {
    let mut house = House::open(Duration::from_secs(5)).await;
    house.set("HALT_PROBE_SECONDS", "60");
    let id = house.job().await;
    let first = house.worker();
    house.once(id, Status::Processing).await;
    first.stop().await;
    queue::halt(&house.database.pool, "provider_balance", Duration::from_mins(1)).await.unwrap();

    let second = house.worker();

    house.once(id, Status::Completed).await;
    second.stop().await;
}

#[tokio::test]
async fn a_model_that_the_account_may_not_use_halts_nobody() {
    let house = House::open(Duration::from_millis(20)).await;
    let forbidden = "fal-ai/flux-pro/kontext";
    house
        .set_faults(json!({"faults": [{
            "at": "submit", "endpoint": forbidden, "status": 403, "shape": "plain",
            "detail": "You may not use this model",
        }]}))
        .await;
    let new = NewJob { model: forbidden.into(), ..new_job() };
    let refused = store::create(&house.database.pool, &new).await.unwrap().id;
    let worker = house.worker();
    house.rests("the job was refused and waits").await;

    assert_eq!(queue::halted(&house.database.pool).await.unwrap(), None);
    let other = house.job().await;
    house.once(other, Status::Completed).await;
    assert_eq!(house.find(refused).await.status, Status::Pending);
    worker.stop().await;
}
