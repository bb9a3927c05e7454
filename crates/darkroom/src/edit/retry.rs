//! Retries requests after errors of the network, or errors that pass with time.

use std::{error::Error, time::Duration};

use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{failure::Failure, server::Server, show::Screen};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The longest `Retry-After` of an API that is followed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// How long a request is retried.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// Until a connection is accepted: probably no API runs, and that should be said soon.
    Brief,
    /// After that, as the API may be restarting.
    Long,
}

impl Patience {
    fn lasts(self) -> Duration {
        match self {
            Self::Brief => Duration::from_secs(2),
            Self::Long => Duration::from_mins(2),
        }
    }
}

/// Why there is no answer yet.
pub(super) enum Trouble {
    /// A retry would not help.
    Lasting(Failure),
    /// A retry may succeed.
    Passing {
        /// What came in place of an answer.
        error: Box<dyn Error + Send + Sync>,
        /// The connection was not accepted.
        is_refused: bool,
        /// How long the API wants the client to wait.
        retry_after: Option<Duration>,
    },
}

/// An answer with a status that a retry may change.
#[derive(Debug, thiserror::Error)]
#[error("it answers {0}")]
struct NotNow(StatusCode);

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Lasting(failure)
    }
}

impl Trouble {
    /// From the error of a request. The URL is left out, as it may contain a password.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let is_refused = error.is_connect();
        Self::passing(error.without_url(), is_refused)
    }

    /// From an error that a retry may avoid.
    pub(super) fn passing(
        error: impl Into<Box<dyn Error + Send + Sync>>,
        is_refused: bool,
    ) -> Self {
        Self::Passing { error: error.into(), is_refused, retry_after: None }
    }

    /// The answer, unless its status says that a retry may succeed.
    pub(super) fn unless_settled(answer: Response) -> Result<Response, Self> {
        let status = answer.status();
        let is_passing = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        );
        if !is_passing {
            return Ok(answer);
        }
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = seconds.and_then(|seconds| seconds.parse().ok());
        let wait = seconds.map(Duration::from_secs);
        // Too long to wait: a budget that is used up is full again only tomorrow.
        if status == StatusCode::TOO_MANY_REQUESTS
            && wait.is_some_and(|wait| wait > Patience::Long.lasts())
        {
            return Ok(answer);
        }
        Err(Self::Passing {
            error: Box::new(NotNow(status)),
            is_refused: false,
            retry_after: wait.map(|wait| wait.min(LONGEST_RETRY_AFTER)),
        })
    }

    /// The failure when patience runs out.
    pub(super) fn into_failure(self, server: &Server, job: Option<Uuid>) -> Failure {
        match self {
            Self::Lasting(failure) => failure,
            Self::Passing { error, .. } => {
                Failure::Away { server: server.shown(), job, trouble: error }
            }
        }
    }
}

/// Repeats an attempt until it succeeds, fails for good, or patience runs out.
pub(super) async fn patiently<T>(
    screen: &Screen,
    mut patience: Patience,
    mut attempt: impl AsyncFnMut() -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let mut pause = FIRST_PAUSE;
    let mut since = None;
    let mut was_said = false;
    loop {
        let trouble = match attempt().await {
            Ok(done) => {
                if was_said {
                    screen.say("the API answers again");
                }
                return Ok(done);
            }
            Err(trouble) => trouble,
        };
        let Trouble::Passing { error, is_refused, retry_after } = &trouble else {
            return Err(trouble);
        };
        if !is_refused {
            patience = Patience::Long;
        }
        let rest = retry_after.unwrap_or_default().max(pause);
        let began = *since.get_or_insert_with(Instant::now);
        if began.elapsed() + rest > patience.lasts() {
            return Err(trouble);
        }
        if matches!(patience, Patience::Long) && !was_said {
            let minutes = patience.lasts().as_secs() / 60;
            let what = match error.downcast_ref::<NotNow>() {
                Some(NotNow(StatusCode::TOO_MANY_REQUESTS)) => "has others before us",
                _ => "does not answer",
            };
            screen.say(&format!("the API {what}; it is asked again for {minutes} minutes"));
            was_said = true;
        }
        sleep(rest).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
