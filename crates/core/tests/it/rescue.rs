//! Dead workers are noticed and removed, and their jobs freed; and workers that are told to stop hand over.

use std::time::Duration;

use darkroom_core::queue::{self, Beat, Rescued, SUSPECT, Timeline};
use darkroom_testing::{TestDatabase, eventually};

use crate::factory;

const LEASE: Duration = Duration::from_secs(16);

#[tokio::test]
async fn the_jobs_of_a_worker_that_stopped_beating_are_free_again() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let living = factory::worker(pool).await;
    factory::stop_beating(pool, job.lease.worker).await;

    let rescued = queue::rescue(pool, LEASE).await.unwrap();

    assert_eq!(rescued, Rescued { workers: 1, jobs: 1, deliveries: 0 });
    let again = queue::claim(pool, living, 1).await.unwrap().jobs;
    assert_eq!(again[0].lease.job, job.lease.job);
    assert_eq!(again[0].rescues, 1);
}

#[tokio::test]
async fn a_suspect_is_blamed_for_the_end_of_its_worker_only_where_it_was_isolated() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::job(pool).await;
    let dies_with_it = async |is_isolated: bool| {
        let worker = factory::worker(pool).await;
        let claimed = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0);
        assert_eq!(claimed.lease.job, job.id);
        if is_isolated {
            queue::isolate(pool, &claimed.lease).await.unwrap();
        }
        factory::stop_beating(pool, worker).await;
        queue::rescue(pool, LEASE).await.unwrap();
        claimed.rescues
    };

    let mut rescues = Vec::new();
    for is_isolated in [false, false, false, true, false, false] {
        rescues.push(dies_with_it(is_isolated).await);
    }

    assert_eq!(rescues, [0, 1, 2, 2, 3, 3]);
}

#[tokio::test]
async fn a_job_whose_isolation_has_ended_is_not_blamed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    sqlx::query("update queue set rescues = $1").bind(SUSPECT).execute(pool).await.unwrap();
    queue::isolate(pool, &job.lease).await.unwrap();
    queue::end_isolation(pool, &job.lease).await.unwrap();
    factory::stop_beating(pool, job.lease.worker).await;

    queue::rescue(pool, LEASE).await.unwrap();

    let living = factory::worker(pool).await;
    assert_eq!(queue::claim(pool, living, 1).await.unwrap().jobs[0].rescues, SUSPECT);
}

#[tokio::test]
async fn a_worker_that_beats_is_left_alone() {
    let database = TestDatabase::create().await;
    let job = factory::claimed(&database.pool).await;

    assert_eq!(queue::rescue(&database.pool, LEASE).await.unwrap(), Rescued::default());

    let beat = queue::beat(&database.pool, job.lease.worker, LEASE).await.unwrap();
    assert_eq!(beat, Some(Beat { someone_is_late: false, is_leader: true, ..Beat::default() }));
}

#[tokio::test]
async fn a_heartbeat_tells_of_workers_that_are_late() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let late = factory::worker(pool).await;
    let living = factory::worker(pool).await;
    factory::stop_beating(pool, late).await;

    let beat = queue::beat(pool, living, LEASE).await.unwrap();

    assert_eq!(beat, Some(Beat { someone_is_late: true, is_leader: true, ..Beat::default() }));
}

#[tokio::test]
async fn of_the_workers_that_live_one_leads() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(factory::worker(pool).await);
    }
    workers.sort_unstable_by_key(|worker| worker.0);
    let leads = async |worker| queue::beat(pool, worker, LEASE).await.unwrap().unwrap().is_leader;
    let [first, second, third] = workers[..] else { panic!("there are three") };

    assert!(leads(first).await && !leads(second).await && !leads(third).await);
    factory::stop_beating(pool, first).await;
    assert!(leads(second).await && !leads(third).await);
    queue::release(pool, second).await.unwrap();
    assert!(leads(third).await);
    assert!(leads(first).await && !leads(third).await);
}

#[tokio::test]
async fn a_heartbeat_does_not_read_the_whole_queue() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    factory::line(&database, 3_000).await;
    let worker = factory::worker(&pool).await;
    let before = factory::whole_reads_of(&pool, &["queue"]).await;

    let beat = queue::beat(&pool, worker, LEASE).await.unwrap();
    assert_eq!(beat, Some(Beat { is_leader: true, ..Beat::default() }));

    assert_eq!(factory::whole_reads_of(&pool, &["queue"]).await, before);
}

#[tokio::test]
async fn a_worker_that_was_taken_for_dead_is_told_at_its_next_beat() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    factory::stop_beating(pool, worker).await;
    queue::rescue(pool, LEASE).await.unwrap();

    assert_eq!(queue::beat(pool, worker, LEASE).await.unwrap(), None);
}

#[tokio::test]
async fn a_hand_over_frees_all_jobs_at_once_and_counts_no_rescue() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let next = factory::worker(pool).await;

    assert_eq!(queue::release(pool, job.lease.worker).await.unwrap(), 1);

    let again = queue::claim(pool, next, 1).await.unwrap().jobs;
    assert_eq!(again[0].lease.job, job.lease.job);
    assert_eq!(again[0].rescues, 0);
}

/// The race that a rescue in one statement would lose: it would wait for the claim, and then free only
/// what it saw before it waited.
#[tokio::test]
async fn a_claim_that_commits_while_its_worker_is_rescued_leaves_no_job_behind() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    factory::job(pool).await;
    factory::stop_beating(pool, worker).await;

    // A claim that has not committed yet: it holds its worker's row, as the claim statement does.
    let mut claim = pool.acquire().await.unwrap();
    sqlx::raw_sql("begin").execute(&mut claim).await.unwrap();
    for statement in [
        "select id from workers where id = $1 for key share",
        "update queue set leased_by = $1, lease_no = lease_no + 1",
    ] {
        sqlx::query(statement).bind(worker.0).execute(&mut claim).await.unwrap();
    }
    let rescuing = tokio::spawn({
        let pool = pool.clone();
        async move { queue::rescue(&pool, LEASE).await.unwrap() }
    });
    eventually("the rescue meets the claim", async || {
        (database.blocked().await > 0 || rescuing.is_finished()).then_some(())
    })
    .await;
    sqlx::raw_sql("commit").execute(&mut claim).await.unwrap();
    rescuing.await.unwrap();
    // The rescue may have skipped the locked row; the next one finds it unlocked.
    queue::rescue(pool, LEASE).await.unwrap();

    let next = factory::worker(pool).await;
    assert_eq!(queue::claim(pool, next, 1).await.unwrap().jobs.len(), 1);
}

/// The claim committed, but its answer never reached the worker.
#[tokio::test]
async fn a_worker_frees_what_it_holds_without_knowing_and_keeps_what_it_knows() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let known = factory::claimed(pool).await;
    let worker = known.lease.worker;
    let hidden = factory::job(pool).await;
    queue::claim(pool, worker, 1).await.unwrap();

    let (round, freed) = queue::release_unknown(pool, worker.into(), &[known.lease]).await.unwrap();

    assert_eq!(freed, 1);
    // The claim whose answer was lost may reach the database only now.
    assert!(queue::claim(pool, worker, 10).await.unwrap().jobs.is_empty());
    let again = queue::claim(pool, round, 10).await.unwrap().jobs;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].lease.job, hidden.id);
    queue::complete(pool, &known.lease, queue::Ended::default(), &Timeline::default())
        .await
        .unwrap();
}

/// A worker may give a job back and claim it again, and hear of neither.
#[tokio::test]
async fn a_job_that_is_known_under_an_old_lease_is_freed_from_the_new_one() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let old = factory::claimed(pool).await.lease;
    queue::snooze(pool, &old, Duration::ZERO).await.unwrap();
    queue::claim(pool, old.worker, 1).await.unwrap();

    let (round, freed) = queue::release_unknown(pool, old.worker.into(), &[old]).await.unwrap();

    assert_eq!(freed, 1);
    assert_eq!(queue::claim(pool, round, 1).await.unwrap().jobs.len(), 1);
}
