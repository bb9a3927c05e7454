//! Wakes: heard by listeners, and the listener comes back when its connection is lost.

use std::time::Duration;

use darkroom_core::queue::{Listener, Wake, Waker};
use darkroom_testing::TestDatabase;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_wake_reaches_a_listener() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool).await.unwrap();

    Waker::new(database.pool.clone()).wake();

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
}

#[tokio::test]
async fn a_listener_that_lost_its_connection_says_so_and_hears_again() {
    let database = TestDatabase::create().await;
    let mut listener = Listener::connect(&database.pool).await.unwrap();

    database.end_connections().await;

    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Reconnected);
    Waker::new(database.pool.clone()).wake();
    let heard = timeout(PATIENCE, listener.heard()).await.unwrap();
    assert_eq!(heard.unwrap(), Wake::Work);
}
