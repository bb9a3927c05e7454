//! A TCP connection whose end a test can see.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Connection(pub(crate) TcpStream);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Posts a job: sends head and body.
    pub(crate) async fn post(&mut self, body: &[u8]) {
        self.send(head(body.len()).as_bytes()).await;
        self.send(body).await;
    }

    /// Reads the line of an interim answer, which has no headers.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n\r\n") {
            line.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    /// Reads one answer: its status code and its body.
    pub(crate) async fn answer(&mut self) -> (u16, String) {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let mut chunk = [0; 4096];
            let read = self.0.read(&mut chunk).await.unwrap();
            assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&chunk[..read]);
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap().to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse().unwrap());
        let mut body = bytes[head_end..].to_vec();
        let missing = length - body.len();
        let at = body.len();
        body.resize(at + missing, 0);
        self.0.read_exact(&mut body[at..]).await.unwrap();
        (head[9..12].parse().unwrap(), String::from_utf8(body).unwrap())
    }

    /// Whether the server has ended the connection.
    pub(crate) async fn is_over(&mut self) -> bool {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).await.map_or(true, |_| rest.is_empty())
    }
}

pub(crate) fn head(content_length: usize) -> String {
    format!(
        "POST /api/jobs HTTP/1.1\r\nHost: test\r\n\
         Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {content_length}\r\n\r\n"
    )
}

/// A multipart body with these parts: name, then content.
pub(crate) fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in parts {
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    body
}
