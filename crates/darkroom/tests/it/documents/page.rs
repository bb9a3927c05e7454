//! A page, read as what it has a reader do.

use serde_json::Value;

/// One thing that happens on the way down the page.
pub(super) enum Step<'a> {
    /// Lines for a shell, and what they print; nothing, where no answer is shown.
    Run { script: &'a str, answer: Option<Answer> },
    /// What a webhook's receiver is told: an answer that no line asked for.
    Told(String),
}

/// What is shown of an answer. `…` stands for anything.
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

    /// With each text in it changed like this.
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

/// Commands whose blocks other tests try.
const ELSEWHERE: [&str; 2] = ["cargo ", "darkroom "];

/// What a page has a reader do.
pub(super) fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let parts: Vec<&str> = page.split("\n```").collect();
    for pair in parts.chunks_exact(2) {
        let (between, block) = (pair[0], pair[1]);
        let (kind, text) = block.split_once('\n').unwrap();
        match (kind, steps.last_mut()) {
            ("sh", _) if ELSEWHERE.iter().any(|command| text.starts_with(command)) => {}
            // OpenAI's own client, and a browser, are run in `conformance`; a receiver's lines are not.
            ("python" | "js", _) => {}
            ("sh", _) => steps.push(Step::Run { script: text, answer: None }),
            // An answer follows its lines at once.
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
