//! Events of one job, as they happen.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use darkroom_core::{
    job::JobId,
    links::{LinkSignature, Links},
};
use futures_util::stream;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    EventStream, PREAMBLE, PULSE, answer,
    follower::Follower,
    job_event,
    last_event::{self, last_event},
};
use crate::{
    State,
    docs::refusals::{BadLink, DatabaseAway, NoSuchJob},
    error::{ApiError, Problem},
    jobs::progress::ProviderView,
    json, link,
    query::{self, Offered},
    watch::{KnownProgress, Snapshot, Told, Watch},
};

/// Follow a job
///
/// Server-Sent Events. A `job` event has the job as `GET` answers it: first its current state, then each change. A
/// `progress` event has what the provider says of the job's request, as `GET …/progress` answers it. A `deleted` event
/// says that the job is gone. After the last event the stream ends; a browser's `EventSource` that reconnects then gets
/// a 204, which tells it to stop.
///
/// A job's `events_url` is this address, with a signature where keys are needed: a client that has it can follow the
/// job without a key until the link expires, but is not shown `webhook_url`, `webhook_events` and `metadata`.
#[utoipa::path(get, path = "/api/jobs/{id}/events", tag = "jobs", operation_id = "follow_job",
    params(
        ("id" = uuid::Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it"),
        ("Last-Event-ID" = Option<String>, Header, nullable = false, pattern = "^[0-9]{0,18}$", description = "The `id` of the last event that the client received, which is not sent again; browsers send it by themselves when they reconnect"),
        ("lastEventId" = Option<String>, Query, pattern = "^[0-9]{0,18}$", description = "The same as `Last-Event-ID`, for clients that cannot send the header"),
        ("expires" = Option<u64>, Query, description = "Part of a signed link, to be sent as it is written there: when the link expires, in seconds since 1970"),
        ("signature" = Option<String>, Query, description = "Part of a signed link, to be sent as it is written there"),
    ),
    responses(
        (status = 200, description = "Events, until the job has ended or is deleted", body = EventStream, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended, and the client has its last event already: there is nothing more to follow"),
        (status = 400, description = "`Last-Event-ID` or `lastEventId` is not the id of an event of this stream", body = Problem, content_type = "application/problem+json"),
        BadLink,
        NoSuchJob,
        (status = 422, description = "A parameter is unknown or wrong, or was sent more than once; or only one of `expires` and `signature` was sent", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn follow(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let Query { signature, last_event: sent } = Query::of(&request)?;
    let (follower, snapshot) = Follower::of(&state, &request, &path, signature).await?;
    let id = snapshot.job.id;
    if snapshot.has_ended() && sent == Some(snapshot.revision()) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let following = Following {
        told: state.watch.job(id),
        watch: state.watch.clone(),
        shown: None,
        links: follower.links(state.links(&request).await?),
        follower: follower.clone(),
        heartbeat: state.heartbeat,
        sent,
        next: Some(snapshot),
        id,
        is_new: true,
        is_over: false,
    };
    // Boxed, because a stream holds room for its state twice while it makes the next event.
    Ok(answer(&state, follower, stream::unfold(Box::new(following), Following::event)))
}

/// What the address of a job's events asks for.
struct Query {
    /// The signature of a link that needs no key.
    signature: Option<LinkSignature>,
    /// The revision that the client has.
    last_event: Option<i128>,
}

impl Query {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let (mut link, mut said) = (link::Parameters::default(), None);
        let names = [link::EXPIRES, link::SIGNATURE, last_event::PARAMETER];
        query::read(request.query_string(), &names, |name, value| {
            if name != last_event::PARAMETER {
                return link.take(name, value);
            }
            said = Some(value.to_owned());
            Ok(Offered::Taken)
        })?;
        let signature = link.signature()?;
        Ok(Self { signature, last_event: last_event(request, said.as_deref())? })
    }
}

/// A `progress` event: what the provider says of the request.
fn progress_event(known: &KnownProgress) -> Bytes {
    let data = json::write(&ProviderView::from(known));
    format!("event: progress\ndata: {data}\n\n").into()
}

/// A client that follows a job.
struct Following {
    told: watch::Receiver<Told>,
    watch: Watch,
    /// The progress that the client was last sent.
    shown: Option<Arc<KnownProgress>>,
    links: Links,
    follower: Follower,
    heartbeat: Duration,
    /// The revision that the client has.
    sent: Option<i128>,
    next: Option<Arc<Snapshot>>,
    id: JobId,
    is_new: bool,
    is_over: bool,
}

impl Following {
    /// What the provider said of the request, if the client was not sent it yet.
    fn news(&mut self) -> Option<Arc<KnownProgress>> {
        let known = self.watch.progress(self.id)?;
        if self.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &known)) {
            return None;
        }
        self.shown = Some(Arc::clone(&known));
        Some(known)
    }

    async fn event(mut self: Box<Self>) -> Option<(Result<Bytes, Infallible>, Box<Self>)> {
        if self.is_over {
            return None;
        }
        if self.is_new {
            self.is_new = false;
            return Some((Ok(PREAMBLE), self));
        }
        // The deadline is set once: a wake-up that brings nothing new for the client does not put it off.
        let pulse = Instant::now() + self.heartbeat;
        loop {
            if let Some(snapshot) = self.next.take()
                && self.sent != Some(snapshot.revision())
            {
                self.sent = Some(snapshot.revision());
                self.is_over = snapshot.has_ended();
                self.links.renew();
                let event = job_event(&snapshot, &self.follower.body(&snapshot, &self.links));
                return Some((Ok(event), self));
            }
            if let Some(known) = self.news() {
                return Some((Ok(progress_event(&known)), self));
            }
            tokio::select! {
                changed = self.told.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                }
                () = sleep_until(pulse) => return Some((Ok(PULSE), self)),
            }
            let told = self.told.borrow_and_update().clone();
            match told {
                Told::Nothing => {}
                Told::Job(snapshot) => self.next = Some(snapshot),
                Told::Gone => {
                    self.is_over = true;
                    let event = format!("event: deleted\ndata: {{\"id\":\"{}\"}}\n\n", self.id);
                    return Some((Ok(event.into()), self));
                }
            }
        }
    }
}
