//! The webhook address that fal is given for an attempt. It carries a MAC, so that it cannot be made
//! without our secret.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    db::{self, Pool},
    job::JobId,
    store,
};

/// The path at which the API takes notices; job, attempt and MAC follow it.
pub const PATH: &str = "/webhooks/fal";

/// The callback of a process, made when it is first needed: its secret is in the database, which may
/// be away when the process starts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LazyCallback {
    public_url: Option<Url>,
    made: Arc<OnceCell<Callback>>,
}

impl LazyCallback {
    /// For the API at `public_url`.
    pub fn new(public_url: Option<Url>) -> Self {
        Self { public_url, made: Arc::default() }
    }

    /// The callback; nothing where the API has no public address that fal could reach.
    pub async fn get(&self, pool: &Pool) -> Result<Option<&Callback>, db::Error> {
        let Some(public_url) = &self.public_url else {
            return Ok(None);
        };
        let make = async || {
            let secret = store::secret(pool, Callback::SECRET).await?;
            Ok(Callback::new(public_url, &secret))
        };
        self.made.get_or_try_init(make).await.map(Some)
    }
}

/// Makes and recognises the addresses of attempts.
#[derive(Clone, Debug)]
pub struct Callback {
    home: String,
    key: hmac::Key,
}

impl Callback {
    /// Name of the secret that all replicas share.
    pub const SECRET: &str = "fal_webhook";

    /// Callbacks to the API at `public_url`.
    pub fn new(public_url: &Url, secret: &SecretSlice<u8>) -> Self {
        let home = public_url.as_str().trim_end_matches('/').to_owned();
        Self { home, key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret()) }
    }

    /// The address of an attempt. It carries a MAC, so that nobody can make one up.
    pub fn url(&self, job: JobId, attempt: i16) -> Url {
        let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &message(job, attempt)));
        let text = format!("{}{PATH}/{job}/{attempt}/{mac}", self.home);
        #[expect(clippy::expect_used, reason = "a URL and harmless segments are a URL")]
        text.parse().expect("a URL with a longer path is a URL")
    }

    /// Whether an address is one of ours; compared in constant time.
    pub fn is_authentic(&self, job: JobId, attempt: i16, mac: &str) -> bool {
        let fits = |mac: Vec<u8>| hmac::verify(&self.key, &message(job, attempt), &mac).is_ok();
        URL_SAFE_NO_PAD.decode(mac).is_ok_and(fits)
    }
}

fn message(job: JobId, attempt: i16) -> Vec<u8> {
    format!("{job}\n{attempt}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(secret: u8) -> Callback {
        let public_url = "https://darkroom.test/home/".parse().unwrap();
        Callback::new(&public_url, &vec![secret; 32].into())
    }

    #[test]
    fn an_address_is_recognised_for_its_own_attempt_and_secret_only() {
        let job = JobId::generate();

        let url = callback(1).url(job, 2).to_string();

        let home = format!("https://darkroom.test/home/webhooks/fal/{job}/2/");
        let mac = url.strip_prefix(&home).unwrap();
        assert!(callback(1).is_authentic(job, 2, mac));
        assert!(!callback(1).is_authentic(job, 3, mac));
        assert!(!callback(1).is_authentic(JobId::generate(), 2, mac));
        assert!(!callback(2).is_authentic(job, 2, mac));
        for other in ["", "0", "zz", "é", &mac[2..], &format!("{mac}00")] {
            assert!(!callback(1).is_authentic(job, 2, other), "{other}");
        }
    }
}
