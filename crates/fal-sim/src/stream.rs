//! `GET .../requests/{id}/status/stream`: a status answer at every change, as server-sent
//! events (fal queue docs: status stream).

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::address::{RequestPath, Urls};
use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::requests::{Phase, Request};
use crate::server::Sim;
use crate::status::{self, Query, StatusAnswer};

pub(crate) async fn stream(
    _key: KeyHolder,
    RequestPath { app, id }: RequestPath,
    query: web::Query<Query>,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let changes = sim
        .requests
        .read(&app, id, |request: &mut Request, _| request.changes())
        .ok_or(Problem::UnknownRequest)?;
    let with_logs = query.wants_logs();
    let watcher =
        Watcher { sim, app, id, with_logs, changes, seen: None, logs_seen: 0, over: false };
    let events = stream::unfold(watcher, |mut watcher| async {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("x-fal-request-id", id.to_string()))
        .streaming(events))
}

/// The request was forgotten to make room for newer ones.
struct Forgotten;

/// One caller's stream of one request.
struct Watcher {
    sim: web::Data<Sim>,
    app: String,
    id: Uuid,
    with_logs: bool,
    changes: watch::Receiver<()>,
    /// The phase of the last event.
    seen: Option<Phase>,
    /// How many lines of the log the earlier events had.
    logs_seen: usize,
    over: bool,
}

impl Watcher {
    /// The next event or comment; `None` after the last event, or when the request is forgotten.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let silence = Instant::now() + self.sim.settings.stream_comment;
        loop {
            if let Some(news) = self.news().ok()? {
                self.over = matches!(news.status, Phase::Completed);
                let json = serde_json::to_string(&news).ok()?;
                return Some(format!("data: {json}\n\n").into());
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = sleep_until(silence) => return Some(Bytes::from_static(b": ping\n\n")),
            }
        }
    }

    /// What has changed since the last event; each line of the log is sent once.
    fn news(&mut self) -> Result<Option<StatusAnswer>, Forgotten> {
        let urls = Urls::new(&self.sim.base_url, &self.app, self.id);
        let sim = self.sim.clone();
        let news = sim.requests.read(&self.app, self.id, |request, position| {
            let lines = request.logs.get(self.logs_seen..).unwrap_or_default();
            let silent = !self.with_logs || lines.is_empty();
            if self.seen == Some(request.phase) && silent {
                return None;
            }
            let logs = self.with_logs.then(|| lines.to_vec());
            self.seen = Some(request.phase);
            self.logs_seen = request.logs.len();
            Some(status::describe(self.id, urls, request, position, logs))
        });
        news.ok_or(Forgotten)
    }
}
