//! Wakes: heard by listeners, and the listener comes back when its connection is lost.

use std::time::Duration;

use darkroom_core::{
    db,
    job::JobId,
    queue::{Audience, Listener, Wake, Waker},
};
use darkroom_testing::TestDatabase;
use tokio::time::timeout;

use crate::proxy::Proxy;

const PATIENCE: Duration = Duration::from_secs(20);

/// Between pings, where a test waits for them.
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_wake_reaches_a_listener() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();

    Waker::new(database.pool.clone()).wake();

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
}

#[tokio::test]
async fn that_there_is_work_is_told_however_much_else_is_to_be_told() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, PATIENCE).await.unwrap();
    let waker = Waker::new(database.pool.clone());

    // None of them is sent before this has ended: what sends them shares the thread.
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
async fn a_connection_that_is_quiet_and_lives_is_listened_to_on_and_on() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool, Audience::Worker, SHORT).await.unwrap();
    // So many pings that nobody hears of.
    assert!(timeout(SHORT * 10, listener.heard()).await.is_err());

    Waker::new(database.pool.clone()).wake();

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
}

#[tokio::test]
async fn a_connection_that_is_cut_without_a_word_is_noticed() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(&database).await;
    let pool = db::connect(&proxy.url, 1).unwrap();
    let mut listener = Listener::connect(&pool, Audience::Worker, SHORT).await.unwrap();

    proxy.cut();

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn a_listener_takes_no_place_in_the_pool() {
    let database = TestDatabase::create().await;
    let pool = db::connect(&database.url, 1).unwrap();

    let _listeners = [
        Listener::connect(&pool, Audience::Worker, PATIENCE).await.unwrap(),
        Listener::connect(&pool, Audience::Worker, PATIENCE).await.unwrap(),
    ];

    sqlx::query("select 1").execute(&pool).await.unwrap();
}
