//! A line: a TCP proxy between a role and PostgreSQL, or in front of the stand-in, that can hold everything back or
//! reset all connections.

mod carry;

use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, atomic::AtomicU16},
};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_util::task::AbortOnDropHandle;

use carry::carry;

/// What a line lets through. What it holds back is not lost: it passes when the line lets it through again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Passage {
    Open,
    /// Connections are accepted and kept, and nothing passes.
    Silent,
    /// What is sent to the server passes; its answers do not.
    Unanswered,
}

#[derive(Clone, Copy, Debug)]
struct State {
    passage: Passage,
    /// How often all connections were cut.
    cuts: u64,
}

/// A line, which serves until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where clients connect.
    pub(crate) port: u16,
    state: watch::Sender<State>,
    _serving: AbortOnDropHandle<()>,
}

impl Proxy {
    /// An open line to the port that `server` holds at the time of each connection.
    pub(crate) async fn to(server: Arc<AtomicU16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (state, changes) = watch::channel(State { passage: Passage::Open, cuts: 0 });
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, server, changes)));
        Ok(Self { port, state, _serving: serving })
    }

    pub(crate) fn set(&self, passage: Passage) {
        self.state.send_modify(|state| state.passage = passage);
    }

    /// Resets all connections.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }
}

async fn serve(listener: TcpListener, server: Arc<AtomicU16>, state: watch::Receiver<State>) {
    let mut carried = JoinSet::new();
    loop {
        while carried.try_join_next().is_some() {}
        if let Ok((client, _)) = listener.accept().await {
            carried.spawn(carry(client, Arc::clone(&server), state.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    /// A server that sends each byte back, and counts them. Returns its port.
    async fn echo(heard: Arc<AtomicU16>) -> Arc<AtomicU16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    while let Ok(byte) = stream.read_u8().await {
                        heard.fetch_add(1, Ordering::AcqRel);
                        stream.write_u8(byte).await.unwrap();
                    }
                });
            }
        });
        Arc::new(AtomicU16::new(port))
    }

    async fn once_heard(heard: &AtomicU16, count: u16) {
        while heard.load(Ordering::Acquire) < count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_a_line_holds_back_comes_when_it_is_open_again() {
        let heard = Arc::<AtomicU16>::default();
        let line = Proxy::to(echo(Arc::clone(&heard)).await).await.unwrap();
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, line.port)).await.unwrap();
        client.write_u8(1).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), 1);

        line.set(Passage::Unanswered);
        client.write_u8(2).await.unwrap();
        once_heard(&heard, 2).await;
        line.set(Passage::Silent);
        client.write_u8(3).await.unwrap();
        assert_eq!(heard.load(Ordering::Acquire), 2);
        line.set(Passage::Open);

        assert_eq!(client.read_u8().await.unwrap(), 2);
        assert_eq!(client.read_u8().await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_line_that_is_cut_resets_its_connections_and_takes_new_ones() {
        let line = Proxy::to(echo(Arc::default()).await).await.unwrap();
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, line.port)).await.unwrap();
        client.write_u8(1).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), 1);

        line.cut();

        let error = client.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, line.port)).await.unwrap();
        client.write_u8(2).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), 2);
    }
}
