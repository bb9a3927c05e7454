//! Watching a job by polls: conditional requests, long polls, answers from memory.

use std::time::{Duration, Instant};

use darkroom_core::{
    job::JobId,
    queue::{self, Ended, Timeline},
};
use darkroom_testing::eventually;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::{App, form, photo, problem};

fn id(job: &Value) -> &str {
    job["id"].as_str().unwrap()
}

/// Completes a job as a worker does.
pub(crate) async fn complete(app: &App, job: &str) {
    let pool = &app.database.pool;
    let worker = queue::register(pool, "a test").await.unwrap();
    let claimed = queue::claim(pool, worker, 100).await.unwrap().jobs;
    let job: JobId = job.parse().unwrap();
    let mine = claimed.iter().find(|claimed| claimed.lease.job == job).unwrap();
    queue::complete(pool, &mine.lease, Ended::default(), &Timeline::default()).await.unwrap();
}

async fn get_if_new(app: &App, path: &str, tag: &str) -> Response {
    app.client.get(app.url(path)).header("If-None-Match", tag).send().await.unwrap()
}

fn tag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_job_that_has_not_changed_is_not_sent_again() {
    let app = App::start().await;
    let made = app.post(form(photo(), "p")).await;
    let made_tag = tag(&made);
    let job: Value = made.json().await.unwrap();
    let path = format!("/api/jobs/{}", id(&job));

    let first = app.get(&path).await;
    assert_eq!(first.headers()["cache-control"], "private, no-cache");
    assert_eq!(tag(&first), made_tag);
    let again = get_if_new(&app, &path, &made_tag).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(tag(&again), made_tag);
    assert!(again.bytes().await.unwrap().is_empty());

    complete(&app, id(&job)).await;

    let changed = eventually("the change is seen", async || {
        Some(get_if_new(&app, &path, &made_tag).await).filter(|seen| seen.status() == 200)
    })
    .await;
    assert_ne!(tag(&changed), made_tag);
    assert_eq!(changed.json::<Value>().await.unwrap()["status"], "completed");
}

#[tokio::test]
async fn a_page_of_the_list_that_has_not_changed_is_not_sent_again() {
    let app = App::start().await;
    app.new_job().await;
    let first = app.get("/api/jobs").await;
    let known = tag(&first);

    assert_eq!(get_if_new(&app, "/api/jobs", &known).await.status(), StatusCode::NOT_MODIFIED);

    app.new_job().await;
    let changed = get_if_new(&app, "/api/jobs", &known).await;
    assert_eq!(changed.json::<Vec<Value>>().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_long_poll_is_answered_when_the_job_has_ended() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", id(&job));
    let (by_query, by_preference) = (format!("{path}?wait=60"), path.clone());
    let began = Instant::now();
    let polls = async {
        tokio::join!(
            app.get(&by_query),
            app.client
                .get(app.url(&by_preference))
                .header("Prefer", "respond-async, wait=60")
                .send(),
        )
    };

    let (polled, ()) = tokio::join!(polls, async {
        // Gives both time to start waiting: else they would just find that it has ended.
        tokio::time::sleep(Duration::from_millis(200)).await;
        complete(&app, id(&job)).await;
    });

    assert!(began.elapsed() < Duration::from_secs(30));
    let (by_query, by_preference) = (polled.0, polled.1.unwrap());
    assert_eq!(by_preference.headers()["preference-applied"], "wait=60");
    assert!(by_query.headers().get("preference-applied").is_none());
    for answer in [by_query, by_preference] {
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "completed");
    }
}

#[tokio::test]
async fn whoever_waits_is_answered_when_the_server_is_about_to_stop() {
    let stop = CancellationToken::new();
    let app = App::start_until(stop.clone()).await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}?wait=60", id(&job));
    let post = app.client.post(app.url("/api/jobs?wait=60")).multipart(form(photo(), "x"));

    let (made, polled, ()) = tokio::join!(post.send(), app.get(&path), async {
        eventually("the job is there", async || (app.stored_jobs().await > 1).then_some(())).await;
        stop.cancel();
    });

    let made = made.unwrap();
    assert_eq!((made.status(), polled.status()), (StatusCode::CREATED, StatusCode::OK));
    for answer in [made, polled] {
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "pending");
    }
}

#[tokio::test]
async fn a_long_poll_for_news_is_answered_at_any_change_and_says_so_when_there_is_none() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}?wait=60", id(&job));
    let known = tag(&app.get(&path.replace("=60", "=0")).await);

    let silent = get_if_new(&app, &path.replace("=60", "=1"), &known).await;
    assert_eq!(silent.status(), StatusCode::NOT_MODIFIED);
    let (news, _) = tokio::join!(get_if_new(&app, &path, &known), async {
        let shown = "update jobs set status = 'processing', updated_at = now()";
        sqlx::query(shown).execute(&app.database.pool).await.unwrap()
    });

    assert_eq!(news.json::<Value>().await.unwrap()["status"], "processing");
}

#[tokio::test]
async fn a_long_poll_ends_with_the_job_as_it_is() {
    let app = App::start().await;
    let job = app.new_job().await;

    let answer = app.get(&format!("/api/jobs/{}?wait=1", id(&job))).await;

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "pending");
}

#[tokio::test]
async fn a_job_may_be_waited_for_when_it_is_made() {
    let app = App::start().await;
    let post = app.client.post(app.url("/api/jobs?wait=60")).multipart(form(photo(), "p"));
    let complete_it = async {
        let job = eventually("it is made", async || {
            let jobs: Vec<Value> = app.get("/api/jobs").await.json().await.unwrap();
            jobs.into_iter().next()
        })
        .await;
        complete(&app, id(&job)).await;
    };

    let (made, ()) = tokio::join!(post.send(), complete_it);

    let made = made.unwrap();
    assert_eq!(made.status(), 201);
    assert!(made.headers().contains_key("location"));
    assert_eq!(made.json::<Value>().await.unwrap()["status"], "completed");
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_is_waited_for_is_not_found() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", id(&job));
    let poll = format!("{path}?wait=60");

    let (polled, _) = tokio::join!(app.get(&poll), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        app.client.delete(app.url(&path)).send().await.unwrap()
    });

    problem(polled, 404, "not_found").await;
}

#[tokio::test]
async fn waits_that_cannot_be_are_refused() {
    let app = App::start().await;
    let job = app.new_job().await;
    for wait in ["-1", "61", "9e9", "1.5", "", "soon", "99999999999999999999999"] {
        let path = format!("/api/jobs/{}?wait={wait}", id(&job));
        assert_eq!(problem(app.get(&path).await, 422, "invalid_wait").await["field"], "wait");
        let post = app.client.post(app.url(&format!("/api/jobs?wait={wait}")));
        let post = post.multipart(form(photo(), "p")).send().await.unwrap();
        problem(post, 422, "invalid_wait").await;
    }
    let path = format!("/api/jobs/{}?timeout=5", id(&job));
    problem(app.get(&path).await, 422, "unknown_parameter").await;
    // An invalid preference is ignored.
    let get = app.client.get(app.url(&path.replace("?timeout=5", ""))).header("Prefer", "wait=x");
    assert_eq!(get.send().await.unwrap().status(), 200);
    assert_eq!(app.stored_jobs().await, 1);
}

/// Changes the prompt without a notification.
async fn change_silently(app: &App, prompt: &str) {
    let mut change = app.database.pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica")
        .execute(&mut *change)
        .await
        .unwrap();
    let statement = "update jobs set prompt = $1";
    sqlx::query(statement).bind(prompt).execute(&mut *change).await.unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn polls_of_a_job_that_has_not_changed_are_answered_from_memory() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", id(&job));
    let prompt = async || app.get(&path).await.json::<Value>().await.unwrap()["prompt"].clone();

    let mut turn = 0;
    eventually("a poll is answered from memory", async || {
        turn += 1;
        let before = prompt().await;
        let silent = format!("silently {turn}");
        change_silently(&app, &silent).await;
        (prompt().await == before && before != json!(silent)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn nothing_is_answered_from_memory_while_changes_cannot_be_heard() {
    let app = App::start_with(&[("DATABASE_NOTIFY", "false")]).await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", id(&job));
    for turn in 0..50 {
        let silent = format!("silently {turn}");
        change_silently(&app, &silent).await;
        let told: Value = app.get(&path).await.json().await.unwrap();
        assert_eq!(told["prompt"], json!(silent));
    }
    // A long poll is answered all the same.
    let poll = format!("{path}?wait=60");
    let (polled, ()) = tokio::join!(app.get(&poll), complete(&app, id(&job)));
    assert_eq!(polled.json::<Value>().await.unwrap()["status"], "completed");
}

#[tokio::test]
async fn after_the_connection_that_tells_of_changes_was_cut_nothing_stale_is_answered() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", id(&job));
    for turn in 0..5 {
        // Fills the memory.
        for _ in 0..20 {
            assert_eq!(app.get(&path).await.status(), 200);
        }
        app.database.end_connections().await;
        let silent = format!("silently {turn}");
        eventually("the database answers", async || {
            let change = "update jobs set prompt = $1";
            sqlx::query(change).bind(&silent).execute(&app.database.pool).await.ok()
        })
        .await;

        eventually("the change is seen", async || {
            let told = app.get(&path).await;
            let told = told.json::<Value>().await.unwrap();
            (told["prompt"] == json!(silent)).then_some(())
        })
        .await;
        // From then on no older prompt is answered.
        for _ in 0..20 {
            let told: Value = app.get(&path).await.json().await.unwrap();
            assert_eq!(told["prompt"], json!(silent));
        }
    }
}
