//! Deliveries: written with the change of status that they tell of, leased and settled.

mod settled;
mod snoozed;

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{Failure, JobId, NewJob},
    queue::{
        self, Ended, Error, FailureClass, Lease, Timeline,
        deliveries::{self, Claimed, Settled, Tried, Verdict},
    },
    store,
    webhook::{Event, Webhook},
};
use darkroom_testing::TestDatabase;

use crate::factory;

const LEASE: Duration = Duration::from_secs(16);

/// A job whose receiver is told of these events.
async fn told_job(pool: &Pool, events: &[Event]) -> JobId {
    let url = "https://hooks.example.com/darkroom".parse().unwrap();
    let webhook = Some(Webhook { url, events: events.to_vec() });
    store::create(pool, &NewJob { webhook, ..factory::new_job() }).await.unwrap().id
}

/// Claims the only job that waits.
async fn claim_job(pool: &Pool) -> Lease {
    let worker = factory::worker(pool).await;
    queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0).lease
}

async fn complete(pool: &Pool, lease: &Lease) -> Result<(), Error> {
    queue::complete(pool, lease, Ended::default(), &Timeline::default()).await
}

/// A delivery that a worker has claimed.
async fn claimed(pool: &Pool) -> Claimed {
    told_job(pool, &Event::ENDS).await;
    let lease = claim_job(pool).await;
    complete(pool, &lease).await.unwrap();
    let worker = factory::worker(pool).await;
    deliveries::claim(pool, worker, 10).await.unwrap().remove(0)
}

/// The events of all deliveries, in their order.
async fn written(pool: &Pool) -> Vec<String> {
    let events = "select event from deliveries order by created_at";
    sqlx::query_scalar(events).fetch_all(pool).await.unwrap()
}

async fn settle(pool: &Pool, claimed: &Claimed, verdict: Verdict) -> Result<Settled, Error> {
    deliveries::settle(pool, &claimed.lease, &Tried::default(), verdict).await
}

fn failure() -> Failure {
    Failure { code: "test".into(), message: "A test.".into() }
}

#[tokio::test]
async fn each_way_to_change_a_status_writes_its_one_delivery() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let timeline = Timeline::default();

    told_job(pool, &Event::ALL).await;
    let lease = claim_job(pool).await;
    let number = factory::begin(pool, &lease).await;
    queue::record_submission(pool, &lease, number, &factory::submission()).await.unwrap();
    complete(pool, &lease).await.unwrap();

    told_job(pool, &Event::ALL).await;
    let lease = claim_job(pool).await;
    queue::fail(pool, &lease, &failure(), FailureClass::Never, &timeline).await.unwrap();

    told_job(pool, &Event::ALL).await;
    let lease = claim_job(pool).await;
    queue::end_cancelled(pool, &lease, &timeline).await.unwrap();

    let waits = told_job(pool, &Event::ALL).await;
    queue::cancel(pool, waits).await.unwrap();

    told_job(pool, &Event::ALL).await;
    sqlx::query("update queue set deadline_at = now()").execute(pool).await.unwrap();
    queue::fail_overdue(pool, &failure()).await.unwrap();

    assert_eq!(
        written(pool).await,
        [
            "job.processing",
            "job.completed",
            "job.failed",
            "job.cancelled",
            "job.cancelled",
            "job.failed"
        ]
    );
}

#[tokio::test]
async fn what_is_done_twice_is_told_once() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    told_job(pool, &Event::ALL).await;
    let lease = claim_job(pool).await;
    let number = factory::begin(pool, &lease).await;
    for _ in 0..2 {
        queue::record_submission(pool, &lease, number, &factory::submission()).await.unwrap();
    }
    complete(pool, &lease).await.unwrap();

    assert!(matches!(complete(pool, &lease).await, Err(Error::LeaseLost)));

    assert_eq!(written(pool).await, ["job.processing", "job.completed"]);
}

#[tokio::test]
async fn only_what_was_asked_for_is_told_and_nothing_of_a_job_without_a_receiver() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for events in [&[Event::Failed][..], &[]] {
        if events.is_empty() {
            factory::job(pool).await;
        } else {
            told_job(pool, events).await;
        }
        let lease = claim_job(pool).await;
        let number = factory::begin(pool, &lease).await;
        queue::record_submission(pool, &lease, number, &factory::submission()).await.unwrap();
        complete(pool, &lease).await.unwrap();
    }

    assert!(written(pool).await.is_empty());
}

#[tokio::test]
async fn a_failure_is_told_as_it_was_though_the_job_is_tried_again_meanwhile() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = told_job(pool, &Event::ENDS).await;
    let lease = claim_job(pool).await;
    queue::fail(pool, &lease, &failure(), FailureClass::Never, &Timeline::default()).await.unwrap();
    queue::reopen(pool, &[job], None).await.unwrap();
    let worker = factory::worker(pool).await;

    let delivery = deliveries::claim(pool, worker, 1).await.unwrap().remove(0);

    assert_eq!((delivery.job, delivery.event), (job, Event::Failed));
    assert_eq!(delivery.failure, Some(failure()));
    assert!(delivery.results.is_empty());
}

#[tokio::test]
async fn a_delivery_is_claimed_once_and_its_id_tells_when_it_was_written() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;
    let other = factory::worker(pool).await;

    assert!(deliveries::claim(pool, other, 10).await.unwrap().is_empty());

    let id = delivery.lease.delivery.0;
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    let (seconds, _) = id.get_timestamp().unwrap().to_unix();
    let written = delivery.created_at.unix_timestamp().unsigned_abs();
    assert!(seconds.abs_diff(written) <= 1);
}

#[tokio::test]
async fn under_an_old_lease_nothing_is_settled() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let old = claimed(pool).await;
    factory::stop_beating(pool, old.lease.worker).await;
    let rescued = queue::rescue(pool, LEASE).await.unwrap();
    assert_eq!(rescued.deliveries, 1);
    let next = factory::worker(pool).await;
    let new = deliveries::claim(pool, next, 1).await.unwrap().remove(0);
    assert_eq!(new.lease.delivery, old.lease.delivery);

    for verdict in [Verdict::Delivered, Verdict::GiveUp, Verdict::Again(LEASE)] {
        let settled = settle(pool, &old, verdict).await;
        assert!(matches!(settled, Err(Error::LeaseLost)), "{settled:?}");
    }

    assert_eq!(settle(pool, &new, Verdict::Delivered).await.unwrap(), Settled::Delivered);
}

#[tokio::test]
async fn a_worker_that_is_gone_claims_no_delivery_and_leaves_none_leased() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;

    queue::release(pool, delivery.lease.worker).await.unwrap();

    assert!(deliveries::claim(pool, delivery.lease.worker, 1).await.unwrap().is_empty());
    let next = factory::worker(pool).await;
    assert_eq!(deliveries::claim(pool, next, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_worker_frees_deliveries_that_it_holds_without_knowing() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let known = claimed(pool).await;
    let round = queue::Round::from(known.lease.worker);
    told_job(pool, &Event::ENDS).await;
    let lease = claim_job(pool).await;
    complete(pool, &lease).await.unwrap();
    let hidden = deliveries::claim(pool, round, 1).await.unwrap().remove(0);

    let (next, freed) = deliveries::release_unknown(pool, round, &[known.lease]).await.unwrap();

    assert_eq!(freed, 1);
    // A claim that the database comes to late takes nothing.
    assert!(deliveries::claim(pool, round, 1).await.unwrap().is_empty());
    let again = deliveries::claim(pool, next, 1).await.unwrap().remove(0);
    assert_eq!(again.lease.delivery, hidden.lease.delivery);
    assert_eq!(settle(pool, &known, Verdict::Delivered).await.unwrap(), Settled::Delivered);
}

#[tokio::test]
async fn what_belongs_to_a_deleted_job_is_not_told() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let delivery = claimed(pool).await;

    assert_eq!(store::delete(pool, delivery.job).await.unwrap(), store::Deletion::Deleted);

    let settled = settle(pool, &delivery, Verdict::Again(Duration::ZERO)).await;
    assert!(matches!(settled, Err(Error::LeaseLost)), "{settled:?}");
    assert!(deliveries::claim(pool, delivery.lease.worker, 1).await.unwrap().is_empty());
    assert!(store::deliveries(pool, delivery.job).await.unwrap().is_none());
}

#[tokio::test]
async fn a_delivery_that_is_written_is_heard_of() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let audience = queue::Audience::Worker;
    let mut listener = queue::Listener::connect(pool, audience, LEASE).await.unwrap();
    told_job(pool, &Event::ENDS).await;
    let lease = claim_job(pool).await;

    complete(pool, &lease).await.unwrap();

    assert_eq!(listener.heard().await.unwrap(), queue::Wake::Deliveries);
}
