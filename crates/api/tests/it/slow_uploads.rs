//! Uploads that take longer than what is known of their key holds.

use darkroom_core::{api_key::KeyLimits, store};
use darkroom_testing::eventually;
use reqwest::Method;
use serde_json::Value;

use crate::{
    app::{App, photo},
    keys::until_refused,
    raw::{Connection, body, head},
};

/// Keys are needed, and an upload may pause for as long as it takes.
const KEYS: [(&str, &str); 2] = [("REQUIRE_API_KEY", "true"), ("CLIENT_TIMEOUT_SECONDS", "600")];

/// An upload whose key was accepted, and whose second half is to come.
struct Upload {
    connection: Connection,
    rest: Vec<u8>,
}

impl Upload {
    async fn begin(app: &App, key: &str) -> Self {
        // From then on the key is known, so it is looked up as soon as the head is there.
        assert_eq!(app.ask(Method::GET, "/api/jobs", key).await.status(), 200);
        let mut whole = body(&[("image", &photo()), ("prompt", b"x")]);
        let more = format!("\r\nAuthorization: Bearer {key}\r\nExpect: 100-continue\r\n\r\n");
        let mut connection = Connection::open(app.address).await;
        connection.send(head(whole.len()).replace("\r\n\r\n", &more).as_bytes()).await;
        assert_eq!(connection.line().await, "HTTP/1.1 100 Continue");
        let rest = whole.split_off(whole.len() / 2);
        connection.send(&whole).await;
        Self { connection, rest }
    }

    async fn end(mut self) -> (u16, String) {
        self.connection.send(&self.rest).await;
        self.connection.answer().await
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_while_its_upload_comes_makes_no_job() {
    let app = App::start_with(&KEYS).await;
    let (id, key) = app.new_key(false).await;
    let upload = Upload::begin(&app, &key).await;

    assert!(store::revoke_api_key(&app.database.pool, id).await.unwrap());
    until_refused(&app, &key).await;
    let (status, told) = upload.end().await;

    assert_eq!(status, 401, "{told}");
    assert!(told.contains("\"unknown_api_key\""), "{told}");
    assert_eq!(app.stored_jobs().await, 0);
}

#[tokio::test]
async fn a_budget_that_is_set_while_an_upload_comes_holds_for_it() {
    let app = App::start_with(&KEYS).await;
    let (id, key) = app.new_key(false).await;
    let upload = Upload::begin(&app, &key).await;

    let budget = KeyLimits { daily_budget_micros: Some(1), ..KeyLimits::default() };
    assert!(store::limit_api_key(&app.database.pool, id, budget).await.unwrap());
    eventually("the budget is known", async || {
        let usage = app.ask(Method::GET, "/api/usage", &key).await;
        (!usage.json::<Value>().await.unwrap()["budget"].is_null()).then_some(())
    })
    .await;
    let (status, told) = upload.end().await;

    assert_eq!(status, 429, "{told}");
    assert!(told.contains("\"budget_exhausted\""), "{told}");
    assert_eq!(app.stored_jobs().await, 0);
}
