//! Cancel: ask fal to stop a request (source: fal's inference API reference, queue cancel).

use reqwest::Method;
use serde::Deserialize;

use super::{
    Client, Error,
    answer::Answer,
    malformed::{Malformed, hint, parse},
};
use crate::queue::Submission;

/// What came of asking fal to stop a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cancellation {
    /// It had not started and never will; nothing is charged.
    Removed,
    /// It was told to stop, but may still end well and be charged for.
    Requested,
    /// It had already ended.
    TooLate,
    /// fal does not know it.
    Unknown,
}

/// The same answer in two generations of fal's API: the queue's, and the one in the models' own descriptions.
#[derive(Default, Deserialize)]
pub(super) struct Said {
    #[serde(default, deserialize_with = "hint")]
    status: Option<String>,
    #[serde(default, deserialize_with = "hint")]
    success: Option<bool>,
}

impl Client {
    /// Asks fal to stop a request. Its end has to be awaited nevertheless.
    pub async fn cancel(&self, submission: &Submission) -> Result<Cancellation, Error> {
        let answer = self.ask(Method::PUT, &submission.cancel_url).await?;
        read(&answer)
    }
}

fn read(answer: &Answer) -> Result<Cancellation, Error> {
    let said = match parse::<Said>(&answer.body) {
        Ok(said) => said,
        // A page of something in front of fal is no promise.
        Err(page @ Malformed::NotJson { .. })
            if answer.status.is_success() && !answer.body.is_empty() =>
        {
            return Err(Error::Malformed(page));
        }
        Err(_unknown) => Said::default(),
    };
    let cancellation = match (said.status.as_deref(), answer.status.as_u16()) {
        (Some("ALREADY_COMPLETED"), 200..=499) => Cancellation::TooLate,
        (Some("NOT_FOUND"), 200..=499) => Cancellation::Unknown,
        (Some("OK"), 200) => Cancellation::Removed,
        (_, 200..=299) if said.success == Some(false) => Cancellation::TooLate,
        // Accepted in words that are not known: assume the weaker of the two promises.
        (_, 200..=299) => Cancellation::Requested,
        _ => return Err(answer.refusal()),
    };
    Ok(cancellation)
}
