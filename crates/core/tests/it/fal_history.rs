//! Searches fal's list for a request whose submission was not answered.

use std::collections::BTreeSet;

use darkroom_core::{
    fal::{Class, Error},
    models,
};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use crate::fal_server::{Reply, Seen, Server};

const ENDPOINT: &str = models::DEFAULT;

const PICTURE: &str = "https://v3b.fal.media/files/b/1/input.jpg";

const SINCE: OffsetDateTime = datetime!(2026-11-01 12:00:00.5 +02:00);

fn item(id: &str, input: &Value) -> Value {
    json!({"request_id": id, "endpoint_id": ENDPOINT, "status_code": 200, "json_input": input})
}

/// Three pages; the request that is looked for is on the last one.
fn pages(asked: &Seen) -> Reply {
    let longer = json!({"image_urls": [format!("{PICTURE}?x"), "https://fal.media/other"]});
    let page = match asked.parameter("cursor").as_deref() {
        None => json!({"items": [item("r-1", &longer)], "next_cursor": "b+/=", "has_more": true}),
        Some("b+/=") => {
            let unkept = json!({"request_id": "r-2", "endpoint_id": ENDPOINT});
            json!({"items": [unkept, item("r-3", &Value::Null)], "next_cursor": "c"})
        }
        _ => json!({"items": [item("r-4", &json!({"a": {"b": [7, PICTURE]}}))]}),
    };
    Reply::json(200, &page)
}

#[tokio::test]
async fn a_request_is_found_by_its_input_on_a_later_page() {
    let server = Server::start(pages).await;

    let found = server.client().find_request(ENDPOINT, PICTURE, SINCE).await.unwrap().unwrap();

    assert_eq!(found.provider_request_id, "r-4");
    let status = server.url.join("fal-ai/bytedance/requests/r-4/status").unwrap();
    assert_eq!(found.status_url, status);
    let asked = server.seen();
    assert_eq!(asked.len(), 3);
    for call in &asked {
        assert!(call.line.starts_with("GET /v1/models/requests/by-endpoint?"), "{}", call.line);
        assert_eq!(call.header("authorization"), Some("Key id:secret"));
        assert_eq!(call.parameter("endpoint_id").as_deref(), Some(ENDPOINT));
        assert_eq!(call.parameter("limit").as_deref(), Some("100"));
        assert_eq!(call.parameter("expand").as_deref(), Some("payloads"));
        assert_eq!(call.parameter("start").as_deref(), Some("2026-11-01T10:00:00.5Z"));
    }
    assert_eq!(asked[2].parameter("cursor").as_deref(), Some("c"));
}

#[tokio::test]
async fn a_request_that_is_on_no_page_is_not_found() {
    let server = Server::start(pages).await;

    let found = server.client().find_request(ENDPOINT, "https://fal.media/none", SINCE).await;

    assert_eq!(found.unwrap(), None);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn of_a_list_that_goes_on_and_on_the_newest_are_read_and_one_in_circles_has_ended() {
    for (circles, expected) in [(false, 100), (true, 2)] {
        let server = Server::start(move |asked| {
            let next = match asked.parameter("cursor") {
                Some(cursor) if circles => cursor,
                cursor => format!("{}x", cursor.unwrap_or_default()),
            };
            Reply::json(200, &json!({"items": [], "next_cursor": next}))
        })
        .await;

        let found = server.client().find_request(ENDPOINT, PICTURE, SINCE).await;

        assert_eq!(found.unwrap(), None);
        let cursors: BTreeSet<_> =
            server.seen().iter().map(|call| call.parameter("cursor")).collect();
        assert_eq!((server.seen().len(), cursors.len()), (expected, expected));
    }
}

#[tokio::test]
async fn the_platforms_own_errors_have_their_class() {
    for (status, word, code, class) in [
        (401, "authorization_error", "provider_account", Class::Halt),
        (429, "rate_limited", "provider_busy", Class::Later),
        (400, "validation_error", "provider_refused", Class::Never),
        (500, "server_error", "provider_error", Class::Later),
    ] {
        let body = json!({"error": {"type": word, "message": "s3cret", "request_id": "x"}});
        let server = Server::always(Reply::json(status, &body)).await;

        let error = server.client().find_request(ENDPOINT, PICTURE, SINCE).await.unwrap_err();

        assert_eq!((&*error.failure().code, error.class()), (code, class));
        assert!(error.to_string().contains(word) && !error.to_string().contains("s3cret"));
        assert!(!error.is_unknown_request());
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_not_made_an_address() {
    let page = json!({"items": [item("../../x", &json!(PICTURE))]});
    let server = Server::always(Reply::json(200, &page)).await;

    let error = server.client().find_request(ENDPOINT, PICTURE, SINCE).await.unwrap_err();

    assert!(matches!(error, Error::Malformed(_)), "{error:?}");
    assert!(format!("{error:?}").contains("items[0].request_id"), "{error:?}");
}
