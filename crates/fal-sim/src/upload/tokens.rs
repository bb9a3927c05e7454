//! CDN tokens: a caller with one may upload for a while.

use std::collections::VecDeque;
use std::future::{Ready, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use uuid::Uuid;

use crate::problem::Problem;
use crate::server::Sim;

/// How long a token is valid; fal does not document how long its own are.
pub(crate) const LIFETIME: Duration = Duration::from_hours(1);

/// How many tokens are valid at a time; a further one replaces the oldest.
const MOST: usize = 1000;

/// The tokens that were issued.
#[derive(Default)]
pub(crate) struct Tokens {
    oldest_first: Mutex<VecDeque<(String, Instant)>>,
}

impl Tokens {
    /// Issues a token.
    pub(crate) fn issue(&self) -> String {
        let token = Uuid::new_v4().simple().to_string();
        let mut tokens = self.lock();
        if tokens.len() >= MOST {
            tokens.pop_front();
        }
        tokens.push_back((token.clone(), Instant::now()));
        token
    }

    fn knows(&self, token: &str) -> bool {
        let good =
            |(known, issued): &(String, Instant)| known == token && issued.elapsed() < LIFETIME;
        self.lock().iter().any(good)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, Instant)>> {
        self.oldest_first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Proof that the caller has sent a valid token.
pub(crate) struct TokenHolder;

impl FromRequest for TokenHolder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check(request).ok_or(Problem::UnknownToken))
    }
}

fn check(request: &HttpRequest) -> Option<TokenHolder> {
    let token = super::header(request, AUTHORIZATION.as_str())?.strip_prefix("Bearer ")?;
    let sim = request.app_data::<web::Data<Sim>>()?;
    sim.tokens.knows(token).then_some(TokenHolder)
}
