//! Events of one job, as they happen (Server-Sent Events; source: the HTML standard, section 9.2).

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use darkroom_core::{
    job::JobId,
    links::{LinkSignature, Links},
    metrics::InProgress,
};
use futures_util::{Stream, StreamExt, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    follower::Follower,
    last_event::{self, last_event},
    not_found,
    progress::ProviderView,
};
use crate::{
    State,
    error::{ApiError, Problem},
    json, link,
    query::{self, Offered},
    watch::{KnownProgress, Snapshot, Told, Watch},
};

/// The beginning of a stream: after how many milliseconds a browser reconnects. It also makes proxies pass the headers
/// on.
pub(super) const PREAMBLE: &str = "retry: 2000\n\n";

/// A comment, which clients ignore.
pub(super) const PULSE: Bytes = Bytes::from_static(b":\n\n");

/// A stream of events.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, example = "id: 1764064800000000\nevent: job\ndata: {\"id\":\"…\",\"status\":\"completed\"}\n\n")]
#[expect(dead_code, reason = "documents a body that is sent as a stream")]
pub(crate) struct EventStream(String);

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
        (status = 403, description = "The signed link was not made by this service, or was made for something else, or has expired", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no job with this id, or it belongs to another API key", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or wrong, or was sent more than once; or only one of `expires` and `signature` was sent", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached; send the request again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn follow(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let Query { signature, last_event: sent } = Query::of(&request)?;
    let (follower, id) = Follower::of(&state, &request, &path, signature).await?;
    let snapshot = state.watch.read(id).await?;
    let snapshot = snapshot.filter(|job| follower.sees(job.job.api_key)).ok_or_else(not_found)?;
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

/// Answers with a stream of events that neither caches nor proxies hold back.
///
/// A stream may be open for days, so it ends when its follower would no longer be let in.
pub(super) fn answer(
    state: &State,
    follower: Follower,
    events: impl Stream<Item = Result<Bytes, std::convert::Infallible>> + 'static,
) -> HttpResponse {
    let access = state.access.clone();
    let open = InProgress::begin(&state.metrics.event_streams);
    let events = events.take_while(move |_event| {
        // Counted as open for as long as the stream exists.
        let _open = &open;
        let (follower, access) = (follower.clone(), access.clone());
        // Boxed, because a stream would hold room for it all the time, and needs it only at each event.
        Box::pin(async move { follower.is_still_let_in(&access).await })
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Otherwise nginx would buffer the events (source: nginx, ngx_http_proxy_module).
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events)
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

/// A `job` event, as it is sent.
pub(super) fn job_event(snapshot: &Snapshot, body: &[u8]) -> Bytes {
    let mut event = format!("id: {}\nevent: job\ndata: ", snapshot.revision()).into_bytes();
    // JSON has no line breaks.
    event.extend_from_slice(body);
    event.extend_from_slice(b"\n\n");
    event.into()
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

    async fn event(
        mut self: Box<Self>,
    ) -> Option<(Result<Bytes, std::convert::Infallible>, Box<Self>)> {
        if self.is_over {
            return None;
        }
        if self.is_new {
            self.is_new = false;
            return Some((Ok(Bytes::from_static(PREAMBLE.as_bytes())), self));
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
