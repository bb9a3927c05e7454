//! Slow or greedy clients: their connections are closed, and others are served.

use tokio::io::AsyncReadExt;

use crate::{
    app::{App, form, photo},
    raw::{Connection, body, head},
};

/// The API waits one second for a client.
const HASTY: [(&str, &str); 2] = [("CLIENT_TIMEOUT_SECONDS", "1"), ("KEEP_ALIVE_SECONDS", "1")];

impl App {
    /// Asserts that others are served meanwhile.
    async fn assert_serves(&self) {
        assert_eq!(self.post(form(photo(), "x")).await.status(), 201);
    }
}

#[tokio::test]
async fn half_a_head_is_waited_for_no_longer_than_configured() {
    let app = App::start_with(&HASTY).await;
    let mut silent = Connection::open(app.address).await;
    let mut slow = Connection::open(app.address).await;
    slow.send(b"GET /health HTTP/1.1\r\nHost: te").await;

    app.assert_serves().await;

    assert_eq!(slow.answer().await.0, 408);
    assert!(slow.is_over().await);
    assert_eq!(silent.answer().await.0, 408);
    assert!(silent.is_over().await);
}

#[tokio::test]
async fn a_later_head_that_does_not_end_is_not_waited_for_either() {
    let app = App::start_with(&HASTY).await;
    let mut slow = Connection::open(app.address).await;
    slow.send(b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(slow.answer().await.0, 200);

    slow.send(b"GET /health HTTP/1.1\r\nHost: te").await;

    app.assert_serves().await;
    assert!(slow.is_over().await);
}

#[tokio::test]
async fn a_body_that_trickles_is_cut_off_and_told_why() {
    // Connections are kept for longer, so that none is closed just when the next client wants it.
    let app = App::start_with(&HASTY[..1]).await;
    let form = body(&[("prompt", b"x"), ("image", &photo())]);
    let json = b"{\"prompt\": \"x\", \"images\": [{\"base64\": \"AAAA";
    let json_head = "POST /api/jobs HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
                     Content-Length: 100000\r\n\r\n";
    let form_head = head(form.len());
    let edit_head = form_head.replace("/api/jobs", "/v1/images/edits");
    let limit_head =
        "PUT /api/admin/queue/limit HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n";

    for (head, body) in [
        (form_head.as_str(), &form[..40]),
        (json_head, json.as_slice()),
        (&edit_head, &form[..40]),
        (limit_head, b"{\"max_in_flight\": "),
    ] {
        let mut slow = Connection::open(app.address).await;
        slow.send(head.as_bytes()).await;
        slow.send(body).await;

        app.assert_serves().await;

        let (status, told) = slow.answer().await;
        assert_eq!(status, 408, "{told}");
        assert!(told.contains("\"code\":\"request_timeout\""), "{told}");
        assert!(slow.is_over().await);
    }
}

#[tokio::test]
async fn a_body_that_nobody_reads_and_that_does_not_end_is_not_waited_for() {
    let app = App::start_with(&HASTY).await;
    let mut slow = Connection::open(app.address).await;

    slow.send(b"POST /nothing/here HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nx").await;

    assert_eq!(slow.answer().await.0, 404);
    app.assert_serves().await;
    assert!(slow.is_over().await);
}

#[tokio::test]
async fn an_upload_that_is_slow_and_keeps_its_pace_arrives() {
    let app = App::start_with(&[("CLIENT_TIMEOUT_SECONDS", "4")]).await;
    // A small picture after a preamble that takes several periods: only the pace of the bytes counts.
    let mut all = b"a line that a reader of forms passes over\r\n".repeat(1_500);
    all.extend(body(&[("prompt", b"x"), ("image", &photo())]));
    let mut slow = Connection::open(app.address).await;
    slow.send(head(all.len()).as_bytes()).await;

    for piece in all.chunks(20_000) {
        slow.send(piece).await;
        // The test is about this pause.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }

    assert_eq!(slow.answer().await.0, 201);
}

#[tokio::test]
async fn connections_beyond_the_most_wait_until_another_one_ends() {
    let settings = [("MAX_CONNECTIONS", "1"), ("KEEP_ALIVE_SECONDS", "1")];
    let app = App::start_with(&settings).await;
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut first = Vec::new();
    for _ in 0..threads {
        let mut connection = Connection::open(app.address).await;
        connection.send(b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n").await;
        assert_eq!(connection.answer().await.0, 200);
        first.push(connection);
    }
    let mut late = Connection::open(app.address).await;
    late.send(b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n").await;

    let one_ends = futures_util::future::select_all(
        first.iter_mut().map(|connection| Box::pin(connection.is_over())),
    );
    tokio::select! {
        biased;
        (is_over, ..) = one_ends => assert!(is_over),
        _ = late.answer() => unreachable!("it is served beside the first ones"),
    }
    assert_eq!(late.answer().await.0, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let app = App::start().await;
    let mut greedy = Connection::open(app.address).await;
    greedy.send(b"GET /health HTTP/1.1\r\nHost: test\r\nX-Filler: ").await;
    greedy.send(&vec![b'x'; 140_000]).await;

    assert_eq!(greedy.answer().await.0, 431);
    app.assert_serves().await;
}

#[tokio::test]
async fn parts_that_say_nothing_do_not_go_on_for_ever() {
    let limits = [("MAX_UPLOAD_BYTES", "1000000"), ("MAX_REQUEST_BYTES", "1000000")];
    let app = App::start_with(&limits).await;
    let cases = [
        // Empty fields count as not sent.
        (b"--XX\r\nContent-Disposition: form-data; name=\"image_url\"\r\n\r\n\r\n".to_vec(), 422),
        // The preamble before the first field belongs to no field.
        (b"a preamble\r\n".repeat(8000), 413),
        // The head of a field, without an end.
        (b"--XX\r\nContent-Disposition: form-data; name=\"image\"\r\nX-Filler: ".to_vec(), 400),
    ];

    for (first, expected) in cases {
        let mut endless = Connection::open(app.address).await;
        endless
            .send(
                b"POST /api/jobs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\
                  Content-Type: multipart/form-data; boundary=XX\r\n\r\n",
            )
            .await;
        let again = if expected == 400 { vec![b'x'; 10_000] } else { first.clone() };
        let (mut reading, mut writing) = endless.0.into_split();
        let sending = tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            let mut piece = first;
            loop {
                let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
                if writing.write_all(&chunk).await.is_err() {
                    break;
                }
                piece.clone_from(&again);
            }
        });
        let mut status = [0; 12];
        reading.read_exact(&mut status).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&status), format!("HTTP/1.1 {expected}"));
        sending.await.unwrap();
    }
}
