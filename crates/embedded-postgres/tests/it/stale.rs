//! A `postmaster.pid` that tells of a PostgreSQL long gone.

use std::fs;
use std::process::Command;

use crate::support::{Place, ask};

/// What a killed PostgreSQL leaves, as far as its number matters.
fn leave_pid_file(place: &Place, pid: u32) {
    fs::write(
        place.pid_file(),
        format!("{pid}\n{}\n1\n5432\n\n127.0.0.1\n0 0\nready\n", place.cluster().display()),
    )
    .unwrap();
}

#[tokio::test]
async fn the_pid_file_of_a_dead_postgres_is_no_obstacle() {
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    leave_pid_file(&place, dead.id());

    let postgres = place.start().await;

    assert_eq!(ask(&postgres, "select 'running'").await, "running");
    postgres.stop().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_pid_reused_by_another_program_is_no_obstacle_and_that_program_lives() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    // PostgreSQL believes only in processes of its own user.
    let owner = fs::metadata(place.cluster()).unwrap();
    let mut other =
        Command::new("sleep").arg("600").uid(owner.uid()).gid(owner.gid()).spawn().unwrap();
    leave_pid_file(&place, other.id());

    let postgres = place.start().await;

    assert_eq!(ask(&postgres, "select 'running'").await, "running");
    assert!(other.try_wait().unwrap().is_none());
    postgres.stop().await.unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
}
