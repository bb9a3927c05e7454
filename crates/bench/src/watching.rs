//! A client that makes jobs and watches each by its events.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Duration, Instant, timeout},
};

use crate::{
    load::{Connection, share},
    picture,
    polling::id_of,
    request,
};

/// Longest wait for a job's end.
const PATIENCE: Duration = Duration::from_mins(1);

/// The end of a chunked body.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// A client with two connections, which it keeps: one to ask, and one for events.
#[derive(Debug)]
struct Watcher {
    asking: Connection,
    events: TcpStream,
    heard: Vec<u8>,
}

/// A job that was watched to its end.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) id: String,
    /// From the first byte of the POST to the last of its answer.
    pub(crate) posted: Duration,
    /// From the first byte of the POST until the event came that says `completed`.
    pub(crate) total: Duration,
    /// From the first byte of the POST until the result itself was in hand.
    pub(crate) with_download: Duration,
}

/// Has `at_a_time` clients make `jobs` jobs in all, and each watch its own to their end. The first `warm_up` jobs of
/// each client do not count.
pub(crate) async fn watch_all(
    port: u16,
    (warm_up, jobs): (u16, u16),
    at_a_time: u16,
) -> anyhow::Result<Vec<Watched>> {
    let request: Arc<[u8]> = request::post("/api/jobs", &picture::jpeg()?).into();
    let mut callers = JoinSet::new();
    for number in 0..at_a_time {
        let (request, share) = (Arc::clone(&request), share(jobs, at_a_time, number));
        callers.spawn(async move {
            let mut watcher = Watcher::open(port).await?;
            for _ in 0..warm_up {
                watcher.make_and_watch(&request).await?;
            }
            let mut jobs = Vec::new();
            for _ in 0..share {
                jobs.push(watcher.make_and_watch(&request).await?);
            }
            anyhow::Ok(jobs)
        });
    }
    let mut watched = Vec::new();
    while let Some(caller) = callers.join_next().await {
        watched.extend(caller??);
    }
    Ok(watched)
}

impl Watcher {
    /// Connects to an API.
    async fn open(port: u16) -> anyhow::Result<Self> {
        let events = TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port)).await?;
        events.set_nodelay(true)?;
        let asking = Connection::open(port).await?;
        Ok(Self { asking, events, heard: Vec::with_capacity(16 * 1024) })
    }

    /// Posts a job, and watches it until it is completed.
    async fn make_and_watch(&mut self, post: &[u8]) -> anyhow::Result<Watched> {
        let began = Instant::now();
        let answer = self.asking.exchange(post).await?;
        let posted = began.elapsed();
        let id = id_of(answer)?;
        let watching = self.watch(&id);
        let seen = timeout(PATIENCE, watching).await.context("a job did not end in time")??;
        let url = self.result_path()?;
        let picture = self.asking.exchange(&request::get(&url)).await?;
        ensure!(!picture.is_empty(), "the result is empty");
        let with_download = began.elapsed();
        Ok(Watched { id, posted, total: seen - began, with_download })
    }

    /// Reads events until the stream ends. Returns when the one came that says `completed`.
    async fn watch(&mut self, id: &str) -> anyhow::Result<Instant> {
        self.events.write_all(&request::get(&format!("/api/jobs/{id}/events"))).await?;
        self.heard.clear();
        let mut seen = None;
        loop {
            ensure!(self.events.read_buf(&mut self.heard).await? > 0, "the events broke off");
            if seen.is_none() {
                if memmem::find(&self.heard, br#""status":"completed""#).is_some() {
                    seen = Some(Instant::now());
                } else if memmem::find(&self.heard, br#""status":"failed""#).is_some() {
                    bail!("a job failed: {}", String::from_utf8_lossy(&self.heard));
                }
            }
            if let Some(seen) = seen
                && self.heard.ends_with(LAST_CHUNK)
            {
                return Ok(seen);
            }
        }
    }

    /// The path of the result of the job that was watched last.
    fn result_path(&self) -> anyhow::Result<String> {
        let text = String::from_utf8_lossy(&self.heard);
        let (_before, after) =
            text.rsplit_once(r#""result_image_url":""#).context("no result is named")?;
        let url = after.split('"').next().unwrap_or_default();
        let path = url.find("/api/").and_then(|at| url.get(at..)).context("no path of ours")?;
        Ok(path.to_owned())
    }
}
