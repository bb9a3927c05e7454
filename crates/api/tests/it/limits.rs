//! Callers' limits: how fast, how much at a time, and for how much money.

use std::{collections::HashMap, net::SocketAddr};

use darkroom_core::{
    api_key::{ApiKeyId, KeyLimits},
    store,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{App, form, photo, problem};

const KEYS: (&str, &str) = ("REQUIRE_API_KEY", "true");

/// The default model's price of a picture, in millionths of a dollar.
const COST: i64 = 30_000;

async fn limited(app: &App, limits: KeyLimits) -> (ApiKeyId, String) {
    let (id, key) = app.new_key(false).await;
    assert!(store::limit_api_key(&app.database.pool, id, limits).await.unwrap());
    (id, key)
}

async fn post(app: &App, address: SocketAddr, key: &str) -> Response {
    let post = app.client.post(format!("http://{address}/api/jobs")).bearer_auth(key);
    post.multipart(form(photo(), "x")).send().await.unwrap()
}

/// Posts a hundred jobs at the same time to two replicas; counts the answers by status.
async fn hundred_posts(app: &App, key: &str) -> HashMap<u16, usize> {
    let replica = app.another_replica_with(&[KEYS]);
    let posts =
        (0..100).map(|number| post(app, if number % 2 == 0 { app.address } else { replica }, key));
    let mut statuses = HashMap::new();
    for answer in futures_util::future::join_all(posts).await {
        *statuses.entry(answer.status().as_u16()).or_default() += 1;
    }
    statuses
}

#[tokio::test]
async fn a_budget_holds_to_the_last_cent_however_many_ask_at_once() {
    let app = App::start_with(&[KEYS]).await;
    let budget = KeyLimits { daily_budget_micros: Some(10 * COST + 1), ..KeyLimits::default() };
    let (_, key) = limited(&app, budget).await;

    assert_eq!(hundred_posts(&app, &key).await, HashMap::from([(201, 10), (429, 90)]));

    let refused = post(&app, app.address, &key).await;
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds));
    let told = problem(refused, 429, "budget_exhausted").await;
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("$0.300001 a day") && detail.contains("T00:00:00Z"), "{detail}");
    let usage: Value = app.ask(Method::GET, "/api/usage", &key).await.json().await.unwrap();
    assert_eq!(usage["days"][0]["reserved_usd"], 0.3);
    assert_eq!(usage["budget"]["left_usd"], 0.000_001);

    // Money that is not spent is given back.
    let list: Value = app.ask(Method::GET, "/api/jobs", &key).await.json().await.unwrap();
    let cancel = format!("/api/jobs/{}/cancel", list[0]["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::POST, &cancel, &key).await.status(), 200);
    assert_eq!(post(&app, app.address, &key).await.status(), 201);
    assert_eq!(post(&app, app.address, &key).await.status(), 429);
    // Another key has its own budget.
    let (_, other) = app.new_key(false).await;
    assert_eq!(post(&app, app.address, &other).await.status(), 201);
}

#[tokio::test]
async fn so_many_jobs_may_be_unfinished_and_no_more_however_many_ask_at_once() {
    let app = App::start_with(&[KEYS]).await;
    let limits = KeyLimits { max_pending: Some(7), ..KeyLimits::default() };
    let (_, key) = limited(&app, limits).await;

    assert_eq!(hundred_posts(&app, &key).await, HashMap::from([(201, 7), (429, 93)]));

    let told = problem(post(&app, app.address, &key).await, 429, "too_many_pending").await;
    assert!(told["detail"].as_str().unwrap().contains("7 jobs"), "{told}");
}

#[tokio::test]
async fn a_failed_job_is_tried_again_within_the_budget_only() {
    let app = App::start_with(&[KEYS]).await;
    let limits = KeyLimits { daily_budget_micros: Some(COST), ..KeyLimits::default() };
    let (_, key) = limited(&app, limits).await;
    let failed = app.new_job_of(&key).await;
    let fail = "with gone as (delete from queue)
                update jobs set status = 'failed', failure_code = 'unlucky',
                    failure_message = 'A test.', finished_at = now()";
    sqlx::query(fail).execute(&app.database.pool).await.unwrap();
    let other = app.new_job_of(&key).await;
    let retry = format!("/api/jobs/{}/retry", failed["id"].as_str().unwrap());

    problem(app.ask(Method::POST, &retry, &key).await, 429, "budget_exhausted").await;
    // It is the job's key that pays, whoever asks.
    let (_, operator) = app.new_key(true).await;
    problem(app.ask(Method::POST, &retry, &operator).await, 429, "budget_exhausted").await;
    let path = format!("/api/jobs/{}", failed["id"].as_str().unwrap());
    let kept: Value = app.ask(Method::GET, &path, &key).await.json().await.unwrap();
    assert_eq!(kept["status"], "failed");

    let path = format!("/api/jobs/{}", other["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::DELETE, &path, &key).await.status(), 204);
    assert_eq!(app.ask(Method::POST, &retry, &key).await.status(), 200);
}

#[tokio::test]
async fn jobs_are_counted_by_the_minute_on_all_replicas_together() {
    let per_minute = ("JOBS_PER_MINUTE", "3");
    let app = App::start_with(&[KEYS, per_minute]).await;
    let replica = app.another_replica_with(&[KEYS, per_minute]);
    let (_, key) = app.new_key(false).await;

    for (address, left) in [(app.address, 2), (replica, 1), (app.address, 0)] {
        let answer = post(&app, address, &key).await;
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["ratelimit-policy"], "\"jobs\";q=3;w=60");
        let told = answer.headers()["ratelimit"].to_str().unwrap();
        assert!(told.starts_with(&format!("\"jobs\";r={left};t=")), "{told}");
    }
    let refused = post(&app, replica, &key).await;
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert!(refused.headers()["ratelimit"].to_str().unwrap().starts_with("\"jobs\";r=0;t="));
    problem(refused, 429, "rate_limited").await;

    // Each key is counted by itself, and may have a limit of its own.
    let limits = KeyLimits { jobs_per_minute: Some(1), ..KeyLimits::default() };
    let (_, slow) = limited(&app, limits).await;
    assert_eq!(post(&app, app.address, &slow).await.status(), 201);
    problem(post(&app, replica, &slow).await, 429, "rate_limited").await;
    // Reads are counted separately.
    assert_eq!(app.ask(Method::GET, "/api/jobs", &key).await.status(), 200);
}

#[tokio::test]
async fn a_path_that_is_written_in_another_way_is_counted_all_the_same() {
    let app = App::start_with(&[("JOBS_PER_MINUTE", "1")]).await;
    let post = async |path: &str| {
        app.client.post(app.url(path)).multipart(form(photo(), "x")).send().await.unwrap().status()
    };

    assert_eq!(post("/api/%6Aobs").await, 201);
    for path in ["/api/jobs", "/api/job%73", "/%61pi/jobs", "/v1/images/%65dits"] {
        assert_eq!(post(path).await, 429, "{path}");
    }
    let retry = "/api/jobs/01a20a45-770c-777a-b2b4-91a8de734ca0/%72etry";
    assert_eq!(post(retry).await, 429);
    // The error has the shape that OpenAI's clients read.
    let none: Value = app.get("/%761/none").await.json().await.unwrap();
    assert_eq!(none["error"]["code"], "not_found");
    assert_eq!(app.stored_jobs().await, 1);
}

#[tokio::test]
async fn without_keys_it_goes_by_address_which_cannot_be_forged() {
    let app = App::start_with(&[("JOBS_PER_MINUTE", "1")]).await;
    let behind =
        app.another_replica_with(&[("JOBS_PER_MINUTE", "1"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let post = async |address: SocketAddr, forwarded: &str| {
        let post = app.client.post(format!("http://{address}/api/jobs"));
        let post = post.header("X-Forwarded-For", forwarded).multipart(form(photo(), "x"));
        post.send().await.unwrap().status().as_u16()
    };

    assert_eq!(post(app.address, "198.51.100.1").await, 201);
    assert_eq!(post(app.address, "198.51.100.2").await, 429);
    assert_eq!(post(behind, "198.51.100.1").await, 201);
    assert_eq!(post(behind, "198.51.100.2").await, 201);
    assert_eq!(post(behind, "198.51.100.9, 198.51.100.2").await, 429);
}

#[tokio::test]
async fn what_costs_more_is_kept_back_as_such() {
    let app = App::start_with(&[KEYS]).await;
    let budget = KeyLimits { daily_budget_micros: Some(1_000_000), ..KeyLimits::default() };
    let (_, key) = limited(&app, budget).await;
    let reserved = async |model: &str, option: Option<(&'static str, &'static str)>| {
        let mut form = form(photo(), "x").text("model", format!("fal-ai/{model}/edit"));
        if let Some((name, value)) = option {
            form = form.text(name, value);
        }
        let post = app.client.post(app.url("/api/jobs")).bearer_auth(&key).multipart(form);
        let job: Value = post.send().await.unwrap().json().await.unwrap();
        let usage: Value = app.ask(Method::GET, "/api/usage", &key).await.json().await.unwrap();
        let reserved = usage["days"][0]["reserved_usd"].clone();
        let cancel = format!("/api/jobs/{}/cancel", job["id"].as_str().unwrap());
        assert_eq!(app.ask(Method::POST, &cancel, &key).await.status(), 200);
        reserved
    };

    assert_eq!(reserved("nano-banana-pro", None).await, 0.15);
    assert_eq!(reserved("nano-banana-pro", Some(("resolution", "4K"))).await, 0.3);
    // Without a size the picture decides it, so the highest price is reserved.
    assert_eq!(reserved("gpt-image-1.5", None).await, 0.2);
    assert_eq!(reserved("gpt-image-1.5", Some(("image_size", "1024x1024"))).await, 0.133);
}

#[tokio::test]
async fn other_requests_are_counted_on_each_replica() {
    let app = App::start_with(&[("READS_PER_MINUTE", "2")]).await;
    for left in [1, 0] {
        let answer = app.get("/api/jobs").await;
        assert_eq!(answer.status(), 200);
        let told = answer.headers()["ratelimit"].to_str().unwrap();
        assert!(told.starts_with(&format!("\"requests\";r={left};t=")), "{told}");
    }
    let refused = app.get("/api/jobs").await;
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 429, "rate_limited").await;
    let theirs = app.client.get(app.url("/v1/none")).send().await.unwrap();
    assert_eq!(theirs.status(), 429);
    assert_eq!(theirs.json::<Value>().await.unwrap()["error"]["type"], "rate_limit_error");
    // Probes and pages are not counted.
    for path in ["/health", "/ready", "/docs/", "/"] {
        assert_eq!(app.get(path).await.status(), 200, "{path}");
    }
    // New jobs are counted separately.
    app.new_job().await;
}

#[tokio::test]
async fn who_has_no_key_is_counted_without_the_database() {
    let app = App::start_with(&[KEYS, ("JOBS_PER_MINUTE", "9"), ("READS_PER_MINUTE", "2")]).await;

    for left in [1, 0] {
        let refused = post(&app, app.address, "dk_none").await;
        let told = refused.headers()["ratelimit"].to_str().unwrap();
        assert!(told.starts_with(&format!("\"requests\";r={left};t=")), "{told}");
        problem(refused, 401, "unknown_api_key").await;
    }
    problem(post(&app, app.address, "dk_none").await, 429, "rate_limited").await;

    let counted = sqlx::query_scalar::<_, i64>("select count(*) from rate_limits");
    assert_eq!(counted.fetch_one(&app.database.pool).await.unwrap(), 0);
}

#[tokio::test]
async fn usage_is_each_keys_own_and_nonsense_is_refused() {
    let app = App::start_with(&[KEYS]).await;
    let ((_, key), (_, other)) = (app.new_key(false).await, app.new_key(false).await);
    let (_, admin) = app.new_key(true).await;
    app.new_job_of(&key).await;
    let usage = async |key: &str, query: &str| {
        app.ask(Method::GET, &format!("/api/usage{query}"), key).await
    };

    for (key, days) in [(&key, 1), (&other, 0), (&admin, 1)] {
        let told: Value = usage(key, "").await.json().await.unwrap();
        assert_eq!(told["days"].as_array().unwrap().len(), days, "{told}");
        assert_eq!(told["budget"], Value::Null);
    }
    let told: Value = usage(&key, "?from=2020-01-01&to=2020-12-31").await.json().await.unwrap();
    assert_eq!((&told["from"], &told["days"]), (&json!("2020-01-01"), &json!([])));
    for (query, code, field) in [
        ("?from=yesterday", "invalid_date", "from"),
        ("?to=2026-02-30", "invalid_date", "to"),
        ("?from=-9999-01-01&to=-9999-01-02", "invalid_date", "from"),
        ("?from=2026-01-02&to=2026-01-01", "invalid_range", "from"),
        ("?from=2020-01-01&to=2026-01-01", "invalid_range", "from"),
        ("?since=1", "unknown_parameter", "since"),
    ] {
        let refused = problem(usage(&key, query).await, 422, code).await;
        assert_eq!(refused["field"], field, "{query}");
    }
}
