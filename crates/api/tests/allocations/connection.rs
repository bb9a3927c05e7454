//! A connection to the API that allocates nothing while it is used, so that only the API's allocations are counted.

use std::{net::SocketAddr, str, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Connection {
    stream: TcpStream,
    request: String,
    /// An array, as this memory must not be allocated while it is counted.
    answer: [u8; 4096],
}

impl Connection {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self { stream, request: String::with_capacity(128), answer: [0; 4096] }
    }

    /// Sends a GET, and reads the whole answer.
    pub(crate) async fn get(&mut self, path: &str) {
        self.ask(path).await;
        self.read_until(|answer| {
            let (head, body) = answer.split_once("\r\n\r\n")?;
            let (_before, length) = head.split_once("content-length: ")?;
            let length: usize = length.lines().next()?.parse().ok()?;
            (body.len() == length).then_some(())
        })
        .await;
    }

    /// Follows a stream of events to its first one.
    pub(crate) async fn watch(&mut self, path: &str) {
        self.ask(path).await;
        self.is_told("pending").await;
    }

    /// Reads up to the end of an event that contains this.
    pub(crate) async fn is_told(&mut self, news: &str) {
        self.read_until(|answer| answer.split_once(news)?.1.contains("\n\n").then_some(())).await;
    }

    async fn ask(&mut self, path: &str) {
        self.request.clear();
        for part in ["GET ", path, " HTTP/1.1\r\nhost: darkroom\r\n\r\n"] {
            self.request.push_str(part);
        }
        self.stream.write_all(self.request.as_bytes()).await.unwrap();
    }

    async fn read_until(&mut self, is_whole: impl Fn(&str) -> Option<()>) {
        let mut length = 0;
        let reading = async {
            loop {
                let read = self.stream.read(&mut self.answer[length..]).await.unwrap();
                assert!(read > 0, "the API has hung up");
                length += read;
                let answer = str::from_utf8(&self.answer[..length]).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200 ") || !answer.starts_with("HTTP"));
                if is_whole(answer).is_some() {
                    break;
                }
            }
        };
        timeout(PATIENCE, reading).await.unwrap();
    }
}
