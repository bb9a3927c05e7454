//! An answer's body, with what its request holds until the answer is sent or given up.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

/// An answer's body, with a value that is dropped together with it.
pub(crate) struct Holding<T> {
    body: BoxBody,
    _held: T,
}

impl<T: Unpin + 'static> Holding<T> {
    /// A body that holds `held` until it is dropped.
    pub(crate) fn with(held: T, body: impl MessageBody + 'static) -> BoxBody {
        BoxBody::new(Self { body: body.boxed(), _held: held })
    }
}

impl<T: Unpin> MessageBody for Holding<T> {
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
