//! Puts the schema together from the migrations that the package has: its users are told to copy them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=../Cargo.lock");
    let directory = package_directory("sqlxmq")?.join("migrations");
    let mut migrations: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    migrations.retain(|path| path.to_string_lossy().ends_with(".up.sql"));
    migrations.sort();
    let mut schema = String::new();
    for migration in migrations {
        schema.push_str(&fs::read_to_string(migration)?);
        schema.push('\n');
    }
    fs::write(Path::new(&variable("OUT_DIR")?).join("schema.sql"), schema)?;
    Ok(())
}

/// Where Cargo keeps the sources of a package.
fn package_directory(name: &str) -> Result<PathBuf> {
    let output = Command::new(variable("CARGO")?)
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let package = packages.iter().find(|package| package["name"] == name);
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let manifest = Path::new(manifest.context("no such package")?);
    Ok(manifest.parent().context("no directory")?.to_owned())
}

fn variable(name: &str) -> Result<String> {
    #[expect(clippy::disallowed_methods, reason = "that is about Darkroom's settings")]
    env::var(name).with_context(|| format!("{name} is not set"))
}
