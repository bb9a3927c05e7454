//! The database goes away and comes back.

use darkroom_testing::eventually;

use crate::app::{App, form, photo, problem};

#[tokio::test]
async fn while_the_database_is_away_requests_are_told_to_come_back_and_then_all_is_well() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    app.database.take_away().await;

    // More often than the pool has connections: the last reads need new ones, which are refused.
    for _ in 0..10 {
        let read = app.get(&path).await;
        assert!(read.headers().contains_key("retry-after"), "{}", read.status());
        let told = problem(read, 503, "database_unavailable").await;
        // A read makes no job, so a key would not help.
        assert!(!told["detail"].as_str().unwrap().contains("Idempotency-Key"), "{told}");
        let post = app.post(form(photo(), "x")).await;
        assert!(post.headers().contains_key("retry-after"), "{}", post.status());
        problem(post, 503, "database_unavailable").await;
    }
    assert_eq!(app.get("/ready").await.status(), 503);
    assert_eq!(app.get("/health").await.status(), 200);

    app.database.bring_back().await;
    eventually("the API is ready again", async || {
        (app.get("/ready").await.status() == 200).then_some(())
    })
    .await;
    assert_eq!(app.get(&path).await.status(), 200);
    assert_eq!(app.stored_jobs().await, 1);
}
