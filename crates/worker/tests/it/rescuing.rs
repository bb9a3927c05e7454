//! Rescues: a worker takes only dead workers for dead, and is not taken for dead itself while it rescues.

use std::time::Duration;

use darkroom_core::job::Status;
use darkroom_testing::eventually;

use crate::house::House;

/// A house whose leases are short.
async fn house() -> House {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    house
}

/// A worker that has not beaten for an hour.
async fn dead_worker(house: &House) -> String {
    let insert = "insert into workers (id, name, beat_at)
                  values (gen_random_uuid(), 'dead', now() - interval '1 hour') returning id::text";
    sqlx::query_scalar(insert).fetch_one(&house.database.pool).await.unwrap()
}

async fn is_there(house: &House, worker: &str) -> bool {
    let there = "select exists (select from workers where id::text = $1)";
    sqlx::query_scalar(there).bind(worker).fetch_one(&house.database.pool).await.unwrap()
}

/// Waits until so many living workers have beaten for so many seconds since their start, and returns their ids.
async fn have_beaten_for(house: &House, workers: i64, seconds: f64) -> Vec<String> {
    eventually("the workers have beaten for a while", async || {
        let living = "select id::text from workers
                      where name <> 'dead' and beat_at >= started_at + make_interval(secs => $1) order by id";
        let living: Vec<String> =
            sqlx::query_scalar(living).bind(seconds).fetch_all(&house.database.pool).await.ok()?;
        (i64::try_from(living.len()) == Ok(workers)).then_some(living)
    })
    .await
}

#[tokio::test]
async fn whoever_rescues_beats_on_while_somebody_keeps_it_from_that() {
    let house = house().await;
    let id = house.job().await;
    let dead = dead_worker(&house).await;
    sqlx::query("update queue set leased_by = $1::uuid, lease_no = 1")
        .bind(dead)
        .execute(&house.database.pool)
        .await
        .unwrap();
    let held = house.database.hold("select from queue for update").await;
    let workers = [house.worker(), house.worker()];
    let living = have_beaten_for(&house, 2, 0.0).await;

    // Much longer than a lease.
    let still = have_beaten_for(&house, 2, 9.0).await;

    assert_eq!(still, living, "somebody was taken for dead who lives");
    held.release().await;
    house.once(id, Status::Completed).await;
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_worker_beats_on_however_long_its_pictures_take() {
    let house = house().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(house.job().await);
    }
    // Inputs can be read, and no result is stored.
    let held = house.database.hold("lock table images in share mode").await;
    let worker = house.worker_with(2);
    house.is_held_up("it stores a result").await;
    // Would rescue the first, if that seemed to be dead.
    let rescuer = house.worker();
    let living = have_beaten_for(&house, 2, 0.0).await;

    // Much longer than a lease.
    let still = have_beaten_for(&house, 2, 9.0).await;

    assert_eq!(still, living, "it was taken for dead");
    held.release().await;
    house.skip_waiting().await;
    for job in jobs {
        house.once(job, Status::Completed).await;
    }
    worker.stop().await;
    rescuer.stop().await;
}

#[tokio::test]
async fn a_worker_that_has_just_begun_takes_nobody_for_dead_who_beats_before_it_does_again() {
    let house = house().await;
    let late = dead_worker(&house).await;
    let beats_again = "
        create function beats_again() returns trigger language plpgsql as $$ begin
            if new.name <> 'dead' and old.beat_at > old.started_at then
                update workers set beat_at = now() where name = 'dead';
            end if;
            return null;
        end $$;
        create trigger beats_again after update on workers
            for each row execute function beats_again()";
    sqlx::raw_sql(beats_again).execute(&house.database.pool).await.unwrap();

    let worker = house.worker();

    have_beaten_for(&house, 1, 2.5).await;
    assert!(is_there(&house, &late).await, "it was taken for dead, though the database was away");
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_that_begins_when_the_database_is_back_gives_others_their_chance_to_beat() {
    let house = house().await;
    let late = dead_worker(&house).await;
    house.database.take_away().await;
    let worker = house.worker();
    // The worker uses the same pool: once all old connections have broken and new ones are refused, it has failed too.
    for _ in 0..12 {
        let asked = sqlx::query("select 1").execute(&house.database.pool).await;
        assert!(asked.is_err(), "the database is there");
    }

    house.database.bring_back().await;

    have_beaten_for(&house, 1, 1.5).await;
    assert!(is_there(&house, &late).await, "it had no chance to beat");
    eventually("it had its chance", async || (!is_there(&house, &late).await).then_some(())).await;
    worker.stop().await;
}
