//! Carries one connection through a line, and holds its bytes back while the line says so.

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
    net::TcpStream,
    sync::watch,
};

use super::{Passage, State};

/// How much is carried at once, in bytes.
const CARRIED: usize = 16 * 1024;

/// The direction of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    ToServer,
    ToClient,
}

/// Carries one connection to its end. Errors are not reported: to break connections is what a line is for.
pub(super) async fn carry(
    mut client: TcpStream,
    server: Arc<AtomicU16>,
    mut state: watch::Receiver<State>,
) {
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
        // So that the client sees a reset, and not a regular end.
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
        // A line that holds bytes back holds the end of a connection back, too.
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
    // An error means that the line was dropped, and this connection is about to end.
    state.wait_for(passes).await.ok();
}
