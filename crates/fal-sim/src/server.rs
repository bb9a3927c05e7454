//! Starts and stops the stand-in.

use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use url::Url;

use crate::faults::{self, Faults};
use crate::media::Media;
use crate::requests::Requests;
use crate::state::State;
use crate::upload::parts::Uploads;
use crate::upload::tokens::Tokens;
use crate::webhook::{self, Keys};
use crate::{Settings, Tls, fetch, routes, run};

/// The state that all handlers and runs share.
pub(crate) struct Sim {
    pub(crate) settings: Settings,
    /// Without a trailing slash.
    pub(crate) base_url: String,
    pub(crate) requests: Requests,
    pub(crate) media: Media,
    pub(crate) tokens: Tokens,
    pub(crate) uploads: Uploads,
    /// Fetches pictures from other servers.
    pub(crate) http: reqwest::Client,
    /// Posts webhooks.
    pub(crate) webhooks: reqwest::Client,
    pub(crate) webhook_keys: Keys,
    pub(crate) faults: Faults,
    runs: Mutex<JoinSet<()>>,
    runtime: Handle,
}

impl Sim {
    /// Runs a task until it ends or the stand-in stops.
    ///
    /// It runs on the runtime that the stand-in was started on: a server's worker thread may have a
    /// runtime of its own, which ends with the thread.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        while runs.try_join_next().is_some() {}
        runs.spawn_on(task, &self.runtime);
    }

    fn take_runs(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.runs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A running stand-in. Dropping it stops it, too, without waiting.
pub struct Running {
    base_url: Url,
    port: u16,
    server: ServerHandle,
    sim: Arc<Sim>,
}

impl Running {
    /// The address for a client to use for fal's queue, REST and platform hosts.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server and every run, and waits until they have ended.
    pub async fn stop(self) {
        self.server.stop(false).await;
        self.sim.take_runs().shutdown().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The call sends the command to stop; the future only waits for its effect.
        drop(self.server.stop(false));
        drop(self.sim.take_runs());
    }
}

/// Serves the stand-in on a listener, in the background of the current tokio runtime.
pub async fn start(listener: TcpListener, settings: Settings) -> io::Result<Running> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let own_url = Url::parse(&format!("{scheme}://{address}")).map_err(io::Error::other)?;
    let base_url = settings.public_url.clone().unwrap_or(own_url);

    let tls = settings.tls.as_ref().map(Tls::server_config).transpose()?;

    let state = settings.state.as_deref().map(State::open).transpose()?;
    let requests = match &state {
        Some(state) => Requests::resume(settings.concurrency, &state.journal())?,
        None => Requests::new(settings.concurrency),
    };

    let sim = Arc::new(Sim {
        base_url: base_url.as_str().trim_end_matches('/').to_owned(),
        requests,
        media: Media::open(settings.media_bytes, state.as_ref())?,
        tokens: Tokens::default(),
        uploads: Uploads::new(settings.media_bytes),
        http: fetch::client().map_err(io::Error::other)?,
        webhooks: webhook::client().map_err(io::Error::other)?,
        webhook_keys: Keys::open(state.as_ref())?,
        faults: Faults::default(),
        runs: Mutex::default(),
        runtime: Handle::current(),
        settings,
    });

    run::start_waiting(&sim);
    sim.requests
        .unannounced(sim.settings.retention)
        .into_iter()
        .for_each(|id| webhook::announce(&sim, id));

    let data = web::Data::from(Arc::clone(&sim));
    let app = move || {
        let app = App::new().app_data(data.clone()).wrap(from_fn(faults::meet));
        app.configure(routes::all)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        // Longer than clients keep an idle connection, as is usual for such servers.
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(1)
        .client_request_timeout(Duration::from_secs(10));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    }
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    tracing::info!(base_url = %base_url, "the stand-in for fal is up");

    Ok(Running { base_url, port: address.port(), server: handle, sim })
}
