//! Jobs that are posted as JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Response;
use serde_json::{Value, json};

use crate::app::{App, form, photo, picture, problem};

fn base64(data: &[u8]) -> Value {
    json!({"base64": STANDARD.encode(data)})
}

async fn ask(app: &App, body: &Value) -> Response {
    app.client.post(app.url("/api/jobs")).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_job_is_asked_for_in_json_with_all_that_a_form_says() {
    let app = App::start().await;
    let png = picture(image::ImageFormat::Png);
    let body = json!({
        "images": [base64(&photo()), base64(&png)], "prompt": "make it rain",
        "model": "fal-ai/bytedance/seedream/v4/edit", "num_images": 2, "seed": i64::MAX,
        "image_size": "2048x1536", "enable_safety_checker": false, "priority": -7,
        "run_at": null, "metadata": {"order": 7}, "cache": "bypass",
    });

    let answer = ask(&app, &body).await;

    assert_eq!(answer.status(), 201);
    assert!(answer.headers().contains_key("location"));
    let job: Value = answer.json().await.unwrap();
    assert_eq!(job["prompt"], "make it rain");
    let options = json!({
        "num_images": 2, "seed": i64::MAX, "image_size": "2048x1536", "enable_safety_checker": false,
    });
    assert_eq!(job["options"], options);
    assert_eq!((&job["priority"], &job["metadata"]), (&json!(-7), &json!({"order": 7})));
    for (image, data) in job["input_images"].as_array().unwrap().iter().zip([photo(), png]) {
        let kept = app.client.get(image["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(kept.bytes().await.unwrap(), data);
    }
}

#[tokio::test]
async fn the_same_in_json_and_in_a_form_is_the_same_request() {
    let app = App::start().await;
    let post = || app.client.post(app.url("/api/jobs")).header("Idempotency-Key", "k");
    let fields = form(photo(), "x").text("seed", "7").text("metadata", r#"{"a":1}"#);

    let first: Value = post().multipart(fields).send().await.unwrap().json().await.unwrap();
    let body = json!({
        "metadata": {"a": 1}, "seed": 7, "prompt": "x", "images": [base64(&photo())],
    });
    let again = post().json(&body).send().await.unwrap();

    assert_eq!(again.status(), 201);
    assert_eq!(again.json::<Value>().await.unwrap()["id"], first["id"]);
}

#[tokio::test]
async fn metadata_is_the_same_however_it_is_written() {
    let app = App::start().await;
    let post = || app.client.post(app.url("/api/jobs")).header("Idempotency-Key", "k");
    let with = |metadata: &str| {
        let picture = base64(&photo());
        let body = format!(r#"{{"images":[{picture}],"prompt":"x","metadata":{metadata}}}"#);
        post().header("Content-Type", "application/json").body(body).send()
    };
    let fields = form(photo(), "x").text("metadata", r#"{"name": "Zoë", "order": 7}"#);
    assert_eq!(post().multipart(fields).send().await.unwrap().status(), 201);

    let again = with(r#"{"order":7,"name":"Zo\u00eb"}"#).await.unwrap();

    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    let other = with(r#"{"order":"7","name":"Zoë"}"#).await.unwrap();
    problem(other, 422, "idempotency_conflict").await;
}

#[tokio::test]
async fn a_picture_may_be_a_data_url_as_browsers_make_it() {
    let app = App::start().await;
    let ask_with =
        async |text: String| ask(&app, &json!({"images": [{"base64": text}], "prompt": "x"})).await;

    let answer = ask_with(format!("data:image/jpeg;base64,{}", STANDARD.encode(photo()))).await;

    assert_eq!(answer.status(), 201);
    let job: Value = answer.json().await.unwrap();
    let kept = app.client.get(job["input_image_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(kept.bytes().await.unwrap(), photo());
    for text in ["data:image/png,AAAA", "data:image/png;base64,%", "data:AAAA"] {
        let refused = problem(ask_with(text.into()).await, 422, "invalid_base64").await;
        assert_eq!(refused["field"], "images[0].base64");
    }
}

#[tokio::test]
async fn what_is_far_too_long_is_named_and_not_sent_back() {
    let app = App::start().await;
    let long = "a".repeat(1024 * 1024);
    let with = |name: &str, value: Value| {
        let mut body = json!({
            "images": [base64(&photo())], "prompt": "x", "webhook_url": "https://example.com/",
        });
        body[name] = value;
        body
    };
    let mut cases = vec![
        (with(&long, json!(1)), "invalid_field", "aaa"),
        (with("num_images", json!(long)), "invalid_field", "num_images"),
        (with("images", json!(long)), "invalid_field", "images"),
        (with("images", json!([{ long.as_str(): 1 }])), "invalid_field", "images[0].aaa"),
        (with("images", json!([{"url": long}])), "too_long", "images[0].url"),
    ];
    for name in ["prompt", "model", "image_size", "run_at", "webhook_url", "webhook_events"] {
        cases.push((with(name, json!(long)), "too_long", name));
    }

    for (body, code, field) in cases {
        let told = problem(ask(&app, &body).await, 422, code).await;
        assert!(told["field"].as_str().unwrap().starts_with(field), "{told}");
        assert!(told.to_string().len() < 2048, "{told}");
    }
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_place() {
    let app = App::start().await;
    let good = json!({"images": [base64(&photo())], "prompt": "x"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let long = "x".repeat(4096);
    let cases = [
        (with("images", json!([])), "missing_field", "images"),
        (with("images", Value::Null), "missing_field", "images"),
        (
            with("images", json!([base64(&photo()), {"base64": "%"}])),
            "invalid_base64",
            "images[1].base64",
        ),
        (with("images", json!([base64(b"text")])), "unsupported_image_type", "images[0].base64"),
        (with("images", json!([{"base64": ""}])), "empty_field", "images[0].base64"),
        (with("images", json!([{"base64": 7}])), "invalid_field", "images[0].base64"),
        (with("images", json!([{"file": "x"}])), "invalid_field", "images[0].file"),
        (with("images", json!("x")), "invalid_field", "images"),
        (with("images", vec![base64(&photo()); 15].into()), "too_many_images", "images"),
        (with("images", vec![json!({"base64": ""}); 101].into()), "invalid_field", "images"),
        (with("prompt", json!(" ")), "empty_field", "prompt"),
        (with("prompt", json!(7)), "invalid_field", "prompt"),
        (with("prompt", Value::Null), "missing_field", "prompt"),
        (with("seed", json!("7")), "invalid_field", "seed"),
        (with("seed", json!(-7)), "invalid_option", "seed"),
        (with("num_images", json!(1000)), "invalid_option", "num_images"),
        (with("priority", json!(101)), "invalid_priority", "priority"),
        (with("run_at", json!("soon")), "invalid_time", "run_at"),
        (with("metadata", json!([1])), "invalid_metadata", "metadata"),
        (with("metadata", json!({"a": long})), "too_long", "metadata"),
        (with("parent_id", json!("7")), "too_many_images", "parent_id"),
        (with("cache", json!("never")), "invalid_cache", "cache"),
        (with("picture", json!("x")), "invalid_field", "picture"),
        (json!([1]), "invalid_field", "body"),
    ];

    for (body, code, field) in cases {
        let answer = problem(ask(&app, &body).await, 422, code).await;
        assert_eq!(answer["field"], field, "{answer}");
    }
    let post = app.client.post(app.url("/api/jobs")).header("Content-Type", "application/json");
    problem(post.body("{").send().await.unwrap(), 400, "malformed_body").await;
    let post = app.client.post(app.url("/api/jobs")).header("Content-Type", "application/json");
    let twice = format!("{good}{good}");
    problem(post.body(twice).send().await.unwrap(), 400, "malformed_body").await;
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn pictures_that_are_too_large_are_refused_before_they_are_decoded() {
    let app = App::start_with(&[("MAX_UPLOAD_BYTES", "2000"), ("MAX_REQUEST_BYTES", "5000")]).await;
    let of = |bytes: usize| base64(&vec![0xff; bytes]);
    let body = |images: Vec<Value>| json!({"images": images, "prompt": "x"});

    // At the limit it is inspected, and refused because it is no picture.
    let answer = ask(&app, &body(vec![of(2000)])).await;
    problem(answer, 422, "unsupported_image_type").await;
    let answer = ask(&app, &body(vec![of(1), of(2001)])).await;
    let answer = problem(answer, 413, "upload_too_large").await;
    assert_eq!(answer["field"], "images[1].base64");
    let answer = ask(&app, &body(vec![of(2000), of(2000), of(1001)])).await;
    let answer = problem(answer, 413, "upload_too_large").await;
    assert_eq!(answer["field"], "images");
    let answer = ask(&app, &body(vec![of(200_000)])).await;
    problem(answer, 413, "upload_too_large").await;
    app.assert_nothing_is_stored().await;
}
