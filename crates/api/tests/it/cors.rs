//! CORS: which origins' pages may call the API.

use darkroom_core::api_key::Token;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::app::{App, form, photo, problem};

async fn allows(app: &App, origin: &str) -> bool {
    let preflight = app
        .client
        .request(Method::OPTIONS, app.url("/api/jobs"))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    preflight.headers().get("access-control-allow-origin").is_some_and(|value| value == origin)
}

#[tokio::test]
async fn in_development_pages_of_this_machine_may_call() {
    let app = App::start().await;

    assert!(allows(&app, "http://localhost:5173").await);
    assert!(allows(&app, "http://127.0.0.1:3000").await);
    assert!(!allows(&app, "https://elsewhere.example").await);
    assert!(!allows(&app, "https://localhost.elsewhere.example").await);
}

#[tokio::test]
async fn in_production_only_listed_pages_may_call() {
    let app = App::start_with(&[
        ("ENVIRONMENT", "production"),
        ("REQUIRE_API_KEY", "false"),
        ("CORS_ALLOWED_ORIGINS", "https://one.example, https://two.example/"),
    ])
    .await;

    assert!(allows(&app, "https://one.example").await);
    assert!(allows(&app, "https://two.example").await);
    assert!(!allows(&app, "http://localhost:5173").await);
    assert!(!allows(&app, "https://one.example.evil").await);
}

#[tokio::test]
async fn pages_that_may_call_send_and_read_the_headers_of_this_api() {
    let app = App::start().await;
    let wanted = ["authorization", "x-api-key", "idempotency-key", "last-event-id", "prefer"];

    let preflight = app.client.request(Method::OPTIONS, app.url("/api/jobs"));
    let preflight = preflight
        .header("origin", "http://localhost:5173")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", wanted.join(", "));
    let preflight = preflight.send().await.unwrap();
    let get = app.client.get(app.url("/api/jobs")).header("origin", "http://localhost:5173");
    let answer = get.send().await.unwrap();

    let list = |response: &reqwest::Response, name: &str| {
        let values = response.headers().get_all(name).into_iter();
        let values: Vec<_> = values.map(|value| value.to_str().unwrap().to_lowercase()).collect();
        values.join(", ")
    };
    for header in wanted {
        assert!(list(&preflight, "access-control-allow-headers").contains(header), "{header}");
    }
    for header in ["ratelimit", "ratelimit-policy", "retry-after", "x-request-id", "link", "etag"] {
        let exposed = list(&answer, "access-control-expose-headers");
        assert!(exposed.split(", ").any(|name| name == header), "{header}: {exposed}");
    }
    for response in [&preflight, &answer] {
        // Pages send keys in a header; the browser adds no credentials.
        assert_eq!(list(response, "access-control-allow-credentials"), "");
        assert!(list(response, "vary").contains("origin"));
    }
}

#[tokio::test]
async fn without_keys_a_page_cannot_read_or_spend_anything_by_leading_its_own_name_here() {
    for settings in [&[][..], &[("PUBLIC_URL", "https://edit.example")][..]] {
        let app = App::start_with(settings).await;
        let ask = async |method: Method, path: &str, host: &str| {
            let ask = app.client.request(method, app.url(path)).header("host", host);
            ask.header("origin", format!("http://{host}")).send().await.unwrap()
        };
        let paths = [
            "/api/jobs",
            "/api/%6Aobs",
            "/api/events",
            "/api/admin/queue",
            "/api/usage",
            "/metrics",
        ];
        for path in paths {
            let read = ask(Method::GET, path, "evil.example:8000").await;
            problem(read, 403, "foreign_host").await;
        }
        let post = app.client.post(app.url("/api/jobs")).multipart(form(photo(), "x"));
        let post = post.header("host", "evil.example:8000");
        let post = post.header("origin", "http://evil.example:8000").send().await.unwrap();
        problem(post, 403, "foreign_host").await;
        app.assert_nothing_is_stored().await;

        // Probes may come by any name, and clients by this machine's.
        for path in ["/health", "/ready"] {
            assert_eq!(ask(Method::GET, path, "evil.example").await.status(), 200, "{path}");
        }
        for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "api:8000"] {
            assert_eq!(ask(Method::GET, "/api/jobs", host).await.status(), 200, "{host}");
        }
        let of_openai = ask(Method::POST, "/v1/images/edits", "evil.example").await;
        assert_eq!(of_openai.status(), 403);
        let told: Value = of_openai.json().await.unwrap();
        assert_eq!(told["error"]["code"], "foreign_host");
        // Who sends a key is answered by any name, and is told if it is none.
        let ask_with = async |key: &str| {
            let ask = app.client.get(app.url("/api/jobs")).header("host", "evil.example");
            ask.bearer_auth(key).send().await.unwrap()
        };
        let none = Token::generate().unwrap();
        let refused = ask_with(none.secret().expose_secret()).await;
        problem(refused, 401, "unknown_api_key").await;
        let (_, key) = app.new_key(false).await;
        assert_eq!(ask_with(&key).await.status(), 200);
        let public = ask(Method::GET, "/api/jobs", "edit.example").await.status();
        assert_eq!(public, if settings.is_empty() { 403 } else { 200 });
    }
}

#[tokio::test]
async fn without_keys_nothing_is_opened_by_a_key_and_a_link_that_a_page_made_up() {
    let app = App::start().await;
    let job = app.new_job().await;
    let none = Token::generate().unwrap();

    for link in ["input_image_url", "events_url"] {
        let link = format!("{}?expires=9999999999&signature=x", job[link].as_str().unwrap());
        let get = app.client.get(link).header("host", "evil.example");
        let get = get.header("X-API-Key", none.secret().expose_secret());
        problem(get.send().await.unwrap(), 401, "unknown_api_key").await;
    }
}

#[tokio::test]
async fn where_keys_are_needed_a_server_is_called_by_any_name() {
    let app = App::start_with(&[("REQUIRE_API_KEY", "true")]).await;
    let (_, key) = app.new_key(false).await;

    let ask = app.client.get(app.url("/api/jobs")).bearer_auth(key).header("host", "edit.example");

    assert_eq!(ask.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_foreign_page_cannot_spend_anything() {
    let app = App::start_with(&[("ENVIRONMENT", "production"), ("REQUIRE_API_KEY", "false")]).await;
    let post = |origin: String| {
        let request = app.client.post(app.url("/api/jobs")).header("origin", origin);
        request.multipart(form(photo(), "x")).send()
    };

    for origin in ["https://evil.example", "null", "http://localhost:5173"] {
        problem(post(origin.into()).await.unwrap(), 403, "foreign_origin").await;
    }
    app.assert_nothing_is_stored().await;
    // The pages that explain the API have the API's own origin.
    assert_eq!(post(app.url("")).await.unwrap().status(), 201);
}

#[tokio::test]
async fn where_keys_are_needed_the_servers_own_pages_work_by_any_name() {
    for (is_needed, expected) in [("true", 201), ("false", 403)] {
        let app = App::start_with(&[
            ("ENVIRONMENT", "production"),
            ("REQUIRE_API_KEY", is_needed),
            ("PUBLIC_URL", "https://edit.example"),
        ])
        .await;
        let (_, key) = app.new_key(false).await;
        let post = async |origin: &str| {
            let post = app.client.post(app.url("/api/jobs")).bearer_auth(&key);
            let post = post.header("host", "localhost:9000").header("origin", origin);
            post.multipart(form(photo(), "x")).send().await.unwrap()
        };

        assert_eq!(post("http://localhost:9000").await.status(), expected);
        for other in ["http://localhost:9001", "http://localhost", "null", "https://evil.example"] {
            problem(post(other).await, 403, "foreign_origin").await;
        }
    }
}
