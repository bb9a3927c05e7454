//! What a client says that it has already of a file (RFC 9110, §13).

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, EntityTag, Header, IfNoneMatch},
    },
};

/// The conditions under which a request wants a file's bytes.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// Tags of files that the client has: the digests of their bytes.
    known: Vec<String>,
    /// Whether it wants no file that exists (`If-None-Match: *`).
    has_any: bool,
    /// Whether it wants the whole file: it is a GET without a `Range`.
    wants_whole: bool,
}

impl Conditions {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let (known, has_any) = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(tags)) => {
                (tags.iter().map(|tag| tag.tag().to_owned()).collect(), false)
            }
            Ok(IfNoneMatch::Any) => (Vec::new(), true),
            Err(_) => (Vec::new(), false),
        };
        let wants_whole = *request.method() == Method::GET && !headers.contains_key(header::RANGE);
        Self { known, has_any, wants_whole }
    }

    /// Whether the client has the file with this tag.
    pub(super) fn has(&self, tag: &EntityTag) -> bool {
        self.has_any || self.known.iter().any(|known| known == tag.tag())
    }

    /// Digests of files that need not be read, if the client wants a whole file; `None` if it does not.
    pub(super) fn whole_unless(&self) -> Option<&[String]> {
        (self.wants_whole && !self.has_any).then_some(&self.known)
    }
}
