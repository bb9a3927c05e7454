//! Waiting for something that another process or task does, without guessing how long it takes.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// The longest that a test waits for anything: long for a machine that has much else to do, and less than the minute
/// after which much is looked at again anyway.
const PATIENCE: Duration = Duration::from_secs(50);

/// Calls `ask` again and again until it gives an answer, and returns that. Fails the test if none comes in time.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic_about(what))
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn panic_about(what: &str) -> ! {
    panic!("{what} did not happen in {PATIENCE:?}")
}
