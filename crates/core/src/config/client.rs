//! Settings of the command line's own calls to the API.

use secrecy::SecretString;
use url::Url;

use super::reader::Reader;

/// The API that is called, and as whom.
#[derive(Clone, Debug)]
pub struct Client {
    /// `DARKROOM_URL`: the API that `darkroom edit` asks. Without it the one on this machine, by `HOST` and
    /// `PORT`.
    pub url: Option<Url>,
    /// `DARKROOM_API_KEY`: sent to it as `Authorization: Bearer`.
    pub api_key: Option<SecretString>,
}

impl Client {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self { url: reader.optional("DARKROOM_URL"), api_key: reader.secret("DARKROOM_API_KEY") }
    }
}
