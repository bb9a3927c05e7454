//! Large answers of JSON, which are in memory until their clients have read them.

use darkroom_testing::eventually;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::app::{App, problem};

/// Asks for `path`, and reads no more than the first bytes of the answer.
async fn begin(app: &App, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // Else the system buffers much for a client that does not read.
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let mut connection = socket.connect(app.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    connection
}

#[tokio::test]
async fn while_many_large_answers_wait_for_their_clients_others_are_told_to_come_back() {
    // The slow clients are not to be disconnected during the test.
    let app = App::start_with(&[("CLIENT_TIMEOUT_SECONDS", "300")]).await;
    let job = app.new_job().await;
    // An answer of about 19 MB, of which three have room.
    let versions = "insert into jobs (id, prompt, model, parent_id)
         select gen_random_uuid(), repeat('🌧', 5000), 'm', id from jobs, generate_series(1, 900)";
    sqlx::query(versions).execute(&app.database.pool).await.unwrap();
    let small = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let large = format!("{small}/versions");
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(begin(&app, &large).await);
    }

    let refused = app.get(&large).await;

    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "busy").await;
    assert_eq!(app.get(&small).await.status(), 200);
    slow.pop();
    eventually("there is room again", async || {
        (app.get(&large).await.status() == 200).then_some(())
    })
    .await;
}
