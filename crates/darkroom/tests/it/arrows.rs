//! Dependencies that must not exist, and things that only certain places may contain.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Longest source file, in lines.
const LONGEST: usize = 400;

#[test]
fn core_knows_no_http_server_and_nobody_above_it() {
    let core = dependencies("darkroom-core", Kind::Shipped);
    for framework in ["actix", "axum", "hyper", "warp"] {
        assert!(!core.iter().any(|name| name.starts_with(framework)), "core knows {framework}");
    }
    for above in ["darkroom-api", "darkroom-worker", "darkroom-fal-sim"] {
        assert!(!core.contains(&above.to_owned()), "core knows {above}");
    }
}

#[test]
fn api_and_worker_do_not_know_each_other() {
    assert!(!dependencies("darkroom-api", Kind::Any).contains(&"darkroom-worker".to_owned()));
    assert!(!dependencies("darkroom-worker", Kind::Any).contains(&"darkroom-api".to_owned()));
}

#[test]
fn api_and_worker_do_not_talk_to_the_database_themselves() {
    for name in ["darkroom-api", "darkroom-worker"] {
        assert!(
            !dependencies(name, Kind::Shipped).contains(&"sqlx".to_owned()),
            "{name} knows sqlx"
        );
    }
}

#[test]
fn the_api_calls_nobody() {
    assert!(!dependencies("darkroom-api", Kind::Shipped).contains(&"reqwest".to_owned()));
}

#[test]
fn the_stand_in_shares_no_code_with_what_it_stands_in_for() {
    let shared: Vec<String> = dependencies("darkroom-fal-sim", Kind::Any)
        .into_iter()
        .filter(|name| name.starts_with("darkroom"))
        .collect();

    assert!(shared.is_empty(), "the stand-in knows {shared:?}");
}

#[test]
fn queries_are_written_only_in_cores_queue_and_store() {
    let homes = ["crates/core/src/queue", "crates/core/src/store", "crates/core/src/db"];
    // Tools for development, which are not shipped.
    let tools = ["crates/bench/", "crates/testing/"];
    for (path, code) in shipped_code() {
        if starts_with_any(&path, &homes) || starts_with_any(&path, &tools) {
            continue;
        }
        // A type may say itself how it is stored in a column.
        let code = code.replace("sqlx::Type", "");
        assert!(!code.contains("sqlx::"), "{path} uses sqlx");
    }
}

#[test]
fn only_the_fal_client_knows_a_fal_address() {
    let homes = ["crates/core/src/fal", "crates/core/src/config/fal.rs", "crates/fal-sim/"];
    let addresses = ["fal.run", "rest.fal.ai", "api.fal.ai", "fal.media"];
    for (path, code) in shipped_code() {
        if !starts_with_any(&path, &homes) {
            let known = addresses.iter().find(|address| code.contains(**address));
            assert_eq!(known, None, "{path} knows an address of fal's");
        }
    }
}

#[test]
fn no_source_file_is_too_long_to_read() {
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
    }
}

/// Which of a package's dependencies count.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Those of the code, not of its tests.
    Shipped,
    /// Those of its tests and build script too.
    Any,
}

/// The names of what `package` depends on directly.
fn dependencies(package: &str, kind: Kind) -> Vec<String> {
    let packages = metadata();
    let packages = packages["packages"].as_array().unwrap();
    let package = packages.iter().find(|other| other["name"] == package).unwrap();
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|dependency| kind == Kind::Any || dependency["kind"] != "dev")
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Each file under a `src`, by its path in the repository, without comments and unit tests.
fn shipped_code() -> Vec<(String, String)> {
    let root = root();
    let files = sources().into_iter().filter_map(|file| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let shipped = path.split('/').nth(2) == Some("src") && !path.ends_with("/tests.rs");
        shipped.then(|| (path, without_comments_and_tests(&fs::read_to_string(&file).unwrap())))
    });
    files.collect()
}

fn without_comments_and_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every Rust file of every crate.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join("crates"), &mut found);
    assert!(found.len() > 50, "the sources are somewhere else");
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn starts_with_any(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
