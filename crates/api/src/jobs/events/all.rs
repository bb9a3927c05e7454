//! Events of all jobs, as they happen.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use darkroom_core::{
    chain::chain,
    db::{self, Pool},
    job::JobId,
    links::Links,
    store,
};
use futures_util::stream;
use time::OffsetDateTime;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep, timeout_at},
};

use super::{
    EventStream, PREAMBLE, PULSE, answer,
    follower::Follower,
    job_event,
    last_event::{self, last_event},
    unnumbered,
};
use crate::{
    State,
    access::Caller,
    docs::refusals::DatabaseAway,
    error::{ApiError, Problem},
    query::{self, Offered},
    watch::{self, News, SLOWEST_COMMIT, Snapshot},
};

/// A client that comes back is sent the jobs that it missed if they are fewer than this.
const MOST_MISSED: usize = 1_000;

/// How many of them are read at a time: the others wait for a client that reads slowly as two numbers each.
const SLICE: usize = 16;

/// The wait before they are read again, if the database is away.
const UNREAD_PAUSE: Duration = Duration::from_secs(1);

/// For how many jobs a stream remembers what it sent last.
const REMEMBERED: usize = 2_000;

/// Says that the client missed more than it is sent.
const RESET: Bytes = Bytes::from_static(b"event: reset\ndata: {}\n\n");

/// Follow all jobs
///
/// Server-Sent Events. A `job` event has a job that was made or changed, as `GET` answers it. A client that comes back
/// with `Last-Event-ID` is sent what it missed, and now and then something twice. A `reset` event says that the client
/// missed too much, and should list the jobs: 1,000 jobs or more, or as many as happened while 10,000 jobs of all keys
/// changed.
#[utoipa::path(get, path = "/api/events", tag = "jobs", operation_id = "follow_jobs",
    params(
        ("Last-Event-ID" = Option<String>, Header, nullable = false, pattern = "^[0-9]{0,18}$", description = "The `id` of the last event that the client received: what it missed since is sent first; browsers send it by themselves when they reconnect"),
        ("lastEventId" = Option<String>, Query, pattern = "^[0-9]{0,18}$", description = "The same as `Last-Event-ID`, for clients that cannot send the header"),
    ),
    responses(
        (status = 200, description = "Events, without an end", body = EventStream, content_type = "text/event-stream"),
        (status = 400, description = "`Last-Event-ID` or `lastEventId` is not the id of an event of this stream", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown, or was sent more than once", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
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
        pool: state.pool.clone(),
        ready: VecDeque::from([PREAMBLE]),
        missed: VecDeque::new(),
        since: OffsetDateTime::UNIX_EPOCH,
        told: HashMap::new(),
    };
    // After the feed is opened, so that a change at this moment is sent twice rather than never.
    if let Some(since) = last.and_then(|micros| moment(micros * 1_000)) {
        feed.catch_up(since).await?;
    }
    Ok(answer(&state, Follower::Caller(caller), stream::unfold(feed, Feed::event)))
}

fn moment(nanos: i128) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

/// A job, and the moment of its last change.
type Change = (JobId, OffsetDateTime);

struct Feed {
    news: Receiver<News>,
    links: Links,
    caller: Caller,
    heartbeat: Duration,
    pool: Pool,
    ready: VecDeque<Bytes>,
    /// Jobs that the client missed, with the changes that it is to be sent of them, in the order of these.
    missed: VecDeque<Change>,
    /// The moment of the last event that it received.
    since: OffsetDateTime,
    /// The revisions that were sent last: the same one is not sent twice in a row.
    told: HashMap<JobId, i128>,
}

impl Feed {
    async fn catch_up(&mut self, since: OffsetDateTime) -> Result<(), ApiError> {
        self.since = since;
        let key = self.caller.sees_only();
        // Some that are older than what the client has may have been committed after that.
        let missed = store::changed_since(&self.pool, since - SLOWEST_COMMIT, key).await?;
        let newer = |missed: &[Change]| missed.iter().filter(|(_job, at)| *at > since).count();
        match missed.filter(|missed| newer(missed) < MOST_MISSED) {
            Some(missed) => self.missed = missed.into(),
            None => self.ready.push_back(RESET),
        }
        Ok(())
    }

    /// Reads the next few of the jobs that the client missed. If that fails, they are still to be read.
    async fn read_missed(&mut self) -> Result<(), db::Error> {
        let slice = self.missed.iter().take(SLICE).copied();
        let changes: HashMap<JobId, OffsetDateTime> = slice.collect();
        let ids: Vec<JobId> = changes.keys().copied().collect();
        let mut connection = self.pool.acquire_for("reading missed jobs").await?;
        let mut missed = Vec::new();
        for (job, read) in watch::read(&mut connection, &ids).await {
            match read {
                Ok(snapshot) => missed.extend(snapshot),
                Err(error) if error.is_unavailable() => return Err(error),
                Err(error) => {
                    tracing::error!(job.id = %job, error = %chain(&error), "a missed job cannot be read");
                }
            }
        }
        self.missed.drain(..SLICE.min(self.missed.len()));
        // A job that changed since then is in the news, too. If it were sent here, its event's id would make a client
        // that comes back skip the jobs which are still to be sent.
        missed.retain(|snapshot| changes.get(&snapshot.job.id) == Some(&snapshot.job.updated_at));
        missed.sort_by_key(|snapshot| snapshot.job.updated_at);
        self.links.renew();
        for snapshot in missed {
            if !self.is_news(&snapshot) {
                continue;
            }
            let body = snapshot.body(&self.links);
            // If an event took the client back in time, one that is cut off again and again would never catch up.
            let is_later = snapshot.job.updated_at > self.since;
            let event = if is_later { job_event(&snapshot, &body) } else { unnumbered(&body) };
            self.ready.push_back(event);
        }
        Ok(())
    }

    async fn event(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        while self.ready.is_empty() && !self.missed.is_empty() {
            // Boxed, because a stream would hold room for it as long as it is open.
            if let Err(error) = Box::pin(self.read_missed()).await {
                tracing::debug!(error = %chain(&error), "a client's missed jobs could not be read");
                // The stream goes on: a browser that comes back and is refused would never come again.
                sleep(UNREAD_PAUSE).await;
                return Some((Ok(PULSE), self));
            }
        }
        if let Some(ready) = self.ready.pop_front() {
            return Some((Ok(ready), self));
        }
        // The deadline is set once: changes that are not sent, such as those of others' jobs, do not put it off.
        let pulse = Instant::now() + self.heartbeat;
        loop {
            let event = match timeout_at(pulse, self.news.recv()).await {
                Err(_quiet) => PULSE,
                Ok(Ok(News::Job(snapshot))) if !self.caller.sees(snapshot.job.api_key) => continue,
                Ok(Ok(News::Job(snapshot))) if !self.is_news(&snapshot) => continue,
                // Other clients that follow all jobs are sent the same.
                Ok(Ok(News::Job(snapshot))) => {
                    self.links.renew();
                    job_event(&snapshot, &snapshot.written(&self.links).body)
                }
                Ok(Ok(News::Reset) | Err(RecvError::Lagged(_))) => RESET,
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
