//! Each role by itself: what it needs, what it refuses, and a worker that dies.

use std::{collections::HashMap, io::Write};

use darkroom_core::{
    images::MediaType,
    job::{JobId, NewJob, Status},
    models,
    store::{self, NewImage},
};
use darkroom_fal_sim::{Settings, start};
use darkroom_testing::{TestDatabase, eventually, forget_last_migration, http_client};
use secrecy::ExposeSecret;

use crate::program::{Program, run};

fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn roles_refuse_an_older_schema_and_name_the_command_that_mends_it() {
    let database = TestDatabase::create().await;
    forget_last_migration(&database.pool).await;
    let settings = variables(&[
        ("DATABASE_URL", database.url.expose_secret()),
        ("ENVIRONMENT", "production"),
        ("FAL_KEY", "id:secret"),
        ("PORT", "0"),
    ]);

    for role in ["api", "worker"] {
        let (went_well, said) = run(&[role], &settings).await;
        assert!(!went_well);
        assert!(said.contains("run `darkroom migrate`"), "{role}: {said}");
    }
}

#[tokio::test]
async fn a_models_file_that_is_wrong_stops_the_start_and_says_where() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[[models]]\nid = \"acme/repaint\"\nname = 7\n").unwrap();
    let path = file.path().display().to_string();
    let settings = variables(&[
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none"),
        ("FAL_KEY", "id:secret"),
        ("PORT", "0"),
        ("MODELS_FILE", &path),
    ]);

    for role in ["api", "worker"] {
        let (went_well, said) = run(&[role], &settings).await;
        assert!(!went_well);
        assert!(said.contains(&path), "{role}: {said}");
        assert!(said.contains("\"acme/repaint\": name: "), "{role}: {said}");
    }
}

#[tokio::test]
async fn migrate_brings_an_empty_database_up_and_may_be_run_again() {
    let database = TestDatabase::empty().await;
    let settings = variables(&[("DATABASE_URL", database.url.expose_secret())]);

    for _ in 0..2 {
        let (went_well, said) = run(&["migrate"], &settings).await;
        assert!(went_well, "{said}");
    }

    assert!(darkroom_core::db::schema_is_current(&database.pool).await.unwrap());
}

#[tokio::test]
async fn a_newer_schema_is_served_and_left_alone_so_that_a_version_can_be_taken_back() {
    let database = TestDatabase::create().await;
    darkroom_testing::pretend_newer_migration(&database.pool).await;
    let settings = variables(&[("DATABASE_URL", database.url.expose_secret())]);

    let (went_well, said) = run(&["migrate"], &settings).await;

    assert!(went_well, "{said}");
    assert!(darkroom_core::db::schema_is_current(&database.pool).await.unwrap());
}

#[tokio::test]
async fn missing_settings_are_named() {
    let production = variables(&[("ENVIRONMENT", "production")]);
    let broken = variables(&[("PORT", "eighty"), ("WORKER_LEASE_SECONDS", "1")]);
    let none = HashMap::new();

    for (words, settings, expected) in [
        (["api"], &none, ["DATABASE_URL"].as_slice()),
        (["worker"], &none, &["FAL_AI_API_KEY"]),
        (["up"], &production, &["FAL_AI_API_KEY"]),
        (["up"], &broken, &["PORT", "WORKER_LEASE_SECONDS"]),
    ] {
        let mut settings = settings.clone();
        settings.entry("PORT".into()).or_insert_with(|| "0".into());
        settings.insert("DATA_DIR".into(), "never-made".into());
        let (went_well, said) = run(&words, &settings).await;
        assert!(!went_well, "{words:?}");
        assert!(expected.iter().all(|name| said.contains(name)), "{words:?}: {said}");
    }
}

#[tokio::test]
async fn the_request_of_a_worker_that_is_killed_is_carried_on_by_another_and_paid_once() {
    let database = TestDatabase::create().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let latency = std::time::Duration::from_secs(2);
    let sim = start(listener, Settings { latency, ..Settings::default() }).await.unwrap();
    let settings = variables(&[
        ("DATABASE_URL", database.url.expose_secret()),
        ("FAL_QUEUE_URL", sim.base_url().as_str()),
        ("FAL_REST_URL", sim.base_url().as_str()),
        ("WORKER_HEARTBEAT_SECONDS", "1"),
        ("WORKER_LEASE_SECONDS", "4"),
    ]);
    let id = new_job(&database).await;
    let first = Program::start(&["worker"], &settings);
    once(&database, id, Status::Processing).await;

    first.signal("-KILL").await;
    let second = Program::start(&["worker"], &settings);

    once(&database, id, Status::Completed).await;
    let ledger = sim.base_url().join("_sim/requests").unwrap();
    let ledger = http_client().get(ledger).send().await.unwrap();
    assert_eq!(ledger.json::<Vec<serde_json::Value>>().await.unwrap().len(), 1);
    assert!(second.signal("-TERM").await.success());
}

async fn new_job(database: &TestDatabase) -> JobId {
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(32, 32).write_to(&mut file, image::ImageFormat::Png).unwrap();
    let data = file.into_inner().into();
    let input = NewImage { data, media_type: MediaType::Png, width: 32, height: 32 };
    let new = NewJob {
        prompt: "x".into(),
        model: models::DEFAULT.into(),
        inputs: vec![input],
        ..NewJob::default()
    };
    store::create(&database.pool, &new).await.unwrap().id
}

async fn once(database: &TestDatabase, id: JobId, status: Status) {
    eventually(&format!("the job is {status:?}"), async || {
        let job = store::find(&database.pool, id).await.unwrap().unwrap();
        (job.status == status).then_some(())
    })
    .await;
}
