//! Receivers of more webhooks than are sent to them at a time.

use std::{collections::HashSet, time::Duration};

use darkroom_core::{queue, webhook::Event};
use darkroom_testing::{Call, Receiver, Reply};
use tokio::time::timeout;

use super::house;
use crate::house::House;

/// Ends so many jobs, whose receiver is to be told of that.
async fn end_jobs(house: &House, receiver: &Receiver, count: usize) {
    for _ in 0..count {
        let job = house.told_job(&receiver.url, &Event::ENDS).await;
        queue::cancel(&house.database.pool, job).await.unwrap();
    }
}

/// How many deliveries a receiver was told of.
fn told(calls: &[Call]) -> usize {
    calls.iter().map(|call| &call.headers["webhook-id"]).collect::<HashSet<_>>().len()
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_no_other_one_however_much_it_is_to_be_told() {
    let house = house().await;
    let hangs = Receiver::start(vec![Reply::Nothing; 80]).await;
    let receiver = Receiver::start([]).await;
    end_jobs(&house, &hangs, 80).await;
    let worker = house.worker();
    hangs.received(8).await;

    // Without an edit, which could take as long as a call hangs.
    end_jobs(&house, &receiver, 1).await;

    receiver.received(1).await;
    assert_eq!(hangs.calls().len(), 8);
    let failed = "select count(*) from deliveries where failures > 0";
    let failed: i64 = sqlx::query_scalar(failed).fetch_one(&house.database.pool).await.unwrap();
    assert_eq!(failed, 0, "the other one was told only after calls had been given up");
    worker.stop().await;
}

#[tokio::test]
async fn a_receiver_that_answers_at_once_is_told_a_hundred_events_without_a_pause() {
    let mut house = house().await;
    // Eight at each beat would take longer than this test waits.
    house.set("WORKER_HEARTBEAT_SECONDS", "15");
    house.set("WORKER_LEASE_SECONDS", "60");
    let receiver = Receiver::start([]).await;
    end_jobs(&house, &receiver, 100).await;
    let worker = house.worker();

    let calls = timeout(Duration::from_secs(100), receiver.received(100)).await.unwrap();

    assert_eq!((calls.len(), told(&calls)), (100, 100));
    worker.stop().await;
}

#[tokio::test]
async fn what_waits_for_its_receiver_is_told_by_another_worker_when_the_first_one_dies() {
    let house = house().await;
    let receiver = Receiver::start(vec![Reply::Nothing; 8]).await;
    end_jobs(&house, &receiver, 80).await;
    let first = house.worker();
    receiver.received(8).await;
    first.kill().await;

    let second = house.worker();

    assert_eq!(told(&receiver.received(88).await), 80);
    second.stop().await;
}
