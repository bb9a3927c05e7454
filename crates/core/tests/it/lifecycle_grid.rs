//! Every operation in every situation of a job: what it does, or that it changes nothing.

mod bench;

use std::collections::BTreeSet;

use darkroom_core::{db::Pool, job::Status};
use darkroom_testing::TestDatabase;

use bench::{Bench, situation_of};

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

/// An operation, and each situation in which it does something, with the situation that follows.
type Row = (&'static str, &'static [(Situation, Situation)]);

const GRID: [Row; 21] = [
    ("claim", &[(Waiting, Leased), (Snoozed, Submitted)]),
    ("begin attempt", &[(Leased, Unanswered)]),
    // Recording an answer again does no harm.
    ("record submission", &[(Unanswered, Submitted), (Submitted, Submitted)]),
    ("record notice", &[(Unanswered, Submitted), (Submitted, Submitted), (Snoozed, Snoozed)]),
    ("record late answer", &[(Unanswered, Submitted), (Submitted, Submitted), (Snoozed, Snoozed)]),
    // If there is no attempt, or fal has it, nothing changes.
    ("withdraw attempt", &[(Leased, Leased), (Unanswered, Leased), (Submitted, Submitted)]),
    ("withdraw late", &[(Unanswered, Leased)]),
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

async fn clear(pool: &Pool) {
    for statement in ["delete from queue", "delete from jobs", "delete from workers"] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
}
