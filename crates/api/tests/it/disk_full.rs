//! The database's disk is full: reads work, and writes are refused.

use crate::app::{App, form, photo, problem};

#[tokio::test]
async fn while_the_disk_is_full_jobs_are_told_to_come_back_and_shown_all_the_same() {
    let app = App::start().await;
    let job = app.new_job().await;
    // PostgreSQL's error when there is no space (source: PostgreSQL, appendix A: `disk_full` is 53100).
    let fill = "create function refuse() returns trigger language plpgsql as $$
                begin raise 'No space left on device' using errcode = 'disk_full'; end $$;
                create trigger full_disk before insert on images for each row execute function refuse()";
    sqlx::raw_sql(fill).execute(&app.database.pool).await.unwrap();

    let post = app.post(form(photo(), "x")).await;
    assert!(post.headers().contains_key("retry-after"), "{}", post.status());
    problem(post, 503, "database_unavailable").await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.status(), 200);

    sqlx::query("drop function refuse cascade").execute(&app.database.pool).await.unwrap();
    app.new_job().await;
    assert_eq!(app.stored_jobs().await, 2);
}
