//! The server: its middleware, its routes and the limits of its connections.

use std::{
    future::ready,
    io,
    net::{SocketAddr, TcpListener},
    num::NonZero,
    rc::Rc,
    thread::available_parallelism,
    time::Duration,
};

use actix_http::HttpService;
use actix_server::Server;
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::{App, dev, middleware::from_fn, rt::net::TcpStream, web};
use darkroom_core::config;
use futures_util::FutureExt;

use crate::{
    State, admin,
    connection::{self, Stream},
    cors::{self, Origins},
    docs, error,
    exchange::Exchange,
    health, images, jobs, metrics, models, notices, openai, rate, root, usage,
};

/// Seconds that requests have left once the server is told to stop.
const SHUTDOWN_SECONDS: u64 = 5;

/// How long a client has to close its side of a connection that the server closes.
const CLOSING: Duration = Duration::from_secs(1);

/// Binds the configured address, or says in one sentence why it cannot.
pub fn bind(settings: &config::Server) -> io::Result<TcpListener> {
    let address = SocketAddr::new(settings.host, settings.port);
    TcpListener::bind(address).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "is another Darkroom running? Stop it, or set PORT to another port"
            }
            _ => "set HOST and PORT to an address of this machine",
        };
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}; {hint}"))
    })
}

/// Serves on `listener` until the returned server's handle is told to stop.
pub fn start(listener: TcpListener, state: State, settings: &config::Config) -> io::Result<Server> {
    let is_production = settings.environment == config::Environment::Production;
    if is_production && !settings.access.require_api_key {
        tracing::warn!(
            "REQUIRE_API_KEY is false: whoever reaches this server makes jobs that cost money, and sees everybody's"
        );
    }
    let origins = Origins::new(settings);
    let exchange = Exchange::new(&settings.server, &state);
    let stop = state.stop.clone();
    let app = move || {
        // For each thread its own: all requests count who holds them, and threads that share a count wait for it.
        let (exchange, state) = (Rc::new(exchange.clone()), web::Data::new(state.clone()));
        App::new()
            .app_data(state)
            .wrap(error::fill_empty_bodies())
            .wrap(from_fn({
                let origins = origins.clone();
                move |request, next| cors::refuse_foreign_pages(origins.clone(), request, next)
            }))
            // Around everything that refuses, so that refused requests count, too.
            .wrap(from_fn(rate::limit))
            .wrap(from_fn(openai::translate))
            .wrap(origins.policy())
            // Boxed, as each connection has room for this future as long as it lives.
            .wrap(from_fn(move |request, next| {
                Rc::clone(&exchange).lead(request, next).boxed_local()
            }))
            // First, because paths are tried in this order and jobs are requested most.
            .configure(jobs::configure)
            .service(root::resource())
            .configure(health::configure)
            .configure(metrics::configure)
            .configure(images::configure)
            .configure(models::configure)
            .configure(usage::configure)
            .configure(openai::configure)
            .configure(notices::configure)
            .configure(admin::configure)
            .configure(docs::configure)
            .default_service(web::to(error::no_such_path))
    };
    let config::Server { max_connections, client_timeout, keep_alive, .. } = settings.server;
    connection::forget_silent_peers(&listener, client_timeout);
    let threads = available_parallelism().map_or(1, NonZero::get);
    let server = Server::build()
        .workers(threads)
        // The limit is for each thread.
        .max_concurrent_connections(max_connections.div_ceil(threads))
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .listen("api", listener, move || {
            let stop = stop.clone();
            let accept = move |stream: TcpStream| {
                let peer = stream.peer_addr().ok();
                let stream = Stream::new(stream, keep_alive + client_timeout, stop.clone());
                ready(Ok((stream, peer)))
            };
            let http = HttpService::build()
                .client_request_timeout(client_timeout)
                .client_disconnect_timeout(CLOSING)
                .keep_alive(keep_alive)
                // A client that closes its side does not wait for an answer any more.
                .h1_allow_half_closed(false)
                .on_connect_ext(connection::keep)
                .h1(map_config(app(), |()| dev::AppConfig::default()));
            fn_service(accept).and_then(http)
        })?;
    Ok(server.run())
}
