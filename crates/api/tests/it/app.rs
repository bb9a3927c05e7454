//! A running API, with a method for each thing that a client does.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use darkroom_api::State;
use darkroom_core::{
    api_key::{ApiKeyId, Token},
    config::Config,
    db::Pool,
    models::Models,
    store,
};
use darkroom_testing::{CountedLine, TestDatabase};
use image::{DynamicImage, ImageFormat, RgbImage};
use reqwest::{
    Method, Response,
    multipart::{Form, Part},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use tokio_util::sync::CancellationToken;

/// The tables that a request for a job writes to. (A refused one may count against `rate_limits`.)
const WRITTEN: [&str; 7] =
    ["jobs", "images", "queue", "idempotency_keys", "deliveries", "usage", "usage_changes"];

/// A running API and its database.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    pub(crate) database: TestDatabase,
    pub(crate) client: reqwest::Client,
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts an API with these variables set.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::start_as(variables, |state| state).await
    }

    /// The same, with streams that send heartbeats at this interval.
    pub(crate) async fn start_with_heartbeat(
        heartbeat: Duration,
        variables: &[(&str, &str)],
    ) -> Self {
        Self::start_as(variables, |state| state.with_heartbeat(heartbeat)).await
    }

    async fn start_as(variables: &[(&str, &str)], change: impl FnOnce(State) -> State) -> Self {
        let database = TestDatabase::create().await;
        let address = serve(database.pool.clone(), variables, change);
        Self { address, database, client: darkroom_testing::http_client() }
    }

    /// Starts an API that reaches its database through a proxy that counts statements.
    pub(crate) async fn start_counted() -> (Self, CountedLine) {
        let database = TestDatabase::create().await;
        let line = CountedLine::to(&database.url).await;
        let pool = darkroom_testing::connect(&line.url, 8);
        let address = serve(pool, &[], |state| state);
        (Self { address, database, client: darkroom_testing::http_client() }, line)
    }

    /// Starts an API that `stop` tells that it is about to stop.
    pub(crate) async fn start_until(stop: CancellationToken) -> Self {
        Self::start_as(&[], |state| state.until(stop)).await
    }

    /// Starts another API on the same database, with its own pool, and returns its address.
    pub(crate) fn another_replica(&self) -> SocketAddr {
        self.another_replica_with(&[])
    }

    /// The same, with these variables set.
    pub(crate) fn another_replica_with(&self, variables: &[(&str, &str)]) -> SocketAddr {
        serve(self.database.connect(4), variables, |state| state)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn post(&self, form: Form) -> Response {
        self.client.post(self.url("/api/jobs")).multipart(form).send().await.unwrap()
    }

    /// Posts a valid job and returns it.
    pub(crate) async fn new_job(&self) -> Value {
        let response = self.post(form(photo(), "make it rain")).await;
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }

    /// Asserts that nothing is stored of any job, and that the API still works.
    pub(crate) async fn assert_nothing_is_stored(&self) {
        for table in WRITTEN {
            let count = AssertSqlSafe(format!("select count(*) from {table}"));
            let rows: i64 = sqlx::query_scalar(count).fetch_one(&self.database.pool).await.unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        assert_eq!(
            self.get("/api/jobs").await.json::<Value>().await.unwrap(),
            Value::Array(vec![])
        );
    }

    /// The number of stored jobs, up to 100.
    pub(crate) async fn stored_jobs(&self) -> usize {
        let page = store::Page { before: None, limit: 100 };
        let listed = store::list(&self.database.pool, page, &store::Filter::default()).await;
        listed.unwrap().jobs.len()
    }
}

/// Starts an API with these variables set.
fn serve(
    pool: Pool,
    variables: &[(&str, &str)],
    change: impl FnOnce(State) -> State,
) -> SocketAddr {
    let mut all = HashMap::from([("PORT".to_owned(), "0".to_owned())]);
    all.extend(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let config = Config::from_variables(all).unwrap();
    let models = Models::load(&config.jobs).unwrap();
    let listener = darkroom_api::bind(&config.server).unwrap();
    let address = listener.local_addr().unwrap();
    let state = change(State::new(&config, pool, models).unwrap());
    tokio::spawn(darkroom_api::start(listener, state, &config).unwrap());
    address
}

/// A small, valid picture.
pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    picture_of(32, 24, format)
}

/// A valid picture of more than one colour.
pub(crate) fn picture_of(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue] = [x * 255 / width, y * 255 / height, (x * y) % 256];
        image::Rgb([red, green, blue].map(|value| u8::try_from(value).unwrap()))
    });
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub(crate) fn photo() -> Vec<u8> {
    picture(ImageFormat::Jpeg)
}

pub(crate) fn file(data: Vec<u8>) -> Part {
    Part::bytes(data).file_name("photo.jpg").mime_str("image/jpeg").unwrap()
}

/// A file that nobody chose, as browsers send it.
pub(crate) fn unchosen() -> Part {
    Part::bytes(Vec::new()).file_name("").mime_str("application/octet-stream").unwrap()
}

pub(crate) fn form(data: Vec<u8>, prompt: &str) -> Form {
    Form::new().part("image", file(data)).text("prompt", prompt.to_owned())
}

/// Asserts that an answer is a problem of this kind, and returns its body.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status);
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{body}");
    body
}

impl App {
    /// Makes an API key, and returns it with its id.
    pub(crate) async fn new_key(&self, is_admin: bool) -> (ApiKeyId, String) {
        let token = Token::generate().unwrap();
        let id = store::create_api_key(&self.database.pool, "of a test", &token, is_admin).await;
        (id.unwrap(), token.secret().expose_secret().to_owned())
    }

    /// Sends a request with a key.
    pub(crate) async fn ask(&self, method: Method, path: &str, key: &str) -> Response {
        self.client.request(method, self.url(path)).bearer_auth(key).send().await.unwrap()
    }

    /// Posts a valid job with a key, and returns it.
    pub(crate) async fn new_job_of(&self, key: &str) -> Value {
        let post = self.client.post(self.url("/api/jobs")).bearer_auth(key);
        let answer = post.multipart(form(photo(), "make it rain")).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }
}
