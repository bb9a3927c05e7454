//! The metadata that callers attach to their jobs.

use serde_json::{Value, json};

use crate::app::{App, form, photo, problem};

#[tokio::test]
async fn what_a_caller_attaches_comes_back_with_the_job() {
    let app = App::start().await;
    let attached = json!({"order": 7, "customer": {"name": "Zoë", "tags": ["new", true, null]}});

    let form = form(photo(), "x").text("metadata", attached.to_string());
    let job: Value = app.post(form).await.json().await.unwrap();
    let bare = app.new_job().await;

    assert_eq!(job["metadata"], attached);
    assert_eq!(bare["metadata"], Value::Null);
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json::<Value>().await.unwrap(), job);
    let list: Value = app.get("/api/jobs").await.json().await.unwrap();
    assert_eq!(list, json!([bare, job]));
}

#[tokio::test]
async fn metadata_that_says_nothing_is_none() {
    let app = App::start().await;

    let job = app.post(form(photo(), "x").text("metadata", " ")).await;

    assert_eq!(job.json::<Value>().await.unwrap()["metadata"], Value::Null);
}

#[tokio::test]
async fn metadata_at_its_bounds_is_taken() {
    let app = App::start().await;
    let keys: serde_json::Map<_, _> = (0..50).map(|key| (key.to_string(), json!(key))).collect();
    let long = json!({"a": "x".repeat(4096 - r#"{"a":""}"#.len())});

    for attached in [Value::Object(keys), long, json!({"1": {"2": {"3": 1}}}), json!({})] {
        let form = form(photo(), "x").text("metadata", attached.to_string());
        let job: Value = app.post(form).await.json().await.unwrap();
        assert_eq!(job["metadata"], attached);
    }
}

#[tokio::test]
async fn metadata_that_cannot_be_kept_is_refused_with_what_is_wrong() {
    let app = App::start().await;
    let keys: serde_json::Map<_, _> =
        (0..25).map(|key| (key.to_string(), json!({"a": 1}))).collect();
    let many = json!({"more": keys}).to_string();
    let long = json!({"a": "x".repeat(4096 - 7)}).to_string();
    let deep = "[".repeat(2000);
    let cases = [
        ("{", "invalid_metadata", "be JSON"),
        (&deep, "invalid_metadata", "be JSON"),
        ("[1]", "invalid_metadata", "a JSON object"),
        ("7", "invalid_metadata", "a JSON object"),
        (r#"{"a": {"b": {"c": {}}}}"#, "invalid_metadata", "3 levels"),
        (r#"{"a": [[[1]]]}"#, "invalid_metadata", "3 levels"),
        (&many, "invalid_metadata", "50 keys"),
        (r#"{"a": "\u0000"}"#, "invalid_metadata", "NUL"),
        (r#"{"\u0000": 1}"#, "invalid_metadata", "NUL"),
        (&long, "too_long", "4096 bytes"),
    ];

    for (metadata, code, says) in cases {
        let form = form(photo(), "x").text("metadata", metadata.to_owned());
        let body = problem(app.post(form).await, 422, code).await;
        assert_eq!(body["field"], "metadata", "{metadata}");
        assert!(body["detail"].as_str().unwrap().contains(says), "{body}");
    }
    app.assert_nothing_is_stored().await;
}
