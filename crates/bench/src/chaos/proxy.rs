//! A line between a role and PostgreSQL that can go wrong: it falls silent without a word, or is cut.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// How much is carried at once, in bytes.
const CARRIED: usize = 16 * 1024;

/// What a line lets through. Whatever it holds back comes late, when it lets that through again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Passage {
    Open,
    /// Connections are taken and kept, and nothing passes.
    Silent,
    /// What the database is told arrives; its answers do not.
    Unanswered,
}

#[derive(Clone, Copy, Debug)]
struct State {
    passage: Passage,
    /// How often everything was cut.
    cuts: u64,
}

/// The direction of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    ToServer,
    ToClient,
}

/// A line, until it is dropped.
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

/// Carries one connection to its end. That it ended badly is what the line is for.
async fn carry(mut client: TcpStream, server: Arc<AtomicU16>, mut state: watch::Receiver<State>) {
    let cuts = state.borrow_and_update().cuts;
    let until_open = state.clone();
    let carrying = async {
        when_it_passes(until_open.clone(), Way::ToServer).await;
        let port = server.load(Ordering::Acquire);
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            ended = pump(from_client, to_server, until_open.clone(), Way::ToServer) => ended,
            ended = pump(from_server, to_client, until_open.clone(), Way::ToClient) => ended,
        }
    };
    let is_cut = tokio::select! {
        ended = carrying => ended.is_err(),
        _ = state.wait_for(|state| state.cuts != cuts) => true,
    };
    if is_cut {
        // A reset and not an end.
        client.set_zero_linger().ok();
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    state: watch::Receiver<State>,
    way: Way,
) -> io::Result<()> {
    let mut buffer = vec![0; CARRIED];
    loop {
        let read = from.read(&mut buffer).await?;
        // The end of a connection does not pass either.
        when_it_passes(state.clone(), way).await;
        if read == 0 {
            return Ok(());
        }
        to.write_all(buffer.get(..read).unwrap_or_default()).await?;
    }
}

async fn when_it_passes(mut state: watch::Receiver<State>, way: Way) {
    let passes = |state: &State| match state.passage {
        Passage::Open => true,
        Passage::Silent => false,
        Passage::Unanswered => way == Way::ToServer,
    };
    // Without its owner, the line is about to go.
    state.wait_for(passes).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says back what it is told, and counts it.
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
