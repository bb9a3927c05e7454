//! A proxy in front of a database that can stop passing anything on, like a network that loses everything or a
//! server whose disk hangs.

use darkroom_testing::TestDatabase;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};
use url::Url;

/// Passes everything on until it is cut.
pub(crate) struct Proxy {
    /// The same database, through the proxy.
    pub(crate) url: SecretString,
    is_cut: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn before(database: &TestDatabase) -> Self {
        let mut url: Url = database.url.expose_secret().parse().unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (is_cut, seen) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) =
                    TcpStream::connect(&server).await.unwrap().into_split();
                tokio::spawn(pass_on(from_client, to_server, seen.clone()));
                tokio::spawn(pass_on(from_server, to_client, seen.clone()));
            }
        });
        Self { url: String::from(url).into(), is_cut }
    }

    /// From now on both ends stay open, and nothing passes any more.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// New connections work again, and so do those through which nothing was sent meanwhile.
    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn pass_on(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    is_cut: watch::Receiver<bool>,
) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if *is_cut.borrow() {
            // Kept open, like a connection whose other end was switched off.
            std::future::pending::<()>().await;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
