//! `darkroom up`: one command, and a posted image comes back edited.

use std::path::Path;

use darkroom_testing::{eventually, http_client};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::program::{Program, path, processes_with, run, settings};

pub(crate) const EXAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/example.jpg");

/// Posts the example as the printed `curl` command does.
pub(crate) async fn post_example(home: &str) -> Value {
    let client = http_client();
    let file = reqwest::multipart::Part::bytes(std::fs::read(EXAMPLE).unwrap());
    let form = reqwest::multipart::Form::new()
        .part("image", file.file_name("example.jpg"))
        .text("prompt", "a rainy evening, neon");
    let response = client.post(format!("{home}/api/jobs")).multipart(form).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

pub(crate) async fn completed(home: &str, job: &Value) -> Value {
    let url = format!("{home}/api/jobs/{}", job["id"].as_str().unwrap());
    eventually("the job is completed", async || {
        let job: Value = http_client().get(&url).send().await.ok()?.json().await.ok()?;
        (job["status"] == "completed").then_some(job)
    })
    .await
}

#[tokio::test]
async fn one_command_runs_everything_and_a_posted_image_comes_back_edited() {
    let data = TempDir::new().unwrap();
    let settings = settings(data.path());

    let (program, home, said) = Program::up(&settings).await;
    assert!(said.contains("FAL_AI_API_KEY is not set"), "{said}");
    assert!(said.contains(&format!("curl -s {home}/api/jobs -F image=@docs/images/")), "{said}");
    let job = post_example(&home).await;
    assert_eq!(job["status"], "pending");
    let job = completed(&home, &job).await;
    let url = job["result_image_url"].as_str().unwrap();
    let edited = http_client().get(url).send().await.unwrap().bytes().await.unwrap();
    // As in another terminal: the command finds the database without `DATABASE_URL`.
    let (went_well, said) = run(&["queue", "status"], &settings).await;
    assert!(went_well && said.contains("workers: 1"), "{said}");
    let edited = image::load_from_memory(&edited).unwrap().into_rgb8();
    let original = image::open(EXAMPLE).unwrap().into_rgb8();
    assert!(difference(&original, &edited) > 20.0, "nobody would see the edit");

    // After Ctrl-C nothing is left running, and the jobs are kept.
    let status = program.signal("-INT").await;
    assert!(status.success(), "{status}");
    let marker = data.path().display().to_string();
    assert_eq!(processes_with(&marker).await, Vec::<String>::new());
    let (went_well, said) = run(&["queue", "status"], &settings).await;
    assert!(!went_well && said.contains("DATABASE_URL is not set"), "{said}");
    let (program, home, _) = Program::up(&settings).await;
    let jobs: Vec<Value> =
        http_client().get(format!("{home}/api/jobs")).send().await.unwrap().json().await.unwrap();
    assert_eq!(jobs[0]["id"], job["id"]);
    assert!(program.signal("-TERM").await.success());
}

#[tokio::test]
async fn a_killed_instance_leaves_nothing_running_and_the_next_one_goes_on() {
    let data = TempDir::new().unwrap();
    let settings = settings(data.path());
    let (program, home, _) = Program::up(&settings).await;
    // Else it might be killed while it submits the job, and the stand-in, which would know, is killed, too.
    let (went_well, said) = run(&["queue", "pause"], &settings).await;
    assert!(went_well, "{said}");
    let job = post_example(&home).await;

    program.signal("-KILL").await;

    let (program, home, _) = Program::up(&settings).await;
    let (went_well, said) = run(&["queue", "resume"], &settings).await;
    assert!(went_well, "{said}");
    completed(&home, &job).await;
    program.signal("-KILL").await;
    let marker = data.path().display().to_string();
    eventually("PostgreSQL has followed", async || {
        processes_with(&marker).await.is_empty().then_some(())
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn an_instance_whose_postgres_ends_does_not_go_on_without() {
    let data = TempDir::new().unwrap();
    let (program, _, said) = Program::up(&settings(data.path())).await;
    let home = said.lines().find_map(|line| line.split_once("its own, in ")).unwrap().1;
    let pid_file = std::fs::read_to_string(format!("{home}/cluster/postmaster.pid")).unwrap();
    let postgres = pid_file.lines().next().unwrap();

    let killed = Command::new("kill").args(["-KILL", postgres]).status().await.unwrap();

    assert!(killed.success());
    assert_eq!(program.end().await.code(), Some(1));
}

#[cfg(unix)]
#[tokio::test]
async fn an_instance_that_is_told_to_stop_while_it_starts_stops() {
    let programs = TempDir::new().unwrap();
    let initdb = program(programs.path(), "initdb", "exec tail -f \"$0\"");
    // Newer than any that is installed, so it is the one that is taken.
    program(programs.path(), "postgres", "echo 'postgres (PostgreSQL) 999.1'");
    let data = TempDir::new().unwrap();
    let mut settings = settings(data.path());
    settings.insert("PATH".into(), format!("{}:{}", programs.path().display(), path()));
    let instance = Program::start(&["up"], &settings);
    eventually("its database is being made", async || {
        (!processes_with(&initdb).await.is_empty()).then_some(())
    })
    .await;

    let ended = instance.signal("-INT").await;

    assert!(ended.success(), "{ended}");
    eventually("nothing is left", async || processes_with(&initdb).await.is_empty().then_some(()))
        .await;
}

/// Writes a shell script that everybody may run, and returns its path.
#[cfg(unix)]
fn program(directory: &Path, name: &str, script: &str) -> String {
    use std::{fs, os::unix::fs::PermissionsExt};
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    for path in [directory, &path] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    path.display().to_string()
}

#[tokio::test]
async fn a_second_instance_says_in_one_line_why_it_does_not_start() {
    let data = TempDir::new().unwrap();
    let mut settings = settings(data.path());
    let (_program, home, _) = Program::up(&settings).await;

    let (went_well, said) = run(&[], &settings).await;
    assert!(!went_well);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("another darkroom is using"), "{said}");

    let port = home.rsplit(':').next().unwrap().to_owned();
    settings.insert("PORT".into(), port.clone());
    let (went_well, said) = run(&[], &settings).await;
    assert!(!went_well);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&port) && said.contains("set PORT"), "{said}");
}

/// Mean difference of all channels, from 0 to 255; infinite if the sizes differ.
fn difference(one: &image::RgbImage, other: &image::RgbImage) -> f64 {
    if one.dimensions() != other.dimensions() {
        return f64::INFINITY;
    }
    let sum: f64 =
        one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / f64::from(one.width() * one.height() * 3)
}
