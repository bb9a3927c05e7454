//! Signed links: a client that has one needs no key for what it leads to.

use darkroom_core::links::{LinkSignature, Linked, Verdict};

use crate::{
    State,
    error::{ApiError, Code},
    query::Offered,
};

/// The parameter that says when a link expires.
pub(crate) const EXPIRES: &str = "expires";

/// The parameter with a link's signature.
pub(crate) const SIGNATURE: &str = "signature";

/// The parameters of an address's query that belong to a signed link.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    expires: Option<u64>,
    signature: Option<String>,
}

impl Parameters {
    /// Takes a parameter, if it belongs to a link.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Result<Offered, ApiError> {
        match name {
            EXPIRES => self.expires = Some(parse_expires(value)?),
            SIGNATURE => self.signature = Some(value.to_owned()),
            _ => return Ok(Offered::Unknown),
        }
        Ok(Offered::Taken)
    }

    /// The link's signature; `None` if none of its parameters was sent.
    pub(crate) fn signature(self) -> Result<Option<LinkSignature>, ApiError> {
        let missing = match (self.expires, self.signature) {
            (Some(expires), Some(signature)) => {
                return Ok(Some(LinkSignature { expires, signature }));
            }
            (None, None) => return Ok(None),
            (None, Some(_)) => EXPIRES,
            (Some(_), None) => SIGNATURE,
        };
        let detail = "A signed link has both 'expires' and 'signature': send it as it is written.";
        Err(ApiError::invalid(Code::MissingField, missing, detail))
    }
}

/// Lets in a client that is refused as a caller, if it has a link that holds. Returns when that expires.
pub(crate) async fn admit(
    state: &State,
    linked: Linked,
    signature: Option<LinkSignature>,
    refused: ApiError,
) -> Result<u64, ApiError> {
    // Where no link needs a signature, what was sent as one is not looked at.
    let signature = signature.filter(|_| !state.linker.is_open()).ok_or(refused)?;
    match state.linker.check(&state.pool, linked, &signature).await? {
        Verdict::Holds => Ok(signature.expires),
        Verdict::Expired => Err(ApiError::ExpiredLink),
        Verdict::Foreign => Err(ApiError::ForeignLink),
    }
}

fn parse_expires(text: &str) -> Result<u64, ApiError> {
    // The contract's integers have 64 bits, one of them for the sign.
    let expires = text.parse().ok().filter(|expires| i64::try_from(*expires).is_ok());
    expires.ok_or_else(|| {
        let detail =
            "The parameter 'expires' must be a whole number: send the link as it is written.";
        ApiError::invalid(Code::InvalidExpires, EXPIRES, detail)
    })
}
