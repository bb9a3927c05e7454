//! The endpoint for `OpenAI`'s own clients.

mod answers;
mod failures;
mod refusals;
mod waiting;

use darkroom_core::{
    images::MediaType,
    job::Failure,
    queue::{self, Ended, FailureClass, Lease, Timeline},
    store::NewImage,
};
use darkroom_testing::eventually;
use reqwest::{Response, multipart::Form};
use serde_json::Value;

use crate::app::App;

const PATH: &str = "/v1/images/edits";

/// Posts an edit.
async fn ask(app: &App, form: Form) -> Response {
    app.client.post(app.url(PATH)).multipart(form).send().await.unwrap()
}

/// Claims the next job, as soon as there is one.
async fn claim(app: &App) -> Lease {
    let pool = &app.database.pool;
    let worker = queue::register(pool, "a test").await.unwrap();
    eventually("there is a job", async || {
        queue::claim(pool, worker, 1).await.unwrap().jobs.pop().map(|claimed| claimed.lease)
    })
    .await
}

/// A result of a job.
struct Made {
    data: Vec<u8>,
    media_type: MediaType,
    size: (u32, u32),
    is_blanked: bool,
}

impl Made {
    fn png(data: Vec<u8>) -> Self {
        Self { data, media_type: MediaType::Png, size: (32, 24), is_blanked: false }
    }
}

/// Completes the next job, as a worker does.
async fn complete(app: &App, results: Vec<Made>) {
    let pool = &app.database.pool;
    let lease = claim(app).await;
    for (position, made) in (0..).zip(results) {
        let Made { data, media_type, size: (width, height), is_blanked } = made;
        let output = NewImage { data: data.into(), media_type, width, height };
        queue::archive(pool, &lease, position, &output, Some(is_blanked)).await.unwrap();
    }
    queue::complete(pool, &lease, Ended::default(), &Timeline::default()).await.unwrap();
}

/// Lets the next job fail for good, as a worker does.
async fn fail(app: &App, code: &str) {
    let lease = claim(app).await;
    let failure = Failure { code: code.into(), message: "It cannot be.".into() };
    let pool = &app.database.pool;
    queue::fail(pool, &lease, &failure, FailureClass::Never, &Timeline::default()).await.unwrap();
}

/// Asserts that an answer is an error of this kind, and returns its `error`.
async fn error(response: Response, status: u16, kind: &str, code: &str) -> Value {
    let media_type = response.headers()["content-type"].clone();
    let told = response.status();
    let mut body: Value = response.json().await.unwrap();
    assert_eq!(told, status, "{body}");
    assert_eq!(media_type, "application/json");
    let error = body["error"].take();
    assert_eq!((&error["type"], &error["code"]), (&kind.into(), &code.into()), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
    error
}
