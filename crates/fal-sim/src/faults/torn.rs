//! Bodies that do not arrive as they should: not at all, in part, or slowly.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BodyStream, BoxBody, MessageBody, SizedStream};
use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::time::sleep;

/// How often a slow body sends something.
const INTERVAL: Duration = Duration::from_millis(50);

/// An answer of which not one byte arrives: its body fails at once, so the server closes the
/// connection before it has written the head.
pub(super) fn unanswered() -> HttpResponse {
    let body = BodyStream::new(stream::once(async { Err::<Bytes, _>(io::Error::other("reset")) }));
    HttpResponse::Ok().body(BoxBody::new(body))
}

/// The first piece of a body; of a body with a known length, at most half of it.
pub(super) fn cut(body: BoxBody) -> BoxBody {
    let size = body.size();
    let half = match size {
        BodySize::Sized(length) => length / 2,
        _ => u64::MAX,
    };
    let stream = stream::unfold((body, Some(half)), |(mut body, half)| async move {
        let Some(half) = half else {
            // What was kept must be sent before the connection breaks.
            yield_once().await;
            return Some((Err(io::Error::other("cut off")), (body, None)));
        };
        let piece = next(&mut body).await.unwrap_or_default();
        let kept = usize::try_from(half).unwrap_or(usize::MAX).min(piece.len());
        Some((Ok(piece.slice(..kept)), (body, None)))
    });
    sized(size, stream)
}

/// The body, sent at this many bytes per second.
pub(super) fn slow(body: BoxBody, bytes_per_second: u64) -> BoxBody {
    let size = body.size();
    let piece = bytes_per_second.saturating_mul(50).div_ceil(1000);
    let piece = usize::try_from(piece).unwrap_or(usize::MAX);
    let stream = stream::unfold((body, Bytes::new()), move |(mut body, mut rest)| async move {
        if rest.is_empty() {
            rest = next(&mut body).await?;
        }
        sleep(INTERVAL).await;
        let now = rest.split_to(piece.min(rest.len()));
        Some((Ok(now), (body, rest)))
    });
    sized(size, stream)
}

/// A body of this size, made of pieces.
fn sized(size: BodySize, stream: impl Stream<Item = io::Result<Bytes>> + 'static) -> BoxBody {
    match size {
        BodySize::Sized(length) => BoxBody::new(SizedStream::new(length, Box::pin(stream))),
        _ => BoxBody::new(BodyStream::new(Box::pin(stream))),
    }
}

async fn next(body: &mut BoxBody) -> Option<Bytes> {
    poll_fn(|context| Pin::new(&mut *body).poll_next(context)).await?.ok()
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
