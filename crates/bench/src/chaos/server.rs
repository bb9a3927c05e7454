//! A small HTTP server in this process, for what Darkroom and the stand-in send to the run.

use std::net::{Ipv4Addr, TcpListener};

use actix_web::{App, HttpServer, dev::ServerHandle, web::ServiceConfig};

/// A server, which serves until it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    handle: ServerHandle,
}

impl Server {
    /// Serves what is configured, on a free port of the loopback.
    pub(super) fn open(
        configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let server = HttpServer::new(move || App::new().configure(configure.clone()));
        let server = server.workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { port, handle })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command to stop is sent by the call; the future only waits for its effect.
        drop(self.handle.stop(false));
    }
}
