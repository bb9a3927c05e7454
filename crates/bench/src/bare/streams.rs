//! Streams that are all sent the same event at once: what the server itself needs for that.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

use super::{Floor, json_of};

/// The path that answers with a stream of events.
pub(crate) const EVENTS: &str = "/events";
/// The path that sends an event to all streams: the first one has the id 1, the next one 2.
pub(crate) const TELL_ALL: &str = "/tell-all";

/// The streams that are open, for all threads.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    streams: Vec<mpsc::UnboundedSender<Bytes>>,
    /// How many events were sent to all.
    told: i64,
}

impl Streams {
    fn open(&self) -> mpsc::UnboundedReceiver<Bytes> {
        let (sender, events) = mpsc::unbounded_channel();
        self.lock().streams.push(sender);
        events
    }

    fn tell_all(&self, bytes: usize) {
        let mut open = self.lock();
        open.told += 1;
        let event = event(open.told, bytes);
        open.streams.retain(|stream| stream.send(event.clone()).is_ok());
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn follow(floor: web::Data<Floor>) -> HttpResponse {
    let first = stream::iter([event(0, floor.to_get.len())]);
    let events = stream::unfold(floor.streams.open(), async |mut events| {
        events.recv().await.map(|event| (event, events))
    });
    let events = stream::StreamExt::chain(first, events);
    let events = stream::StreamExt::map(events, Ok::<_, Infallible>);
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

pub(super) async fn tell_all(floor: web::Data<Floor>) -> HttpResponse {
    floor.streams.tell_all(floor.to_get.len());
    HttpResponse::Ok().finish()
}

/// An event whose data have this many bytes.
fn event(id: i64, bytes: usize) -> Bytes {
    format!("id: {id}\nevent: job\ndata: {}\n\n", json_of(bytes)).into()
}
