//! Errors in one line, for logs.

use std::error::Error;

/// An error and its causes, outermost first. The `Display` of our own errors never repeats their source.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
