//! The provider or the database is away: jobs wait, and complete when it is back.

use std::{net::TcpListener, time::Duration};

use darkroom_core::job::Status;
use darkroom_fal_sim::{Settings, start};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

const QUICK: Duration = Duration::from_millis(20);

#[tokio::test]
async fn while_the_provider_is_away_jobs_wait_and_no_attempt_is_burnt() {
    let mut house = House::open(QUICK).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    let port = house.sim.port();
    // The workers' stand-in is stopped; the house gets another one in its place until then.
    let idle = start(TcpListener::bind("127.0.0.1:0").unwrap(), Settings::default()).await.unwrap();
    std::mem::replace(&mut house.sim, idle).stop().await;
    let id = house.job().await;
    let worker = house.worker();

    house.rests("the job was tried and waits").await;
    assert_eq!(house.find(id).await.status, Status::Pending);

    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let settings = Settings { latency: QUICK, ..Settings::default() };
    house.sim = start(listener, settings).await.unwrap();
    house.skip_waiting().await;

    house.once(id, Status::Completed).await;
    let attempts: i64 = sqlx::query_scalar("select count(*) from attempts")
        .fetch_one(&house.database.pool)
        .await
        .unwrap();
    assert_eq!(attempts, 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_job_rests_for_as_long_as_the_provider_asks() {
    let house = House::open(QUICK).await;
    let busy = json!({"at": "submit", "status": 429, "headers": {"Retry-After": "100"}, "next": 1});
    house.set_faults(json!({"faults": [busy]})).await;
    let id = house.job().await;
    let worker = house.worker();

    let rest = eventually("the job rests", async || {
        let rest = "select extract(epoch from run_at - now())::float8 from queue";
        let rest: Option<f64> =
            sqlx::query_scalar(rest).fetch_one(&house.database.pool).await.unwrap();
        rest
    })
    .await;

    assert!((70.0..=125.0).contains(&rest), "{rest}");
    house.skip_waiting().await;
    house.once(id, Status::Completed).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_goes_on_when_its_connections_are_cut_again_and_again() {
    let mut house = House::open(Duration::from_millis(300)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    let worker = house.worker();
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(house.job().await);
    }

    for id in &jobs {
        house.database.end_connections().await;
        eventually("the job has moved on", async || {
            let job = darkroom_core::store::find(&house.database.pool, *id).await.ok()??;
            (job.status != Status::Pending).then_some(())
        })
        .await;
    }

    for id in jobs {
        house.once(id, Status::Completed).await;
    }
    assert_eq!(unaccounted_for(&house).await, 0);
    worker.stop().await;
}

#[tokio::test]
async fn an_answer_that_comes_while_the_database_is_away_is_recorded_when_it_is_back() {
    let house = House::open(Duration::from_secs(3)).await;
    // The answer takes more than a second, and less than the edit.
    house
        .set_faults(json!({"faults": [{"at": "submit", "bytes_per_second": 300, "next": 1}]}))
        .await;
    let id = house.job().await;
    let worker = house.worker();
    eventually("the provider has the request", async || house.submissions().await.pop().map(drop))
        .await;

    house.database.take_away().await;
    eventually("the request has ended", async || {
        (house.submissions().await[0]["status"] == "COMPLETED").then_some(())
    })
    .await;
    house.database.bring_back().await;

    eventually("the job is completed", async || {
        let job = darkroom_core::store::find(&house.database.pool, id).await.ok()??;
        (job.status == Status::Completed).then_some(())
    })
    .await;
    assert_eq!(house.submissions().await.len(), 1);
    assert_eq!(house.attempts().await, ["completed"]);
    worker.stop().await;
}

/// How many submissions no attempt has on record. An attempt that was cut off between its begin and its
/// answer is counted as unknown, not here.
async fn unaccounted_for(house: &House) -> usize {
    let known: Vec<Option<String>> = sqlx::query_scalar("select provider_request_id from attempts")
        .fetch_all(&house.database.pool)
        .await
        .unwrap();
    let submissions = house.submissions().await;
    let is_known = |submission: &&serde_json::Value| {
        known.iter().flatten().any(|id| submission["request_id"] == id.as_str())
    };
    submissions.len() - submissions.iter().filter(is_known).count()
}
