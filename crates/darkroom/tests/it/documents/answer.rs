//! Compares an answer with the one that a page shows.

use serde_json::Value;

use super::page::Answer;

/// The first difference from the page's answer, if any.
pub(super) fn differs(shown: &Answer, real: &str) -> Option<String> {
    match shown {
        Answer::Json(shown) => body_differs(shown, real),
        Answer::Http(shown, body) => {
            let (head, rest) = real.split_once("\r\n\r\n").unwrap_or((real, ""));
            let missing = shown.iter().find(|line| !head.lines().any(|real| is_like(line, real)));
            missing
                .map(|line| format!("{line:?} is missing"))
                .or_else(|| body.as_ref().and_then(|body| body_differs(body, rest)))
        }
        Answer::Text(shown) => {
            let mut lines = real.lines();
            let missing = shown.iter().find(|line| !lines.any(|real| is_like(line, real)));
            missing.map(|line| format!("{line:?} is missing"))
        }
    }
}

fn body_differs(shown: &Value, real: &str) -> Option<String> {
    match real.parse() {
        Ok(real) => value_differs(shown, &real, "the body"),
        Err(error) => Some(format!("the body is not JSON: {error}")),
    }
}

/// Compares values. The real one may have fields and elements that are not shown.
fn value_differs(shown: &Value, real: &Value, at: &str) -> Option<String> {
    match (shown, real) {
        (Value::String(shown), _) if shown == "…" && !real.is_null() => None,
        (Value::String(shown), Value::String(real)) if is_like(shown, real) => None,
        (Value::Object(shown), Value::Object(real)) => {
            shown.iter().find_map(|(name, value)| match real.get(name) {
                Some(real) => value_differs(value, real, &format!("{at}.{name}")),
                None => Some(format!("{at}.{name} is missing")),
            })
        }
        (Value::Array(shown), Value::Array(real)) if shown.is_empty() == real.is_empty() => {
            let mut pairs = shown.iter().enumerate();
            pairs.find_map(|(place, value)| match real.get(place) {
                Some(real) => value_differs(value, real, &format!("{at}[{place}]")),
                None => Some(format!("{at}[{place}] is missing")),
            })
        }
        _ if shown == real => None,
        _ => Some(format!("{at} is {real} and not {shown}")),
    }
}

/// Whether the real text is like the shown one, where `…` stands for any text.
fn is_like(shown: &str, real: &str) -> bool {
    let Some((begin, end)) = shown.split_once('…') else { return shown == real };
    let Some(rest) = real.strip_prefix(begin) else { return false };
    let mut places = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    places.any(|at| is_like(end, rest.split_at(at).1))
}
