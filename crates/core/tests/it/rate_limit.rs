//! How many requests a subject may make in a minute.

use std::time::Duration;

use darkroom_core::store;
use darkroom_testing::{TestDatabase, eventually};

#[tokio::test]
async fn who_is_refused_beside_a_request_that_took_the_last_one_is_told_how_long_to_wait() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let mut other = pool.acquire().await.unwrap();
    sqlx::raw_sql(
        "begin; insert into rate_limits (subject, full_at) values ('a key', now() + interval '1 minute')",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let asking = tokio::spawn({
        let pool = pool.clone();
        async move { store::take(&pool, "a key", 1).await.unwrap() }
    });
    eventually("it waits for the other request", async || {
        (database.blocked().await > 0).then_some(())
    })
    .await;

    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();

    let refused = asking.await.unwrap();
    assert_eq!(refused.left, 0);
    // The other request has just taken a whole minute.
    assert!(refused.wait.is_some_and(|wait| wait > Duration::from_secs(30)), "{refused:?}");
}
