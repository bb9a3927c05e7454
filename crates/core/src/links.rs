//! Links to images. Where API keys are needed they are signed and expire, so that an `<img>`, which can send
//! no key, shows one.

mod signer;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::OnceCell;

use crate::{
    config,
    db::{self, Pool},
    store::{self, ImageId},
};

use signer::Signer;
pub use signer::{LinkSecrets, LinkSecretsProblem};

/// Name of the secret that all replicas share where none is configured.
const STORED: &str = "image_links";

/// Width of the thumbnails that are linked to.
const THUMBNAIL_WIDTH: u16 = 320;

/// Writes links that begin the same way, and expire at the same moment.
#[derive(Clone, Debug)]
pub struct Links {
    base: String,
    signing: Option<(Arc<Signer>, u64)>,
}

impl Links {
    /// To the API at `base`, which has no slash at its end, open to all.
    pub fn open(base: impl Into<String>) -> Self {
        Self { base: base.into(), signing: None }
    }

    /// What all of them begin with.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether the links of both are the same.
    pub fn are_as(&self, other: &Self) -> bool {
        let expiry = |links: &Self| links.signing.as_ref().map(|(_, expires)| *expires);
        self.base == other.base && expiry(self) == expiry(other)
    }

    /// To an image.
    pub fn image(&self, id: ImageId) -> String {
        self.to(id, None)
    }

    /// To a small one of it.
    pub fn thumbnail(&self, id: ImageId) -> String {
        self.to(id, Some(THUMBNAIL_WIDTH))
    }

    fn to(&self, id: ImageId, width: Option<u16>) -> String {
        let width = width.map(|width| format!("w={width}"));
        let signature = self.signing.as_ref().map(|(signer, expires)| {
            format!("expires={expires}&signature={}", signer.sign(id, *expires))
        });
        let query: Vec<String> = width.into_iter().chain(signature).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/api/images/{id}{mark}{}", self.base, query.join("&"))
    }
}

/// Makes the links of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Linker {
    /// Nothing where images are open to all.
    signing: Option<Arc<Signing>>,
}

#[derive(Debug)]
struct Signing {
    configured: Option<LinkSecrets>,
    lifetime: Duration,
    /// Made when it is first needed: its secret may be in the database, which may be away when the process starts.
    signer: OnceCell<Arc<Signer>>,
}

impl Linker {
    /// One that signs where keys are needed.
    pub fn new(settings: &config::Access) -> Self {
        let signing = settings.require_api_key.then(|| {
            Arc::new(Signing {
                configured: settings.link_secrets.clone(),
                lifetime: settings.link_lifetime,
                signer: OnceCell::new(),
            })
        });
        Self { signing }
    }

    /// Links to the API at `base`, as they are written now.
    pub async fn links(&self, pool: &Pool, base: String) -> Result<Links, db::Error> {
        let Some(signing) = &self.signing else { return Ok(Links { base, signing: None }) };
        let signer = Arc::clone(signing.signer(pool).await?);
        let expires = signer.expiry(seconds_now());
        Ok(Links { base, signing: Some((signer, expires)) })
    }

    /// Whether images are open to all.
    pub fn is_open(&self) -> bool {
        self.signing.is_none()
    }

    /// What is to be said of a link's signature, or of the want of one.
    pub async fn check(
        &self,
        pool: &Pool,
        image: ImageId,
        signature: &LinkSignature,
    ) -> Result<Verdict, db::Error> {
        let Some(signing) = &self.signing else { return Ok(Verdict::Holds) };
        let LinkSignature { expires, signature } = signature;
        Ok(if !signing.signer(pool).await?.is_authentic(image, *expires, signature) {
            Verdict::Foreign
        } else if *expires < seconds_now() {
            Verdict::Expired
        } else {
            Verdict::Holds
        })
    }
}

impl Signing {
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

/// What makes a link hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkSignature {
    /// Until when; seconds since 1970.
    pub expires: u64,
    /// As it stands in the link.
    pub signature: String,
}

/// What is to be said of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It opens its image.
    Holds,
    /// It is ours, and too old.
    Expired,
    /// It is not ours, or not of this image.
    Foreign,
}

/// Links hold for an hour or more: whose clock it is makes no difference.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
