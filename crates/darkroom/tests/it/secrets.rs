//! Logs contain no secret, nothing that a caller sends, and no picture, even with everything logged.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use darkroom_core::{api_key::Token, store};
use darkroom_testing::{Receiver, Reply, eventually, http_client};
use reqwest::{
    Response, StatusCode, Url,
    multipart::{Form, Part},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{program::Program, stage::Stage};

/// A log filter: everything of our crates, and the usual level for others.
const EVERYTHING: &str =
    "info,darkroom=trace,darkroom_api=trace,darkroom_core=trace,darkroom_worker=trace";

/// Secrets that must not be logged, each with what it belongs to.
const SECRETS: [(&str, &str); 9] = [
    ("FAL_AI_API_KEY", "fal-key-of-hunter"),
    ("DATABASE_URL", "database-of-hunter"),
    ("WEBHOOK_SECRET", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
    ("IMAGE_LINK_SECRET", "links-of-hunter-with-all-its-characters"),
    ("the prompt", "prompt-of-hunter"),
    ("the metadata", "metadata-of-hunter"),
    ("the picture's address", "picture-token-of-hunter"),
    ("the receiver's address", "receiver-token-of-hunter"),
    ("a wrong key", "key-of-hunter"),
];

fn secret(whose: &str) -> &'static str {
    SECRETS.iter().find(|(name, _)| *name == whose).unwrap().1
}

fn settings(stage: &Stage, data: &Path) -> HashMap<String, String> {
    let mut database = Url::parse(stage.database.url.expose_secret()).unwrap();
    if database.password().is_none() {
        // Any password will do: the tests' database trusts this machine.
        database.set_password(Some(secret("DATABASE_URL"))).unwrap();
    }
    let sim = stage.provider().to_string();
    let settings = [
        ("LOG", EVERYTHING.to_owned()),
        ("LOG_FORMAT", "json".into()),
        ("PORT", "0".into()),
        ("DATA_DIR", data.display().to_string()),
        ("DATABASE_URL", database.to_string()),
        ("FAL_AI_API_KEY", format!("id:{}", secret("FAL_AI_API_KEY"))),
        ("FAL_QUEUE_URL", sim.clone()),
        ("FAL_REST_URL", sim.clone()),
        ("FAL_API_URL", sim),
        ("REQUIRE_API_KEY", "true".into()),
        ("WEBHOOK_SECRET", format!("whsec_{}", secret("WEBHOOK_SECRET"))),
        ("IMAGE_LINK_SECRET", secret("IMAGE_LINK_SECRET").into()),
        ("OUTBOUND_ALLOWED", "127.0.0.1/32".into()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).into()
}

fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x, y, x * y].map(byte)));
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

fn byte(value: u32) -> u8 {
    u8::try_from(value % 256).unwrap()
}

async fn ask(home: &str, key: &str, form: Form) -> Response {
    let post = http_client().post(format!("{home}/api/jobs")).bearer_auth(key);
    post.multipart(form).send().await.unwrap()
}

#[tokio::test]
async fn nothing_that_opens_or_tells_anything_is_ever_logged() {
    let stage = Stage::open(Duration::from_millis(50), &[]).await;
    let data = tempfile::TempDir::new().unwrap();
    let log = data.path().join("log");
    let (program, home) = Program::up_logging(&settings(&stage, data.path()), &log).await;
    let token = Token::generate().unwrap();
    let pool = &stage.database.pool;
    store::create_api_key(pool, "of a test", &token, false).await.unwrap();
    let key = token.secret().expose_secret();
    let elsewhere = Receiver::start([
        Reply::File(picture()),
        Reply::code(404),
        Reply::code(500),
        Reply::code(200),
    ])
    .await;
    let picture_url = format!("{}/a.png?token={}", elsewhere.url, secret("the picture's address"));
    let hook_url = format!("{}/hook?token={}", elsewhere.url, secret("the receiver's address"));

    // An edit from start to end, with every field that a caller may send.
    let metadata = json!({ "note": secret("the metadata") }).to_string();
    let form = || Form::new().text("prompt", secret("the prompt"));
    let whole = form()
        .text("image_url", picture_url.clone())
        .text("metadata", metadata)
        .text("webhook_url", hook_url);
    let made = ask(&home, key, whole).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let job: Value = made.json().await.unwrap();
    // Uploads that fail, each in another way.
    let damaged = || Part::bytes(picture()[..200].to_vec()).file_name("a.png");
    let lost = Form::new().text("prompt", secret("the prompt")).text("image_url", picture_url);
    for refused in [form().part("image", damaged()), form(), lost] {
        assert_eq!(ask(&home, key, refused).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let base64 =
        json!({"prompt": secret("the prompt"), "images": [{"base64": "iVBORw0KGgo=", "more": 1}]});
    let post = http_client().post(format!("{home}/api/jobs")).bearer_auth(key).json(&base64);
    assert_eq!(post.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Keys and links that are not valid.
    let wrong = format!("dk_{}", secret("a wrong key"));
    assert_eq!(ask(&home, &wrong, form()).await.status(), StatusCode::UNAUTHORIZED);
    let links: Vec<String> = eventually("the job is completed", async || {
        let url = format!("{home}/api/jobs/{}", job["id"].as_str()?);
        let get = http_client().get(url).bearer_auth(key).send();
        let job: Value = get.await.ok()?.json().await.ok()?;
        let links =
            ["input_image_url", "result_image_url", "events_url"].map(|link| job[link].as_str());
        (job["status"] == "completed").then(|| links.map(|link| link.unwrap().to_owned()).into())
    })
    .await;
    for link in &links {
        let status = async |link: &str| http_client().get(link).send().await.unwrap().status();
        assert_eq!(status(link).await, StatusCode::OK);
        assert_eq!(status(&format!("{link}x")).await, StatusCode::FORBIDDEN);
    }
    // The receiver refuses once; that is logged, and the delivery is tried again.
    elsewhere.received(3).await;
    eventually("the refusal is logged", async || {
        fs::read_to_string(&log).unwrap().contains("a webhook was not delivered").then_some(())
    })
    .await;
    program.signal("-TERM").await;

    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("darkroom::access") && log.contains("/api/images/{id}"), "{log}");
    for (whose, secret) in SECRETS {
        assert!(!log.contains(secret), "{whose} is logged:\n{}", lines_with(&log, secret));
    }
    // The secret part of the key, after the prefix that identifies it.
    let key = key.split_once(token.prefix()).unwrap().1;
    let signatures = links.iter().map(|link| link.split_once("signature=").unwrap().1);
    // `iVBORw0KGgo` is the beginning of every PNG in Base64.
    for secret in signatures.chain([key, "iVBORw0KGgo", "signature="]) {
        assert!(!log.contains(secret), "{secret} is logged:\n{}", lines_with(&log, secret));
    }
}

fn lines_with(log: &str, text: &str) -> String {
    log.lines().filter(|line| line.contains(text)).collect::<Vec<_>>().join("\n")
}
