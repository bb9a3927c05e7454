//! Connections of clients: none is kept for nothing.
//!
//! The framework bounds the time for the head of a connection's first request, and how long a connection rests between
//! requests. For a later head that never ends, and for a body that nobody reads, it waits without end: so connections
//! are watched here, too. When the server is told to stop, those without a request are closed at once.

use std::{
    any::Any,
    net::{Shutdown, TcpListener},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::{ConnectionType, header},
    middleware::Next,
    rt::{self, net::TcpStream},
};
use bytes::Bytes;
use socket2::{SockRef, Socket};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

/// A client that takes nothing of an answer for so long is gone; so is one that does not say that it lives.
pub(crate) fn forget_silent_peers(listener: &TcpListener, after: Duration) {
    // What is accepted inherits it. Elsewhere the system's own patience holds.
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(listener).set_tcp_user_timeout(Some(after)) {
        tracing::warn!(%error, "clients that take nothing of an answer keep their connections");
    }
}

/// How long a client may send on after an answer that was the connection's last. The framework reads an unread body to
/// its end, and a body may have none.
const LINGER: Duration = Duration::from_secs(2);

/// How a connection stands.
#[derive(Clone, Copy, Default)]
struct Standing {
    /// Requests under way.
    requests: usize,
    /// Whether the last answer is the last one.
    is_closing: bool,
}

/// How a connection stands; kept with it.
struct Requests(watch::Sender<Standing>);

/// For each new connection: closes it when it had no request for so long, or when the server stops.
pub(crate) fn watch(
    idle: Duration,
    stop: CancellationToken,
) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    move |stream, kept| {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        match SockRef::from(stream).try_clone() {
            Ok(socket) => {
                let (sender, standing) = watch::channel(Standing::default());
                kept.insert(Requests(sender));
                rt::spawn(close_when_idle(socket, standing, idle, stop.clone()));
            }
            // No descriptor is left: there are more urgent things to do.
            Err(error) => tracing::warn!(%error, "a connection is not watched"),
        }
    }
}

async fn close_when_idle(
    socket: Socket,
    mut standing: watch::Receiver<Standing>,
    idle: Duration,
    stop: CancellationToken,
) {
    loop {
        let Standing { requests, is_closing } = *standing.borrow_and_update();
        let is_idle = requests == 0;
        let idle = if is_closing { LINGER } else { idle };
        tokio::select! {
            changed = standing.changed() => if changed.is_err() {
                return;
            },
            () = sleep(idle), if is_idle => break,
            () = stop.cancelled(), if is_idle => break,
        }
    }
    // Its reading half: what was answered is still sent.
    if let Err(error) = socket.shutdown(Shutdown::Read) {
        tracing::debug!(%error, "a connection without requests was closed already");
    }
}

/// Counts the request among those of its connection, until its answer is sent or given up.
pub(crate) async fn occupy<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut place = request.conn_data::<Requests>().map(Place::take);
    let mut response = next.call(request).await?;
    if response.status().is_client_error() && has_no_length(response.request()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(place) = &mut place {
        place.is_last = response.response().head().connection_type() == ConnectionType::Close;
    }
    Ok(response.map_body(|_head, body| BoxBody::new(Sent { body: body.boxed(), _place: place })))
}

/// Whether the request's body may go on for ever: it comes in chunks.
fn has_no_length(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// A request's place on its connection.
struct Place {
    connection: watch::Sender<Standing>,
    /// Whether the connection closes after its answer.
    is_last: bool,
}

impl Place {
    fn take(requests: &Requests) -> Self {
        requests.0.send_modify(|standing| standing.requests += 1);
        Self { connection: requests.0.clone(), is_last: false }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connection.send_modify(|standing| {
            standing.requests -= 1;
            standing.is_closing |= self.is_last;
        });
    }
}

/// An answer's body, with its request's place.
struct Sent {
    body: BoxBody,
    _place: Option<Place>,
}

impl MessageBody for Sent {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
