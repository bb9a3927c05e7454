//! A fingerprint of a request's content: the same whatever the body's format and the order of its fields.

use darkroom_core::store::{Sha256, sha256};
use serde_json::Value;

use super::{Fields, SentPicture};
use crate::json;

impl Fields {
    /// The fingerprint of all texts and pictures. An empty field counts as not sent. Of a picture at an address, the
    /// address counts: the picture may be gone when the same request is sent again.
    pub(super) fn fingerprint(&self) -> Sha256 {
        let named = [("prompt", &self.prompt), ("model", &self.model)];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let others = self.options.iter().chain(&self.treatment);
        let others = others.map(|(name, value)| (name.as_str(), value));
        let mut texts: Vec<(&str, String)> = named
            .chain(others)
            .map(|(name, value)| (name, said(name, value)))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        texts.sort_unstable();
        let pictures = self.images.iter().map(|(_, picture)| match picture {
            SentPicture::File(data) => ("file", serde_json::json!(sha256(data))),
            SentPicture::Address(url) => ("address", said("image_url", url).into()),
        });
        let pictures: Vec<_> = pictures.collect();
        // JSON marks where each text ends.
        sha256(json::write(&(texts, pictures)).as_bytes())
    }
}

/// What a field says, however it is written.
fn said(name: &str, value: &[u8]) -> String {
    // Text that is not UTF-8 is refused anyway.
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    if name == "metadata"
        && let Ok(metadata) = serde_json::from_str::<Value>(text)
    {
        // Without spaces and escapes, and its members sorted by name.
        return metadata.to_string();
    }
    text.to_owned()
}
