//! A proxy to a database that counts statements by reading what is sent (source: PostgreSQL, "Frontend/Backend
//! Protocol").
//!
//! It counts a statement before the server sees it, so one whose effect is seen has been counted. And it needs nothing
//! from the server.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

/// The codes with which a connection may ask for TLS or for GSS encryption before it begins.
const ASKS_FIRST: [u32; 2] = [80_877_103, 80_877_104];

/// The proxy, which ends with its test.
#[derive(Debug)]
pub struct CountedLine {
    /// The database's address through the proxy.
    pub url: SecretString,
    counts: Counts,
    serving: JoinHandle<()>,
}

/// Statements that were sent, and how often.
#[derive(Clone, Debug, Default)]
struct Counts(Arc<Mutex<BTreeMap<String, usize>>>);

impl CountedLine {
    /// Starts one to the database at `url`.
    pub async fn to(url: &SecretString) -> Self {
        let (before, host, path) = parts(url.expose_secret());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let url = SecretString::from(format!("{before}127.0.0.1:{port}{path}"));
        let (counts, host) = (Counts::default(), host.to_owned());
        let counting = counts.clone();
        let serving = tokio::spawn(async move {
            while let Ok((client, _address)) = listener.accept().await {
                let (counts, host) = (counting.clone(), host.clone());
                // If a connection ends badly, its client reports that.
                tokio::spawn(async move { carry(client, &host, &counts).await.ok() });
            }
        });
        Self { url, counts, serving }
    }

    /// How often statements were sent that contain this text.
    pub fn count(&self, inside: &str) -> usize {
        let counts = self.counts.lock();
        counts
            .iter()
            .filter(|(text, _count)| text.contains(inside))
            .map(|(_text, count)| count)
            .sum()
    }

    /// Every statement that was sent, and how often.
    pub fn sent(&self) -> BTreeMap<String, usize> {
        self.counts.lock().clone()
    }

    /// Sets all counts back to 0.
    pub fn forget(&self) {
        self.counts.lock().clear();
    }
}

impl Drop for CountedLine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Counts {
    fn count(&self, text: &str) {
        *self.lock().entry(text.to_owned()).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        // A panic cannot leave a map of numbers half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A URL's scheme and user, its host with port, and the rest.
fn parts(url: &str) -> (&str, &str, &str) {
    let host_at = url.rfind('@').map_or(0, |at| at + 1);
    let (before, rest) = url.split_at(host_at);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (before, host, path)
}

async fn carry(client: TcpStream, host: &str, counts: &Counts) -> io::Result<()> {
    let server = TcpStream::connect(host).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    // When one direction ends, so does the other.
    tokio::select! {
        read = read(from_client, to_server, counts) => read,
        copied = tokio::io::copy(&mut from_server, &mut to_client) => copied.map(drop),
    }
}

async fn read(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: &Counts) -> io::Result<()> {
    loop {
        let mut message = from.read_u32().await?.to_be_bytes().to_vec();
        let code = body(&mut from, &mut message, 0).await?;
        to.write_all(&message).await?;
        if !code.first_chunk().is_some_and(|code| ASKS_FIRST.contains(&u32::from_be_bytes(*code))) {
            break;
        }
    }
    let (mut texts, mut portals) = (HashMap::new(), HashMap::new());
    loop {
        let kind = from.read_u8().await?;
        let mut message = vec![kind];
        message.extend_from_slice(&from.read_u32().await?.to_be_bytes());
        let body = body(&mut from, &mut message, 1).await?;
        let mut words =
            body.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let mut word = || words.next().unwrap_or_default();
        match kind {
            // Parse: a name, and its statement.
            b'P' => drop(texts.insert(word(), word())),
            // Bind: a portal, and the name of its statement.
            b'B' => {
                let (portal, name) = (word(), word());
                portals.insert(portal, texts.get(&name).cloned().unwrap_or_default());
            }
            // Execute: a portal.
            b'E' => counts.count(portals.get(&word()).map_or("", String::as_str)),
            // A simple query.
            b'Q' => counts.count(&word()),
            _ => {}
        }
        to.write_all(&message).await?;
    }
}

/// Reads the rest of a message whose length is at `at`.
async fn body(from: &mut OwnedReadHalf, message: &mut Vec<u8>, at: usize) -> io::Result<Vec<u8>> {
    let length = message.get(at..).and_then(|length| length.first_chunk()).copied();
    let length = u32::from_be_bytes(length.unwrap_or_default()).saturating_sub(4);
    let mut body = vec![0; usize::try_from(length).unwrap_or_default()];
    from.read_exact(&mut body).await?;
    message.extend_from_slice(&body);
    Ok(body)
}
