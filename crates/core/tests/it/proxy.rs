//! A proxy in front of a database that can stop passing anything on, like a network that loses everything or a
//! server whose disk hangs; or for a while, like a line that is slow.

use std::sync::Arc;

use darkroom_core::db::Pool;
use darkroom_testing::TestDatabase;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::{Notify, watch},
};
use url::Url;

/// Passes everything on until it is told otherwise.
pub(crate) struct Proxy {
    /// The same database, through the proxy.
    url: SecretString,
    line: watch::Sender<Line>,
    holds: Arc<Notify>,
}

/// What becomes of the bytes of a connection, in one direction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    /// They are passed on.
    Open,
    /// More than so many wait until the line is mended.
    Holds { beyond: usize },
    /// They are lost, and so is what follows.
    Cut,
}

impl Proxy {
    pub(crate) async fn before(database: &TestDatabase) -> Self {
        let mut url: Url = database.url.expose_secret().parse().unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (line, seen) = watch::channel(Line::Open);
        let holds = Arc::new(Notify::new());
        let held = Arc::clone(&holds);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) =
                    TcpStream::connect(&server).await.unwrap().into_split();
                tokio::spawn(pass_on(from_client, to_server, seen.clone(), Arc::clone(&held)));
                tokio::spawn(pass_on(from_server, to_client, seen.clone(), Arc::clone(&held)));
            }
        });
        Self { url: String::from(url).into(), line, holds }
    }

    /// A pool of so many connections that go through the proxy.
    pub(crate) fn connect(&self, connections: u32) -> Pool {
        darkroom_testing::connect(&self.url, connections)
    }

    /// From now on both ends stay open, and nothing passes any more.
    pub(crate) fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    /// From now on, no more than so many bytes of a connection are passed on in either direction until it is mended.
    pub(crate) fn hold_beyond(&self, bytes: usize) {
        self.line.send_replace(Line::Holds { beyond: bytes });
    }

    /// Waits until bytes are held.
    pub(crate) async fn holds(&self) {
        self.holds.notified().await;
    }

    /// New connections work again, and so do those of which nothing was lost meanwhile.
    pub(crate) fn mend(&self) {
        self.line.send_replace(Line::Open);
    }
}

async fn pass_on(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    holds: Arc<Notify>,
) {
    let mut bytes = [0; 4096];
    let mut passed = 0;
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        passed += read;
        let is_held = |line: &Line| matches!(line, Line::Holds { beyond } if passed > *beyond);
        if is_held(&line.borrow()) {
            holds.notify_one();
            line.wait_for(|line| !is_held(line)).await.ok();
        }
        if *line.borrow() == Line::Cut {
            // Kept open, like a connection whose other end was switched off.
            std::future::pending::<()>().await;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
