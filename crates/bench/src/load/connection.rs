//! One keep-alive connection.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::head::Head;

/// How long a server that was just started may take to answer.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// A connection to a server on this machine.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(8 * 1024) })
    }

    /// Sends a request and returns the body of its answer, which must be 2xx.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let mut head = None;
        let head = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server hung up");
            }
            if head.is_none() {
                head = Head::read(&self.answer)?;
            }
            if let Some(head) = head
                && self.answer.len() >= head.body_at + head.body_bytes
            {
                break head;
            }
        };
        let body = self.answer.get(head.body_at..).unwrap_or_default();
        if !(200..300).contains(&head.status) {
            bail!("{}: {}", head.status, String::from_utf8_lossy(body));
        }
        Ok(body)
    }
}

/// Waits until a server answers `request` with 2xx.
pub(crate) async fn when_it_answers(port: u16, request: &[u8]) -> anyhow::Result<()> {
    let answered = async {
        loop {
            if let Ok(mut connection) = Connection::open(port).await
                && connection.exchange(request).await.is_ok()
            {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(START_PATIENCE, answered)
        .await
        .with_context(|| format!("nothing answers on port {port}"))
}
