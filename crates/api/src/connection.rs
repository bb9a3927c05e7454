//! Connections of clients: none is kept open for nothing.
//!
//! The framework bounds the time for the head of a connection's first request, and how long a connection is idle
//! between requests. It waits for ever for a later head that never ends, and for a body that no handler reads: so
//! connections are watched here, too. When the server is told to stop, those without a request are closed at once.

mod holding;
mod stream;

use std::{net::TcpListener, rc::Rc, time::Duration};

use actix_web::{
    HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::{ConnectionType, header},
};
use socket2::SockRef;

pub(crate) use holding::Holding;
use stream::Occupancy;
pub(crate) use stream::Stream;

/// Drops the connection of a client that takes nothing of an answer, or acknowledges nothing, for this long.
pub(crate) fn forget_silent_peers(listener: &TcpListener, after: Duration) {
    // Accepted connections inherit it. On other systems their own default applies.
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(listener).set_tcp_user_timeout(Some(after)) {
        tracing::warn!(%error, "clients that take nothing of an answer keep their connections");
    }
}

/// Stores a connection's state where its requests find it.
pub(crate) fn keep(stream: &Stream, kept: &mut Extensions) {
    kept.insert(stream.occupancy());
}

/// Counts the request among those of its connection.
pub(crate) fn occupy(request: &ServiceRequest) -> Option<Place> {
    request.conn_data::<Rc<Occupancy>>().map(Place::take)
}

/// Keeps the request's place until its answer is sent or given up. Ends a connection whose body was refused and may have
/// no end.
pub(crate) fn hold<B: MessageBody + 'static>(
    mut place: Option<Place>,
    mut response: ServiceResponse<B>,
) -> ServiceResponse<BoxBody> {
    if response.status().is_client_error() && has_no_length(response.request()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(place) = &mut place {
        place.is_last = response.response().head().connection_type() == ConnectionType::Close;
    }
    response.map_body(|_head, body| Holding::with(place, body))
}

/// Whether the request's body may go on for ever, because it comes in chunks.
fn has_no_length(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// A request's place on its connection.
pub(crate) struct Place {
    connection: Rc<Occupancy>,
    /// Whether the connection closes after its answer.
    is_last: bool,
}

impl Place {
    fn take(connection: &Rc<Occupancy>) -> Self {
        connection.begin();
        Self { connection: Rc::clone(connection), is_last: false }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connection.end(self.is_last);
    }
}
