//! Requests for things that do not exist.

use reqwest::Method;

use crate::app::{App, problem};

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let app = App::start().await;

    for id in ["01900000-0000-7000-8000-000000000000", "42", "%00", "..%2f..%2fetc", "🦀"] {
        problem(app.get(&format!("/api/jobs/{id}")).await, 404, "not_found").await;
    }
    problem(app.get("/nothing/here").await, 404, "not_found").await;
}

#[tokio::test]
async fn a_wrong_method_is_told_which_ones_are_right() {
    let app = App::start().await;

    for (method, path, allowed) in [
        (Method::PUT, "/api/jobs", ["GET", "POST"]),
        (Method::POST, "/api/jobs/01900000-0000-7000-8000-000000000000", ["GET", "DELETE"]),
        (Method::DELETE, "/health", ["GET", "GET"]),
    ] {
        let response = app.client.request(method, app.url(path)).send().await.unwrap();
        let allow = response.headers()["allow"].to_str().unwrap().to_owned();
        assert!(allowed.iter().all(|method| allow.contains(method)), "{path}: {allow}");
        problem(response, 405, "method_not_allowed").await;
    }
}

#[tokio::test]
async fn nonsense_in_the_query_of_the_list_is_named() {
    let app = App::start().await;

    for (query, code, field) in [
        ("limit=0", "invalid_limit", "limit"),
        ("limit=201", "invalid_limit", "limit"),
        ("limit=-1", "invalid_limit", "limit"),
        ("limit=many", "invalid_limit", "limit"),
        ("cursor=rubbish", "invalid_cursor", "cursor"),
        ("cursor=", "invalid_cursor", "cursor"),
        ("page=2", "unknown_parameter", "page"),
    ] {
        let body = problem(app.get(&format!("/api/jobs?{query}")).await, 422, code).await;
        assert_eq!(body["field"], field, "{query}");
    }
}
