//! The status stream of a request: what it last said, for as long as it lives.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Client, Error, Progress, Report},
    job::JobId,
    queue::{ProviderProgress, Submission},
};
use tokio::{sync::watch, time::sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::{backoff::exponential, life::Life};

/// How many times a request's stream may break until it is given up: from then on, the request is only checked.
const MOST_FAILURES: u32 = 4;

/// A request's status stream, or none.
#[derive(Debug)]
pub(super) struct Stream {
    /// What it last said; nothing while it is not live.
    said: Option<watch::Receiver<Option<Progress>>>,
    /// Reads the stream, in its own task, because the job that waits for news waits for other things too.
    _reading: Option<AbortOnDropHandle<()>>,
}

impl Stream {
    /// Opens the stream, if this worker may hold another one.
    pub(super) fn open(life: &Life, job: JobId, submission: &Submission) -> Self {
        let Ok(permit) = life.worker.streams.clone().try_acquire_owned() else {
            return Self { said: None, _reading: None };
        };
        let (says, said) = watch::channel(None);
        let (fal, submission) = (life.worker.fal.clone(), submission.clone());
        let teller = life.teller.clone();
        let reading = tokio::spawn(async move {
            let tell = |report: &Report| {
                if let Some(news) = ProviderProgress::of(job, report) {
                    teller.tell(news);
                }
            };
            read(&fal, &submission, &says, tell).await;
            drop(permit);
        });
        Self { said: Some(said), _reading: Some(AbortOnDropHandle::new(reading)) }
    }

    /// Waits for the next thing that the stream says; `None` when it broke. Waits for ever if there is no stream.
    pub(super) async fn next(&mut self) -> Option<Progress> {
        let Some(said) = &mut self.said else {
            return std::future::pending().await;
        };
        if said.changed().await.is_err() {
            self.said = None;
            return None;
        }
        *said.borrow_and_update()
    }
}

/// Reads until the request has ended, opening the stream again when it breaks.
async fn read(
    fal: &Client,
    submission: &Submission,
    says: &watch::Sender<Option<Progress>>,
    tell: impl Fn(&Report),
) {
    for failures in 0..MOST_FAILURES {
        match pass_on(fal, submission, says, &tell).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(provider.request_id = submission.provider_request_id,
                    error = %chain(&error), "a status stream broke");
            }
        }
        says.send_replace(None);
        sleep(exponential(Duration::from_secs(1), Duration::from_secs(30), failures)).await;
    }
}

/// Passes on what a stream says; true when it said that the request has ended.
async fn pass_on(
    fal: &Client,
    submission: &Submission,
    says: &watch::Sender<Option<Progress>>,
    tell: impl Fn(&Report),
) -> Result<bool, Error> {
    let mut watch = fal.watch(submission).await?;
    while let Some(report) = watch.next().await? {
        says.send_replace(Some(report.progress));
        tell(&report);
        if matches!(report.progress, Progress::Ended { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}
