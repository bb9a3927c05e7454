//! One watcher: a connection that reads events for as long as there are any.

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::{bail, ensure};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::Instant,
};

/// A watcher was told of a change.
#[derive(Debug)]
pub(super) struct Told {
    /// The id of the event, which tells which change it was.
    pub(super) revision: i64,
    pub(super) at: Instant,
}

/// Watches until the stream ends, which is an error. Tells `begun` once the first event has come, and `told` of each
/// event.
pub(super) async fn watch(
    port: u16,
    request: Arc<[u8]>,
    begun: mpsc::Sender<()>,
    told: mpsc::UnboundedSender<Told>,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(&request).await?;
    let mut begun = Some(begun);
    let mut received = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            bail!("a stream ended: {}", String::from_utf8_lossy(&received));
        }
        let at = Instant::now();
        while let Some((revision, end)) = event(&received) {
            if let Some(begun) = begun.take() {
                ensure!(received.starts_with(b"HTTP/1.1 200 "), "a stream was refused");
                begun.send(()).await.ok();
            }
            received.drain(..end);
            told.send(Told { revision, at }).ok();
        }
    }
}

/// The id of the first event that has a job, and where it ends; `None` while it is incomplete.
fn event(received: &[u8]) -> Option<(i64, usize)> {
    let kind = memmem::find(received, b"\nevent: job\n")?;
    let id = memmem::rfind(received.get(..kind)?, b"id: ")? + 4;
    let end = kind + memmem::find(received.get(kind..)?, b"\n\n")? + 2;
    let id = str::from_utf8(received.get(id..kind)?).ok()?.parse().ok()?;
    Some((id, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_when_it_is_whole_whatever_comes_between() {
        let received = b"HTTP/1.1 200 OK\r\n\r\ne\r\nretry: 2000\n\n\r\n23\r\nid: 17\nevent: job\ndata: {}\n\n\r\n";

        let (revision, end) = event(received).unwrap();

        assert_eq!(revision, 17);
        assert_eq!(received.get(end..).unwrap(), b"\r\n");
        assert_eq!(event(received.get(..end - 1).unwrap()), None);
        assert_eq!(event(b"3\r\n:\n\n\r\n"), None);
    }
}
