//! Edits of results, and the tree of versions that they make.

use darkroom_core::{
    images::MediaType,
    queue::{self, Ended, Timeline},
    store::NewImage,
};
use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};

use crate::app::{App, file, form, photo, picture, problem, unchosen};

/// Claims the one job that waits and completes it, with these results.
async fn complete(app: &App, results: &[Vec<u8>]) {
    let pool = &app.database.pool;
    let worker = queue::register(pool, "a test").await.unwrap();
    let lease = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0).lease;
    for (position, data) in (0..).zip(results) {
        let data = data.clone().into();
        let output = NewImage { data, media_type: MediaType::Png, width: 32, height: 24 };
        queue::archive(pool, &lease, position, &output, None).await.unwrap();
    }
    queue::complete(pool, &lease, Ended::default(), &Timeline::default()).await.unwrap();
}

fn result(last: u8) -> Vec<u8> {
    let mut data = picture(image::ImageFormat::Png);
    data.push(last);
    data
}

fn id(job: &Value) -> &str {
    job["id"].as_str().unwrap()
}

fn edit_of(parent: &Value, prompt: &str) -> Form {
    Form::new().text("parent_id", id(parent).to_owned()).text("prompt", prompt.to_owned())
}

async fn make(app: &App, form: Form) -> Value {
    let answer = app.post(form).await;
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

async fn completed(app: &App) -> Value {
    let job = app.new_job().await;
    complete(app, &[result(0), result(1)]).await;
    job
}

async fn delete(app: &App, job: &Value) {
    let url = app.url(&format!("/api/jobs/{}", id(job)));
    assert_eq!(app.client.delete(url).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_result_is_edited_further_and_stays_when_its_job_goes() {
    let app = App::start().await;
    let parent = completed(&app).await;

    let first = make(&app, edit_of(&parent, "further")).await;
    let second = make(&app, edit_of(&parent, "other").text("parent_image", "1")).await;

    assert_eq!(first["parent_id"], parent["id"]);
    let path = format!("/api/jobs/{}", id(&first));
    assert_eq!(app.get(&path).await.json::<Value>().await.unwrap(), first);
    delete(&app, &parent).await;
    for (job, data) in [(&first, result(0)), (&second, result(1))] {
        assert_eq!(job["input_images"].as_array().unwrap().len(), 1);
        assert_eq!(job["input_images"][0]["size"], data.len());
        let url = job["input_image_url"].as_str().unwrap();
        let kept = app.client.get(url).send().await.unwrap();
        assert_eq!(kept.headers()["content-type"], "image/png");
        assert_eq!(kept.bytes().await.unwrap(), data);
    }
    let orphan = darkroom_testing::eventually("the parent is gone", async || {
        let job: Value = app.get(&path).await.json().await.unwrap();
        job["parent_id"].is_null().then_some(job)
    });
    assert_eq!(orphan.await["status"], "pending");
}

#[tokio::test]
async fn a_parent_may_come_with_a_file_that_nobody_chose() {
    let app = App::start().await;
    let parent = completed(&app).await;

    let job = make(&app, edit_of(&parent, "further").part("image", unchosen())).await;

    assert_eq!(job["parent_id"], parent["id"]);
}

#[tokio::test]
async fn the_versions_are_the_whole_tree_root_first() {
    let app = App::start().await;
    let root = completed(&app).await;
    let left = make(&app, edit_of(&root, "left")).await;
    complete(&app, &[result(2)]).await;
    let right = make(&app, edit_of(&root, "right")).await;
    let leaf = make(&app, edit_of(&left, "leaf")).await;
    app.new_job().await;

    for job in [&root, &left, &right, &leaf] {
        let answer = app.get(&format!("/api/jobs/{}/versions", id(job))).await;
        assert!(answer.headers().contains_key("etag"));
        let versions: Vec<Value> = answer.json().await.unwrap();
        let ids: Vec<&str> = versions.iter().map(id).collect();
        assert_eq!(ids, [&root, &left, &right, &leaf].map(id));
        assert_eq!(versions[3], leaf);
    }
    let children: Vec<Value> =
        app.get(&format!("/api/jobs?parent_id={}", id(&root))).await.json().await.unwrap();
    assert_eq!(children.iter().map(id).collect::<Vec<_>>(), [id(&right), id(&left)]);

    // Without its root, the tree falls into two.
    delete(&app, &root).await;
    let path = format!("/api/jobs/{}/versions", id(&leaf));
    let versions: Vec<Value> = app.get(&path).await.json().await.unwrap();
    assert_eq!(versions.iter().map(id).collect::<Vec<_>>(), [id(&left), id(&leaf)]);
    let gone = app.get(&format!("/api/jobs/{}/versions", id(&root))).await;
    problem(gone, 404, "not_found").await;
}

#[tokio::test]
async fn a_key_is_not_told_what_others_made_of_its_results() {
    let app = App::start().await;
    let (_, key) = app.new_key(false).await;
    let own = app.new_job_of(&key).await;
    complete(&app, &[result(0)]).await;
    let others = make(&app, edit_of(&own, "secret")).await;

    let path = format!("/api/jobs/{}/versions", id(&own));
    let versions: Vec<Value> = app.ask(Method::GET, &path, &key).await.json().await.unwrap();

    assert_eq!(versions.iter().map(id).collect::<Vec<_>>(), [id(&own)]);
    // If no key is needed, a request without one sees all jobs.
    let versions: Vec<Value> = app.get(&path).await.json().await.unwrap();
    assert_eq!(versions.iter().map(id).collect::<Vec<_>>(), [id(&own), id(&others)]);
}

#[tokio::test]
async fn a_parent_that_is_none_is_refused_by_name() {
    let app = App::start().await;
    let parent = completed(&app).await;
    let pending = app.new_job().await;
    let unknown = json!({"id": "01900000-0000-7000-8000-000000000000"});
    let malformed = json!({"id": "7"});
    let pictures = edit_of(&parent, "x").part("image", file(photo()));
    let cases = [
        (edit_of(&unknown, "x"), "unknown_parent", "parent_id"),
        (edit_of(&malformed, "x"), "invalid_id", "parent_id"),
        (edit_of(&pending, "x"), "parent_not_completed", "parent_id"),
        (pictures, "too_many_images", "parent_id"),
        (edit_of(&parent, "x").text("parent_image", "2"), "unknown_parent_image", "parent_image"),
        (edit_of(&parent, "x").text("parent_image", "-1"), "invalid_parent_image", "parent_image"),
        (form(photo(), "x").text("parent_image", "1"), "missing_field", "parent_id"),
        (Form::new().text("prompt", "x").text("parent_id", ""), "missing_field", "image"),
    ];

    for (form, code, field) in cases {
        let status = if code == "unknown_parent" { 404 } else { 422 };
        let body = problem(app.post(form).await, status, code).await;
        assert_eq!(body["field"], field, "{body}");
    }
    assert_eq!(app.stored_jobs().await, 2);
}

#[tokio::test]
async fn a_tree_is_told_up_to_a_thousand_jobs() {
    let app = App::start().await;
    let root = completed(&app).await;
    let children = "insert into jobs (id, prompt, model, parent_id)
         select gen_random_uuid(), 'p', 'm', id from jobs, generate_series(1, 1200)";
    sqlx::query(children).execute(&app.database.pool).await.unwrap();

    let path = format!("/api/jobs/{}/versions", id(&root));
    let versions: Vec<Value> = app.get(&path).await.json().await.unwrap();

    assert_eq!(versions.len(), 1000);
    assert!(versions.iter().any(|job| job["id"] == root["id"]));
}
