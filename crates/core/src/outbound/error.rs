//! Why a call got no answer.

use std::time::Duration;

use super::{NothingReachable, TargetProblem, client::TooManyRedirects};

/// A call got no answer. Its text holds no URL, because a URL's query may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address, or one that it redirects to, is not called.
    #[error("the address is not called")]
    Target(#[from] TargetProblem),
    /// Its name leads to nothing that may be reached.
    #[error(transparent)]
    NothingReachable(NothingReachable),
    /// It redirects more often than is followed.
    #[error("it redirects more often than is followed")]
    TooManyRedirects,
    /// It did not answer in time.
    #[error("no answer came within {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// No connection could be made.
    #[error("no connection could be made")]
    Connect(#[source] reqwest::Error),
    /// The connection broke, or what came over it is not HTTP.
    #[error("the exchange broke off")]
    Transport(#[source] reqwest::Error),
}

impl Error {
    pub(super) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(NothingReachable { host }) = cause(&error) {
            Self::NothingReachable(NothingReachable { host: host.clone() })
        } else if let Some(problem) = cause::<TargetProblem>(&error) {
            Self::Target(*problem)
        } else if cause::<TooManyRedirects>(&error).is_some() {
            Self::TooManyRedirects
        } else if error.is_connect() {
            Self::Connect(error)
        } else {
            Self::Transport(error)
        }
    }
}

/// The first cause of this type.
fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
