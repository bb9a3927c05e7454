//! Each role by itself: what it needs and what it refuses.

use std::{collections::HashMap, io::Write, time::Duration};

use darkroom_testing::{TestDatabase, eventually, forget_last_migration};
use secrecy::ExposeSecret;

use crate::{
    program::{Program, run},
    stage::Stage,
    up::post_example,
};

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

    for is_first in [true, false] {
        let (went_well, said) = run(&["migrate"], &settings).await;
        assert!(went_well, "{said}");
        assert_eq!(
            said.contains("a migration is applied number=1 name=\"jobs\""),
            is_first,
            "{said}"
        );
        assert!(said.contains("the schema is current version="), "{said}");
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
    assert!(said.contains("a later version's, and left as it is version=99991231235959"), "{said}");
    assert!(darkroom_core::db::schema_is_current(&database.pool).await.unwrap());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn roles_take_all_file_descriptors_that_they_may_have() {
    let settings = variables(&[
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none"),
        ("FAL_QUEUE_URL", "http://127.0.0.1:9"),
        ("PORT", "0"),
    ]);

    for role in ["api", "worker"] {
        let program = Program::start_with_descriptors(100, &[role], &settings);
        let limits = format!("/proc/{}/limits", program.id());
        eventually(&format!("the {role} has raised its limit"), async || {
            let limits = std::fs::read_to_string(&limits).unwrap();
            let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
            let [soft, hard] = [3, 4].map(|word| files.split_whitespace().nth(word).unwrap());
            (soft == hard && soft != "100").then_some(())
        })
        .await;
    }
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
async fn a_second_signal_ends_a_role_at_once_and_is_its_exit_code() {
    let stage = Stage::open(Duration::ZERO, &[]).await;
    let (api, home) = stage.api().await;
    let address = home.trim_start_matches("http://").to_owned();
    // The request that it would wait for.
    let held = stage.database.hold("lock table queue in exclusive mode").await;
    let posting = tokio::spawn(async move { post_example(&home).await });
    stage.blocked().await;

    api.send("-TERM").await;
    eventually("the API takes no more calls", async || {
        tokio::net::TcpStream::connect(&address).await.is_err().then_some(())
    })
    .await;
    let ended = api.signal("-TERM").await;

    assert_eq!(ended.code(), Some(143));
    assert!(posting.await.is_err(), "the request was waited for");
    held.release().await;
}
