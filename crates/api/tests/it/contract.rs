//! The contract in the repository is the one that the code has.

use std::path::Path;

use reqwest::multipart::Form;
use serde_json::Value;

use crate::app::{App, file, photo};

/// Set `UPDATE_OPENAPI` to write it anew.
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

#[tokio::test]
async fn every_operation_of_the_contract_is_served() {
    let app = App::start().await;
    let contract: Value = app.get("/api-docs/openapi.json").await.json().await.unwrap();

    for (path, operations) in contract["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "01900000-0000-7000-8000-000000000000");
            let response = app.client.request(method, app.url(&path)).send().await.unwrap();
            let missing = response.status() == 405
                || (response.status() == 404 && !path.contains("01900000"));
            assert!(!missing, "{path}: {}", response.status());
        }
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
