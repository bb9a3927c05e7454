//! Every operation in every situation of a job: what it does, or that it changes nothing.

use std::{collections::BTreeSet, time::Duration};

use darkroom_core::{
    db::Pool,
    job::{Failure, JobId, Status},
    queue::{self, Begun, Cancellation, Ended, FailureClass, Lease, Noticed, Timeline},
    store,
};
use darkroom_testing::TestDatabase;

use crate::factory;

/// The situations in which a job can be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Situation {
    Waiting,
    Leased,
    /// Leased; fal may have its attempt or not.
    Unanswered,
    /// Leased; fal has its attempt.
    Submitted,
    /// Waits; it has an open attempt.
    Snoozed,
    Completed,
    Failed,
    Cancelled,
    Deleted,
}
use Situation::{
    Cancelled, Completed, Deleted, Failed, Leased, Snoozed, Submitted, Unanswered, Waiting,
};

/// The situations in which a job of this status can be. A new status does not compile until it is added here.
fn situations(status: Status) -> &'static [Situation] {
    match status {
        Status::Pending => &[Waiting, Leased, Unanswered],
        Status::Processing => &[Submitted, Snoozed],
        Status::Completed => &[Completed],
        Status::Failed => &[Failed],
        Status::Cancelled => &[Cancelled],
    }
}

/// The status that a caller sees in this situation; `None` for a deleted job.
fn status(situation: Situation) -> Option<Status> {
    Status::ALL.into_iter().find(|status| situations(*status).contains(&situation))
}

/// A job in a situation, with the lease that its worker has or had.
struct Bench<'a> {
    pool: &'a Pool,
    lease: Lease,
}

impl<'a> Bench<'a> {
    async fn set(pool: &'a Pool, situation: Situation) -> Self {
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
    async fn does(&self, operation: &str) -> bool {
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

/// An operation, and each situation in which it does something, with the situation that follows.
type Row = (&'static str, &'static [(Situation, Situation)]);

const GRID: [Row; 20] = [
    ("claim", &[(Waiting, Leased), (Snoozed, Submitted)]),
    ("begin attempt", &[(Leased, Unanswered)]),
    // Recording an answer again does no harm.
    ("record submission", &[(Unanswered, Submitted), (Submitted, Submitted)]),
    ("record notice", &[(Unanswered, Submitted), (Submitted, Submitted), (Snoozed, Snoozed)]),
    ("record late answer", &[(Unanswered, Submitted), (Submitted, Submitted), (Snoozed, Snoozed)]),
    // If there is no attempt, or fal has it, nothing changes.
    ("withdraw attempt", &[(Leased, Leased), (Unanswered, Leased), (Submitted, Submitted)]),
    ("abandon attempt", &[(Leased, Leased), (Unanswered, Leased), (Submitted, Submitted)]),
    ("complete", &[(Leased, Completed), (Unanswered, Completed), (Submitted, Completed)]),
    ("fail", &[(Leased, Failed), (Unanswered, Failed), (Submitted, Failed)]),
    ("retry", &[(Leased, Waiting), (Unanswered, Waiting), (Submitted, Waiting)]),
    ("snooze", &[(Leased, Waiting), (Unanswered, Snoozed), (Submitted, Snoozed)]),
    ("break off", &[(Leased, Waiting), (Unanswered, Snoozed), (Submitted, Snoozed)]),
    ("end cancelled", &[(Leased, Cancelled), (Unanswered, Cancelled), (Submitted, Cancelled)]),
    ("release", &[(Leased, Waiting), (Unanswered, Snoozed), (Submitted, Snoozed)]),
    ("rescue", &[(Leased, Waiting), (Unanswered, Snoozed), (Submitted, Snoozed)]),
    (
        "cancel",
        &[
            (Waiting, Cancelled),
            (Leased, Leased),
            (Unanswered, Unanswered),
            (Submitted, Submitted),
            (Snoozed, Snoozed),
        ],
    ),
    ("reopen", &[(Failed, Waiting)]),
    ("fail overdue", &[(Waiting, Failed)]),
    ("cancel waiting", &[(Waiting, Cancelled)]),
    (
        "delete",
        &[
            (Waiting, Deleted),
            (Leased, Deleted),
            // Only hidden from everybody; the rows stay until the request has ended.
            (Unanswered, Deleted),
            (Submitted, Deleted),
            (Snoozed, Deleted),
            (Completed, Deleted),
            (Failed, Deleted),
            (Cancelled, Deleted),
        ],
    ),
];

#[tokio::test]
async fn every_operation_does_in_every_situation_what_the_grid_says() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for (operation, row) in GRID {
        let all = Status::ALL.into_iter().flat_map(situations).chain(&[Deleted]);
        for before in all.copied() {
            let bench = Bench::set(pool, before).await;
            let expected = row.iter().find(|(from, _)| *from == before);

            let did = bench.does(operation).await;

            let after = situation_of(pool, bench.lease.job).await;
            assert_eq!(did, expected.is_some(), "{operation} on {before:?}");
            let expected = expected.map_or(before, |(_, to)| *to);
            assert_eq!(after, expected, "{operation} on {before:?}");
            clear(pool).await;
        }
    }
}

#[test]
fn the_grid_takes_no_way_that_the_statuses_do_not_have() {
    for (operation, row) in GRID {
        for (before, after) in row {
            let (Some(from), Some(to)) = (status(*before), status(*after)) else { continue };
            // A worker completes only what fal has accepted; the statement itself does not check that.
            let shortened = operation == "complete" && from == Status::Pending;
            let there = from == to || from.may_become().contains(&to) || shortened;
            // The job waits again, but to its caller one that was submitted once stays `processing`.
            let back = (from, to) == (Status::Processing, Status::Pending);
            assert!(there || back, "{operation}: {from:?} becomes {to:?}");
        }
    }
}

#[test]
fn the_diagram_in_the_docs_has_the_arrows_of_the_code() {
    let docs = include_str!("../../../../docs/lifecycle.md");
    let word = |status: Status| serde_json::to_value(status).unwrap().as_str().unwrap().to_owned();
    let arrows = docs.lines().filter_map(|line| line.trim().split_once(" --> "));
    let drawn: BTreeSet<(String, String)> = arrows
        .filter(|(from, to)| *from != "[*]" && *to != "[*]")
        .map(|(from, to)| (from.into(), to.into()))
        .collect();

    let coded = Status::ALL
        .into_iter()
        .flat_map(|from| from.may_become().iter().map(move |to| (word(from), word(*to))));

    assert_eq!(drawn, coded.collect());
}

/// The situation of a job according to the tables.
async fn situation_of(pool: &Pool, job: JobId) -> Situation {
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

async fn clear(pool: &Pool) {
    for statement in ["delete from queue", "delete from jobs", "delete from workers"] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
}

fn failure() -> Failure {
    Failure { code: "test".into(), message: "A test.".into() }
}
