//! Which version of a package was built, by the lock file.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Queue;

const LOCK: &str = include_str!("../../Cargo.lock");

pub(crate) fn of<Q: Queue>() -> Result<Value> {
    let name = format!("name = \"{}\"", Q::PACKAGE);
    let version = LOCK
        .lines()
        .skip_while(|line| **line != name)
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .context("the lock file does not have it")?;
    Ok(json!({"name": Q::PACKAGE, "version": version, "settings": Q::SETTINGS}))
}
