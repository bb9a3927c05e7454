//! Reads SQL just well enough to tell statements apart.

/// The statements of a file: without comments, in lower case, with single spaces, and with `''` and `$$` in place of
/// strings and bodies of functions.
pub(super) fn statements(text: &str) -> Vec<String> {
    let bare = without_bodies(&without_comments(text)).to_lowercase();
    let statements = bare.split(';').map(|statement| {
        let words: Vec<&str> = statement.split_whitespace().collect();
        words.join(" ")
    });
    statements.filter(|statement| !statement.is_empty()).collect()
}

/// The parts of a text between commas; commas in parentheses do not count.
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut parts = vec![String::new()];
    for letter in text.chars() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(letter);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

fn without_bodies(text: &str) -> String {
    let outside: Vec<String> = text.split("$$").step_by(2).map(without_strings).collect();
    outside.join(" $$ ")
}

fn without_strings(text: &str) -> String {
    let outside: Vec<&str> = text.split('\'').step_by(2).collect();
    outside.join("''")
}
