//! Deletion of a job while fal has a request of it.

use darkroom_core::{
    db::Pool,
    job::NewJob,
    queue::{
        self, Claimed, Ended, FailureClass, Timeline, Waker,
        deliveries::{self, Tried, Verdict},
    },
    store::{self, Asked, Deletion, Intake, Parent, Refusal},
    webhook::{Event, Webhook},
};
use darkroom_testing::TestDatabase;

use crate::factory;

/// A deleted job that has a request at fal.
async fn deleted(pool: &Pool) -> Claimed {
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    let answer = factory::submission();
    queue::record_submission(pool, &job.lease, number, &answer).await.unwrap();
    assert_eq!(store::delete(pool, job.lease.job).await.unwrap(), Deletion::Stopping);
    job
}

async fn rows(pool: &Pool) -> [i64; 4] {
    let mut rows = [0; 4];
    for (rows, table) in rows.iter_mut().zip(["jobs", "queue", "attempts", "images"]) {
        *rows = factory::count(pool, table).await;
    }
    rows
}

#[tokio::test]
async fn its_rows_stay_until_its_request_has_ended_and_then_go_however_it_ends() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let timeline = Timeline::default();
    for end in ["completed", "failed", "cancelled"] {
        let job = deleted(pool).await;
        let worker = job.lease.worker;

        assert!(store::find(pool, job.lease.job).await.unwrap().is_none());
        let beat = queue::beat(pool, worker, std::time::Duration::from_mins(1)).await.unwrap();
        assert_eq!(beat.unwrap().cancelled, [job.lease.job]);
        assert_eq!(rows(pool).await, [1, 1, 1, 1]);
        assert_eq!(store::delete(pool, job.lease.job).await.unwrap(), Deletion::NoJob);
        let ended = match end {
            "completed" => queue::complete(pool, &job.lease, Ended::default(), &timeline).await,
            "failed" => {
                let failure =
                    darkroom_core::job::Failure { code: "test".into(), message: "A test.".into() };
                queue::fail(pool, &job.lease, &failure, FailureClass::Never, &timeline).await
            }
            _ => queue::end_cancelled(pool, &job.lease, &timeline).await,
        };

        ended.unwrap();
        assert_eq!(rows(pool).await, [0; 4], "{end}");
    }
}

#[tokio::test]
async fn its_result_cannot_be_edited_and_that_is_as_if_there_were_no_such_job() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = deleted(pool).await.lease.job;
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));

    let parent = Some(Parent { job, position: 0 });
    let asked = intake.ask(NewJob { parent, ..factory::new_job() }).await.unwrap();

    assert!(matches!(asked, Asked::Refused(Refusal::UnknownParent)), "{asked:?}");
}

#[tokio::test]
async fn one_that_waits_for_a_worker_is_due_at_once_so_that_its_request_is_stopped() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    let answer = factory::submission();
    queue::record_submission(pool, &job.lease, number, &answer).await.unwrap();
    queue::snooze(pool, &job.lease, std::time::Duration::from_hours(1)).await.unwrap();

    assert_eq!(store::delete(pool, job.lease.job).await.unwrap(), Deletion::Stopping);

    let claimed = queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs;
    assert_eq!(claimed[0].lease.job, job.lease.job);
}

#[tokio::test]
async fn one_that_has_a_receiver_goes_too_and_tells_it_nothing() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = deleted(pool).await;
    let wish = "update jobs set webhook_url = 'https://receiver.test/', webhook_events = '{job.cancelled}'";
    sqlx::query(wish).execute(pool).await.unwrap();

    queue::end_cancelled(pool, &job.lease, &Timeline::default()).await.unwrap();

    assert_eq!(rows(pool).await, [0; 4]);
    assert_eq!(factory::count(pool, "deliveries").await, 0);
}

/// A job that has a request at fal, and whose receiver is to be told of that.
async fn told(pool: &Pool) -> Claimed {
    let url = "https://receiver.test/".parse().unwrap();
    let webhook = Some(Webhook { url, events: vec![Event::Processing] });
    store::create(pool, &NewJob { webhook, ..factory::new_job() }).await.unwrap();
    let worker = factory::worker(pool).await;
    let job = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0);
    let number = factory::begin(pool, &job.lease).await;
    queue::record_submission(pool, &job.lease, number, &factory::submission()).await.unwrap();
    assert_eq!(factory::count(pool, "deliveries").await, 1);
    job
}

#[tokio::test]
async fn one_that_waits_for_its_request_to_end_tells_nothing_more_of_what_was_due() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = told(pool).await.lease;

    assert_eq!(store::delete(pool, job.job).await.unwrap(), Deletion::Stopping);

    assert!(deliveries::claim(pool, job.worker, 1).await.unwrap().is_empty());
    assert_eq!(factory::count(pool, "deliveries").await, 0);
}

#[tokio::test]
async fn one_that_its_receiver_is_being_told_of_is_not_told_again() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = told(pool).await.lease;
    let delivery = deliveries::claim(pool, job.worker, 1).await.unwrap().remove(0);

    assert_eq!(store::delete(pool, job.job).await.unwrap(), Deletion::Stopping);

    let again = Verdict::Again(std::time::Duration::ZERO);
    let settled = deliveries::settle(pool, &delivery.lease, &Tried::default(), again).await;
    assert!(matches!(settled, Err(queue::Error::LeaseLost)), "{settled:?}");
    assert!(deliveries::claim(pool, job.worker, 1).await.unwrap().is_empty());
}
