//! A running stand-in, with a method for each thing that a client does.

use std::io::Cursor;
use std::net::TcpListener;
use std::time::Duration;

use darkroom_fal_sim::{Running, Settings, start};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// The model that most tests use.
pub(crate) const SEEDREAM: &str = "fal-ai/bytedance/seedream/v4/edit";

/// The longest that a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How long a test waits before it looks again.
pub(crate) const INTERVAL: Duration = Duration::from_millis(10);

/// The stand-in, and a client with a key.
pub(crate) struct Sim {
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
}

/// Settings without any latency beyond the edit itself.
pub(crate) fn quick() -> Settings {
    Settings { latency: Duration::ZERO, ..Settings::default() }
}

/// Settings under which a running request does not end.
pub(crate) fn stuck() -> Settings {
    Settings { latency: Duration::from_hours(1), concurrency: 1, ..Settings::default() }
}

impl Sim {
    pub(crate) async fn start(settings: Settings) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), settings).await
    }

    pub(crate) async fn on(listener: TcpListener, settings: Settings) -> Self {
        let running = start(listener, settings).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { running, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.running.base_url().join(path).unwrap().to_string()
    }

    pub(crate) async fn get(&self, url: &str) -> Response {
        with_key(self.http.get(url)).send().await.unwrap()
    }

    pub(crate) async fn put(&self, url: &str) -> Response {
        with_key(self.http.put(url)).send().await.unwrap()
    }

    /// Submits an input and returns the answer.
    pub(crate) async fn submit(&self, endpoint_id: &str, input: &Value) -> Value {
        let request = self.http.post(self.url(endpoint_id)).json(input);
        let answer = with_key(request).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Follows a submitted request until it has this status.
    pub(crate) async fn until(&self, submitted: &Value, status: &str) -> Value {
        let url = format!("{}?logs=1", text(&submitted["status_url"]));
        let reached = async {
            loop {
                let answer = self.get(&url).await;
                let code = answer.status();
                let seen: Value = answer.json().await.unwrap();
                assert_eq!(code == 200, seen["status"] == "COMPLETED", "{seen}");
                if seen["status"] == status {
                    return seen;
                }
                tokio::time::sleep(INTERVAL).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.unwrap()
    }

    /// Submits an input, waits for its end and returns the result's code and body.
    pub(crate) async fn run(&self, endpoint_id: &str, input: &Value) -> (u16, Value) {
        let submitted = self.submit(endpoint_id, input).await;
        self.until(&submitted, "COMPLETED").await;
        let answer = self.get(text(&submitted["response_url"])).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Edits a picture and returns the bytes of the result.
    pub(crate) async fn edit(&self, input: &Value) -> Vec<u8> {
        let (code, output) = self.run(SEEDREAM, input).await;
        assert_eq!(code, 200, "{output}");
        self.download(text(&output["images"][0]["url"])).await
    }

    pub(crate) async fn download(&self, url: &str) -> Vec<u8> {
        let answer = self.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap().to_vec()
    }

    /// Announces an upload.
    pub(crate) async fn initiate(&self, content_type: &str) -> Value {
        let announced = self
            .http
            .post(self.url("storage/upload/initiate?storage_type=fal-cdn-v3"))
            .json(&json!({"content_type": content_type, "file_name": "photo.png"}));
        with_key(announced).send().await.unwrap().json().await.unwrap()
    }

    /// Waits for the end of a submitted request and returns its result.
    pub(crate) async fn result_of(&self, submitted: &Value) -> Value {
        self.until(submitted, "COMPLETED").await;
        self.get(text(&submitted["response_url"])).await.json().await.unwrap()
    }

    /// Uploads a file in two steps and returns its URL.
    pub(crate) async fn upload(&self, content_type: &str, bytes: Vec<u8>) -> String {
        let places = self.initiate(content_type).await;
        let put = self.http.put(text(&places["upload_url"]));
        let put = put.header("content-type", content_type).body(bytes);
        assert_eq!(put.send().await.unwrap().status(), 200);
        text(&places["file_url"]).to_owned()
    }

    /// Sets these faults in place of all earlier ones.
    pub(crate) async fn faults(&self, faults: Value) {
        let faults = json!({"seed": 7, "faults": faults});
        let answer = self.http.put(self.url("_sim/faults")).json(&faults).send().await.unwrap();
        let code = answer.status();
        assert_eq!(code, 200, "{}", answer.text().await.unwrap());
    }

    pub(crate) async fn ledger(&self) -> Vec<Value> {
        let answer = self.http.get(self.url("_sim/requests")).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

pub(crate) fn with_key(request: RequestBuilder) -> RequestBuilder {
    request.header("authorization", "Key id:secret")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A picture with colours that vary everywhere.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    let level = |at: u32, of: u32| u8::try_from(at * 255 / of).unwrap();
    let picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb([level(x, width), level(y, height), level(x + y, width + height)])
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// An input for Seedream with a small picture inside.
pub(crate) fn input(prompt: &str, seed: u64) -> Value {
    json!({"prompt": prompt, "image_urls": [data_uri(&photo(96, 64))], "seed": seed})
}

pub(crate) fn data_uri(bytes: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:image/png;base64,{body}")
}
