//! Interruptions: an interrupted task is dropped, so that nothing of it keeps running.

use anyhow::anyhow;

/// Runs a task to its end, or drops it and fails when the program is interrupted.
pub(crate) async fn unless_interrupted<T>(
    task: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        outcome = task => outcome,
        interrupted = interrupted() => Err(interrupted),
    }
}

/// Waits for Ctrl-C, or for the SIGTERM that a supervisor sends.
pub(crate) async fn interrupted() -> anyhow::Error {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return anyhow!("signals cannot be received");
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.ok();
    anyhow!("interrupted")
}
