//! Whatever fal sends is read as a value, or gives an error that names one of our fields; never a panic,
//! and never a word of what was sent.

use proptest::prelude::*;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Map, Value, json};

use super::{
    address::Named,
    cancel::Said,
    error::Refusal,
    history::Page,
    malformed::{Malformed, parse},
    result::Made,
    status::Report,
    stream::Events,
    webhook::{Keys, Notice},
};

/// Stands for private data; it is in every random string and every random name.
const SECRET: &str = "S3CRET";

/// Names that mean something in one answer or another.
const NAMES: [&str; 22] = [
    "status",
    "queue_position",
    "metrics",
    "inference_time",
    "logs",
    "message",
    "level",
    "images",
    "image",
    "url",
    "seed",
    "has_nsfw_concepts",
    "request_id",
    "status_url",
    "items",
    "next_cursor",
    "json_input",
    "keys",
    "x",
    "detail",
    "error",
    "type",
];

/// Strings that mean something.
const WORDS: [&str; 8] = [
    "IN_QUEUE",
    "IN_PROGRESS",
    "COMPLETED",
    "OK",
    "r-1",
    "https://fal.media/1",
    "NOT_FOUND",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

/// JSON as text, because not all of its numbers fit into a value.
fn json_text() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f32>().prop_filter("JSON has none", |n| n.is_finite()).prop_map(|n| n.to_string()),
        Just("1e999".into()),
        Just("123456789012345678901234567890".into()),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|yes| yes.to_string()),
        number,
        prop::sample::select(&WORDS[..]).prop_map(|word| json!(word).to_string()),
        any::<String>().prop_map(|text| json!(format!("{SECRET}{text}")).to_string()),
    ];
    let name = prop_oneof![
        8 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|name| format!("{SECRET}{name}")),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let pairs = fields.iter().map(|(name, field)| format!("{}:{field}", json!(name)));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

/// An error names fields of ours alone.
fn tame<T>(read: Result<T, Malformed>) -> Result<(), TestCaseError> {
    let Err(error) = read else { return Ok(()) };
    prop_assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    if let Malformed::Field(path) = error {
        let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
        for step in steps.filter(|step| !step.is_empty() && *step != "(all)") {
            let known = NAMES.contains(&step) || step.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert!(known || step.ends_with("_url"), "{path}");
        }
    }
    Ok(())
}

/// Reads a text as each kind of answer from fal.
fn all(text: &[u8]) -> Result<(), TestCaseError> {
    tame(Report::read(text))?;
    tame(parse::<Made>(text))?;
    tame(parse::<Named>(text))?;
    tame(parse::<Said>(text))?;
    tame(parse::<Page>(text))?;
    tame(Keys::read(text))?;
    tame(Notice::read(text))?;
    for status in [StatusCode::FORBIDDEN, StatusCode::BAD_GATEWAY] {
        let refusal = Refusal::read(status, &HeaderMap::new(), text);
        prop_assert!(refusal.to_string().len() < 200, "{refusal}");
    }
    Ok(())
}

/// An answer with more fields: one that nobody knows, and one whose value may not fit.
fn with(whole: &Value, more: &str) -> String {
    let mut text = whole.to_string();
    text.pop();
    format!("{text},\"{SECRET}\":{more},\"timings\":{more}}}")
}

/// The same, with another value of one field.
fn except(whole: &Value, field: &str, other: &str) -> String {
    let mut rest: Map<String, Value> = whole.as_object().cloned().unwrap_or_default();
    rest.remove(field);
    let mut text = Value::Object(rest).to_string();
    text.pop();
    let comma = if text.len() > 1 { "," } else { "" };
    format!("{text}{comma}\"{field}\":{other}}}")
}

/// The answer is read all the same, whatever its hints are.
fn same<T>(read: Result<T, Malformed>) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.err(), None);
    Ok(())
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused_by_field(text in json_text()) {
        all(text.as_bytes())?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        all(&bytes)?;
    }

    #[test]
    fn json_that_breaks_off_is_refused(text in json_text(), at in any::<prop::sample::Index>()) {
        let bytes = text.as_bytes();
        all(&bytes[..at.index(bytes.len() + 1)])?;
    }

    #[test]
    fn fields_that_nobody_knows_change_nothing(more in json_text()) {
        let id = json!({"request_id": "r-1", "status": "OK"});
        same(parse::<Named>(with(&id, &more).as_bytes()))?;
        same(Notice::read(with(&id, &more).as_bytes()))?;
        same(Report::read(with(&json!({"status": "IN_QUEUE"}), &more).as_bytes()))?;
        let picture = json!({"images": [{"url": "https://fal.media/1"}]});
        same(parse::<Made>(with(&picture, &more).as_bytes()))?;
        same(parse::<Page>(with(&json!({"items": []}), &more).as_bytes()))?;
    }

    #[test]
    fn hints_may_be_anything(other in json_text()) {
        let status = json!({"status": "COMPLETED"});
        for hint in ["queue_position", "metrics", "logs"] {
            same(Report::read(except(&status, hint, &other).as_bytes()))?;
        }
        let made = json!({"image": {"url": "https://fal.media/1"}});
        for hint in ["seed", "has_nsfw_concepts"] {
            same(parse::<Made>(except(&made, hint, &other).as_bytes()))?;
        }
        let id = json!({"request_id": "r-1"});
        for hint in ["status_url", "response_url", "cancel_url"] {
            same(parse::<Named>(except(&id, hint, &other).as_bytes()))?;
        }
        let page = json!({"items": [{"request_id": "r-1"}]});
        same(parse::<Page>(except(&page, "next_cursor", &other).as_bytes()))?;
    }

    #[test]
    fn a_seed_is_exact_or_none(seed in any::<u64>()) {
        let text = format!(r#"{{"image":{{"url":"https://fal.media/1"}},"seed":{seed}}}"#);
        let output = parse::<Made>(text.as_bytes()).unwrap().output(None).unwrap();
        prop_assert_eq!(output.seed, i64::try_from(seed).ok());
    }

    #[test]
    fn events_do_not_depend_on_how_their_bytes_come(
        stream in "(data|event|id|)(:| |: )?[a-z é\r\n:]{0,40}(\r|\n|\r\n){0,3}(data: x\n\n)?",
        sizes in prop::collection::vec(1_usize..8, 1..80),
    ) {
        let bytes = stream.as_bytes();
        let mut whole = Events::default();
        whole.push(bytes).unwrap();
        let mut pieces = Events::default();
        let mut rest = bytes;
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            pieces.push(piece).unwrap();
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let all = |events: &mut Events| std::iter::from_fn(|| events.pop()).collect::<Vec<_>>();
        prop_assert_eq!(all(&mut whole), all(&mut pieces));
    }
}
