//! The owner is killed with SIGKILL, and so is PostgreSQL.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use darkroom_embedded_postgres::{EmbeddedPostgres, Error, Settings};
use sqlx::Executor;

use crate::holder::{self, Holder};
use crate::support::{Place, ask, connect, is_running, wait_until};

fn postgres_in(place: &Place) -> u32 {
    let pid_file = std::fs::read_to_string(place.pid_file()).unwrap();
    pid_file.lines().next().unwrap().parse().unwrap()
}

fn signal(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

#[test]
fn postgres_ends_when_its_owner_is_killed() {
    let place = Place::new();
    let holder = Holder::start(Some(&place.data_dir()));
    let postgres = holder.postgres;
    assert!(is_running(postgres));

    holder.kill();

    wait_until("PostgreSQL has ended", || !is_running(postgres));
    assert!(!place.pid_file().exists(), "it was shut down, not killed");
}

#[tokio::test]
async fn who_waits_for_postgres_to_end_is_told_when_it_is_killed() {
    let place = Place::new();
    let mut postgres = place.start().await;

    signal("-KILL", postgres.pid());

    let error = postgres.ended().await;
    assert!(matches!(error, Error::EndedByItself { .. }), "{error}");
}

#[tokio::test]
async fn the_ctrl_c_of_a_terminal_does_not_reach_postgres() {
    let place = Place::new();
    let postgres = place.start().await;
    let pid = postgres_in(&place);

    assert_eq!(process_group_of(pid), Some(pid), "it leads a group of its own");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_right_after_the_owner_was_killed_works() {
    let place = Place::new();
    let holder = Holder::start(Some(&place.data_dir()));
    let orphan = holder.postgres;
    holder.kill();

    let postgres = place.start().await;

    assert!(!is_running(orphan));
    assert_eq!(ask(&postgres, "select 'again'").await, "again");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_orphan_whose_watchdog_was_killed_too_is_stopped() {
    let place = Place::new();
    let holder = Holder::start(Some(&place.data_dir()));
    let orphan = holder.postgres;
    signal("-KILL", watchdog_of(orphan));
    holder.kill();
    assert!(is_running(orphan));

    let postgres = place.start().await;

    assert!(!is_running(orphan));
    assert_eq!(ask(&postgres, "select 'again'").await, "again");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_postgres_loses_nothing_committed() {
    let place = Place::new();
    let durable = Settings { durable: true, ..place.settings() };
    let postgres = EmbeddedPostgres::start(durable.clone()).await.unwrap();
    connect(&postgres).await.execute("create table kept as select 'here' as word").await.unwrap();
    signal("-KILL", postgres_in(&place));
    drop(postgres);

    let postgres = EmbeddedPostgres::start(durable).await.unwrap();

    assert_eq!(ask(&postgres, "select word from kept").await, "here");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_first_start_killed_half_way_is_begun_again() {
    let place = Place::new();
    let (mut owner, _open) = holder::begin(Some(&place.data_dir()));
    wait_until("initdb is at work", || {
        let entries = std::fs::read_dir(place.data_dir());
        entries
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.path().join("PG_VERSION").exists())
    });
    owner.kill().unwrap();
    owner.wait().unwrap();

    let postgres = place.start().await;

    assert_eq!(ask(&postgres, "select 'whole'").await, "whole");
    postgres.stop().await.unwrap();
}

#[test]
fn a_temporary_directory_goes_even_when_its_owner_is_killed() {
    let holder = Holder::start(None);
    let data_dir = holder.data_dir.clone();
    assert!(Path::new(&data_dir).exists());

    holder.kill();

    wait_until("the directory is removed", || !Path::new(&data_dir).exists());
}

/// The shell in the process group of its PostgreSQL.
fn watchdog_of(postgres: u32) -> u32 {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers
        .into_iter()
        .find(|pid| {
            *pid != postgres && process_group_of(*pid) == Some(postgres) && is_running(*pid)
        })
        .unwrap()
}

fn process_group_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.split(") ").nth(1)?.split(' ').nth(2)?.parse().ok()
}
