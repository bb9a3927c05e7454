//! Wakes: heard by listeners, and the listener comes back when its connection is lost.

use std::time::Duration;

use darkroom_core::{
    db,
    queue::{Audience, Listener, Wake, Waker},
};
use darkroom_testing::TestDatabase;
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    time::timeout,
};
use url::Url;

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
    let (url, cut) = through_a_proxy(database.url.expose_secret()).await;
    let pool = db::connect(&url.into(), 1).unwrap();
    let mut listener = Listener::connect(&pool, Audience::Worker, SHORT).await.unwrap();

    // Both ends stay open, and nothing passes any more.
    cut.send_replace(true);

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert!(heard.is_err(), "{heard:?}");
}

/// The same database behind a proxy that stops to pass anything on once it is told so.
async fn through_a_proxy(url: &str) -> (String, watch::Sender<bool>) {
    let mut url: Url = url.parse().unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let (cut, is_cut) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
            tokio::spawn(pass_on(from_client, to_server, is_cut.clone()));
            tokio::spawn(pass_on(from_server, to_client, is_cut.clone()));
        }
    });
    (url.into(), cut)
}

async fn pass_on(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    is_cut: watch::Receiver<bool>,
) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if *is_cut.borrow() {
            // Kept open, like a connection whose other end was switched off.
            std::future::pending::<()>().await;
        }
        to.write_all(&bytes[..read]).await.unwrap();
    }
}
