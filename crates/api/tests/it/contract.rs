//! The contract in the repository is the one that the code generates.

use std::path::Path;

use reqwest::{Method, Response, multipart::Form};
use serde_json::Value;

use crate::app::{App, file, photo};

/// Set `UPDATE_OPENAPI` to rewrite the file.
#[tokio::test]
async fn the_openapi_document_in_the_repository_is_what_the_server_serves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/openapi.json");
    let generated = darkroom_api::openapi().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting")]
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }

    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, generated, "run the tests with UPDATE_OPENAPI=1 and commit the file");

    let app = App::start().await;
    let served: Value = app.get("/api-docs/openapi.json").await.json().await.unwrap();
    assert_eq!(served, serde_json::from_str::<Value>(&committed).unwrap());
}

/// Headers for clients, which are in the contract wherever they are sent.
const TOLD: [&str; 14] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-range",
    "etag",
    "idempotent-replayed",
    "link",
    "location",
    "preference-applied",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-should-retry",
];

/// Asserts that the contract lists a response for an operation, with its headers.
fn assert_told(operation: &Value, response: &Response) {
    let (name, status) = (&operation["operationId"], response.status());
    let told = &operation["responses"][status.as_str()];
    assert!(told.is_object(), "{name} answers {status}");
    let headers = told["headers"].as_object().into_iter().flatten();
    let headers: Vec<String> = headers.map(|(name, _)| name.to_lowercase()).collect();
    for sent in response.headers().keys().filter(|sent| TOLD.contains(&sent.as_str())) {
        assert!(headers.iter().any(|told| told == sent.as_str()), "{name} {status} sends {sent}");
    }
}

#[tokio::test]
async fn every_operation_is_answered_as_the_contract_says() {
    let app = App::start_with(&[("JOBS_PER_MINUTE", "5"), ("READS_PER_MINUTE", "1000")]).await;
    let job = app.new_job().await["id"].as_str().unwrap().to_owned();
    let closed = app.another_replica_with(&[("REQUIRE_API_KEY", "true"), ("JOBS_PER_MINUTE", "0")]);
    let contract: Value = app.get("/api-docs/openapi.json").await.json().await.unwrap();
    let nobody = "01900000-0000-7000-8000-000000000000";

    for (path, operations) in contract["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            for id in [nobody, &job] {
                let path = path.replace("{id}", id).replace("{delivery}", nobody);
                for base in [app.address, closed] {
                    let request =
                        app.client.request(method.clone(), format!("http://{base}{path}"));
                    assert_told(operation, &request.send().await.unwrap());
                }
            }
        }
    }
}

#[tokio::test]
async fn what_comes_too_fast_is_answered_as_the_contract_says() {
    let app = App::start_with(&[("JOBS_PER_MINUTE", "1"), ("READS_PER_MINUTE", "1")]).await;
    let contract = serde_json::to_value(darkroom_api::openapi()).unwrap();
    for (method, path) in [
        (Method::GET, "/api/jobs"),
        (Method::POST, "/api/jobs"),
        (Method::POST, "/v1/images/edits"),
    ] {
        let operation = &contract["paths"][path][method.as_str().to_lowercase()];
        let ask = || app.client.request(method.clone(), app.url(path)).send();
        ask().await.unwrap();
        let refused = ask().await.unwrap();
        assert_eq!(refused.status(), 429);
        assert!(refused.headers().contains_key("retry-after"));
        assert_told(operation, &refused);
    }
}

#[tokio::test]
async fn every_problem_of_the_contract_shows_one_of_its_own() {
    let contract = serde_json::to_value(darkroom_api::openapi()).unwrap();
    let paths = contract["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    for operation in operations {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = &response["content"]["application/problem+json"];
            let shown = content["example"]["status"].as_u64().map(|status| status.to_string());
            assert!(
                content.is_null() || shown.as_ref() == Some(status),
                "{} {status} shows {}",
                operation["operationId"],
                content["example"]
            );
        }
    }
}

#[test]
fn whoever_sends_a_body_is_told_that_it_may_come_too_slowly() {
    let contract = serde_json::to_value(darkroom_api::openapi()).unwrap();
    let paths = contract["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    for operation in operations.filter(|operation| operation["requestBody"].is_object()) {
        assert!(operation["responses"]["408"].is_object(), "{}", operation["operationId"]);
    }
}

/// The page at `/docs` fills a form in with the examples of its fields.
#[tokio::test]
async fn a_form_of_all_examples_is_taken() {
    let app = App::start().await;
    let contract: Value = app.get("/api-docs/openapi.json").await.json().await.unwrap();
    let fields = &contract["components"]["schemas"]["NewJobForm"]["properties"];
    let mut form = Form::new().part("image", file(photo()));
    for (name, field) in fields.as_object().unwrap() {
        if name != "image" {
            form = form.text(name.clone(), field["example"].as_str().unwrap().to_owned());
        }
    }

    let answer = app.post(form).await;

    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}
