//! A page of metrics for Prometheus, and one that says that the process is alive: a worker serves nothing else.

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use darkroom_core::metrics::{CONTENT_TYPE, Registry};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Connections at a time: one scraper, and a few people who look.
const MOST: usize = 16;

/// How long a connection may last; it gets one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes the port, or says in one sentence why not.
pub fn bind_metrics(address: SocketAddr) -> io::Result<TcpListener> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|error| {
        let why = format!(
            "cannot serve metrics on {address}: {error}; set METRICS_ADDRESS to an address and a free port of this machine"
        );
        io::Error::new(error.kind(), why)
    })
}

/// Serves the metrics of `registry` until told to stop. Everybody who reaches the port may read them.
pub async fn serve_metrics(
    listener: TcpListener,
    registry: Registry,
    stop: CancellationToken,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(MOST));
    stop.run_until_cancelled(async {
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            match listener.accept().await {
                Ok((connection, _peer)) => {
                    let answering = answer_one(connection, registry.clone());
                    tokio::spawn(async move {
                        // A slower client is cut off, and has to ask again.
                        timeout(PATIENCE, answering).await.ok();
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection for metrics could not be taken");
                    sleep(PAUSE).await;
                }
            }
        }
    })
    .await;
    Ok(())
}

async fn answer_one(connection: TcpStream, registry: Registry) {
    let service =
        service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(&request, &registry))));
    let served = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(connection), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a request for metrics broke");
    }
}

fn answer(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, kind, body) = match request.uri().path() {
        "/metrics" | "/health" if !is_read => {
            (StatusCode::METHOD_NOT_ALLOWED, TEXT, "Only GET and HEAD.\n".to_owned())
        }
        "/metrics" => (StatusCode::OK, CONTENT_TYPE, registry.write()),
        "/health" => (StatusCode::OK, "application/json", r#"{"status":"ok"}"#.to_owned()),
        _ => (StatusCode::NOT_FOUND, TEXT, "There are /metrics and /health.\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
