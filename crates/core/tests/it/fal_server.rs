//! A server that answers as a test says, over plain TCP, and remembers the requests that came.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use darkroom_core::{
    config::{self, Config},
    fal::Client,
    queue::Submission,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};
use url::Url;

/// A server, which ends with its test.
pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    serving: JoinHandle<()>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET /path?query`
    pub(crate) line: String,
    /// By names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Bytes to answer with.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    /// Further bytes, each after a wait.
    later: Vec<(Duration, Vec<u8>)>,
    /// Whether the connection then stays open, and nothing more is sent.
    stays: bool,
}

impl Server {
    pub(crate) async fn start(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (log, reply) = (Arc::clone(&seen), Arc::new(reply));
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let Some(request) = read(&mut stream).await else { return };
                    log.lock().unwrap().push(request.clone());
                    write(&mut stream, reply(&request)).await;
                });
            }
        });
        Self { url, seen, serving }
    }

    /// A server that gives the same answer to everything.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request that came.
    pub(crate) fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// Settings under which this server is fal.
    pub(crate) fn settings(&self, more: &[(&str, &str)]) -> config::Fal {
        settings(&self.url, more)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.settings(&[])).unwrap()
    }

    /// A request that was submitted here.
    pub(crate) fn submission(&self) -> Submission {
        let url = |end: &str| self.url.join(&format!("fal-ai/app/requests/r-1{end}")).unwrap();
        Submission {
            provider_request_id: "r-1".into(),
            status_url: url("/status"),
            response_url: url(""),
            cancel_url: url("/cancel"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let target = self.line.split(' ').nth(1).unwrap();
        let url = Url::parse("http://server/").unwrap().join(target).unwrap();
        url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }
}

impl Reply {
    pub(crate) fn json(code: u16, body: &Value) -> Self {
        Self::text(code, &[], &body.to_string())
    }

    pub(crate) fn text(code: u16, headers: &[&str], body: &str) -> Self {
        let length = format!("content-length: {}", body.len());
        let first = format!("HTTP/1.1 {code} x");
        let mut head = vec![&*first, &length, "connection: close"];
        head.extend(headers);
        Self::raw(&format!("{}\r\n\r\n{body}", head.join("\r\n")))
    }

    /// A stream of events, which begins with this text.
    pub(crate) fn events(text: &str) -> Self {
        let head = "HTTP/1.1 200 x\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        Self::raw(&format!("{head}{text}"))
    }

    pub(crate) fn raw(bytes: &str) -> Self {
        Self { bytes: bytes.into(), ..Self::default() }
    }

    /// The connection stays open afterwards.
    pub(crate) fn stays(self) -> Self {
        Self { stays: true, ..self }
    }

    pub(crate) fn later(mut self, after: Duration, text: &str) -> Self {
        self.later.push((after, text.into()));
        self
    }
}

/// Settings under which this address is fal.
pub(crate) fn settings(url: &Url, more: &[(&str, &str)]) -> config::Fal {
    let hosts = ["FAL_QUEUE_URL", "FAL_REST_URL", "FAL_API_URL"];
    let mut variables: HashMap<String, String> =
        hosts.iter().map(|name| ((*name).into(), url.to_string())).collect();
    variables.insert("FAL_AI_API_KEY".into(), "id:secret".into());
    variables.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    Config::from_variables(variables).unwrap().fal
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let line = lines.remove(0).trim_end_matches(" HTTP/1.1").to_owned();
    let headers: HashMap<String, String> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { line, headers, body })
}

async fn write(stream: &mut BufReader<TcpStream>, reply: Reply) {
    let mut whole = stream.write_all(&reply.bytes).await.is_ok();
    for (after, bytes) in reply.later {
        sleep(after).await;
        whole = whole && stream.write_all(&bytes).await.is_ok();
    }
    if reply.stays && whole {
        std::future::pending::<()>().await;
    }
}
