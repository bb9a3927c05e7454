//! Wakes: heard by listeners, and the listener comes back when its connection is lost.

use std::{collections::HashSet, time::Duration};

use darkroom_core::{
    db,
    job::{JobId, NewJob},
    queue::{Audience, Listener, Wake, Waker},
    store::{Asked, Intake},
};
use darkroom_testing::{TestDatabase, eventually};
use futures_util::{FutureExt, future::try_join_all};
use tokio::time::timeout;

use crate::{factory, pool::pass, proxy::Proxy};

/// How long it may take to hear; and how long a connection may be silent before it is pinged.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_wake_reaches_a_listener() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();

    Waker::new(database.pool.clone()).wake();

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
}

#[tokio::test]
async fn where_all_is_quiet_the_commit_that_makes_a_job_tells_of_it_itself() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let mut worker = Listener::connect(pool, Audience::Worker, PATIENCE).await.unwrap();
    let mut api = Listener::connect(pool, Audience::Watchers, PATIENCE).await.unwrap();
    // The waker itself has no database to send through.
    let nowhere = db::connect(&"postgres://nobody@127.0.0.1:1/none".into(), 1).unwrap();

    let asked =
        Intake::new(pool.clone(), Waker::new(nowhere)).ask(factory::new_job()).await.unwrap();

    let Asked::Made(job) = asked else { panic!("{asked:?}") };
    let heard = timeout(PATIENCE, worker.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
    let heard = timeout(PATIENCE, api.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Changed(vec![job.id]));
}

#[tokio::test]
async fn jobs_that_are_made_at_the_same_time_are_all_told_of() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let mut api = Listener::connect(pool, Audience::Watchers, PATIENCE).await.unwrap();
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));

    let bare = || NewJob { inputs: Vec::new(), ..factory::new_job() };
    let mut asked = Vec::new();
    // The first are told of in the commit that makes them, the others after it, because it is not quiet any more. There
    // are more of them than one payload can name.
    for _ in 0..2 {
        asked.extend(try_join_all((0..450).map(|_| intake.ask(bare()))).await.unwrap());
    }

    let made = |asked| match asked {
        Asked::Made(job) => job.id,
        other => panic!("{other:?}"),
    };
    let mut untold: HashSet<JobId> = asked.into_iter().map(made).collect();
    assert_eq!(untold.len(), 900);
    while !untold.is_empty() {
        let heard = timeout(PATIENCE, api.heard()).await.unwrap().unwrap();
        let Wake::Changed(jobs) = heard else { panic!("{heard:?}") };
        for job in jobs {
            assert!(untold.remove(&job), "it was told before");
        }
    }
}

#[tokio::test]
async fn that_there_is_work_is_told_however_much_else_is_to_be_told() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();
    let waker = Waker::new(database.pool.clone());

    // None of them is sent before this loop has ended, because the task that sends them shares the thread.
    for _ in 0..5_000 {
        waker.ended(JobId::generate());
    }
    waker.wake();

    while timeout(PATIENCE, listener.heard()).await.unwrap().unwrap() != Wake::Work {}
}

#[tokio::test]
async fn a_listener_that_lost_its_connection_says_so_and_hears_again() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();

    database.end_connections().await;

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Reconnected);
    Waker::new(database.pool.clone()).wake();
    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
}

#[tokio::test]
async fn a_listener_that_is_interrupted_while_it_connects_again_still_says_that_it_was_cut() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();
    listener.prove().await.unwrap();

    database.end_connections().await;

    // It is waited for longer each time: at first it is surely interrupted, and in the end it is not.
    let mut wait = Duration::from_millis(1);
    let heard = eventually("the loss is told", async || {
        wait = wait.mul_f64(1.25);
        timeout(wait, listener.heard()).await.ok()
    })
    .await;
    assert_eq!(heard.unwrap(), Wake::Reconnected);
    listener.prove().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_is_quiet_and_lives_is_listened_to_on_and_on() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();
    let waker = Waker::new(database.pool.clone());

    for _ in 0..3 {
        let mut hearing = Box::pin(listener.heard());
        assert!(hearing.as_mut().now_or_never().is_none());
        pass(PATIENCE * 2).await;
        // It pings now, and reports nothing.
        assert!(hearing.as_mut().now_or_never().is_none());
        waker.wake();

        let heard = timeout(PATIENCE, hearing).await.unwrap();
        assert_eq!(heard.unwrap(), Wake::Work);
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_without_a_word_is_noticed() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(&database).await;
    let pool = proxy.connect(1);
    let soon = Duration::from_millis(200);
    let mut listener = Listener::connect(&pool, Audience::Worker, soon).await.unwrap();

    proxy.cut();

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn a_listener_takes_no_place_in_the_pool() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);

    let _listeners = [
        Listener::connect(&pool, Audience::Worker, PATIENCE).await.unwrap(),
        Listener::connect(&pool, Audience::Worker, PATIENCE).await.unwrap(),
    ];

    sqlx::query("select 1").execute(&pool).await.unwrap();
}
