//! Reads a page as the steps that it asks of a reader.

use serde_json::Value;

/// One step of a page.
pub(super) enum Step<'a> {
    /// A shell script and its answer, if the page shows one; else it must print nothing.
    Run { script: &'a str, answer: Option<Answer> },
    /// What a webhook's receiver gets: a block of JSON that follows no script.
    Told(String),
}

/// An answer as a page shows it. `…` stands for anything.
pub(super) enum Answer {
    /// Fields that must be there, with these values.
    Json(Value),
    /// Status line and headers that must be there, then a body.
    Http(Vec<String>, Option<Value>),
    /// Lines that must come, in this order.
    Text(Vec<String>),
}

impl Answer {
    fn read(kind: &str, text: &str) -> Self {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        match kind {
            "json" => Self::Json(text.parse().unwrap()),
            "http" => {
                let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
                Self::Http(lines(head), (!body.is_empty()).then(|| body.parse().unwrap()))
            }
            _ => {
                assert_eq!(kind, "text", "an answer of this kind cannot be compared");
                Self::Text(lines(text))
            }
        }
    }

    /// The same answer, with each text in it changed.
    pub(super) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let lines = |lines: &Vec<String>| lines.iter().map(|line| change(line)).collect();
        let json = |value: &Value| change(&value.to_string()).parse().unwrap();
        match self {
            Self::Json(value) => Self::Json(json(value)),
            Self::Http(head, body) => Self::Http(lines(head), body.as_ref().map(json)),
            Self::Text(text) => Self::Text(lines(text)),
        }
    }
}

/// Blocks that begin with these commands are tested elsewhere.
const ELSEWHERE: [&str; 2] = ["cargo ", "darkroom "];

/// The steps of a page.
pub(super) fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let parts: Vec<&str> = page.split("\n```").collect();
    for pair in parts.chunks_exact(2) {
        let (between, block) = (pair[0], pair[1]);
        let (kind, text) = block.split_once('\n').unwrap();
        match (kind, steps.last_mut()) {
            ("sh", _) if ELSEWHERE.iter().any(|command| text.starts_with(command)) => {}
            // `conformance` runs OpenAI's client and a browser; nothing runs a receiver's lines.
            ("python" | "js", _) => {}
            ("sh", _) => steps.push(Step::Run { script: text, answer: None }),
            // An answer follows its script directly.
            (_, Some(Step::Run { answer, .. })) if between.trim().is_empty() => {
                *answer = Some(Answer::read(kind, text));
            }
            _ => {
                assert_eq!(
                    kind, "json",
                    "nobody asks for this, and no receiver is told it: {text}"
                );
                steps.push(Step::Told(text.to_owned()));
            }
        }
    }
    steps
}
