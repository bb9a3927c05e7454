//! A PostgreSQL for tests, gone without a trace.

use darkroom_embedded_postgres::EmbeddedPostgres;

use crate::support::{ask, wait_until};

#[tokio::test]
async fn a_temporary_postgres_leaves_nothing_after_stop() {
    let start = tokio::spawn(EmbeddedPostgres::temporary());
    let postgres = start.await.unwrap().unwrap();
    let directory = postgres.data_dir().to_owned();
    assert_eq!(ask(&postgres, "select 'here'").await, "here");

    postgres.stop().await.unwrap();

    assert!(!directory.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_dropped_temporary_postgres_is_removed_by_its_watchdog() {
    let postgres = EmbeddedPostgres::temporary().await.unwrap();
    let directory = postgres.data_dir().to_owned();

    drop(postgres);

    wait_until("the directory is removed", || !directory.exists());
}
