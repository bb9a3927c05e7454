//! The result cache: a request whose result exists already.

use darkroom_core::{
    images::MediaType,
    queue::{self, Ended, Timeline},
    store::NewImage,
};
use reqwest::multipart::Form;
use serde_json::Value;

use crate::app::{App, form, photo, picture, problem};

/// Posts a job, and returns it.
async fn ask(app: &App, form: Form) -> Value {
    let answer = app.post(form).await;
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

/// Claims the one job that waits and completes it.
async fn complete(app: &App, results: &[Vec<u8>]) {
    let pool = &app.database.pool;
    let worker = queue::register(pool, "a test").await.unwrap();
    let lease = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0).lease;
    for (position, data) in (0..).zip(results) {
        let data = data.clone().into();
        let output = NewImage { data, media_type: MediaType::Png, width: 32, height: 24 };
        queue::archive(pool, &lease, position, &output, Some(false)).await.unwrap();
    }
    let ended = Ended { seed: Some(99), cost_micros: Some(30_000), ..Ended::default() };
    queue::complete(pool, &lease, ended, &Timeline::default()).await.unwrap();
}

fn result(last: u8) -> Vec<u8> {
    let mut data = picture(image::ImageFormat::Png);
    data.push(last);
    data
}

/// An app that has completed the job that `form` asks for.
async fn app_with(form: Form) -> (App, Value) {
    let app = App::start().await;
    let job = ask(&app, form).await;
    complete(&app, &[result(0), result(1)]).await;
    (app, job)
}

fn seeded() -> Form {
    form(photo(), "x").text("seed", "7").text("num_images", "2")
}

#[tokio::test]
async fn the_same_request_with_a_seed_is_answered_at_once_for_nothing() {
    let (app, first) = app_with(seeded()).await;

    let again = ask(&app, seeded().text("metadata", r#"{"turn": 2}"#)).await;

    assert_ne!(again["id"], first["id"]);
    assert_eq!((&again["status"], &again["cached"]), (&"completed".into(), &true.into()));
    assert_eq!((&first["cached"], &again["seed"]), (&false.into(), &99.into()));
    assert_eq!(again["metadata"]["turn"], 2);
    let path = format!("/api/jobs/{}", again["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json::<Value>().await.unwrap(), again);
    let waiting: i64 = sqlx::query_scalar("select count(*) from queue")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(waiting, 0);
    let attempts: Value = app.get(&format!("{path}/attempts")).await.json().await.unwrap();
    assert_eq!(attempts, serde_json::json!([]));

    // It keeps its pictures when the first job is deleted.
    let url = app.url(&format!("/api/jobs/{}", first["id"].as_str().unwrap()));
    assert_eq!(app.client.delete(url).send().await.unwrap().status(), 204);
    for (place, image) in again["result_images"].as_array().unwrap().iter().enumerate() {
        let kept = app.client.get(image["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(kept.bytes().await.unwrap(), result(u8::try_from(place).unwrap()));
        assert_eq!(image["blanked"], false);
    }
    assert_eq!(again["result_images"].as_array().unwrap().len(), 2);
    assert_eq!(again["result_image_url"], again["result_images"][0]["url"]);
}

#[tokio::test]
async fn a_request_that_differs_in_anything_is_edited() {
    let (app, _) = app_with(seeded()).await;
    let seed = |form: Form| form.text("seed", "7").text("num_images", "2");

    for other in [
        seed(form(picture(image::ImageFormat::Png), "x")),
        seed(form(photo(), "y")),
        seed(form(photo(), "x")).text("image_size", "1024x1024"),
        form(photo(), "x").text("seed", "8").text("num_images", "2"),
        form(photo(), "x").text("seed", "7"),
        seed(form(photo(), "x")).text("model", "fal-ai/bytedance/seedream/v4.5/edit"),
        seeded().text("cache", "bypass"),
    ] {
        let job = ask(&app, other).await;
        assert_eq!((&job["cached"], &job["status"]), (&false.into(), &"pending".into()));
    }
}

#[tokio::test]
async fn without_a_seed_a_result_is_used_again_only_where_that_is_preferred() {
    let (app, _) = app_with(form(photo(), "x")).await;

    let another = ask(&app, form(photo(), "x").text("cache", "default")).await;
    let same = ask(&app, form(photo(), "x").text("num_images", "1").text("cache", "prefer")).await;

    assert_eq!((&another["cached"], &same["cached"]), (&false.into(), &true.into()));
}

#[tokio::test]
async fn a_result_is_used_again_for_as_long_as_is_said_however_often() {
    let (app, first) = app_with(seeded()).await;
    let age = "update jobs set finished_at = finished_at - interval '23 hours'";
    sqlx::query(age).execute(&app.database.pool).await.unwrap();

    assert_eq!(ask(&app, seeded()).await["cached"], true);
    sqlx::query("update jobs set finished_at = finished_at - interval '2 hours' where not cached")
        .execute(&app.database.pool)
        .await
        .unwrap();

    // A job from the cache does not make its result younger.
    let late = ask(&app, seeded()).await;
    assert_eq!((&late["cached"], &late["status"]), (&false.into(), &"pending".into()));
    assert_ne!(late["id"], first["id"]);
}

#[tokio::test]
async fn where_results_are_not_used_again_nothing_is() {
    let app = App::start_with(&[("RESULT_CACHE_HOURS", "0")]).await;
    ask(&app, seeded()).await;
    complete(&app, &[result(0)]).await;

    let again = ask(&app, seeded().text("cache", "prefer")).await;

    assert_eq!((&again["cached"], &again["status"]), (&false.into(), &"pending".into()));
}

#[tokio::test]
async fn a_parents_result_counts_by_its_bytes() {
    let (app, parent) = app_with(seeded()).await;
    let id = parent["id"].as_str().unwrap();
    let edit = |place: &'static str| {
        let form = Form::new().text("parent_id", id.to_owned()).text("parent_image", place);
        form.text("prompt", "further").text("seed", "1")
    };
    ask(&app, edit("0")).await;
    complete(&app, &[result(2)]).await;

    let same = ask(&app, edit("0")).await;
    let other = ask(&app, edit("1")).await;
    let sent = ask(&app, form(result(0), "further").text("seed", "1")).await;

    assert_eq!((&same["cached"], &other["cached"]), (&true.into(), &false.into()));
    assert_eq!(sent["cached"], true);
    assert_eq!(same["parent_id"], id);
}

#[tokio::test]
async fn a_word_that_says_nothing_about_the_cache_is_refused() {
    let app = App::start().await;

    let answer = app.post(seeded().text("cache", "never")).await;

    assert_eq!(problem(answer, 422, "invalid_cache").await["field"], "cache");
}
