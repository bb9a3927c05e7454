//! A job that is brought into a situation, and the operations on it.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{Failure, JobId, Status},
    queue::{self, Begun, Cancellation, Ended, FailureClass, Lease, Noticed, Timeline},
    store,
};

use super::Situation::{
    self, Cancelled, Completed, Deleted, Failed, Leased, Snoozed, Submitted, Unanswered, Waiting,
};
use crate::factory;

/// A job in a situation, with the lease that its worker has or had.
pub(super) struct Bench<'a> {
    pool: &'a Pool,
    pub(super) lease: Lease,
}

impl<'a> Bench<'a> {
    /// A new job in this situation.
    pub(super) async fn set(pool: &'a Pool, situation: Situation) -> Self {
        let worker = factory::worker(pool).await;
        let job = factory::job(pool).await.id;
        let mut bench = Self { pool, lease: Lease { job, worker, number: 0 } };
        if situation == Waiting {
            return bench;
        }
        bench.lease = queue::claim(pool, worker, 1).await.unwrap().jobs[0].lease;
        assert_eq!(bench.lease.job, job);
        if matches!(situation, Unanswered | Submitted | Snoozed) {
            factory::begin(pool, &bench.lease).await;
        }
        if matches!(situation, Submitted | Snoozed) {
            let answer = factory::submission();
            queue::record_submission(pool, &bench.lease, 1, &answer).await.unwrap();
        }
        match situation {
            Waiting | Leased | Unanswered | Submitted => {}
            Snoozed => queue::snooze(pool, &bench.lease, Duration::ZERO).await.unwrap(),
            Completed => {
                queue::complete(pool, &bench.lease, Ended::default(), &Timeline::default())
                    .await
                    .unwrap();
            }
            Failed => queue::fail(
                pool,
                &bench.lease,
                &failure(),
                FailureClass::Never,
                &Timeline::default(),
            )
            .await
            .unwrap(),
            Cancelled => {
                queue::end_cancelled(pool, &bench.lease, &Timeline::default()).await.unwrap();
            }
            Deleted => {
                assert_eq!(store::delete(pool, job).await.unwrap(), store::Deletion::Deleted);
            }
        }
        assert_eq!(situation_of(pool, job).await, situation);
        bench
    }

    /// Does the operation, and returns whether that says that it did something.
    pub(super) async fn does(&self, operation: &str) -> bool {
        let (pool, lease, job) = (self.pool, &self.lease, self.lease.job);
        let answer = factory::submission();
        match operation {
            "claim" => {
                let claimed = queue::claim(pool, lease.worker, 1).await.unwrap().jobs;
                // The lease of a claimed job has a new number, so only the job is compared.
                claimed.first().is_some_and(|claimed| claimed.lease.job == job)
            }
            "begin attempt" => {
                let begun =
                    queue::begin_attempt(pool, lease, &factory::input_url(), &Timeline::default())
                        .await;
                matches!(begun, Ok(Begun::Attempt(_)))
            }
            "record submission" => queue::record_submission(pool, lease, 1, &answer).await.is_ok(),
            "record notice" => {
                queue::record_notice(pool, job, 1, &answer).await.unwrap() == Noticed::Open
            }
            "record late answer" => {
                queue::record_late_answer(pool, job, 1, &answer).await.unwrap() == Noticed::Open
            }
            "withdraw attempt" => queue::withdraw_attempt(pool, lease).await.is_ok(),
            "withdraw late" => {
                queue::withdraw_late(pool, job, &factory::input_url()).await.unwrap()
            }
            "abandon attempt" => queue::abandon_attempt(pool, lease).await.is_ok(),
            "complete" => {
                queue::complete(pool, lease, Ended::default(), &Timeline::default()).await.is_ok()
            }
            "fail" => {
                queue::fail(pool, lease, &failure(), FailureClass::Never, &Timeline::default())
                    .await
                    .is_ok()
            }
            "retry" => queue::retry(pool, lease, &failure(), Duration::ZERO, &Timeline::default())
                .await
                .is_ok(),
            "snooze" => queue::snooze(pool, lease, Duration::ZERO).await.is_ok(),
            "break off" => queue::break_off(pool, lease, Duration::ZERO).await.is_ok(),
            "end cancelled" => {
                queue::end_cancelled(pool, lease, &Timeline::default()).await.is_ok()
            }
            "release" => queue::release(pool, lease.worker).await.unwrap() == 1,
            "rescue" => {
                factory::stop_beating(pool, lease.worker).await;
                queue::rescue(pool, Duration::from_mins(1)).await.unwrap().jobs == 1
            }
            "cancel" => matches!(
                queue::cancel(pool, job).await.unwrap(),
                Cancellation::Cancelled | Cancellation::Requested
            ),
            "reopen" => queue::reopen(pool, &[job], None).await.unwrap() == [job],
            "fail overdue" => {
                let late = "update queue set deadline_at = now() - interval '1 s'";
                sqlx::query(late).execute(pool).await.unwrap();
                queue::fail_overdue(pool, &failure()).await.unwrap() == [job]
            }
            "cancel waiting" => {
                let cancelled = "update queue set cancel_requested_at = now()";
                sqlx::query(cancelled).execute(pool).await.unwrap();
                queue::cancel_waiting(pool).await.unwrap() == [job]
            }
            "delete" => store::delete(pool, job).await.unwrap() != store::Deletion::NoJob,
            other => unreachable!("{other}"),
        }
    }
}

/// The situation of a job according to the tables.
pub(super) async fn situation_of(pool: &Pool, job: JobId) -> Situation {
    let Some(shown) = store::find(pool, job).await.unwrap() else {
        return Deleted;
    };
    let place: Option<(bool, bool, Option<bool>)> = sqlx::query_as(
        "select leased_by is not null, has_attempt, submitted_at is not null
         from queue left join attempts on attempts.job_id = queue.job_id and ended_at is null
         where queue.job_id = $1",
    )
    .bind(job.0)
    .fetch_optional(pool)
    .await
    .unwrap();
    let attempts: i64 =
        sqlx::query_scalar("select count(*) from attempts where job_id = $1 and ended_at is null")
            .bind(job.0)
            .fetch_one(pool)
            .await
            .unwrap();
    let open = attempts > 0;
    let place = place.map(|(leased, has_attempt, submitted)| {
        assert_eq!(has_attempt, open, "the queue is wrong about the attempts");
        (leased, submitted)
    });
    match (shown.status, place) {
        (Status::Completed, None) => Completed,
        (Status::Failed, None) => Failed,
        (Status::Cancelled, None) => Cancelled,
        (Status::Pending | Status::Processing, Some((false, _))) if open => Snoozed,
        (Status::Pending | Status::Processing, Some((false, _))) => Waiting,
        (Status::Processing, Some((true, Some(true)))) => Submitted,
        (Status::Pending | Status::Processing, Some((true, _))) if open => Unanswered,
        (Status::Pending | Status::Processing, Some((true, _))) => Leased,
        other => unreachable!("a job is {other:?}"),
    }
}

fn failure() -> Failure {
    Failure { code: "test".into(), message: "A test.".into() }
}
