//! `.env.example` lists every setting with its default, and nothing else.

use std::collections::BTreeMap;

use darkroom_core::config::Config;

const EXAMPLE: &str = include_str!("../../../../.env.example");

#[test]
fn the_example_lists_every_variable_with_its_default() {
    let known: BTreeMap<String, String> = Config::variables()
        .into_iter()
        .map(|variable| (variable.name.to_owned(), variable.default))
        .collect();

    assert_eq!(listed(), known);
}

#[test]
fn a_copy_of_the_example_changes_nothing() {
    let live: Vec<&str> =
        EXAMPLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();

    assert!(live.is_empty(), "these lines are not commented out: {live:#?}");
}

#[test]
fn every_variable_of_the_example_is_explained() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for pair in lines.windows(2) {
        let [above, line] = pair else { unreachable!("windows of two") };
        if let Some((name, _)) = setting(line) {
            let explained = above.starts_with("# ") && setting(above).is_none();
            assert!(explained, "{name} has no comment above it");
        }
    }
}

#[test]
fn no_variable_is_listed_twice() {
    let lines = EXAMPLE.lines().filter(|line| setting(line).is_some()).count();

    assert_eq!(lines, listed().len());
}

fn listed() -> BTreeMap<String, String> {
    let settings = EXAMPLE.lines().filter_map(setting);
    settings.map(|(name, default)| (name.to_owned(), default.to_owned())).collect()
}

/// `# NAME=default`
fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, default) = line.strip_prefix("# ")?.split_once('=')?;
    let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_name.then_some((name, default))
}
