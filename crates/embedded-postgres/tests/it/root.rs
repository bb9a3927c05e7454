//! What only root meets. As anybody else these tests have nothing to do.

#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::support::{Place, ask};

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[tokio::test]
async fn postgres_runs_as_an_unprivileged_user() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let postgres = place.start().await;
    let pid = fs::read_to_string(place.pid_file()).unwrap();
    let pid = pid.lines().next().unwrap();

    assert_ne!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), 0);
    assert_eq!(fs::metadata(place.data_dir()).unwrap().uid(), 0);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_closed_to_that_user_is_replaced_by_the_same_one_each_time() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    fs::set_permissions(place.parent(), Permissions::from_mode(0o700)).unwrap();

    let postgres = place.start().await;
    let directory = postgres.data_dir().to_owned();
    assert_eq!(ask(&postgres, "select 'here'").await, "here");
    postgres.stop().await.unwrap();
    let postgres = place.start().await;

    assert!(directory.starts_with("/var/lib/darkroom"));
    assert_eq!(postgres.data_dir(), directory);
    assert!(!place.data_dir().exists());
    postgres.stop().await.unwrap();
    fs::remove_dir_all(directory).unwrap();
}
