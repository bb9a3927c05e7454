//! Follows a job to its end.

use std::{convert::Infallible, time::Duration};

use reqwest::{Method, StatusCode};
use tokio::time::sleep;

use super::{
    failure::Failure,
    job::{Job, Progress},
    retry::Patience,
    server::Server,
    show::Screen,
};

/// How long one request waits for the job's end, in seconds: less than proxies wait for an answer.
const WAIT: u64 = 25;

/// A request that is not answered by then is sent again.
const ANSWERING: Duration = Duration::from_secs(WAIT + 15);

/// How often progress is shown.
const SHOWING: Duration = Duration::from_secs(1);

/// Waits for the job's end and returns the job; shows its progress meanwhile.
pub(super) async fn until_end(server: &Server, job: &Job, screen: &Screen) -> Result<Job, Failure> {
    let ended = tokio::select! {
        ended = end(server, job, screen) => ended,
        never = show(server, job, screen) => match never {},
    };
    screen.clear();
    ended
}

/// Cancels the job and returns it once it has ended.
pub(super) async fn cancel(server: &Server, job: &Job, screen: &Screen) -> Result<Job, Failure> {
    screen.clear();
    screen.say("cancelling; Ctrl-C again leaves at once");
    let path = format!("api/jobs/{}/cancel", job.id);
    // If it has ended (409) or is deleted (404), reading it below tells.
    server
        .ask(screen, Patience::Long, Some(job.id), async || {
            Ok(server.request(Method::POST, &path)?.timeout(ANSWERING))
        })
        .await?;
    end(server, job, screen).await
}

/// Asks until the job has ended; the API answers when it ends, or after [`WAIT`] at the latest.
async fn end(server: &Server, job: &Job, screen: &Screen) -> Result<Job, Failure> {
    let path = format!("api/jobs/{}?wait={WAIT}", job.id);
    loop {
        let answer = server
            .ask(screen, Patience::Long, Some(job.id), async || {
                Ok(server.request(Method::GET, &path)?.timeout(ANSWERING))
            })
            .await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Err(Failure::Deleted(job.id));
        }
        let job = Job::read(&answer.body).ok_or_else(|| server.stranger())?;
        if job.status.has_ended() {
            return Ok(job);
        }
    }
}

/// Shows progress, for ever. A request that fails is ignored: the one in [`end`] reports what is wrong.
async fn show(server: &Server, job: &Job, screen: &Screen) -> Infallible {
    let path = format!("api/jobs/{}/progress", job.id);
    loop {
        if let Some(progress) = progress(server, &path).await {
            screen.progress(&progress);
        }
        sleep(SHOWING).await;
    }
}

async fn progress(server: &Server, path: &str) -> Option<Progress> {
    let request = server.request(Method::GET, path).ok()?.timeout(ANSWERING);
    request.send().await.ok()?.json().await.ok()
}
