//! Headers that every answer has.

use darkroom_testing::Scrape;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::app::{App, form, photo};

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// An answer of each kind.
async fn answers(app: &App) -> Vec<(&'static str, Response)> {
    let job = app.new_job().await;
    let image = job["input_image_url"].as_str().unwrap();
    let preflight = app.client.request(Method::OPTIONS, app.url("/api/jobs"));
    let preflight = preflight
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "POST");
    let events = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());
    vec![
        ("image", app.client.get(image).send().await.unwrap()),
        ("a job", app.post(form(photo(), "x")).await),
        ("a refusal", app.post(form(photo(), " ")).await),
        ("no such path", app.get("/nothing/here").await),
        ("a refusal of operators", app.ask(Method::GET, "/api/admin/queue", "dk_nonsense").await),
        ("a wrong method", app.client.put(app.url("/api/jobs")).send().await.unwrap()),
        ("events", app.get(&events).await),
        ("OpenAI's errors", app.client.post(app.url("/v1/images/edits")).send().await.unwrap()),
        ("a preflight", preflight.send().await.unwrap()),
        ("docs", app.get("/docs/").await),
        ("redoc", app.get("/redoc").await),
    ]
}

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do_with_it() {
    let app = App::start().await;

    for (kind, response) in answers(&app).await {
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{kind}");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer", "{kind}");
        assert_eq!(header(&response, "x-frame-options"), "DENY", "{kind}");
        let policy = header(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{kind}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{kind}: {policy}");
        assert!(!policy.contains("http") && !policy.contains('*'), "{kind}: {policy}");
        let is_page = matches!(kind, "docs" | "redoc");
        assert_eq!(policy.contains("script-src 'self'"), is_page, "{kind}: {policy}");
        assert!(!policy.contains("unsafe-eval"), "{kind}: {policy}");
        // Pages of any origin may show an image.
        let readers = if kind == "image" { "cross-origin" } else { "same-origin" };
        assert_eq!(header(&response, "cross-origin-resource-policy"), readers, "{kind}");
        assert_eq!(header(&response, "strict-transport-security"), "", "{kind}");
    }
}

#[tokio::test]
async fn pages_of_the_docs_have_no_script_but_their_files() {
    let app = App::start().await;

    for page in ["/docs/", "/redoc"] {
        let text = app.get(page).await.text().await.unwrap();
        let mut scripts = text.split("<script").skip(1).peekable();
        assert!(scripts.peek().is_some(), "{page} has no script");
        for script in scripts {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains("src=\"./") || tag.contains("src=\"/"), "{page}: {tag}");
            assert!(rest.trim_start().starts_with("</script>"), "{page} has a script in it");
        }
    }
}

#[tokio::test]
async fn strict_transport_is_told_where_the_public_address_has_tls() {
    let secure = App::start_with(&[("PUBLIC_URL", "https://darkroom.example")]).await;
    let plain = App::start_with(&[("PUBLIC_URL", "http://darkroom.example")]).await;

    let told = secure.get("/health").await;
    assert_eq!(header(&told, "strict-transport-security"), "max-age=31536000");
    assert_eq!(header(&plain.get("/health").await, "strict-transport-security"), "");
}

#[tokio::test]
async fn what_runs_here_is_not_told_on_the_open_internet() {
    let open = App::start().await;
    let locked = App::start_with(&[("REQUIRE_API_KEY", "true")]).await;
    let production = [("ENVIRONMENT", "production"), ("REQUIRE_API_KEY", "false")];
    let production = App::start_with(&production).await;

    let told: Value = open.get("/").await.json().await.unwrap();
    let version = told["version"].as_str().unwrap();
    for app in [&locked, &production] {
        let response = app.get("/").await;
        assert!(!response.headers().contains_key("server"));
        assert!(!format!("{:?}", response.headers()).contains(version));
        assert_eq!(response.json::<Value>().await.unwrap()["version"], Value::Null);
    }
}

#[tokio::test]
async fn every_answer_has_an_id_and_no_two_the_same() {
    let app = App::start().await;

    let mut ids = Vec::new();
    for (kind, response) in answers(&app).await {
        let id: uuid::Uuid = header(&response, "x-request-id").parse().unwrap();
        assert_eq!(id.get_version_num(), 7, "{kind}");
        ids.push(id);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn an_id_that_is_sent_comes_back_where_it_is_one() {
    let app = App::start().await;
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);

    for (sent, is_taken) in [
        ("7f3a/Root=1-67891233", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("with space", false),
        ("}:request{id=another", false),
        ("quote\"", false),
        ("", false),
    ] {
        let get = app.client.get(app.url("/health")).header("x-request-id", sent);
        let response = get.send().await.unwrap();
        assert_eq!(header(&response, "x-request-id") == sent, is_taken, "{sent}");
    }
}

#[tokio::test]
async fn who_may_not_operate_is_told_the_limits_and_measured_like_everybody() {
    let app = App::start_with(&[("READS_PER_MINUTE", "100")]).await;
    let (_, key) = app.new_key(false).await;

    let refused = app.ask(Method::GET, "/api/admin/queue", &key).await;

    assert_eq!(refused.status(), 403);
    assert_eq!(header(&refused, "ratelimit-policy"), "\"requests\";q=100;w=60");
    assert!(header(&refused, "ratelimit").starts_with("\"requests\";r=99;"));
    let scrape = Scrape::read(&app.get("/metrics").await.text().await.unwrap());
    let labels = [("method", "GET"), ("route", "/api/admin/queue"), ("status", "4xx")];
    assert_eq!(scrape.value("darkroom_http_request_seconds_count", &labels), Some(1.0));
}
