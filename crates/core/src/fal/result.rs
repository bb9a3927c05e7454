//! Result: what a request came to. Only its result shows whether a request failed.

use reqwest::{Method, header::HeaderMap};
use serde::Deserialize;
use url::Url;

use super::{
    Client, Error,
    malformed::{hint, hints},
};
use crate::queue::Submission;

/// What a model made.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The pictures, in order; at least one.
    pub images: Vec<OutputImage>,
    /// The seed that the model used, where it tells it and the number fits.
    pub seed: Option<i64>,
    /// What fal charges for, in the endpoint's own unit.
    pub billable_units: Option<f64>,
}

/// A picture that a model made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutputImage {
    /// Where it is.
    pub url: Url,
    /// Whether the safety checker put a black picture in its place, where the model says so.
    pub blanked: Option<bool>,
}

/// Everything but the addresses may be missing or null, and is only a hint (source: the models'
/// pages at fal).
#[derive(Deserialize)]
pub(super) struct Made {
    images: Option<Vec<File>>,
    image: Option<File>,
    /// Up to 2^64, so never through a float.
    #[serde(default, deserialize_with = "hint")]
    seed: Option<i64>,
    #[serde(default, deserialize_with = "hints")]
    has_nsfw_concepts: Vec<Option<bool>>,
}

#[derive(Deserialize)]
struct File {
    url: Url,
}

impl Client {
    /// Fetches the result of a request; if it failed, this is the model's own error.
    pub async fn result(&self, submission: &Submission) -> Result<Output, Error> {
        let answer = self.ask(Method::GET, &submission.response_url).await?;
        let made = answer.json::<Made>().map_err(Error::of_result)?;
        made.output(billable_units(&answer.headers))
    }
}

impl Made {
    pub(super) fn output(self, billable_units: Option<f64>) -> Result<Output, Error> {
        let files = self.images.unwrap_or_default().into_iter().chain(self.image);
        let blanked = self.has_nsfw_concepts.into_iter().chain(std::iter::repeat(None));
        let images: Vec<OutputImage> = files
            .zip(blanked)
            .map(|(file, blanked)| OutputImage { url: file.url, blanked })
            .collect();
        if images.is_empty() {
            return Err(Error::NoPicture);
        }
        Ok(Output { images, seed: self.seed, billable_units })
    }
}

fn billable_units(headers: &HeaderMap) -> Option<f64> {
    let units: f64 = headers.get("x-fal-billable-units")?.to_str().ok()?.trim().parse().ok()?;
    (units.is_finite() && units >= 0.0).then_some(units)
}
