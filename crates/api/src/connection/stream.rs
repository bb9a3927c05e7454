//! A connection's stream, which its reader finds ended once the connection has had no request for too long.

use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How long a client may go on sending after the connection's last answer. The framework reads a body that no handler
/// read to its end, and a body may have no end.
const LINGER: Duration = Duration::from_secs(2);

/// A connection's state, shared by its stream and its requests.
#[derive(Debug)]
pub(super) struct Occupancy {
    /// Requests under way.
    requests: Cell<usize>,
    /// Since when there has been none.
    since: Cell<Instant>,
    /// How long there may be none.
    idle: Cell<Duration>,
    /// Whether the server is stopping.
    is_stopping: Cell<bool>,
    /// The task that reads the stream.
    reader: RefCell<Option<Waker>>,
}

impl Occupancy {
    /// Counts a request that has come.
    pub(super) fn begin(&self) {
        self.requests.set(self.requests.get() + 1);
    }

    /// A request is answered; `is_last` if that is the connection's last answer.
    pub(super) fn end(&self, is_last: bool) {
        self.requests.set(self.requests.get() - 1);
        self.since.set(Instant::now());
        if is_last {
            self.idle.set(LINGER);
        }
        if (is_last || self.is_stopping.get())
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }

    fn is_resting(&self) -> bool {
        self.requests.get() == 0
    }

    /// Remembers the task that reads, to wake it later.
    fn remember_reader(&self, context: &Context<'_>) {
        let mut reader = self.reader.borrow_mut();
        if !reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
            *reader = Some(context.waker().clone());
        }
    }
}

/// A connection's stream. Answers are still sent after its reader has found it ended.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: TcpStream,
    occupancy: Rc<Occupancy>,
    /// When to look at the state again, at the latest.
    look: Pin<Box<Sleep>>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Stream {
    /// A stream that ends for its reader when it has had no request for `idle`, or has none when the server stops.
    pub(crate) fn new(socket: TcpStream, idle: Duration, stop: CancellationToken) -> Self {
        let occupancy = Rc::new(Occupancy {
            requests: Cell::new(0),
            since: Cell::new(Instant::now()),
            idle: Cell::new(idle),
            is_stopping: Cell::new(false),
            reader: RefCell::default(),
        });
        let stop = Box::pin(stop.cancelled_owned());
        Self { socket, occupancy, look: Box::pin(sleep(idle)), stop }
    }

    pub(super) fn occupancy(&self) -> Rc<Occupancy> {
        Rc::clone(&self.occupancy)
    }

    /// Ready once the reader is to find the stream ended.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let occupancy = &self.occupancy;
        occupancy.remember_reader(context);
        if !occupancy.is_stopping.get() && self.stop.as_mut().poll(context).is_ready() {
            occupancy.is_stopping.set(true);
        }
        if occupancy.is_resting() && occupancy.is_stopping.get() {
            return Poll::Ready(());
        }
        // The timer is not reset with each request: that is done when it fires.
        let mut end = occupancy.since.get() + occupancy.idle.get();
        if end < self.look.deadline() {
            self.look.as_mut().reset(end);
        }
        loop {
            ready!(self.look.as_mut().poll(context));
            let now = Instant::now();
            if !occupancy.is_resting() {
                end = now + occupancy.idle.get();
            } else if end <= now {
                return Poll::Ready(());
            }
            self.look.as_mut().reset(end);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if read.is_pending() {
            return self.poll_over(context).map(Ok);
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
