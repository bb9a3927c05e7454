//! Entry points for the fuzz targets in `fuzz/`: the code that reads a request, without a connection or a database.
//!
//! Only compiled with the feature `fuzzing`, which nothing that is shipped turns on.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use actix_web::{FromRequest, HttpRequest, http::header, test::TestRequest, web};
use darkroom_core::{
    config::Config,
    db,
    job::JobId,
    links::{Linked, Verdict},
    models::Models,
    store::ImageId,
};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{State, conditional, error::ApiError, images, jobs, openai, usage};

/// The settings. Limits are small, so that more inputs can be tried.
const SETTINGS: [(&str, &str); 5] = [
    ("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none"),
    ("DATABASE_NOTIFY", "false"),
    ("REQUIRE_API_KEY", "true"),
    ("IMAGE_LINK_SECRET", "nobody-guesses-this-one-of-42-characters"),
    ("MAX_UPLOAD_BYTES", "2048"),
];

/// What requests are read with.
struct Stage {
    runtime: Runtime,
    state: State,
}

static STAGE: LazyLock<Option<Stage>> = LazyLock::new(Stage::set);

impl Stage {
    fn set() -> Option<Self> {
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::from_variables(HashMap::from(settings)).ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let state = runtime.block_on(async {
            let pool = db::connect(config.database.url.as_ref()?, 2).ok()?;
            let models = Models::load(&config.jobs).ok()?;
            State::new(&config, pool, models).ok()
        })?;
        Some(Self { runtime, state })
    }
}

/// Whether a body of this type is an upload.
pub fn upload(content_type: &str, body: &[u8]) -> Option<bool> {
    let Stage { runtime, state } = STAGE.as_ref()?;
    runtime.block_on(async {
        let (request, payload) = post(content_type, body).await?;
        Some(is_good(jobs::upload::read(&request, payload, state, None).await.as_ref().err()))
    })
}

/// Whether a form of this type is one of OpenAI's that can be honoured.
pub fn openai_form(content_type: &str, body: &[u8]) -> Option<bool> {
    let Stage { runtime, state } = STAGE.as_ref()?;
    runtime.block_on(async {
        let (request, payload) = post(content_type, body).await?;
        let mut form = openai::form::EditForm::default();
        let upload = jobs::upload::read_form(&request, payload, state, None, &mut form).await;
        Some(is_good(upload.as_ref().err()))
    })
}

async fn post(content_type: &str, body: &[u8]) -> Option<(HttpRequest, web::Payload)> {
    let request = TestRequest::post().insert_header((header::CONTENT_TYPE, content_type));
    let (request, mut payload) = request.set_payload(body.to_vec()).to_http_parts();
    let payload = web::Payload::from_request(&request, &mut payload).await.ok()?;
    Some((request, payload))
}

/// Whether the query asks for the usage of certain days.
pub fn usage_query(query: &str) -> bool {
    is_good(usage::days(query).as_ref().err())
}

/// Whether the query is a valid one of the list. Asserts that the next page's is one, too.
pub fn list_query(query: &str) -> bool {
    match jobs::list::Query::parse(query) {
        Ok(query) => {
            let next = query.after(JobId(Uuid::nil()));
            let again =
                jobs::list::Query::parse(&next).map(|query| query.after(JobId(Uuid::nil())));
            assert_eq!(again.ok(), Some(next), "the next page is of another list");
            true
        }
        Err(error) => is_good(Some(&error)),
    }
}

/// Whether the query of an image's address has a valid signature.
pub fn link_query(query: &str) -> bool {
    let Some(Stage { runtime, state }) = STAGE.as_ref() else { return false };
    let signature = match images::Wish::parse(query) {
        Ok(wish) => wish.signature,
        Err(error) => return is_good(Some(&error)),
    };
    let Some(signature) = signature else { return false };
    let image = Linked::Image(ImageId(Uuid::nil()));
    let verdict = runtime.block_on(state.linker.check(&state.pool, image, &signature));
    matches!(verdict, Ok(Verdict::Holds))
}

/// Reads the headers that say which part of an answer is wanted, and when.
pub fn headers(lines: &[(&str, &str)], length: u64) {
    let mut request = TestRequest::get();
    for (name, value) in lines {
        let pair = (header::HeaderName::try_from(*name), header::HeaderValue::try_from(*value));
        if let (Ok(name), Ok(value)) = pair {
            request = request.append_header((name, value));
        }
    }
    read_headers(&request.to_http_request(), length);
}

fn read_headers(request: &HttpRequest, length: u64) {
    match jobs::idempotency::key(request) {
        Ok(key) => {
            assert!(key.is_none_or(|key| (1..=200).contains(&key.len())), "a key is too long");
        }
        Err(error) => _ = is_good(Some(&error)),
    }
    match jobs::wait::Wait::of(request) {
        Ok(wait) => assert!(wait.time() <= Duration::from_mins(1), "a wait is too long"),
        Err(error) => _ = is_good(Some(&error)),
    }
    if let Err(error) = jobs::events::last_event::last_event(request, None) {
        is_good(Some(&error));
    }
    let tag = header::EntityTag::new_strong("tag".into());
    conditional::has(request, &tag);
    if let images::Part::Some(part) = images::Part::of(request, &tag, length) {
        assert!(part.start < part.end && part.end <= length, "a part lies beyond its file");
    }
}

/// Whether there is no error. Asserts that an error is the client's fault.
fn is_good(error: Option<&ApiError>) -> bool {
    let Some(error) = error else { return true };
    let status = error.code().status();
    assert!(status.is_client_error(), "a request's bytes are answered with {status}: {error}");
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_what_their_targets_look_for() {
        let form = "multipart/form-data; boundary=XX";
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");
        let read = |seed: &str| std::fs::read(format!("{folder}/{seed}")).unwrap();
        for seed in ["upload_form/whole", "upload_form/address"] {
            assert_eq!(upload(form, &read(seed)), Some(true), "{seed}");
        }
        for seed in ["upload_json/whole", "upload_json/address"] {
            assert_eq!(upload("application/json", &read(seed)), Some(true), "{seed}");
        }
        for seed in ["openai_form/whole", "openai_form/bare"] {
            assert_eq!(openai_form(form, &read(seed)), Some(true), "{seed}");
        }
        assert!(list_query("limit=7&status=pending,failed&metadata.a=7"));
        assert!(usage_query("from=2026-01-01&to=2026-01-31"));
    }
}
