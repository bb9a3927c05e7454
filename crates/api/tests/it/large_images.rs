//! Large images, which are read from the database in parts while they are sent.

use std::time::Duration;

use darkroom_testing::{CountedLine, eventually};
use reqwest::header::RANGE;
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::sleep,
};

use crate::app::App;

/// 32 MiB in all: more than the system buffers of what was sent and not read.
const PARTS: usize = 64;
const PART: usize = 512 * 1024;

const READ_A_PART: &str = "select substring(data";

struct Large {
    app: App,
    line: CountedLine,
    job: Value,
    bytes: Vec<u8>,
}

impl Large {
    async fn serve() -> Self {
        let (app, line) = App::start_counted().await;
        let job = app.new_job().await;
        // No two parts are the same.
        let bytes: Vec<u8> = (0..PARTS * PART / 4)
            .flat_map(|word| u32::try_from(word).unwrap().to_le_bytes())
            .collect();
        // On its own connection, where it may take as long as it takes.
        let mut own = PgConnection::connect(app.database.url.expose_secret()).await.unwrap();
        let update = sqlx::query("update images set data = $1, sha256 = sha256($1)").bind(&bytes);
        update.execute(&mut own).await.unwrap();
        Self { app, line, job, bytes }
    }

    fn url(&self) -> &str {
        self.job["input_image_url"].as_str().unwrap()
    }

    /// Asks for the image, and reads nothing.
    async fn ask(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        // Else the system buffers much for a client that does not read.
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        let mut connection = socket.connect(self.app.address).await.unwrap();
        let path = self.url().split_once("/api/").unwrap().1;
        let head = format!("GET /api/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    }

    /// Waits until no more parts are read, and returns how many were.
    async fn rests(&self) -> usize {
        eventually("the server waits for its client", async || {
            let before = self.line.count(READ_A_PART);
            sleep(Duration::from_millis(500)).await;
            let read = self.line.count(READ_A_PART);
            (read > 0 && read == before).then_some(read)
        })
        .await
    }
}

#[tokio::test]
async fn of_a_large_image_that_its_client_does_not_read_the_rest_is_not_read_either() {
    let large = Large::serve().await;
    let mut slow = large.ask().await;

    let read = large.rests().await;

    assert!(read < PARTS / 2, "{read} parts of {PARTS} are read for who takes none");
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&large.bytes));
    let head = String::from_utf8_lossy(&answer[..answer.len() - large.bytes.len()]);
    assert!(head.contains(&format!("content-length: {}\r\n", large.bytes.len())), "{head}");
    assert_eq!(large.line.count(READ_A_PART), PARTS);
}

#[tokio::test]
async fn ranges_of_a_large_image_are_what_was_asked_for() {
    let large = Large::serve().await;
    let last = large.bytes.len() - 1;

    for (from, to) in [(0, last), (0, PART), (PART - 1, 2 * PART), (last - PART, last), (7, 8)] {
        let get = large.app.client.get(large.url()).header(RANGE, format!("bytes={from}-{to}"));
        let answer = get.send().await.unwrap();

        assert_eq!(answer.status(), 206);
        assert_eq!(answer.headers()["content-length"], (to - from + 1).to_string());
        assert!(answer.bytes().await.unwrap() == large.bytes[from..=to], "{from} to {to}");
    }
}

#[tokio::test]
async fn a_large_image_that_is_deleted_while_it_is_sent_breaks_off() {
    let large = Large::serve().await;
    let mut slow = large.ask().await;
    large.rests().await;

    let path = format!("/api/jobs/{}", large.job["id"].as_str().unwrap());
    let deleted = large.app.client.delete(large.app.url(&path)).send().await.unwrap();
    assert_eq!(deleted.status(), 204);

    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.ok();
    assert!(answer.len() < large.bytes.len());
}
