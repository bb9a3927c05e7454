//! Result: what a request came to. Only here does a failed one show.

use serde::Deserialize;
use url::Url;

use super::{Client, Error, client::json};
use crate::queue::Submission;

/// What a model made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Output {
    /// Where the pictures are, in order; at least one.
    pub images: Vec<Url>,
}

/// Everything but the address may be missing or null, and is only a hint (source: the models'
/// pages at fal).
#[derive(Deserialize)]
struct Answer {
    images: Option<Vec<File>>,
    image: Option<File>,
}

#[derive(Deserialize)]
struct File {
    url: Url,
}

impl Client {
    /// Fetches what a request came to; the model's own error where it failed.
    pub async fn result(&self, submission: &Submission) -> Result<Output, Error> {
        let answer: Answer = json(self.ask(&submission.response_url).await?).await?;
        let files = answer.images.unwrap_or_default().into_iter().chain(answer.image);
        let images: Vec<Url> = files.map(|file| file.url).collect();
        if images.is_empty() { Err(Error::NoPicture) } else { Ok(Output { images }) }
    }
}
