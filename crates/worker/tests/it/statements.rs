//! Which statements jobs and workers send to the database: each further one would cost every job, or every beat.

use std::{collections::BTreeMap, net::TcpListener, time::Duration};

use darkroom_core::job::Status;
use darkroom_fal_sim::Settings;
use darkroom_testing::{CountedLine, eventually};

use crate::house::House;

/// The statements of each job, in order, each with a text that occurs in no other statement.
const OF_A_JOB: [(&str, &str); 5] = [
    ("its picture is read", "left join images on images.job_id = queue.job_id"),
    ("its attempt begins", "insert into attempts ("),
    ("fal's answer is recorded", "recorded as ("),
    ("its result is kept", "images_job_id_role_position_key"),
    ("it is completed", "surplus as ("),
];

const BEAT: &str = "update workers set beat_at";

/// The statement that asks whose usage has changed.
const CHANGED_USAGE: &str = "select distinct api_key_id from usage_changes";

/// Statements that depend on time, not on the number of jobs. One claim takes all jobs that wait, and one statement
/// tells watchers what fal says of all requests. Further connections are opened when the first is busy.
const WITH_TIME: [&str; 7] = [
    BEAT,
    "with recursive alive as",
    "pg_notify(channel, payload)",
    "with ripe as",
    "from line_fronts group by priority",
    "select 1",
    "set jit = off",
];

#[tokio::test]
async fn a_job_costs_its_worker_five_statements_beside_its_claim() {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    let line = CountedLine::to(&house.database.url).await;
    let worker = house.worker_at(&line.url);
    has_begun(&line).await;
    let first = house.job().await;
    house.once(first, Status::Completed).await;
    line.forget();

    let job = house.job().await;
    house.once(job, Status::Completed).await;

    for (what, statement) in OF_A_JOB {
        assert_eq!(line.count(statement), 1, "{what}: {:#?}", line.sent());
    }
    let others = others(&line, &OF_A_JOB.map(|(_what, statement)| statement));
    assert!(others.is_empty(), "{others:#?}");
    worker.stop().await;
}

#[tokio::test]
async fn requests_that_run_cost_nothing_but_their_workers_beat() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sim = Settings { latency: Duration::from_hours(1), concurrency: 20, ..Settings::default() };
    let mut house = House::with_settings(listener, sim).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "60");
    // So few have a stream; the other requests are checked.
    house.set("WORKER_STREAMS", "5");
    let line = CountedLine::to(&house.database.url).await;
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(house.job().await);
    }
    let worker = house.worker_at(&line.url);
    for job in jobs {
        house.once(job, Status::Processing).await;
    }
    has_begun(&line).await;
    line.forget();

    eventually("it beats", async || (line.count(BEAT) >= 3).then_some(())).await;

    let others = others(&line, &[]);
    assert!(others.is_empty(), "{others:#?}");
    worker.stop().await;
}

#[tokio::test]
async fn usage_that_changes_all_the_time_is_added_up_once_in_a_round() {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let change = "insert into usage_changes (api_key_id, day, model)
                  values ('00000000-0000-0000-0000-000000000000', current_date, 'a model')";
    sqlx::query(change).execute(&house.database.pool).await.unwrap();
    let changing = tokio::spawn({
        let pool = house.database.pool.clone();
        async move { while sqlx::query(change).execute(&pool).await.is_ok() {} }
    });
    let line = CountedLine::to(&house.database.url).await;
    let worker = house.worker_at(&line.url);
    let added = "delete from usage_changes";
    eventually("it is added up", async || (line.count(added) >= 1).then_some(())).await;
    line.forget();

    eventually("it beats", async || (line.count(BEAT) >= 3).then_some(())).await;

    assert_eq!(line.count(added), 0, "{:#?}", line.sent());
    changing.abort();
    worker.stop().await;
}

/// Waits until a worker has done what it does at its start: it listens, looks for deliveries before and after that,
/// and prunes; last of all it adds usage up.
async fn has_begun(line: &CountedLine) {
    eventually("it has begun", async || {
        let has_begun = line.count("LISTEN") >= 1
            && line.count("delivery_round = $2") >= 2
            && line.count(CHANGED_USAGE) >= 1;
        has_begun.then_some(())
    })
    .await;
}

/// The statements that were sent, without those that are expected or only depend on time.
fn others(line: &CountedLine, expected: &[&str]) -> BTreeMap<String, usize> {
    let mut others = line.sent();
    others.retain(|text, _count| {
        let is_one_of = |statements: &[&str]| statements.iter().any(|inside| text.contains(inside));
        !is_one_of(expected) && !is_one_of(&WITH_TIME)
    });
    others
}
