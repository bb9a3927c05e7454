//! Links to images, and to the events of jobs.
//!
//! Where API keys are required, links are signed and expire. So an `<img>` and an `EventSource` work, although browsers
//! send no key with either.

mod linked;
mod signer;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::OnceCell;

use crate::{
    config,
    db::{self, Pool},
    job::JobId,
    store::{self, ImageId},
};

pub use linked::Linked;
use signer::Signer;
pub use signer::{LinkSecrets, LinkSecretsProblem};

/// Name of the secret that all replicas share where none is configured.
const STORED: &str = "image_links";

/// Width of the thumbnails that are linked to.
const THUMBNAIL_WIDTH: u16 = 320;

/// Writes links that begin the same way, and expire at the same moment.
#[derive(Clone, Debug)]
pub struct Links {
    base: Arc<str>,
    signing: Option<Signing>,
}

/// How links are signed.
#[derive(Clone, Debug)]
struct Signing {
    signer: Arc<Signer>,
    /// When they expire.
    expires: u64,
    /// No link expires later than this.
    latest: u64,
}

impl Links {
    /// Unsigned links to the API at `base`, which has no slash at its end.
    pub fn open(base: impl Into<Arc<str>>) -> Self {
        Self { base: base.into(), signing: None }
    }

    /// Lets no link expire later than `latest`: a client that was let in by a link gets none that holds for longer.
    #[must_use]
    pub fn until(mut self, latest: u64) -> Self {
        if let Some(signing) = &mut self.signing {
            signing.latest = latest;
            signing.expires = signing.expires.min(latest);
        }
        self
    }

    /// Gives the links from here on the expiry of now: an answer that goes on for hours would write expired ones.
    pub fn renew(&mut self) {
        self.renew_at(seconds_now());
    }

    fn renew_at(&mut self, now: u64) {
        if let Some(Signing { signer, expires, latest }) = &mut self.signing {
            *expires = signer.expiry(now).min(*latest);
        }
    }

    /// What all links begin with.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether the links of both are the same.
    pub fn are_as(&self, other: &Self) -> bool {
        let expiry = |links: &Self| links.signing.as_ref().map(|signing| signing.expires);
        self.base == other.base && expiry(self) == expiry(other)
    }

    /// A link to an image.
    pub fn image(&self, id: ImageId) -> String {
        self.to(Linked::Image(id), None)
    }

    /// A link to its thumbnail.
    pub fn thumbnail(&self, id: ImageId) -> String {
        self.to(Linked::Image(id), Some(THUMBNAIL_WIDTH))
    }

    /// A link to the events of a job.
    pub fn events(&self, id: JobId) -> String {
        self.to(Linked::Events(id), None)
    }

    fn to(&self, linked: Linked, width: Option<u16>) -> String {
        let width = width.map(|width| format!("w={width}"));
        let signature = self.signing.as_ref().map(|Signing { signer, expires, .. }| {
            format!("expires={expires}&signature={}", signer.sign(linked, *expires))
        });
        let query: Vec<String> = width.into_iter().chain(signature).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.base, linked.path(), query.join("&"))
    }
}

/// Makes the links of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Linker {
    /// `None` where no link needs a signature.
    secrets: Option<Arc<Secrets>>,
}

#[derive(Debug)]
struct Secrets {
    configured: Option<LinkSecrets>,
    lifetime: Duration,
    /// Made when it is first needed: its secret may be in the database, which may be away when the process starts.
    signer: OnceCell<Arc<Signer>>,
}

impl Linker {
    /// A linker that signs where API keys are required.
    pub fn new(settings: &config::Access) -> Self {
        let secrets = settings.require_api_key.then(|| {
            Arc::new(Secrets {
                configured: settings.link_secrets.clone(),
                lifetime: settings.link_lifetime,
                signer: OnceCell::new(),
            })
        });
        Self { secrets }
    }

    /// Links to the API at `base`, as they are written now.
    pub async fn links(&self, pool: &Pool, base: impl Into<Arc<str>>) -> Result<Links, db::Error> {
        let base = base.into();
        let Some(secrets) = &self.secrets else { return Ok(Links::open(base)) };
        let signer = Arc::clone(secrets.signer(pool).await?);
        let expires = signer.expiry(seconds_now());
        Ok(Links { base, signing: Some(Signing { signer, expires, latest: u64::MAX }) })
    }

    /// Whether no link needs a signature.
    pub fn is_open(&self) -> bool {
        self.secrets.is_none()
    }

    /// Judges a link by its signature. Where no link needs one, none is ours: anybody can write one.
    pub async fn check(
        &self,
        pool: &Pool,
        linked: Linked,
        signature: &LinkSignature,
    ) -> Result<Verdict, db::Error> {
        let Some(secrets) = &self.secrets else { return Ok(Verdict::Foreign) };
        Ok(if !secrets.signer(pool).await?.is_authentic(linked, signature) {
            Verdict::Foreign
        } else if has_expired(signature.expires) {
            Verdict::Expired
        } else {
            Verdict::Holds
        })
    }
}

impl Secrets {
    async fn signer(&self, pool: &Pool) -> Result<&Arc<Signer>, db::Error> {
        let make = async || {
            Ok(Arc::new(match &self.configured {
                Some(secrets) => Signer::new(secrets, self.lifetime),
                None => Signer::of(&[store::secret(pool, STORED).await?], self.lifetime),
            }))
        };
        self.signer.get_or_try_init(make).await
    }
}

/// The part of a link that proves that it holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkSignature {
    /// When it expires; seconds since 1970.
    pub expires: u64,
    /// As it stands in the link.
    pub signature: String,
}

/// What the check of a link came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It opens what it leads to.
    Holds,
    /// We signed it, and it has expired.
    Expired,
    /// We did not sign it, or not for this image or job.
    Foreign,
}

/// Whether a link has expired, by its `expires`.
pub fn has_expired(expires: u64) -> bool {
    expires < seconds_now()
}

/// This process's clock will do: compared with how long links hold, clocks differ by little.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
