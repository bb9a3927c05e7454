//! Calls to addresses that callers name, over real sockets.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use darkroom_core::{
    chain::chain,
    outbound::{Allowed, Answer, Bounds, Client, Cut, Error, Redirects, TargetProblem},
};
use darkroom_testing::{Receiver, Reply};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderMap,
};
use url::Url;

const BOUNDS: Bounds = Bounds { time: Duration::from_secs(20), bytes: 1000 };

/// Resolves every name to these addresses.
struct Leading(Vec<SocketAddr>);

impl Resolve for Leading {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses = self.0.clone();
        Box::pin(async move {
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

fn client(allowed: &str, redirects: Redirects) -> Client {
    Client::new(allowed.parse().unwrap(), redirects).unwrap()
}

/// A client for which every name resolves to these addresses.
fn client_of(addresses: &[&str], allowed: &str) -> Client {
    let addresses = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
    let resolver = Arc::new(Leading(addresses.collect()));
    Client::resolving_by(resolver, allowed.parse().unwrap(), Redirects::Answered).unwrap()
}

async fn get(client: &Client, url: &str) -> Result<Answer, Error> {
    client.get(&url.parse().unwrap(), BOUNDS).await
}

/// The port that a receiver listens on.
fn port(receiver: &Receiver) -> u16 {
    Url::parse(&receiver.url).unwrap().port().unwrap()
}

#[tokio::test]
async fn this_machine_is_not_reached_however_it_is_spelled() {
    let receiver = Receiver::start([]).await;
    let port = port(&receiver);
    let client = client("", Redirects::Followed);
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "localhost",
        "a.localhost.",
    ] {
        let answer = get(&client, &format!("http://{host}:{port}/")).await;
        assert!(matches!(answer, Err(Error::Target(TargetProblem::Private))), "{host}: {answer:?}");
    }
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called_whatever_it_was_when_it_was_checked() {
    let receiver = Receiver::start([]).await;
    let url = format!("http://hooks.example.com:{}/", port(&receiver));
    for inside in
        [&["127.0.0.1"][..], &["10.0.0.1", "::1"], &["169.254.169.254"], &["fd00:ec2::254"]]
    {
        let answer = get(&client_of(inside, ""), &url).await;
        assert!(matches!(answer, Err(Error::NothingReachable(_))), "{inside:?}: {answer:?}");
    }
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn of_several_addresses_of_a_name_only_those_that_are_allowed_are_tried() {
    let receiver = Receiver::start([]).await;
    let port = port(&receiver);
    let inside = TcpListener::bind(("127.0.0.2", port)).unwrap();
    inside.set_nonblocking(true).unwrap();
    let client = client_of(&["::ffff:127.0.0.2", "127.0.0.2", "127.0.0.1"], "127.0.0.1/32");

    let answer = get(&client, &format!("http://hooks.example.com:{port}/")).await;

    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(receiver.calls().len(), 1);
    assert!(inside.accept().is_err(), "somebody called");
}

#[tokio::test]
async fn what_is_allowed_is_reached_by_address_and_by_name() {
    let receiver = Receiver::start([]).await;
    let port = port(&receiver);
    let by_network = client("127.0.0.0/8", Redirects::Answered);
    assert_eq!(get(&by_network, &format!("http://127.1:{port}/a")).await.unwrap().status, 200);
    let by_name = client_of(&["127.0.0.1"], "receiver.internal");
    let url = format!("http://receiver.internal:{port}/b");
    assert_eq!(get(&by_name, &url).await.unwrap().status, 200);
    let other = get(&by_name, &format!("http://other.internal:{port}/c")).await;
    assert!(matches!(other, Err(Error::NothingReachable(_))), "{other:?}");

    let lines: Vec<String> = receiver.calls().into_iter().map(|call| call.line).collect();
    assert_eq!(lines, ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]);
}

#[tokio::test]
async fn a_redirect_that_leads_inside_is_not_followed_wherever_in_a_row_it_comes() {
    let client = client("127.0.0.1/32", Redirects::Followed);
    for inside in ["http://169.254.169.254/latest/", "http://[::1]/", "http://me:word@127.0.0.1/"] {
        let second = Receiver::start([Reply::redirect(307, inside)]).await;
        let first = Receiver::start([Reply::redirect(302, &second.url)]).await;

        let answer = get(&client, &first.url).await;

        assert!(matches!(answer, Err(Error::Target(_))), "{inside}: {answer:?}");
        assert_eq!(second.calls().len(), 1);
    }
    let elsewhere = Receiver::start([Reply::redirect(302, "file:///etc/passwd")]).await;
    let answer = get(&client, &elsewhere.url).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (302, 0));
}

#[tokio::test]
async fn three_redirects_in_a_row_are_followed_and_not_a_fourth() {
    let around = |times| (0..times).map(|_| Reply::redirect(302, "/again")).collect::<Vec<_>>();
    let client = client("127.0.0.1/32", Redirects::Followed);
    let three = Receiver::start(around(3)).await;
    assert_eq!(get(&client, &three.url).await.unwrap().status, 200);
    let four = Receiver::start(around(4)).await;
    let answer = get(&client, &four.url).await;
    assert!(matches!(answer, Err(Error::TooManyRedirects)), "{answer:?}");
    assert_eq!(four.calls().len(), 4);
}

#[tokio::test]
async fn a_redirect_is_the_answer_where_none_is_followed() {
    let receiver = Receiver::start([Reply::redirect(301, "/elsewhere")]).await;
    let client = client("127.0.0.1/32", Redirects::Answered);

    let url = receiver.url.parse().unwrap();
    let answer = client.post(&url, HeaderMap::new(), Bytes::from("{}"), BOUNDS).await.unwrap();

    assert_eq!(answer.status, 301);
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(receiver.calls()[0].body, b"{}");
}

#[tokio::test]
async fn who_does_not_answer_is_given_up_and_its_address_is_not_repeated() {
    let receiver = Receiver::start([Reply::Nothing]).await;
    let bounds = Bounds { time: Duration::from_millis(100), ..BOUNDS };
    let url = format!("{}/?token=secret", receiver.url);

    let answer =
        client("127.0.0.1/32", Redirects::Answered).get(&url.parse().unwrap(), bounds).await;

    assert!(matches!(answer, Err(Error::Timeout(_))), "{answer:?}");
    receiver.poured().await;
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_and_the_rest_is_not_taken() {
    let receiver = Receiver::start([Reply::Endless]).await;

    let answer = get(&client("127.0.0.1/32", Redirects::Answered), &receiver.url).await.unwrap();

    assert_eq!((answer.body.len(), answer.cut), (BOUNDS.bytes, Some(Cut::TooLarge)));
    // More than the limit, because both sides have buffers.
    assert!(receiver.poured().await < 64 * 1024 * 1024);
}

#[tokio::test]
async fn a_body_within_bounds_is_whole() {
    let exact = Reply::Text(404, Vec::new(), "x".repeat(BOUNDS.bytes));
    let receiver = Receiver::start([exact]).await;

    let answer = get(&client("127.0.0.1/32", Redirects::Answered), &receiver.url).await.unwrap();

    assert_eq!((answer.status.as_u16(), answer.body.len(), answer.cut), (404, 1000, None));
}

#[tokio::test]
async fn no_error_shows_the_query_of_an_address() {
    let client = client("127.0.0.1/32", Redirects::Followed);
    let receiver = Receiver::start([Reply::redirect(302, "http://10.0.0.1/?token=secret")]).await;
    for url in [
        // Nothing listens there.
        "http://127.0.0.1:1/?token=secret".to_owned(),
        format!("{}/?token=secret", receiver.url),
        "http://10.0.0.1/?token=secret".to_owned(),
        "http://no-such-host.invalid/?token=secret".to_owned(),
    ] {
        let error = get(&client, &url).await.unwrap_err();
        assert!(!chain(&error).contains("secret"), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn nothing_is_allowed_unless_it_is_said() {
    let config = darkroom_core::config::Config::from_variables([].into()).unwrap();

    assert_eq!(config.outbound.allowed, Allowed::default());
}
