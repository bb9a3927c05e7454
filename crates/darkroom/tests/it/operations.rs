//! The settings and commands that the pages for operators name exist.

use std::{collections::BTreeSet, process::Command};

use darkroom_core::config::Config;

const PAGES: [&str; 2] = [
    include_str!("../../../../docs/operations.md"),
    include_str!("../../../../docs/deployment.md"),
];

/// Variables that compose and cargo read, or that the pages say nothing here reads.
const OF_OTHERS: [&str; 4] =
    ["POSTGRES_PASSWORD", "PUBLISH_ADDRESS", "HTTPS_PROXY", "CARGO_PROFILE_RELEASE_LTO"];

#[test]
fn every_setting_that_the_pages_name_exists() {
    let known: BTreeSet<_> =
        Config::variables().iter().map(|variable| variable.name).chain(OF_OTHERS).collect();
    let mut named = 0;
    for quoted in PAGES.iter().flat_map(|page| page.split('`').skip(1).step_by(2)) {
        let name = quoted.split(['=', ' ', '"']).next().unwrap();
        let is_setting = name.contains('_')
            && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
        if is_setting {
            assert!(known.contains(name), "nothing reads {name}");
            named += 1;
        }
    }
    assert!(named > 30, "settings are named in another way");
}

#[test]
fn every_command_that_the_pages_name_exists() {
    let commands: BTreeSet<Vec<&str>> =
        PAGES.iter().flat_map(|page| page.split("darkroom ").skip(1)).filter_map(command).collect();

    assert!(commands.contains(&vec!["keys", "revoke"]) && commands.contains(&vec!["migrate"]));
    for command in commands {
        let mut program = Command::new(env!("CARGO_BIN_EXE_darkroom"));
        let help = program.args(&command).arg("--help").output().unwrap();
        assert!(help.status.success(), "there is no `darkroom {}`", command.join(" "));
    }
}

/// The words that name a command, if the text after `darkroom ` begins with one.
fn command(text: &str) -> Option<Vec<&str>> {
    let line = text.lines().next().unwrap();
    let end = line.find(['`', '|', '\'', ')']).unwrap_or(line.len());
    let mut words = line.get(..end)?.split(' ');
    match words.next()? {
        group @ ("queue" | "keys") => Some([group].into_iter().chain(words.next()).collect()),
        role @ ("api" | "worker" | "migrate" | "health" | "sim" | "webhook-secret") => {
            Some(vec![role])
        }
        _ => None,
    }
}
