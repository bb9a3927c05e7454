//! The tests and scripts that the pages about reliability, operations and security name exist.

use std::{
    fs,
    path::{Path, PathBuf},
};

const RELIABILITY: &str = include_str!("../../../../docs/reliability.md");

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

const SECURITY: &str = include_str!("../../../../docs/security.md");

/// How the heads of the pages' tables begin.
const HEADINGS: [&str; 4] =
    ["| what fails ", "| what it is ", "| what they try ", "| what happens "];

#[test]
fn every_test_that_the_pages_name_is_there() {
    let named: Vec<_> = quoted().filter_map(Test::named).collect();

    assert!(named.len() > 100, "tests are named in another way");
    for test in named {
        let file = fs::read_to_string(test.file()).unwrap_or_default();
        let function = format!("fn {}()", test.function);
        let (before, _) = file.split_once(&function).unwrap_or_default();
        // The attribute is on the line above, or before `async` on the test's own line.
        let is_test = before.lines().rev().take(2).any(|line| {
            matches!(line, "#[test]" | "#[tokio::test]") || line.starts_with("#[tokio::test(")
        });
        assert!(is_test, "{} has no test {}", test.file().display(), test.function);
    }
}

#[test]
fn every_script_that_the_pages_name_is_there() {
    for script in quoted().filter(|text| text.starts_with("scripts/")) {
        let program = script.split(' ').next().unwrap();
        assert!(root().join(program).is_file(), "there is no {program}");
    }
}

#[test]
fn every_row_on_the_pages_names_what_shows_it() {
    let lines = RELIABILITY.lines().chain(SECURITY.lines());
    let rows = lines.filter(|line| {
        line.starts_with("| ") && !HEADINGS.iter().any(|heading| line.starts_with(heading))
    });
    let mut count = 0;
    for row in rows {
        let shows = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let shows = shows.contains("::") || shows.contains("`scripts/");
        assert!(shows, "nothing shows this: {row}");
        count += 1;
    }
    assert!(count > 60, "failures are listed in another way");
}

/// A test as the page names it: `crate/file::function`.
struct Test<'a> {
    package: &'a str,
    file: &'a str,
    function: &'a str,
}

impl<'a> Test<'a> {
    fn named(text: &'a str) -> Option<Self> {
        let (place, function) = text.split_once("::")?;
        let (package, file) = place.split_once('/')?;
        Some(Self { package, file, function })
    }

    fn file(&self) -> PathBuf {
        root()
            .join("crates")
            .join(self.package)
            .join("tests/it")
            .join(self.file)
            .with_extension("rs")
    }
}

/// The texts in backticks on the pages.
fn quoted() -> impl Iterator<Item = &'static str> {
    let quoted = |page: &'static str| page.split('`').skip(1).step_by(2);
    quoted(RELIABILITY).chain(quoted(OPERATIONS)).chain(quoted(SECURITY))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
