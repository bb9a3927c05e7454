//! Events, as they happen (Server-Sent Events; source: the HTML standard, section 9.2): of one job, and of all.

pub(crate) mod all;
mod follower;
pub(crate) mod job;
pub(crate) mod last_event;

use std::convert::Infallible;

use actix_web::{HttpResponse, http::header};
use bytes::Bytes;
use darkroom_core::metrics::InProgress;
use futures_util::{Stream, StreamExt};

use crate::{State, watch::Snapshot};
use follower::Follower;

/// The beginning of a stream: after how many milliseconds a browser reconnects. It also makes proxies pass the headers
/// on.
const PREAMBLE: Bytes = Bytes::from_static(b"retry: 2000\n\n");

/// A comment, which clients ignore.
const PULSE: Bytes = Bytes::from_static(b":\n\n");

/// A stream of events.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, example = "id: 1764064800000000\nevent: job\ndata: {\"id\":\"…\",\"status\":\"completed\"}\n\n")]
#[expect(dead_code, reason = "documents a body that is sent as a stream")]
pub(crate) struct EventStream(String);

/// Answers with a stream of events that neither caches nor proxies hold back.
///
/// A stream may be open for days, so it ends when its follower would no longer be let in.
fn answer(
    state: &State,
    follower: Follower,
    events: impl Stream<Item = Result<Bytes, Infallible>> + 'static,
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

/// A `job` event, as it is sent.
fn job_event(snapshot: &Snapshot, body: &[u8]) -> Bytes {
    event(&format!("id: {}\n", snapshot.revision()), body)
}

/// The same without an `id`: a client that has received it keeps the one before (source: WHATWG HTML, "Server-sent
/// events").
fn unnumbered(body: &[u8]) -> Bytes {
    event("", body)
}

fn event(id: &str, body: &[u8]) -> Bytes {
    // JSON has no line breaks.
    [id.as_bytes(), b"event: job\ndata: ", body, b"\n\n"].concat().into()
}
