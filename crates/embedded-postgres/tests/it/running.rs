//! Start, use, stop, start again.

use darkroom_embedded_postgres::{EmbeddedPostgres, Error, Settings};
use sqlx::Executor;

use crate::support::{Place, ask, connect};

#[tokio::test]
async fn a_query_is_answered() {
    let place = Place::new();
    let postgres = place.start().await;

    assert_eq!(ask(&postgres, "show server_encoding").await, "UTF8");
    assert_eq!(ask(&postgres, "show lc_collate").await, "C");
    assert_eq!(ask(&postgres, "show listen_addresses").await, "127.0.0.1");
    assert_eq!(ask(&postgres, "show unix_socket_directories").await, "");
    assert_eq!(ask(&postgres, "select current_user::text").await, "darkroom");
    assert!(ask(&postgres, "show server_version").await.starts_with(postgres.version()));
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn settings_reach_postgres() {
    let place = Place::new();
    let settings = Settings {
        max_connections: 7,
        shared_buffers: "16MB".to_owned(),
        parameters: vec![("work_mem".to_owned(), "5MB".to_owned())],
        ..place.settings()
    };
    let postgres = EmbeddedPostgres::start(settings).await.unwrap();

    assert_eq!(ask(&postgres, "show max_connections").await, "7");
    assert_eq!(ask(&postgres, "show shared_buffers").await, "16MB");
    assert_eq!(ask(&postgres, "show work_mem").await, "5MB");
    assert_eq!(ask(&postgres, "show fsync").await, "off");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn data_outlives_stop_and_start() {
    let place = Place::new();
    let durable = Settings { durable: true, ..place.settings() };
    let postgres = EmbeddedPostgres::start(durable.clone()).await.unwrap();
    assert_eq!(ask(&postgres, "show fsync").await, "on");
    connect(&postgres).await.execute("create table kept as select 'here' as word").await.unwrap();
    postgres.stop().await.unwrap();

    let postgres = EmbeddedPostgres::start(durable).await.unwrap();

    assert_eq!(ask(&postgres, "select word from kept").await, "here");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn stopping_ends_open_sessions_and_waits_until_postgres_is_gone() {
    let place = Place::new();
    let postgres = place.start().await;
    let session = connect(&postgres).await;

    postgres.stop().await.unwrap();

    assert!(!place.pid_file().exists());
    drop(session);
}

#[tokio::test]
async fn a_second_start_is_refused_while_the_first_runs() {
    let place = Place::new();
    let first = place.start().await;

    let error = EmbeddedPostgres::start(place.settings()).await.unwrap_err();

    assert!(matches!(error, Error::InUse { .. }));
    let expected = format!(
        "another darkroom is using {}: stop it, or set DATA_DIR or DATABASE_URL",
        place.data_dir().display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(ask(&first, "select 'still here'").await, "still here");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_right_after_a_drop_waits_for_the_old_one_to_go() {
    let place = Place::new();
    drop(place.start().await);

    let postgres = place.start().await;

    assert_eq!(ask(&postgres, "select 'again'").await, "again");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_password_is_asked_for_and_shown_to_nobody_else() {
    let place = Place::new();
    let postgres = place.start().await;
    let password = std::fs::read_to_string(place.data_dir().join("password")).unwrap();

    assert_eq!(password.len(), 32);
    assert!(!format!("{postgres:?}").contains(&password));
    assert_eq!(
        ask(&postgres, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules").await,
        "scram-sha-256"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| {
            std::fs::metadata(place.data_dir().join(path)).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(
            [mode("password"), mode("postgres.log"), mode("cluster")],
            [0o600, 0o600, 0o700]
        );
    }
    postgres.stop().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn postgres_is_told_nothing_of_our_environment_that_it_does_not_need() {
    let place = Place::new();
    let postgres = place.start().await;

    let told = std::fs::read_to_string(format!("/proc/{}/environ", postgres.pid())).unwrap();

    let names: Vec<_> =
        told.split_terminator('\0').filter_map(|pair| pair.split('=').next()).collect();
    assert!(names.contains(&"PATH") && names.contains(&"LC_ALL"), "{names:?}");
    // Cargo sets many more for a test.
    let needed = ["PATH", "HOME", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LC_ALL"];
    let of_its_shell = ["PWD", "OLDPWD", "SHLVL", "_"];
    let expected = [&needed[..], &of_its_shell].concat();
    let others: Vec<_> = names.iter().filter(|name| !expected.contains(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_start_shows_the_end_of_the_log() {
    let place = Place::new();
    let settings = Settings { shared_buffers: "a lot".to_owned(), ..place.settings() };

    let error = EmbeddedPostgres::start(settings).await.unwrap_err();

    assert!(matches!(error, Error::Ended { .. }), "{error}");
    assert!(
        error.to_string().contains("invalid value for parameter \"shared_buffers\""),
        "{error}"
    );
    place.start().await.stop().await.unwrap();
}
