//! `Authorization: Key <key_id>:<key_secret>` (fal docs: authentication).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};

use crate::problem::Problem;
use crate::server::Sim;

/// Proof that the caller has sent a key.
pub(crate) struct KeyHolder {
    /// The part of the key before the colon, which is not secret; `None` without a colon.
    pub(crate) key_id: Option<String>,
}

impl FromRequest for KeyHolder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request))
    }
}

fn check(request: &HttpRequest) -> Result<KeyHolder, Problem> {
    let key = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Key "))
        .filter(|key| !key.trim().is_empty())
        .ok_or(Problem::MalformedKey)?;

    let known = request.app_data::<web::Data<Sim>>().and_then(|sim| sim.settings.key.as_deref());
    match known {
        Some(known) if known != key => Err(Problem::UnknownKey),
        _ => Ok(KeyHolder { key_id: key.split_once(':').map(|(id, _)| id.to_owned()) }),
    }
}
