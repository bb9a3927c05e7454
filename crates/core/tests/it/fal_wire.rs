//! What the fal client sends, header by header.

use bytes::Bytes;
use darkroom_core::{
    config::Config,
    fal::{Cancellation, Client, Error, SubmitError},
    images::MediaType,
    models,
};
use serde_json::{Value, json};

use crate::fal_server::{Reply, Server, settings};

const ENDPOINT: &str = models::DEFAULT;

const KEY: Option<&str> = Some("Key id:secret");

#[tokio::test]
async fn a_submission_says_everything_that_is_configured() {
    let server = Server::always(Reply::json(200, &json!({"request_id": "r-1"}))).await;
    let client = Client::new(&server.settings(&[
        ("FAL_START_DEADLINE_SECONDS", "90"),
        ("FAL_OBJECT_LIFETIME_SECONDS", "86400"),
        ("FAL_TAGS", "service=darkroom, stage=test"),
    ]))
    .unwrap();
    let webhook = "https://darkroom.test/hooks?job=1&x=ü".parse().unwrap();

    let submission =
        client.submit(ENDPOINT, &json!({"prompt": "rain"}), Some(&webhook)).await.unwrap();

    let sent = server.only();
    assert!(sent.line.starts_with(&format!("POST /{ENDPOINT}?")), "{}", sent.line);
    assert_eq!(sent.parameter("fal_webhook").as_deref(), Some(webhook.as_str()));
    assert_eq!(sent.header("authorization"), KEY);
    assert_eq!(sent.header("x-fal-request-timeout"), Some("90"));
    assert_eq!(sent.header("x-fal-tags"), Some("service=darkroom,stage=test"));
    let lifetime = sent.header("x-fal-object-lifecycle-preference");
    assert_eq!(lifetime, Some(r#"{"expiration_duration_seconds":86400}"#));
    assert_eq!(sent.body, br#"{"prompt":"rain"}"#);
    // The addresses are rebuilt from owner and app alone, because the answer has none.
    let url = |end: &str| server.url.join(&format!("fal-ai/bytedance/requests/r-1{end}")).unwrap();
    assert_eq!(submission.status_url, url("/status"));
    assert_eq!(submission.response_url, url(""));
    assert_eq!(submission.cancel_url, url("/cancel"));
}

#[tokio::test]
async fn a_submission_says_nothing_that_is_not_configured() {
    let server = Server::always(Reply::json(200, &json!({"request_id": "r-1"}))).await;

    server.client().submit(ENDPOINT, &json!({}), None).await.unwrap();

    let sent = server.only();
    assert_eq!(sent.line, format!("POST /{ENDPOINT}"));
    let special: Vec<&String> = sent.headers.keys().filter(|name| name.starts_with("x-")).collect();
    assert!(special.is_empty(), "{special:?}");
}

#[tokio::test]
async fn a_submission_is_sent_once_whatever_comes_back() {
    let refused = Reply::json(422, &json!({"detail": "no"}));
    let moved = Reply::text(307, &["location: /elsewhere"], "");
    let broken = Reply::text(503, &[], "<html>nginx</html>");
    let torn = Reply::raw("HTTP/1.1 200 x\r\ncontent-length: 50\r\n\r\n{\"request_");
    let nameless = Reply::json(200, &json!({"status": "IN_QUEUE"}));
    let elsewhere = Reply::json(200, &json!({"request_id": "../../admin"}));
    for (reply, accepted) in [
        (refused, Some(false)),
        (moved, Some(false)),
        (broken, None),
        (torn, None),
        (nameless, None),
        (elsewhere, None),
        (Reply::default(), None),
    ] {
        let server = Server::always(reply).await;

        let error = server.client().submit(ENDPOINT, &json!({}), None).await.unwrap_err();

        assert_eq!(matches!(error, SubmitError::NotAccepted(_)), accepted.is_some(), "{error:?}");
        server.only();
    }
}

#[tokio::test]
async fn what_surely_did_not_arrive_is_told() {
    let nobody = Server::always(Reply::default()).await;
    let settings = settings(&"http://127.0.0.1:1/".parse().unwrap(), &[]);
    drop(nobody);

    let submitted = Client::new(&settings).unwrap().submit(ENDPOINT, &json!({}), None).await;

    assert!(matches!(submitted, Err(SubmitError::NotAccepted(Error::Transport(_)))));
}

#[tokio::test]
async fn the_key_goes_to_no_other_server() {
    let stranger = Server::always(Reply::json(200, &json!({}))).await;
    let foreign = stranger.submission();
    let given = json!({"request_id": "r-1", "status_url": foreign.status_url,
        "response_url": foreign.response_url, "cancel_url": 7});
    let server = Server::always(Reply::json(200, &given)).await;
    let client = server.client();

    let submission = client.submit("fal-ai/app/edit", &json!({}), None).await.unwrap();

    assert_eq!(submission, server.submission());
    assert!(matches!(client.check(&foreign).await, Err(Error::ForeignRequest)));
    assert!(matches!(client.watch(&foreign).await, Err(Error::ForeignRequest)));
    assert!(matches!(client.result(&foreign).await, Err(Error::ForeignRequest)));
    assert!(matches!(client.cancel(&foreign).await, Err(Error::ForeignRequest)));
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn an_upload_has_a_lifetime_and_its_bytes_go_without_the_key() {
    let media = Server::always(Reply::text(200, &[], "")).await;
    let places = json!({"upload_url": media.url.join("put/here").unwrap(),
        "file_url": media.url.join("files/1.png").unwrap()});
    let server = Server::always(Reply::json(200, &places)).await;
    let settings = server.settings(&[("FAL_OBJECT_LIFETIME_SECONDS", "3600")]);
    let client = Client::new(&settings).unwrap();

    let url = client.upload(Bytes::from_static(b"bytes"), MediaType::Png).await.unwrap();

    assert_eq!(url, media.url.join("files/1.png").unwrap());
    let initiated = server.only();
    assert_eq!(initiated.line, "POST /storage/upload/initiate?storage_type=fal-cdn-v3");
    assert_eq!(initiated.header("authorization"), KEY);
    let lifetime = Some(r#"{"expiration_duration_seconds":3600}"#);
    assert_eq!(initiated.header("x-fal-object-lifecycle"), lifetime);
    assert_eq!(initiated.header("x-fal-object-lifecycle-preference"), lifetime);
    let body: Value = serde_json::from_slice(&initiated.body).unwrap();
    assert_eq!(body, json!({"content_type": "image/png", "file_name": "input.png"}));
    let put = media.only();
    assert_eq!((&*put.line, put.header("content-type")), ("PUT /put/here", Some("image/png")));
    assert_eq!((put.header("authorization"), &*put.body), (None, &b"bytes"[..]));
}

#[tokio::test]
async fn a_probe_uploads_nothing_and_hears_of_a_locked_account() {
    let locked = json!({"detail": "User is locked. Reason: Exhausted balance."});
    let server = Server::always(Reply::json(403, &locked)).await;

    let error = server.client().probe().await.unwrap_err();

    assert_eq!(error.failure().code, "provider_balance");
    assert!(server.only().line.starts_with("POST /storage/upload/initiate?"));
}

#[tokio::test]
async fn a_cancellation_is_a_put_without_a_body_and_has_six_answers() {
    for (code, body, expected) in [
        (200, json!({"status": "OK"}), Some(Cancellation::Removed)),
        (202, json!({"status": "CANCELLATION_REQUESTED"}), Some(Cancellation::Requested)),
        (200, json!({"success": true}), Some(Cancellation::Requested)),
        (202, json!("as you like"), Some(Cancellation::Requested)),
        (200, json!({"success": false}), Some(Cancellation::TooLate)),
        (400, json!({"status": "ALREADY_COMPLETED"}), Some(Cancellation::TooLate)),
        (404, json!({"status": "NOT_FOUND"}), Some(Cancellation::Unknown)),
        (404, json!("a proxy"), None),
        (400, json!({"detail": "no"}), None),
        (503, json!({"status": "NOT_FOUND"}), None),
    ] {
        let server = Server::always(Reply::json(code, &body)).await;

        let cancelled = server.client().cancel(&server.submission()).await;

        assert_eq!(cancelled.ok(), expected, "{code} {body}");
        let sent = server.only();
        assert_eq!(sent.line, "PUT /fal-ai/app/requests/r-1/cancel");
        assert_eq!((sent.header("authorization"), sent.header("content-length")), (KEY, Some("0")));
    }
}

#[test]
fn settings_that_fal_would_not_take_are_refused_at_the_start() {
    for (name, value) in [
        ("FAL_START_DEADLINE_SECONDS", "1"),
        ("FAL_START_DEADLINE_SECONDS", "-1"),
        ("FAL_OBJECT_LIFETIME_SECONDS", "0"),
        ("FAL_TAGS", "fal.team=photos"),
        ("FAL_TAGS", "team"),
    ] {
        let variables = std::iter::once((name.to_owned(), value.to_owned())).collect();
        let problems = Config::from_variables(variables).unwrap_err().to_string();
        assert!(problems.contains(name), "{problems}");
    }
}
