//! A server for us to call: it speaks plain HTTP, answers as a test says and remembers the calls that came.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::eventually;

/// A server on this machine, which ends with its test.
#[derive(Debug)]
pub struct Receiver {
    /// `http://127.0.0.1:<port>`
    pub url: String,
    inbox: Arc<Inbox>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Inbox {
    /// The replies to the next calls, in order; after the last, an empty 200.
    replies: Mutex<VecDeque<Reply>>,
    calls: Mutex<Vec<Call>>,
    /// Connections that have not ended.
    open: AtomicUsize,
    /// How many bytes of endless bodies were sent.
    poured: AtomicU64,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Call {
    /// `POST /path?query HTTP/1.1`
    pub line: String,
    /// By names in lower case.
    pub headers: HashMap<String, String>,
    /// Whole.
    pub body: Vec<u8>,
}

/// What to answer with.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A status code, lines of the head, and a body.
    Text(u16, Vec<String>, String),
    /// A file.
    File(Vec<u8>),
    /// Nothing, for as long as the other side waits.
    Nothing,
    /// A body that never ends.
    Endless,
}

impl Reply {
    /// A status code and nothing else.
    pub fn code(code: u16) -> Self {
        Self::Text(code, Vec::new(), String::new())
    }

    /// A redirect to another address, with this code.
    pub fn redirect(code: u16, location: &str) -> Self {
        Self::Text(code, vec![format!("location: {location}")], String::new())
    }
}

impl Receiver {
    /// Listens, and answers the first calls with these replies.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let replies = Mutex::new(replies.into_iter().collect());
        let inbox = Arc::new(Inbox { replies, ..Inbox::default() });
        let serving = tokio::spawn(serve(listener, Arc::clone(&inbox)));
        Self { url: format!("http://{address}"), inbox, serving }
    }

    /// The calls that came so far.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.inbox.calls).clone()
    }

    /// Waits until at least so many calls have come, and returns them.
    pub async fn received(&self, count: usize) -> Vec<Call> {
        eventually(&format!("{count} calls have come"), async || {
            Some(self.calls()).filter(|calls| calls.len() >= count)
        })
        .await
    }

    /// Waits until every connection has ended, and returns how many bytes of endless bodies were sent.
    pub async fn poured(&self) -> u64 {
        eventually("the caller hangs up", async || {
            (self.inbox.open.load(Ordering::Acquire) == 0).then_some(())
        })
        .await;
        self.inbox.poured.load(Ordering::Acquire)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, inbox: Arc<Inbox>) {
    while let Ok((stream, _)) = listener.accept().await {
        let inbox = Arc::clone(&inbox);
        inbox.open.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            // An error is ignored: a test may be about a caller that hangs up.
            answer(stream, &inbox).await.ok();
            inbox.open.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

/// Answers the only call of a connection.
async fn answer(stream: TcpStream, inbox: &Inbox) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let call = read(&mut stream).await?;
    lock(&inbox.calls).push(call);
    let next = lock(&inbox.replies).pop_front();
    match next.unwrap_or(Reply::code(200)) {
        Reply::Text(code, lines, body) => {
            let first = format!("HTTP/1.1 {code} x");
            let length = format!("content-length: {}", body.len());
            let mut head = vec![first, length, "connection: close".into()];
            head.extend(lines);
            stream.write_all(format!("{}\r\n\r\n{body}", head.join("\r\n")).as_bytes()).await
        }
        Reply::File(file) => {
            let length = file.len();
            let head =
                format!("HTTP/1.1 200 x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&file).await
        }
        Reply::Nothing => stream.read_to_end(&mut Vec::new()).await.map(drop),
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'x'; 1024]).await?;
                inbox.poured.fetch_add(1024, Ordering::AcqRel);
            }
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Call> {
    let line = read_line(stream).await?;
    let mut headers = HashMap::new();
    while let Some((name, value)) = read_line(stream).await?.split_once(':') {
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length: &String| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(Call { line, headers, body })
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
