//! Reads the parameters of an address: those that an operation does not take, and those that come again, are refused
//! by name, because a client that sends them expects something of them.

use std::borrow::Cow;

use url::form_urlencoded;

use crate::error::{ApiError, Code};

/// What became of a parameter that an operation was offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Offered {
    /// It was taken, and may not come again.
    Taken,
    /// It was taken, and more of its name may follow.
    TakenAsOneOfSeveral,
    /// The operation has no parameter of this name.
    Unknown,
}

/// Offers each parameter, name and value, to `take`. `names` are those that it takes, for the refusal of others.
pub(crate) fn read(
    query: &str,
    names: &[&str],
    mut take: impl FnMut(&str, &str) -> Result<Offered, ApiError>,
) -> Result<(), ApiError> {
    let mut taken: Vec<Cow<'_, str>> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if taken.contains(&name) {
            let detail = format!("The parameter '{name}' was sent more than once.");
            return Err(ApiError::invalid(Code::DuplicateParameter, &name, detail));
        }
        match take(&name, &value)? {
            Offered::Taken => taken.push(name),
            Offered::TakenAsOneOfSeveral => {}
            Offered::Unknown => {
                let names = names.join(", ");
                let detail = format!("There is no parameter '{name}' here. There are: {names}.");
                return Err(ApiError::invalid(Code::UnknownParameter, &name, detail));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> Option<(Code, String)> {
        let read = read(query, &["a", "b", "c"], |name, _value| {
            Ok(match name {
                "a" | "b" => Offered::Taken,
                "c" => Offered::TakenAsOneOfSeveral,
                _ => Offered::Unknown,
            })
        });
        read.err().map(|error| (error.code(), error.field().unwrap_or_default().to_owned()))
    }

    #[test]
    fn what_is_unknown_or_comes_again_is_refused_by_name() {
        for good in ["", "a=1", "a=1&b=1&c=1", "c=1&a=1&c=2", "&a=1&&"] {
            assert_eq!(refused(good), None, "{good}");
        }
        for (bad, code, name) in [
            ("d", Code::UnknownParameter, "d"),
            ("=1", Code::UnknownParameter, ""),
            ("a=1&A=1", Code::UnknownParameter, "A"),
            ("a=1&b=1&a=1", Code::DuplicateParameter, "a"),
            ("a=1&%61=2", Code::DuplicateParameter, "a"),
        ] {
            assert_eq!(refused(bad), Some((code, name.to_owned())), "{bad}");
        }
    }
}
