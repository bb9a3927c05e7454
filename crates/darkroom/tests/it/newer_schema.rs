//! This version on the schema of a later one: the case of old replicas during an upgrade, and after a rollback.

use std::time::Duration;

use darkroom_core::{api_key::Token, job::Status, store};
use darkroom_testing::{eventually, http_client, pretend_newer_migration};
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use crate::stage::Stage;

/// What `core/migrations` lets a migration add to each table: columns that an older version does not
/// know, one with a default; an index; a constraint on new rows; and a table with a reference.
const EXPAND: &str = "do $$
    declare known record;
    begin
        for known in select tablename as name from pg_tables where schemaname = 'public' loop
            execute format(
                'alter table %1$I
                    add column of_later_version text,
                    add column count_of_later_version integer not null default 0,
                    add constraint %2$I check (count_of_later_version >= 0) not valid',
                known.name, known.name || '_later'
            );
            execute format('create index on %I (of_later_version)', known.name);
            -- One table at a time, as migrations do: whoever holds several in turn is in the way of those who do, too.
            commit;
        end loop;
        create table of_later_version (job_id uuid references jobs (id) on delete cascade);
    end
$$";

#[tokio::test]
async fn an_api_and_a_worker_start_and_work_on_the_schema_of_a_later_version() {
    let stage = Stage::open(Duration::from_millis(100), &[]).await;
    expand(&stage).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();

    let id = stage.job().await;
    stage.once(id, Status::Completed).await;

    let job: Value = get(&format!("{home}/api/jobs/{id}")).await.json().await.unwrap();
    let image = get(job["result_image_url"].as_str().unwrap()).await;
    assert!(image.status().is_success());
    let deleted = http_client().delete(format!("{home}/api/jobs/{id}")).send().await.unwrap();
    assert!(deleted.status().is_success());
}

#[tokio::test]
async fn an_api_and_a_worker_go_on_while_the_schema_becomes_that_of_a_later_version() {
    let stage = Stage::open(Duration::from_millis(500), &[]).await;
    let (_api, home) = stage.api().await;
    let _worker = stage.worker();
    let (key, unknown) = (Token::generate().unwrap(), Token::generate().unwrap());
    store::create_api_key(&stage.database.pool, "a test", &key, false).await.unwrap();
    let before = [stage.job().await, stage.job().await];
    eventually("both are at the provider", async || (stage.submissions().await == 2).then_some(()))
        .await;
    assert_eq!(answer_to(&key, &home).await, 200);
    assert_eq!(answer_to(&unknown, &home).await, 401);

    expand(&stage).await;

    // An unknown key is looked up each time.
    assert_eq!(answer_to(&unknown, &home).await, 401);
    assert_eq!(answer_to(&key, &home).await, 200);
    let after = stage.job().await;
    for id in before.into_iter().chain([after]) {
        stage.once(id, Status::Completed).await;
        // With statements that were prepared before the change.
        let shown = get(&format!("{home}/api/jobs/{id}")).await;
        assert!(shown.status().is_success());
    }
    assert_eq!(stage.submissions().await, 3);
    let nobody = get(&format!("{home}/api/jobs/{}", Uuid::new_v4())).await;
    assert_eq!(nobody.status(), 404);
    assert!(get(&format!("{home}/ready")).await.status().is_success());
}

async fn expand(stage: &Stage) {
    sqlx::raw_sql(EXPAND).execute(&stage.database.pool).await.unwrap();
    pretend_newer_migration(&stage.database.pool).await;
}

/// The status with which an API answers the holder of a key.
async fn answer_to(key: &Token, home: &str) -> u16 {
    let asked = http_client().get(format!("{home}/api/jobs"));
    let asked = asked.header("X-API-Key", key.secret().expose_secret());
    asked.send().await.unwrap().status().as_u16()
}

async fn get(url: &str) -> reqwest::Response {
    http_client().get(url).send().await.unwrap()
}
