//! Events of all jobs, as they happen.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use darkroom_core::{job::JobId, links::Links, store};
use futures_util::stream;
use time::OffsetDateTime;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, timeout_at},
};

use super::{
    events::{EventStream, PREAMBLE, PULSE, answer, job_event},
    follower::Follower,
    last_event::{self, last_event},
};
use crate::{
    State,
    access::Caller,
    error::{ApiError, Problem},
    query::{self, Offered},
    watch::Snapshot,
};

/// A client that comes back is sent the jobs that it missed if they are fewer than this.
const MOST_MISSED: usize = 1_000;

/// How far back changes are sent again to a client that comes back: they are not always committed in the order of
/// their times.
const OVERLAP: Duration = Duration::from_secs(5);

/// For how many jobs a stream remembers what it sent last.
const REMEMBERED: usize = 2_000;

/// Says that the client missed more than it is sent.
const RESET: Bytes = Bytes::from_static(b"event: reset\ndata: {}\n\n");

/// Follow all jobs
///
/// Server-Sent Events. A `job` event has a job that was made or changed, as `GET` answers it. A client that comes back
/// with `Last-Event-ID` is sent what it missed, and now and then something twice. A `reset` event says that the client
/// missed too much for that, and should list the jobs.
#[utoipa::path(get, path = "/api/events", tag = "jobs", operation_id = "follow_jobs",
    params(
        ("Last-Event-ID" = Option<String>, Header, nullable = false, pattern = "^[0-9]{0,18}$", description = "The `id` of the last event that the client received: what it missed since is sent first; browsers send it by themselves when they reconnect"),
        ("lastEventId" = Option<String>, Query, pattern = "^[0-9]{0,18}$", description = "The same as `Last-Event-ID`, for clients that cannot send the header"),
    ),
    responses(
        (status = 200, description = "Events, without an end", body = EventStream, content_type = "text/event-stream"),
        (status = 400, description = "`Last-Event-ID` or `lastEventId` is not the id of an event of this stream", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown, or was sent more than once", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached; send the request again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn follow(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut said = None;
    query::read(request.query_string(), &[last_event::PARAMETER], |name, value| {
        if name != last_event::PARAMETER {
            return Ok(Offered::Unknown);
        }
        said = Some(value.to_owned());
        Ok(Offered::Taken)
    })?;
    let last = last_event(&request, said.as_deref())?;
    let mut feed = Feed {
        news: state.watch.all(),
        links: state.links(&request).await?,
        caller: caller.clone(),
        heartbeat: state.heartbeat,
        ready: VecDeque::from([Bytes::from_static(PREAMBLE.as_bytes())]),
        told: HashMap::new(),
    };
    // After the feed is opened, so that a change at this moment is sent twice rather than never.
    if let Some(since) = last.and_then(|micros| moment(micros * 1_000)) {
        feed.catch_up(&state, since).await?;
    }
    Ok(answer(&state, Follower::Caller(caller), stream::unfold(feed, Feed::event)))
}

fn moment(nanos: i128) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

struct Feed {
    news: Receiver<Arc<Snapshot>>,
    links: Links,
    caller: Caller,
    heartbeat: Duration,
    ready: VecDeque<Bytes>,
    /// The revisions that were sent last: the same one is not sent twice in a row.
    told: HashMap<JobId, i128>,
}

impl Feed {
    async fn catch_up(&mut self, state: &State, since: OffsetDateTime) -> Result<(), ApiError> {
        let key = self.caller.sees_only();
        let missed = store::all_changed_since(&state.pool, since - OVERLAP, key).await?;
        let Some(missed) = missed.filter(|missed| missed.len() < MOST_MISSED) else {
            self.ready.push_back(RESET);
            return Ok(());
        };
        let mut jobs = store::find_all(&state.pool, &missed).await?;
        jobs.retain(|job| self.caller.sees(job.api_key));
        jobs.sort_by_key(|job| job.updated_at);
        let events = jobs.into_iter().map(|job| {
            let snapshot = Snapshot::new(job);
            job_event(&snapshot, &snapshot.body(&self.links))
        });
        self.ready.extend(events);
        Ok(())
    }

    async fn event(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if let Some(ready) = self.ready.pop_front() {
            return Some((Ok(ready), self));
        }
        // The deadline is set once: changes that are not sent, such as those of others' jobs, do not put it off.
        let pulse = Instant::now() + self.heartbeat;
        loop {
            let event = match timeout_at(pulse, self.news.recv()).await {
                Err(_quiet) => PULSE,
                Ok(Ok(snapshot)) if !self.caller.sees(snapshot.job.api_key) => continue,
                Ok(Ok(snapshot)) if !self.is_news(&snapshot) => continue,
                // Other clients that follow all jobs are sent the same.
                Ok(Ok(snapshot)) => {
                    self.links.renew();
                    job_event(&snapshot, &snapshot.written(&self.links).body)
                }
                Ok(Err(RecvError::Lagged(_))) => RESET,
                Ok(Err(RecvError::Closed)) => return None,
            };
            return Some((Ok(event), self));
        }
    }

    fn is_news(&mut self, snapshot: &Snapshot) -> bool {
        if self.told.len() > REMEMBERED {
            self.told.clear();
        }
        let revision = snapshot.revision();
        self.told.insert(snapshot.job.id, revision) != Some(revision)
    }
}
