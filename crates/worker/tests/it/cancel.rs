//! Cancellation: it reaches the provider, is never lost, and the job's status tells truly how it ended.

mod otherwise;

use std::{net::TcpListener, time::Duration};

use darkroom_core::{
    job::Status,
    queue::{self, Cancellation, Waker},
    store::{self, Deletion},
};
use darkroom_fal_sim::Settings;
use darkroom_testing::eventually;
use serde_json::json;
use tokio::time::timeout;

use crate::house::House;

const SLOW: Duration = Duration::from_mins(10);

#[tokio::test]
async fn a_running_edit_is_stopped_at_the_provider_and_not_paid_for() {
    let house = House::open(SLOW).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    let asked = queue::cancel(&house.database.pool, id).await.unwrap();
    Waker::new(house.database.pool.clone()).cancelled(id);

    assert_eq!(asked, Cancellation::Requested);
    house.once(id, Status::Cancelled).await;
    let ledger = house.submissions().await;
    assert_eq!((ledger.len(), &ledger[0]["billed_units"]), (1, &json!(0)));
    assert_eq!(house.attempts().await, ["cancelled"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_runs_is_stopped_at_the_provider() {
    let house = House::open(SLOW).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;
    let pool = &house.database.pool;

    let deleted = store::delete(pool, id).await.unwrap();
    Waker::new(pool.clone()).cancelled(id);

    assert_eq!(deleted, Deletion::Stopping);
    eventually("nothing is left of it", async || {
        let left = "select (select count(*) from jobs) + (select count(*) from attempts)";
        let left: i64 = sqlx::query_scalar(left).fetch_one(pool).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    let ledger = house.submissions().await;
    assert_eq!((ledger.len(), &ledger[0]["billed_units"]), (1, &json!(0)));
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_that_nobody_was_woken_for_is_seen_at_the_next_beat() {
    let mut house = House::open(SLOW).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    house.set("DATABASE_NOTIFY", "false");
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    queue::cancel(&house.database.pool, id).await.unwrap();

    house.once(id, Status::Cancelled).await;
    worker.stop().await;
}

#[tokio::test]
async fn an_edit_that_waits_in_the_providers_queue_is_taken_out_of_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings { latency: SLOW, concurrency: 1, ..Settings::default() };
    let house = House::with_settings(listener, settings).await;
    let running = house.job().await;
    let worker = house.worker();
    house.once(running, Status::Processing).await;
    let waiting = house.job().await;
    house.once(waiting, Status::Processing).await;

    queue::cancel(&house.database.pool, waiting).await.unwrap();
    Waker::new(house.database.pool.clone()).cancelled(waiting);

    house.once(waiting, Status::Cancelled).await;
    assert_eq!(house.find(running).await.status, Status::Processing);
    worker.stop().await;
}

#[tokio::test]
async fn an_edit_that_is_done_nevertheless_is_completed_because_it_is_paid_for() {
    let house = House::open(Duration::from_secs(5)).await;
    house.set_faults(json!({"faults": [{"at": "cancel", "ignored": true}]})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    queue::cancel(&house.database.pool, id).await.unwrap();
    Waker::new(house.database.pool.clone()).cancelled(id);

    let job = house.once(id, Status::Completed).await;
    assert!(job.images.iter().any(|image| image.is_result));
    assert_eq!(
        queue::cancel(&house.database.pool, id).await.unwrap(),
        Cancellation::TooLate(Status::Completed)
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_that_the_provider_did_not_hear_is_said_again() {
    let house = House::open(SLOW).await;
    let broken = json!([
        {"at": "cancel", "status": 503, "shape": "nginx", "next": 1},
        {"at": "stream", "status": 503, "shape": "nginx"},
    ]);
    house.set_faults(json!({"faults": broken})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    queue::cancel(&house.database.pool, id).await.unwrap();
    Waker::new(house.database.pool.clone()).cancelled(id);

    house.once(id, Status::Cancelled).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_that_the_provider_did_not_hear_is_said_again_soon_though_its_stream_goes_on() {
    // A page of something in front of fal is no answer, whatever its status; and not all of fal's servers may know a
    // request at once.
    for (status, shape) in [(503, "nginx"), (403, "nginx"), (200, "nginx"), (404, "not_found")] {
        let house = House::open(SLOW).await;
        let unheard = json!({"at": "cancel", "status": status, "shape": shape, "next": 1});
        house.set_faults(json!({"faults": [unheard]})).await;
        let id = house.job().await;
        let worker = house.worker();
        house.once(id, Status::Processing).await;
        eventually("the request is seen to run", async || {
            (house.submissions().await[0]["status"] == "IN_PROGRESS").then_some(())
        })
        .await;

        queue::cancel(&house.database.pool, id).await.unwrap();
        Waker::new(house.database.pool.clone()).cancelled(id);

        // A check that is only a backstop of the stream comes after half a minute.
        let soon = timeout(Duration::from_secs(20), house.once(id, Status::Cancelled));
        soon.await.expect("it is said again");
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_is_followed_is_cancelled_though_its_time_is_up_first() {
    let house = House::open(SLOW).await;
    house.set_faults(json!({"faults": [{"at": "cancel", "ignored": true}]})).await;
    let id = house.job_within(Duration::from_secs(20)).await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    queue::cancel(&house.database.pool, id).await.unwrap();
    Waker::new(house.database.pool.clone()).cancelled(id);

    house.once(id, Status::Cancelled).await;
    assert_eq!(house.attempts().await, ["cancelled"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_outlives_the_worker_that_had_the_job() {
    let mut house = House::open(SLOW).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let id = house.job().await;
    let first = house.worker();
    house.once(id, Status::Processing).await;
    first.kill().await;
    queue::cancel(&house.database.pool, id).await.unwrap();

    let second = house.worker();

    house.once(id, Status::Cancelled).await;
    assert_eq!(house.submissions().await.len(), 1);
    second.stop().await;
}

#[tokio::test]
async fn a_wish_that_a_worker_let_go_of_is_seen_though_submissions_are_halted() {
    let house = House::open(SLOW).await;
    let pool = &house.database.pool;
    let id = house.job().await;
    let first = queue::register(pool, "a test").await.unwrap();
    let job = queue::claim(pool, first, 1).await.unwrap().jobs.remove(0);
    assert_eq!(queue::cancel(pool, id).await.unwrap(), Cancellation::Requested);
    queue::halt(pool, "provider_balance", Duration::from_mins(1)).await.unwrap();
    queue::snooze(pool, &job.lease, Duration::ZERO).await.unwrap();

    let second = house.worker();

    house.once(id, Status::Cancelled).await;
    second.stop().await;
}

#[tokio::test]
async fn a_job_whose_picture_is_being_prepared_is_not_submitted_any_more() {
    let house = House::open(SLOW).await;
    // The upload lasts until the job was cancelled.
    house.set_faults(json!({"faults": [{"at": "upload", "latency": {"fixed": 10.0}}]})).await;
    let id = house.job().await;
    let worker = house.worker();
    eventually("the job is worked on", async || {
        let leased: bool = sqlx::query_scalar("select leased_by is not null from queue")
            .fetch_one(&house.database.pool)
            .await
            .unwrap();
        leased.then_some(())
    })
    .await;

    let asked = queue::cancel(&house.database.pool, id).await.unwrap();

    assert_eq!(asked, Cancellation::Requested);
    house.once(id, Status::Cancelled).await;
    assert!(house.submissions().await.is_empty());
    assert!(house.attempts().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_cancelled_job_whose_time_is_up_before_its_end_is_written_down_is_cancelled_all_the_same()
{
    for is_stopped in [true, false] {
        let house = House::open(SLOW).await;
        let id = house.job_within(SLOW).await;
        let first = house.worker();
        house.once(id, Status::Processing).await;
        first.kill().await;
        queue::cancel(&house.database.pool, id).await.unwrap();
        if is_stopped {
            house.stop_request().await;
        }
        house.let_time_be_up().await;

        let second = house.worker();

        house.once(id, Status::Cancelled).await;
        assert_eq!(house.attempts().await, ["cancelled"]);
        second.stop().await;
    }
}
