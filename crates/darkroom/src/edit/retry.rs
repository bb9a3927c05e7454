//! Asks again where the way or the moment is at fault.

use std::{error::Error, time::Duration};

use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{failure::Failure, server::Server, show::Screen};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The most that an API's `Retry-After` is followed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// For how long one is asked again who does not answer.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// Nobody was ever there: nothing runs, and that is to be said soon.
    Brief,
    /// Somebody was there, who may be starting again.
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
    /// Asking again does not mend it.
    Lasting(Failure),
    /// It may mend itself.
    Passing {
        /// What came in place of an answer.
        error: Box<dyn Error + Send + Sync>,
        /// Nobody took the connection.
        is_refused: bool,
        /// When the API wants to be asked again.
        retry_after: Option<Duration>,
    },
}

/// An answer that asks to come again.
#[derive(Debug, thiserror::Error)]
#[error("it answers {0}")]
struct NotNow(StatusCode);

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Lasting(failure)
    }
}

impl Trouble {
    /// Of a request. The URL is left out: it may hold a password.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let is_refused = error.is_connect();
        Self::passing(error.without_url(), is_refused)
    }

    /// It may be better the next time.
    pub(super) fn passing(
        error: impl Into<Box<dyn Error + Send + Sync>>,
        is_refused: bool,
    ) -> Self {
        Self::Passing { error: error.into(), is_refused, retry_after: None }
    }

    /// The answer, unless it says that another one may come later.
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
        // A budget that is used up is full again tomorrow.
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

    /// When no patience is left.
    pub(super) fn into_failure(self, server: &Server, job: Option<Uuid>) -> Failure {
        match self {
            Self::Lasting(failure) => failure,
            Self::Passing { error, .. } => {
                Failure::Away { server: server.shown(), job, trouble: error }
            }
        }
    }
}

/// Tries, until it is done or no patience is left.
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
