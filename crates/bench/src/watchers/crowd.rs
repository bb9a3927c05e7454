//! Many watchers of one API, all of this process.

use std::sync::Arc;

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Duration, timeout},
};

use super::watcher::{self, Told};
use crate::request;

/// Watchers that connect at a time. The server's backlog has no room for many more, which would have to try again.
const AT_A_TIME: usize = 100;

/// Descriptors that are needed in addition to those of the watchers.
const OTHER_DESCRIPTORS: u64 = 200;

/// How long it may take until a watcher is told how its job stands.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a watcher for each path, and returns when each has been told how its job stands.
pub(super) async fn watch(
    port: u16,
    paths: impl Iterator<Item = String>,
    told: &mpsc::UnboundedSender<Told>,
) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut watching = JoinSet::new();
    let (begun, mut begins) = mpsc::channel(AT_A_TIME);
    let mut under_way = 0;
    for path in paths {
        if under_way == AT_A_TIME {
            first_told(&mut begins, &mut watching).await?;
            under_way -= 1;
        }
        let request: Arc<[u8]> = request::get(&path).into();
        watching.spawn(watcher::watch(port, request, begun.clone(), told.clone()));
        under_way += 1;
    }
    for _ in 0..under_way {
        first_told(&mut begins, &mut watching).await?;
    }
    Ok(watching)
}

/// Waits until one more is told; a watcher ends by itself only if it fails.
async fn first_told(
    begins: &mut mpsc::Receiver<()>,
    watching: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        begun = timeout(PATIENCE, begins.recv()) => {
            begun.context("a watcher is not told how its job stands")?.context("no watcher is left")
        }
        Some(ended) = watching.join_next() => ended?,
    }
}

/// Raises the limit of open files, and returns the old one. A connection takes one descriptor here and at least one in
/// the API, which inherits this process's limit.
pub(super) fn raise_limit(watchers: usize) -> anyhow::Result<Rlimit> {
    let usual = getrlimit(Resource::Nofile);
    let needed = u64::try_from(watchers)? + OTHER_DESCRIPTORS;
    ensure!(
        usual.maximum.is_none_or(|maximum| maximum >= needed),
        "{needed} open files are needed: raise the hard limit, with ulimit -Hn"
    );
    setrlimit(Resource::Nofile, Rlimit { current: usual.maximum, ..usual })?;
    Ok(usual)
}
