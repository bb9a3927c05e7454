//! Notices: fal tells by itself that a request has ended.

use darkroom_core::{
    job::Status,
    queue::{self, Noticed, Submission, Timeline},
    store,
};
use darkroom_testing::TestDatabase;

use crate::factory;

#[tokio::test]
async fn a_notice_answers_a_submission_whose_answer_was_never_seen() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    queue::release(pool, job.lease.worker).await.unwrap();
    let id = job.lease.job;

    assert_eq!(
        queue::attempted_model(pool, id, number).await.unwrap().as_deref(),
        Some(darkroom_core::models::DEFAULT)
    );
    for _ in 0..2 {
        let noticed = queue::record_notice(pool, id, number, &factory::submission()).await.unwrap();
        assert_eq!(noticed, Noticed::Open);
    }

    assert_eq!(store::find(pool, id).await.unwrap().unwrap().status, Status::Processing);
    let next = factory::worker(pool).await;
    let attempt = queue::claim(pool, next, 1).await.unwrap().jobs.remove(0).attempt.unwrap();
    assert!(attempt.has_notice);
    assert_eq!(attempt.submission, Some(factory::submission()));
}

#[tokio::test]
async fn a_job_that_waits_is_due_once_its_request_has_ended() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    let hour = std::time::Duration::from_hours(1);
    queue::snooze(pool, &job.lease, hour).await.unwrap();
    assert!(queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.is_empty());

    queue::record_notice(pool, job.lease.job, number, &factory::submission()).await.unwrap();

    assert_eq!(queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn a_notice_about_another_request_changes_nothing() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    queue::record_submission(pool, &job.lease, number, &factory::submission()).await.unwrap();
    let other = Submission { provider_request_id: "r-2".into(), ..factory::submission() };

    assert_eq!(
        queue::record_notice(pool, job.lease.job, number, &other).await.unwrap(),
        Noticed::Nothing
    );

    let kept = queue::withdraw_attempt(pool, &job.lease).await.unwrap();
    assert_eq!(kept, Some(factory::submission()));
    assert_eq!(queue::attempted_model(pool, job.lease.job, 7).await.unwrap(), None);
}

#[tokio::test]
async fn a_notice_about_an_attempt_that_was_given_up_is_told_apart() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    queue::abandon_attempt(pool, &job.lease).await.unwrap();

    let noticed =
        queue::record_notice(pool, job.lease.job, number, &factory::submission()).await.unwrap();

    assert_eq!(noticed, Noticed::GivenUp);
    assert_eq!(queue::unknown_attempts(pool).await.unwrap(), 1);
}

#[tokio::test]
async fn an_attempt_that_was_answered_is_not_closed_as_one_that_was_not() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    let answer = factory::submission();
    queue::record_notice(pool, job.lease.job, number, &answer).await.unwrap();
    let failure = darkroom_core::job::Failure { code: "test".into(), message: "A test.".into() };

    let told = Some(answer);
    assert_eq!(queue::withdraw_attempt(pool, &job.lease).await.unwrap(), told);
    assert_eq!(queue::abandon_attempt(pool, &job.lease).await.unwrap(), told);
    assert_eq!(
        queue::fail_unanswered(pool, &job.lease, &failure, &Timeline::default()).await.unwrap(),
        told
    );

    assert_eq!(store::find(pool, job.lease.job).await.unwrap().unwrap().status, Status::Processing);
}

#[tokio::test]
async fn a_notice_and_a_closing_at_the_same_moment_never_lose_the_answer() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for _ in 0..20 {
        let job = factory::claimed(pool).await;
        let number = factory::begin(pool, &job.lease).await;

        let answer = factory::submission();
        let (noticed, told) = tokio::join!(
            queue::record_notice(pool, job.lease.job, number, &answer),
            queue::abandon_attempt(pool, &job.lease),
        );

        // Whichever comes first, the other one sees it.
        match noticed.unwrap() {
            Noticed::Open => assert_eq!(told.unwrap(), Some(factory::submission())),
            Noticed::GivenUp => assert_eq!(told.unwrap(), None),
            Noticed::Ended | Noticed::Nothing => unreachable!("the notice is about this attempt"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_when_its_request_has_ended_is_told_from_one_that_is_lost() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    let found = factory::submission();
    queue::record_submission(pool, &job.lease, number, &found).await.unwrap();
    queue::complete(pool, &job.lease, queue::Ended::default(), &Timeline::default()).await.unwrap();
    let other = Submission { provider_request_id: "r-2".into(), ..factory::submission() };

    for (answer, expected) in [(found, Noticed::Ended), (other, Noticed::Nothing)] {
        let told = queue::record_late_answer(pool, job.lease.job, number, &answer).await.unwrap();
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_notice_beside_a_deletion_is_no_deadlock() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for _ in 0..20 {
        let job = factory::claimed(pool).await;
        let number = factory::begin(pool, &job.lease).await;

        let answer = factory::submission();
        let (noticed, deleted) = tokio::join!(
            queue::record_notice(pool, job.lease.job, number, &answer),
            store::delete(pool, job.lease.job),
        );

        noticed.unwrap();
        assert_eq!(deleted.unwrap(), store::Deletion::Stopping);
    }
}

#[tokio::test]
async fn an_answer_that_comes_when_the_job_is_somebody_elses_is_not_lost() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    queue::release(pool, job.lease.worker).await.unwrap();
    let answer = factory::submission();
    assert!(queue::record_submission(pool, &job.lease, number, &answer).await.is_err());

    let told = queue::record_late_answer(pool, job.lease.job, number, &answer).await.unwrap();

    assert_eq!(told, Noticed::Open);
    let next = factory::worker(pool).await;
    let attempt = queue::claim(pool, next, 1).await.unwrap().jobs.remove(0).attempt.unwrap();
    assert_eq!(attempt.submission, Some(answer));
    assert!(!attempt.has_notice, "nobody said that it has ended");
}

#[tokio::test]
async fn the_secret_is_made_once_for_all_who_ask() {
    use secrecy::ExposeSecret;

    let database = TestDatabase::create().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let pool = database.pool.clone();
        asking.spawn(async move { store::secret(&pool, "a secret").await.unwrap() });
    }

    let secrets = asking.join_all().await;

    let first = secrets[0].expose_secret();
    assert_eq!(first.len(), 32);
    assert!(secrets.iter().all(|secret| secret.expose_secret() == first));
    let other = store::secret(&database.pool, "another").await.unwrap();
    assert_ne!(other.expose_secret(), first);
}
