//! API keys: which requests they admit, and that another key's jobs are hidden.

use darkroom_core::store;
use darkroom_testing::eventually;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, form, photo, problem};

async fn app() -> App {
    App::start_with(&[("REQUIRE_API_KEY", "true")]).await
}

/// Each operation of the contract: its method, its path and its tag.
fn operations() -> Vec<(Method, String, String)> {
    let contract = serde_json::to_value(darkroom_api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in contract["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            let tag = operation["tags"][0].as_str().unwrap().to_owned();
            operations.push((method, path.clone(), tag));
        }
    }
    assert!(operations.len() > 20);
    operations
}

#[tokio::test]
async fn without_a_key_nothing_is_answered_but_what_is_open_to_all() {
    let app = app().await;
    for (method, path, tag) in operations() {
        let path = path.replace("{id}", "01a20a45-770c-777a-b2b4-91a8de734ca0");
        let answer = app.client.request(method.clone(), app.url(&path)).send().await.unwrap();
        if ["service", "models"].contains(&tag.as_str()) {
            assert_ne!(answer.status(), 401, "{method} {path}");
        } else {
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{method} {path}");
            assert_eq!(answer.status(), 401, "{method} {path}");
            let told: Value = answer.json().await.unwrap();
            let told = if tag == "openai" { &told["error"] } else { &told };
            assert_eq!(told["code"], "api_key_needed", "{method} {path}");
        }
    }
    assert_eq!(app.stored_jobs().await, 0);
}

#[tokio::test]
async fn a_key_is_sent_in_either_way_and_nonsense_opens_nothing() {
    let app = app().await;
    let (_, key) = app.new_key(false).await;
    let (_, other) = app.new_key(false).await;
    let ask =
        |name: &str, value: &str| app.client.get(app.url("/api/jobs")).header(name, value).send();

    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = ask("Authorization", &format!("{scheme} {key}")).await.unwrap();
        assert_eq!(answer.status(), 200, "{scheme}");
    }
    assert_eq!(ask("X-API-Key", &key).await.unwrap().status(), 200);
    // A proxy may pass on credentials of its own next to the key.
    let beside = app.client.get(app.url("/api/jobs")).basic_auth("a", Some("b"));
    assert_eq!(beside.header("X-API-Key", &key).send().await.unwrap().status(), 200);

    // The beginning of one and the end of another.
    let mixed = format!("{}{}", &key[..11], &other[11..]);
    for wrong in [&key[1..], &key[..key.len() - 1], &mixed, "", "dk_", &"x".repeat(4_000)] {
        problem(ask("X-API-Key", wrong).await.unwrap(), 401, "unknown_api_key").await;
        let answer = ask("Authorization", &format!("Bearer {wrong}")).await.unwrap();
        problem(answer, 401, "unknown_api_key").await;
    }
    problem(ask("Authorization", &format!("Basic {key}")).await.unwrap(), 401, "unknown_api_key")
        .await;
}

#[tokio::test]
async fn a_token_that_a_proxy_sends_for_itself_hides_no_key() {
    for is_needed in ["true", "false"] {
        let app = App::start_with(&[("REQUIRE_API_KEY", is_needed)]).await;
        let ((_, own), (_, other)) = (app.new_key(false).await, app.new_key(false).await);
        app.new_job_of(&other).await;
        let job = app.new_job_of(&own).await;
        let list = |bearer: &str| {
            let get = app.client.get(app.url("/api/jobs")).bearer_auth(bearer);
            get.header("X-API-Key", &own).send()
        };

        let seen: Value = list("a.proxys.token").await.unwrap().json().await.unwrap();
        assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(seen[0]["id"], job["id"]);
        // What looks like a key counts as the one that was meant.
        problem(list("dk_nonsense").await.unwrap(), 401, "unknown_api_key").await;
    }
}

#[tokio::test]
async fn what_belongs_to_another_key_is_not_there_on_any_path() {
    let app = app().await;
    let ((_, own), (_, stranger)) = (app.new_key(false).await, app.new_key(false).await);
    let job = app.new_job_of(&own).await;
    let id = job["id"].as_str().unwrap();
    let image = job["input_image_url"].as_str().unwrap().split(['/', '?']).nth(5).unwrap();

    for (method, path, tag) in operations() {
        if !path.contains('{') || path.starts_with("/api/events") {
            continue;
        }
        let whose = if tag == "images" { image } else { id };
        let path = path.replace("{id}", whose).replace("{delivery}", id);
        let answer = app.ask(method.clone(), &path, &stranger).await;
        assert_eq!(answer.status(), 404, "{method} {path}");
    }
    assert_eq!(
        app.ask(Method::GET, "/api/jobs", &stranger).await.json::<Value>().await.unwrap(),
        json!([])
    );
    let post = app.client.post(app.url("/api/jobs")).bearer_auth(&stranger);
    let child =
        reqwest::multipart::Form::new().text("parent_id", id.to_owned()).text("prompt", "x");
    problem(post.multipart(child).send().await.unwrap(), 404, "unknown_parent").await;

    // And the job is unchanged.
    let kept: Value =
        app.ask(Method::GET, &format!("/api/jobs/{id}"), &own).await.json().await.unwrap();
    assert_eq!(kept["status"], "pending");
    let list: Value = app.ask(Method::GET, "/api/jobs", &own).await.json().await.unwrap();
    assert_eq!(list[0]["id"], id);
    let answer = app.ask(Method::GET, &format!("/api/images/{image}"), &own).await;
    assert_eq!(answer.bytes().await.unwrap(), photo());
}

#[tokio::test]
async fn the_stream_of_all_jobs_has_those_of_the_key_only_and_ends_with_it() {
    let app = app().await;
    let ((own_id, own), (_, other)) = (app.new_key(false).await, app.new_key(false).await);
    let mut stream = app.ask(Method::GET, "/api/events", &own).await;
    assert!(stream.chunk().await.unwrap().unwrap().starts_with(b"retry"));

    app.new_job_of(&other).await;
    let job = app.new_job_of(&own).await;

    let event = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(event.contains(job["id"].as_str().unwrap()), "{event}");

    assert!(store::revoke_api_key(&app.database.pool, own_id).await.unwrap());
    until_refused(&app, &own).await;
    // The next event is not sent any more.
    let touch = "update jobs set updated_at = now() where id = $1";
    let id: uuid::Uuid = job["id"].as_str().unwrap().parse().unwrap();
    sqlx::query(touch).bind(id).execute(&app.database.pool).await.unwrap();
    assert_eq!(stream.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_on_any_replica_and_a_new_one_works_at_once() {
    let app = app().await;
    let (id, key) = app.new_key(false).await;
    let replica = app.another_replica_with(&[("REQUIRE_API_KEY", "true")]);
    let at = |address: &str, key: &str| {
        app.client.get(format!("http://{address}/api/jobs")).bearer_auth(key).send()
    };
    let addresses = [app.address.to_string(), replica.to_string()];
    for address in &addresses {
        assert_eq!(at(address, &key).await.unwrap().status(), 200);
    }

    assert!(store::revoke_api_key(&app.database.pool, id).await.unwrap());
    assert!(!store::revoke_api_key(&app.database.pool, id).await.unwrap());
    for address in &addresses {
        eventually("the key is refused", async || {
            let answer = at(address, &key).await.unwrap();
            (answer.status() == StatusCode::UNAUTHORIZED).then_some(())
        })
        .await;
    }
    let (_, next) = app.new_key(false).await;
    for address in &addresses {
        assert_eq!(at(address, &next).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn keys_that_are_known_go_on_for_a_while_without_the_database() {
    let app = app().await;
    let (_, key) = app.new_key(false).await;
    let job = app.new_job_of(&key).await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::GET, &path, &key).await.status(), 200);

    app.database.take_away().await;

    // The key is accepted, and the request finds that the database is unavailable.
    problem(app.ask(Method::GET, "/api/jobs", &key).await, 503, "database_unavailable").await;
    app.database.bring_back().await;
}

#[tokio::test]
async fn an_admin_key_operates_and_sees_all() {
    let app = app().await;
    let ((_, admin), (_, key)) = (app.new_key(true).await, app.new_key(false).await);
    let job = app.new_job_of(&key).await;

    problem(app.ask(Method::GET, "/api/admin/queue", &key).await, 403, "not_admin").await;
    assert_eq!(app.ask(Method::GET, "/api/admin/queue", &admin).await.status(), 200);
    let list: Value = app.ask(Method::GET, "/api/jobs", &admin).await.json().await.unwrap();
    assert_eq!(list[0]["id"], job["id"]);
    let path = format!("/api/jobs/{}/cancel", job["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::POST, &path, &admin).await.status(), 200);
}

#[tokio::test]
async fn one_request_under_one_idempotency_key_is_anothers_own() {
    let app = app().await;
    let ((_, one), (_, other)) = (app.new_key(false).await, app.new_key(false).await);
    let ask = async |key: &str, prompt: &str| {
        let post = app.client.post(app.url("/api/jobs")).bearer_auth(key);
        let post = post.header("Idempotency-Key", "the-same").multipart(form(photo(), prompt));
        let answer = post.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["id"].clone()
    };

    let first = ask(&one, "x").await;

    assert_eq!(ask(&one, "x").await, first);
    assert_ne!(ask(&other, "another prompt").await, first);
}

#[tokio::test]
async fn where_no_keys_are_needed_who_sends_one_is_held_to_it() {
    let app = App::start().await;
    let (_, key) = app.new_key(false).await;
    let open = app.new_job().await;
    let own = app.new_job_of(&key).await;
    let ids = |list: Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|job| job["id"].clone()).collect()
    };

    let all = ids(app.get("/api/jobs").await.json().await.unwrap());
    assert_eq!(all, [own["id"].clone(), open["id"].clone()]);
    let seen = ids(app.ask(Method::GET, "/api/jobs", &key).await.json().await.unwrap());
    assert_eq!(seen, [own["id"].clone()]);
    // Links need no signature either.
    assert!(!own["input_image_url"].as_str().unwrap().contains('?'));
    let wrong = app.ask(Method::GET, "/api/jobs", "dk_nonsense").await;
    problem(wrong, 401, "unknown_api_key").await;
    // A credential that does not look like a key is ignored.
    assert_eq!(app.ask(Method::GET, "/api/jobs", "unused").await.status(), 200);
}

pub(crate) async fn until_refused(app: &App, key: &str) {
    eventually("the key is refused", async || {
        let answer = app.ask(Method::GET, "/api/jobs", key).await;
        (answer.status() == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
}
