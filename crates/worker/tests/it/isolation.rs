//! Jobs that were rescued often: the one that takes workers down is told from those beside it.

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    queue::{self, SUSPECT},
};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

const QUICK: Duration = Duration::from_millis(20);

async fn set_rescues(house: &House, rescues: i16) {
    let set = "update queue set rescues = $1";
    sqlx::query(set).bind(rescues).execute(&house.database.pool).await.unwrap();
}

async fn rescues(house: &House, job: JobId) -> i16 {
    let rescues = "select rescues from queue where job_id = $1";
    sqlx::query_scalar(rescues).bind(job.0).fetch_one(&house.database.pool).await.unwrap()
}

/// The jobs that are isolated, once the others rest.
async fn isolated(house: &House) -> Vec<String> {
    let isolated = "select array_agg(job_id::text) filter (where is_isolated) from queue
                    having bool_and(is_isolated or run_at is not null) and bool_or(is_isolated)";
    eventually("a job is isolated", async || {
        let isolated = sqlx::query_scalar(isolated).fetch_optional(&house.database.pool);
        isolated.await.unwrap()
    })
    .await
}

#[tokio::test]
async fn a_job_that_kills_each_worker_fails_with_that_reason() {
    let house = House::open(QUICK).await;
    let id = house.job().await;
    set_rescues(&house, 6).await;
    let worker = house.worker();

    let job = house.once(id, Status::Failed).await;

    assert_eq!(job.failure.unwrap().code, "worker_lost");
    assert!(house.submissions().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn of_two_suspects_only_the_one_that_its_worker_died_with_is_blamed() {
    let house = House::open(QUICK).await;
    let jobs = [house.job().await, house.job().await];
    set_rescues(&house, SUSPECT).await;
    let hang = json!({"at": "upload", "latency": {"fixed": 60.0}});
    house.set_faults(json!({"faults": [hang]})).await;
    let first = house.worker();
    let isolated = isolated(&house).await;

    first.kill().await;
    // A rescue passes over a worker of which a statement is still under way.
    eventually("its worker is rescued", async || {
        let rescued = queue::rescue(&house.database.pool, Duration::ZERO).await.unwrap();
        (rescued.workers > 0).then_some(())
    })
    .await;

    let [blamed] = &isolated[..] else { panic!("{isolated:?} were isolated together") };
    for job in jobs {
        let counted = i16::from(job.0.to_string() == *blamed);
        assert_eq!(rescues(&house, job).await, SUSPECT + counted);
    }
    house.set_faults(json!({"faults": []})).await;
    let second = house.worker();
    for job in jobs {
        house.once(job, Status::Completed).await;
    }
    second.stop().await;
}

#[tokio::test]
async fn a_suspect_whose_request_is_followed_keeps_no_other_one_waiting() {
    let house = House::open(Duration::from_mins(1)).await;
    let jobs = [house.job().await, house.job().await];
    set_rescues(&house, SUSPECT).await;

    let worker = house.worker();

    for job in jobs {
        house.once(job, Status::Processing).await;
    }
    assert_eq!(house.submissions().await.len(), 2);
    worker.stop().await;
}
