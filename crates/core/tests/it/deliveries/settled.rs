//! What came of attempts: a delivery rests, is given up, or is begun anew, and its log tells of that.

use std::time::Duration;

use darkroom_core::{
    job::JobId,
    queue::{
        self,
        deliveries::{self, Settled, Tried, Verdict},
    },
    store,
};
use darkroom_testing::TestDatabase;

use super::{LEASE, claimed, settle};
use crate::factory;

#[tokio::test]
async fn a_delivery_that_failed_rests_and_a_heartbeat_tells_when_it_is_due() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;
    let worker = delivery.lease.worker;
    let is_due =
        async || queue::beat(pool, worker, LEASE).await.unwrap().unwrap().deliveries_are_due;

    let settled = settle(pool, &delivery, Verdict::Again(Duration::from_mins(5))).await.unwrap();

    assert_eq!(settled, Settled::Waits);
    assert!(!is_due().await);
    assert!(deliveries::claim(pool, worker, 1).await.unwrap().is_empty());
    sqlx::query("update deliveries set next_at = now()").execute(pool).await.unwrap();
    assert!(is_due().await);
    assert_eq!(deliveries::claim(pool, worker, 1).await.unwrap()[0].failures, 1);
}

#[tokio::test]
async fn a_delivery_is_given_up_after_a_day_and_begins_anew_when_somebody_asks() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;
    let (job, id) = (delivery.job, delivery.lease.delivery);
    let after_a_day = Verdict::Again(Duration::from_hours(24) + Duration::from_mins(1));

    assert_eq!(settle(pool, &delivery, after_a_day).await.unwrap(), Settled::GaveUp);

    let log = store::deliveries(pool, job).await.unwrap().unwrap().remove(0);
    assert!(log.gave_up_at.is_some() && log.next_at.is_none());
    assert!(!deliveries::replay(pool, JobId::generate(), id).await.unwrap());
    assert!(deliveries::replay(pool, job, id).await.unwrap());
    let again = deliveries::claim(pool, delivery.lease.worker, 1).await.unwrap().remove(0);
    assert_eq!((again.lease.delivery, again.failures), (id, 0));
    assert_eq!(settle(pool, &again, Verdict::Delivered).await.unwrap(), Settled::Delivered);
    let log = store::deliveries(pool, job).await.unwrap().unwrap().remove(0);
    assert!(log.gave_up_at.is_none() && log.delivered_at.is_some());
    assert_eq!(log.attempts.len(), 2);
}

#[tokio::test]
async fn the_log_tells_of_each_attempt_and_keeps_the_latest_twenty() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;
    let mut lease = delivery.lease;
    for status in 500..525 {
        let tried = Tried {
            status: Some(status),
            error: Some("away".into()),
            response: Some("no".into()),
            took: Duration::from_millis(7),
        };
        deliveries::settle(pool, &lease, &tried, Verdict::Again(Duration::ZERO)).await.unwrap();
        lease = deliveries::claim(pool, lease.worker, 1).await.unwrap().remove(0).lease;
    }

    let attempts = store::deliveries(pool, delivery.job).await.unwrap().unwrap().remove(0).attempts;

    let codes: Vec<u16> = attempts.iter().filter_map(|attempt| attempt.status).collect();
    assert_eq!(codes, (505..525).collect::<Vec<_>>());
    let last = attempts.last().unwrap();
    assert_eq!((last.error.as_deref(), last.response.as_deref()), (Some("away"), Some("no")));
    assert_eq!(last.milliseconds, 7);
    assert!((factory::now(pool).await - last.at).whole_seconds() < 60);
}
