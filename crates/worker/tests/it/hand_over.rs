//! Workers that stop, are killed or are taken for dead: others carry their requests on, and nothing is
//! submitted again.

use std::{net::TcpListener, time::Duration};

use darkroom_core::job::Status;
use darkroom_fal_sim::Settings;
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

/// Long enough that a worker can be stopped while it waits.
const SLOW: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_worker_that_stops_hands_its_requests_over_and_nothing_is_submitted_again() {
    // Much longer than it takes to stop.
    let house = House::open(Duration::from_secs(10)).await;
    let id = house.job().await;
    let first = house.worker();
    house.once(id, Status::Processing).await;

    first.stop().await;
    assert_ne!(house.submissions().await[0]["status"], "COMPLETED", "it waited for the edit");
    let second = house.worker();

    house.once(id, Status::Completed).await;
    assert_eq!(house.submissions().await.len(), 1);
    second.stop().await;
}

#[tokio::test]
async fn a_submission_that_takes_long_keeps_a_worker_that_stops_from_handing_over_nothing_else() {
    let mut house = House::open(Duration::from_mins(10)).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "13");
    // Else most of the submission would be over when the worker is told to stop.
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    let pool = &house.database.pool;
    // Longer than a lease.
    let slow = json!({"at": "submit", "latency": {"fixed": 18.0}, "next": 1});
    house.set_faults(json!({"faults": [slow]})).await;
    house.job().await;
    let first = house.worker();
    // Not only begun: else the other job might be submitted first, and that submission would take long.
    house.struck(0).await;
    let followed = house.job().await;
    house.once(followed, Status::Processing).await;
    let holder = "select leased_by::text from queue where job_id = $1";
    let holder =
        || sqlx::query_scalar::<_, Option<String>>(holder).bind(followed.0).fetch_one(pool);
    let before = holder().await.unwrap();
    let second = house.worker();

    let stopping = tokio::spawn(first.stop());

    eventually("the second one follows the other job", async || {
        holder().await.unwrap().filter(|worker| Some(worker) != before.as_ref())
    })
    .await;
    let answered = "select count(*) from attempts where submitted_at is not null";
    let answered: i64 = sqlx::query_scalar(answered).fetch_one(pool).await.unwrap();
    assert_eq!(answered, 1, "it waited for the submission");
    stopping.await.unwrap();
    eventually("the second one has both", async || {
        let held = "select count(distinct leased_by) = 1 and count(leased_by) = 2 from queue";
        sqlx::query_scalar::<_, bool>(held).fetch_one(pool).await.unwrap().then_some(())
    })
    .await;
    let rescues: i64 =
        sqlx::query_scalar("select sum(rescues) from queue").fetch_one(pool).await.unwrap();
    assert_eq!(rescues, 0, "it was taken for dead");
    assert_eq!(house.submissions().await.len(), 2);
    second.stop().await;
}

#[tokio::test]
async fn a_hundred_requests_in_flight_are_handed_over_at_once_and_none_is_submitted_again() {
    const JOBS: usize = 100;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let latency = Duration::from_mins(10);
    let settings = Settings { latency, concurrency: JOBS, ..Settings::default() };
    let mut house = House::with_settings(listener, settings).await;
    house.set("WORKER_CONCURRENCY", "1000");
    let mut jobs = Vec::new();
    for _ in 0..JOBS {
        jobs.push(house.job().await);
    }
    let first = house.worker();
    eventually("all are submitted", async || {
        let open = "select count(*) from attempts where submitted_at is not null";
        // The worker may have all connections of the pool: try again then.
        let open: i64 = sqlx::query_scalar(open).fetch_one(&house.database.pool).await.ok()?;
        (open == 100).then_some(())
    })
    .await;

    // The worker does not wait for the edits, which take much longer.
    first.stop().await;
    let leased = "select count(*) from queue where leased_by is not null";
    let leased: i64 = sqlx::query_scalar(leased).fetch_one(&house.database.pool).await.unwrap();
    assert_eq!(leased, 0);

    let second = house.worker();
    eventually("all are carried on", async || {
        let leased = "select count(*) from queue where leased_by is not null";
        let leased: i64 = sqlx::query_scalar(leased).fetch_one(&house.database.pool).await.unwrap();
        (leased == 100).then_some(())
    })
    .await;
    assert_eq!(house.submissions().await.len(), JOBS);
    second.stop().await;
}

#[tokio::test]
async fn the_requests_of_a_killed_worker_are_carried_on_without_a_new_submission() {
    let mut house = House::open(SLOW).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let id = house.job().await;
    let first = house.worker();
    house.once(id, Status::Processing).await;
    first.kill().await;

    let second = house.worker();

    house.once(id, Status::Completed).await;
    assert_eq!(house.submissions().await.len(), 1);
    second.stop().await;
}

#[tokio::test]
async fn a_worker_that_was_taken_for_dead_goes_on_under_a_new_id() {
    let mut house = House::open(SLOW).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    // What a rescue by another worker does.
    for statement in ["delete from workers", "update queue set leased_by = null"] {
        sqlx::query(statement).execute(&house.database.pool).await.unwrap();
    }

    house.once(id, Status::Completed).await;
    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_request_at_another_provider_is_not_asked_for_and_the_key_stays_here() {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    house.set("FAL_AI_API_KEY", "id:secret");
    let id = house.job().await;
    // It was submitted when another provider was configured, which still listens.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let url = format!("http://{}/requests/r-1", other.local_addr().unwrap());
    sqlx::query(
        "with attempt as (
             insert into attempts (job_id, number, worker_id, input_url, provider_request_id,
                 status_url, response_url, cancel_url, submitted_at)
             values ($1, 1, gen_random_uuid(), $2, 'r-1', $2, $2, $2, now())
         )
         update queue set has_attempt = true where job_id = $1",
    )
    .bind(id.0)
    .bind(url)
    .execute(&house.database.pool)
    .await
    .unwrap();
    let worker = house.worker();
    eventually("the attempt has ended", async || {
        let outcome: Option<String> =
            sqlx::query_scalar("select outcome from attempts where number = 1")
                .fetch_one(&house.database.pool)
                .await
                .unwrap();
        outcome
    })
    .await;
    house.skip_waiting().await;

    house.once(id, Status::Completed).await;
    assert!(other.accept().is_err(), "somebody called");
    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_stopped_worker_leaves_neither_its_row_nor_a_lease() {
    let house = House::open(SLOW).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;

    worker.stop().await;

    eventually("nothing is leased", async || {
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from workers)
                 + (select count(*) from queue where leased_by is not null)",
        )
        .fetch_one(&house.database.pool)
        .await
        .unwrap();
        (left == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_hand_over_that_fails_is_tried_again() {
    let house = House::open(SLOW).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Processing).await;
    let refuse_once = "
        create sequence tries;
        create function refuse() returns trigger language plpgsql as $$
        begin
            if nextval('tries') = 1 then
                raise 'a test refuses it';
            end if;
            return old;
        end $$;
        create trigger refuse before delete on workers for each row execute function refuse()";
    sqlx::raw_sql(refuse_once).execute(&house.database.pool).await.unwrap();

    worker.stop().await;

    let left = "select (select count(*) from workers)
                    + (select count(*) from queue where leased_by is not null)";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&house.database.pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_worker_that_was_held_up_for_as_long_as_a_lease_submits_nothing() {
    let mut house = House::open(Duration::from_millis(50)).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let pool = &house.database.pool;
    // Stands for a process that is paused just before it submits.
    let held_up = house.database.hold("lock table attempts in exclusive mode").await;
    let id = house.job().await;
    let worker = house.worker();
    house.is_held_up("an attempt is about to begin").await;
    tokio::time::sleep(Duration::from_millis(4100)).await;

    held_up.release().await;

    eventually("the job is put back", async || {
        let rests = "select run_at is not null and not has_attempt from queue";
        sqlx::query_scalar::<_, bool>(rests).fetch_one(pool).await.unwrap().then_some(())
    })
    .await;
    assert!(house.submissions().await.is_empty());
    house.skip_waiting().await;
    house.once(id, Status::Completed).await;
    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}
