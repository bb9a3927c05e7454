//! Makes the job at the API.

use std::time::Duration;

use reqwest::{Method, multipart::Form};
use uuid::Uuid;

use super::{
    failure::Failure, job::Job, photo::Photos, retry::Patience, server::Server, show::Screen,
};
use crate::cli::EditOptions;

/// The longest that an upload may take.
const UPLOADING: Duration = Duration::from_mins(10);

/// Uploads the photos, and again if the answer is lost: under the same key they make one job.
pub(super) async fn ask(
    server: &Server,
    photos: &Photos,
    options: &EditOptions,
    screen: &Screen,
) -> Result<Job, Failure> {
    let key = Uuid::new_v4().to_string();
    let answer = server
        .ask(screen, Patience::Brief, None, async || {
            screen.upload(photos.bytes());
            let request = server.request(Method::POST, "api/jobs")?;
            let request = request.header("Idempotency-Key", &key).timeout(UPLOADING);
            let mut form = words(options);
            for part in photos.parts(screen).await? {
                form = form.part("image", part);
            }
            Ok(request.multipart(form))
        })
        .await;
    screen.clear();
    Job::read(&answer?.body).ok_or_else(|| server.stranger())
}

/// The form with everything but the photos.
fn words(options: &EditOptions) -> Form {
    let said = [
        ("prompt", Some(options.prompt.clone())),
        ("model", options.model.clone()),
        ("num_images", options.num_images.map(|number| number.to_string())),
        ("seed", options.seed.map(|seed| seed.to_string())),
        ("image_size", options.size.clone()),
        ("aspect_ratio", options.aspect_ratio.clone()),
        ("output_format", options.output_format.clone()),
    ];
    let said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
    said.fold(Form::new(), |form, (name, value)| form.text(name, value))
}
