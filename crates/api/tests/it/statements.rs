//! The statements that requests send to the database: every caller pays for each one more.

use std::collections::BTreeMap;

use darkroom_testing::{CountedLine, Scrape, eventually};
use futures_util::future::{join, join_all};
use serde_json::Value;
use sqlx::raw_sql;

use crate::{
    app::{App, form, photo},
    events::Events,
};

/// Statements that do not count: hints to workers, which under load are sent after the answer; the check that changes
/// are heard; and the first ones of a new connection.
const BESIDE: [&str; 4] = ["pg_notify(", "select 1", "LISTEN", "set jit = off"];

const READ: &str = "order by jobs.id, images.role, images.position";

#[tokio::test]
async fn making_a_job_is_one_statement() {
    let (app, line) = App::start_counted().await;
    // The first job sends the statements that are sent only once.
    app.new_job().await;
    line.forget();

    app.new_job().await;

    assert_eq!(line.count("insert into jobs ("), 1, "{:#?}", line.sent());
    let others = others(&line, "insert into jobs (");
    assert!(others.is_empty(), "{others:#?}");
}

#[tokio::test]
async fn making_a_job_under_an_idempotency_key_is_one_statement_too() {
    let (app, line) = App::start_counted().await;
    let ask = async |key: &str| {
        let post = app.client.post(app.url("/api/jobs")).header("Idempotency-Key", key);
        post.multipart(form(photo(), "make it rain")).send().await.unwrap()
    };
    ask("first").await;
    line.forget();

    assert_eq!(ask("second").await.status(), 201);

    assert_eq!(line.count("insert into idempotency_keys"), 1, "{:#?}", line.sent());
    let others = others(&line, "insert into idempotency_keys");
    assert!(others.is_empty(), "{others:#?}");
}

#[tokio::test]
async fn polls_of_a_job_that_has_not_changed_are_no_statements() {
    let (app, line) = App::start_counted().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());

    // A poll is one statement while the connection that hears changes has not proved itself recently.
    eventually("ten polls in a row are none", async || {
        line.forget();
        for _ in 0..10 {
            assert_eq!(app.get(&path).await.status(), 200);
        }
        assert!(line.count(READ) <= 10, "{:#?}", line.sent());
        let others = others(&line, READ);
        assert!(others.is_empty(), "{others:#?}");
        (line.count(READ) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn to_follow_a_job_that_is_known_is_no_statement() {
    let (app, line) = App::start_counted().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());

    // As above; and for the first stream the job has to be read.
    eventually("ten that follow it are none", async || {
        line.forget();
        for _ in 0..10 {
            let mut events = Events::follow(&app, &path, None).await;
            assert_eq!(events.next().await.unwrap().data, job);
        }
        let others = others(&line, READ);
        assert!(others.is_empty(), "{others:#?}");
        (line.count(READ) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn jobs_that_are_asked_for_at_the_same_time_are_read_together() {
    const JOBS: usize = 20;
    let (app, line) = App::start_counted().await;
    let mut paths = Vec::new();
    for _ in 0..JOBS {
        paths.push(format!("/api/jobs/{}", app.new_job().await["id"].as_str().unwrap()));
    }
    // What a scrape asks the database for is kept for a while.
    app.get("/metrics").await;
    line.forget();
    let mut holder = app.database.pool.acquire().await.unwrap();
    raw_sql("begin; lock table images in access exclusive mode")
        .execute(&mut holder)
        .await
        .unwrap();

    let answers = join_all(paths.iter().map(|path| app.get(path)));
    let release = async {
        eventually("all are asked for", async || {
            let scrape = Scrape::read(&app.get("/metrics").await.text().await.unwrap());
            let asked = scrape.value("darkroom_job_reads_total", &[("from", "database")]);
            (asked.unwrap_or_default() > 19.5).then_some(())
        })
        .await;
        raw_sql("commit").execute(&mut holder).await.unwrap();
    };
    let (answers, ()) = join(answers, release).await;

    for (answer, path) in answers.into_iter().zip(&paths) {
        let job: Value = answer.json().await.unwrap();
        assert!(path.ends_with(job["id"].as_str().unwrap()), "{job}");
    }
    // Some reads began before the other requests arrived.
    assert!(line.count(READ) < JOBS / 2, "{:#?}", line.sent());
}

/// The statements that are neither expected nor among [`BESIDE`].
fn others(line: &CountedLine, expected: &str) -> BTreeMap<String, usize> {
    let mut others = line.sent();
    others.retain(|text, _count| {
        !text.contains(expected) && !BESIDE.iter().any(|inside| text.contains(inside))
    });
    others
}
