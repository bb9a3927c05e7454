//! A body must come at a least pace, or its request ends: a client that sends a byte now and then would hold its place
//! for nothing.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
};
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

/// The least pace, in bytes per second. The slowest mobile networks that carry pictures (GPRS, 40 kbit/s) are faster.
///
/// An upload of 20 MiB may take an hour and a half; a client that sends a byte now and then is too slow.
const LEAST_PACE: u64 = 4 * 1024;

/// Ends the request if its body comes slower than the least pace within any stretch of this length.
pub(crate) fn keep(stretch: Duration, request: &mut ServiceRequest) {
    let payload = request.take_payload();
    request.set_payload(match payload {
        Payload::None => Payload::None,
        payload => Payload::Stream { payload: Box::pin(Paced::new(payload, stretch)) },
    });
}

/// A body that is held to the pace.
struct Paced {
    payload: Payload,
    /// How long a stretch is.
    stretch: Duration,
    /// The end of the current stretch; none has begun before the body is first waited for.
    end: Option<Pin<Box<Sleep>>>,
    /// Bytes received in the current stretch.
    received: u64,
}

impl Paced {
    fn new(payload: Payload, stretch: Duration) -> Self {
        Self { payload, stretch, end: None, received: 0 }
    }

    fn is_too_slow(&self) -> bool {
        self.received < LEAST_PACE * self.stretch.as_secs()
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let chunk = Pin::new(&mut this.payload).poll_next(context);
        if let Poll::Ready(chunk) = chunk {
            let length = chunk.as_ref().and_then(|chunk| chunk.as_ref().ok()).map_or(0, Bytes::len);
            this.received = this.received.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            return Poll::Ready(chunk);
        }
        // The pace counts only when the client is waited for.
        loop {
            let stretch = this.stretch;
            let end = this.end.get_or_insert_with(|| Box::pin(sleep(stretch)));
            if end.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if this.is_too_slow() {
                let error = io::ErrorKind::TimedOut.into();
                return Poll::Ready(Some(Err(PayloadError::Io(error))));
            }
            (this.end, this.received) = (None, 0);
        }
    }
}
