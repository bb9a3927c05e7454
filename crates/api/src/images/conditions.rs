//! What a client has of a file already (RFC 9110, §13).

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, EntityTag, Header, IfNoneMatch},
    },
};

/// Under which conditions a request wants a file's bytes.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// Tags of files that the client has: the digests of their bytes.
    known: Vec<String>,
    /// It wants none that there is.
    has_any: bool,
    /// Whether it wants bytes at all, and all of them.
    wants_whole: bool,
}

impl Conditions {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let (known, has_any) = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(tags)) => {
                (tags.iter().map(|tag| tag.tag().to_owned()).collect(), false)
            }
            // A request without the header is read as one with an asterisk.
            Ok(IfNoneMatch::Any) => (Vec::new(), headers.contains_key(header::IF_NONE_MATCH)),
            Err(_) => (Vec::new(), false),
        };
        let wants_whole = *request.method() == Method::GET && !headers.contains_key(header::RANGE);
        Self { known, has_any, wants_whole }
    }

    /// Whether the client has the file of this tag.
    pub(super) fn has(&self, tag: &EntityTag) -> bool {
        self.has_any || self.known.iter().any(|known| known == tag.tag())
    }

    /// Digests of the files that need not be read; nothing, where none is to be read whole.
    pub(super) fn whole_unless(&self) -> Option<&[String]> {
        (self.wants_whole && !self.has_any).then_some(&self.known)
    }
}
