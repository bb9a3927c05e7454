//! Interruptions, which leave nothing behind that runs.

use anyhow::anyhow;

/// What a task comes to, unless it is interrupted: it is dropped then.
pub(crate) async fn unless_interrupted<T>(
    task: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        outcome = task => outcome,
        interrupted = interrupted() => Err(interrupted),
    }
}

/// Ctrl-C, or what a supervisor sends.
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
