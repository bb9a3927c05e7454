//! Deliveries that are given back for a while, because their receiver is busy.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    queue::{
        self, WorkerId,
        deliveries::{self, Claimed, Settled, Verdict},
    },
    store,
    webhook::Event,
};
use darkroom_testing::TestDatabase;

use super::{LEASE, claim_job, claimed, complete, settle, told_job};
use crate::factory;

const HOUR: Duration = Duration::from_hours(1);

async fn snooze(pool: &Pool, delivery: &Claimed) {
    assert_eq!(deliveries::snooze(pool, &[(delivery.lease, HOUR)]).await.unwrap(), 0);
}

/// A job that is submitted, and whose receiver is to be told of that.
async fn processing_job(pool: &Pool) -> queue::Lease {
    told_job(pool, &Event::ALL).await;
    let lease = claim_job(pool).await;
    let number = factory::begin(pool, &lease).await;
    queue::record_submission(pool, &lease, number, &factory::submission()).await.unwrap();
    lease
}

/// The events of the deliveries that this claims, in their order.
async fn events(pool: &Pool, worker: WorkerId, limit: usize) -> Vec<Event> {
    let claimed = deliveries::claim(pool, worker, limit).await.unwrap();
    claimed.iter().map(|delivery| delivery.event).collect()
}

#[tokio::test]
async fn a_delivery_that_was_snoozed_rests_and_has_not_failed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;
    let worker = delivery.lease.worker;

    snooze(pool, &delivery).await;

    assert!(deliveries::claim(pool, worker, 1).await.unwrap().is_empty());
    let log = store::deliveries(pool, delivery.job).await.unwrap().unwrap().remove(0);
    let rest = log.next_at.unwrap() - factory::now(pool).await;
    assert!((3_500..=3_600).contains(&rest.whole_seconds()), "{rest}");
    assert!(log.attempts.is_empty());
    sqlx::query("update deliveries set next_at = now()").execute(pool).await.unwrap();
    let again = deliveries::claim(pool, worker, 1).await.unwrap().remove(0);
    assert_eq!((again.lease.delivery, again.failures), (delivery.lease.delivery, 0));
}

#[tokio::test]
async fn a_delivery_that_has_failed_and_would_expire_while_it_is_snoozed_is_given_up() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;
    let soon = "update deliveries set expires_at = now() + interval '30 minutes'";
    sqlx::query(soon).execute(pool).await.unwrap();
    // Not if it was never tried.
    snooze(pool, &delivery).await;
    let due = "update deliveries set next_at = now(), failures = 1";
    sqlx::query(due).execute(pool).await.unwrap();
    let delivery = deliveries::claim(pool, delivery.lease.worker, 1).await.unwrap().remove(0);

    let given_up = deliveries::snooze(pool, &[(delivery.lease, HOUR)]).await.unwrap();

    assert_eq!(given_up, 1);
    let log = store::deliveries(pool, delivery.job).await.unwrap().unwrap().remove(0);
    assert!(log.next_at.is_none() && log.gave_up_at.is_some(), "{log:?}");
}

#[tokio::test]
async fn under_an_old_lease_nothing_is_snoozed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let old = claimed(pool).await;
    factory::stop_beating(pool, old.lease.worker).await;
    queue::rescue(pool, LEASE).await.unwrap();
    let next = factory::worker(pool).await;
    let new = deliveries::claim(pool, next, 1).await.unwrap().remove(0);

    snooze(pool, &old).await;

    assert_eq!(settle(pool, &new, Verdict::Delivered).await.unwrap(), Settled::Delivered);
}

#[tokio::test]
async fn an_event_does_not_overtake_an_earlier_one_of_its_job_that_was_snoozed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let lease = processing_job(pool).await;
    let worker = lease.worker;
    let earlier = deliveries::claim(pool, worker, 1).await.unwrap().remove(0);
    snooze(pool, &earlier).await;
    complete(pool, &lease).await.unwrap();

    // One was asked for, and the other comes with it.
    assert_eq!(events(pool, worker, 1).await, [Event::Processing, Event::Completed]);
}

#[tokio::test]
async fn an_event_does_not_wait_for_an_earlier_one_of_its_job_that_failed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let lease = processing_job(pool).await;
    let earlier = deliveries::claim(pool, lease.worker, 1).await.unwrap().remove(0);
    settle(pool, &earlier, Verdict::Again(HOUR)).await.unwrap();
    complete(pool, &lease).await.unwrap();

    assert_eq!(events(pool, lease.worker, 10).await, [Event::Completed]);
}
