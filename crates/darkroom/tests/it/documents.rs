//! The commands in README.md and docs/api.md work, and print what these pages show.

mod answer;
mod page;

use std::{collections::HashMap, path::Path, process::Stdio, time::Duration};

use darkroom_testing::{Receiver, TestDatabase};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};

use self::{answer::differs, page::Step};
use crate::program::{Program, settings};

const README: &str = include_str!("../../../../README.md");
const API: &str = include_str!("../../../../docs/api.md");
const CONTRACT: &str = include_str!("../../../../openapi/openapi.json");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The receiver in the pages, replaced by one on this machine.
const HOOK: &str = "https://hooks.example.com/darkroom";
/// The longest that a block may take, and how long one that only reads is repeated.
const PATIENCE: Duration = Duration::from_mins(2);

/// A Darkroom as `cargo run` starts it, and a reader's shell.
struct Reader {
    _program: Program,
    _database: TestDatabase,
    receiver: Receiver,
    /// The shell's directory, with copies of the repository's files that the pages name.
    place: TempDir,
    /// Texts of the pages, and what replaces each of them here.
    names: [(&'static str, String); 3],
    /// The shell's variables, kept from one block to the next.
    variables: HashMap<String, String>,
}

impl Reader {
    async fn sit_down() -> Self {
        let place = TempDir::new().unwrap();
        for file in ["README.md", "docs/images/example.jpg"] {
            let copy = place.path().join(file);
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            std::fs::copy(Path::new(ROOT).join(file), copy).unwrap();
        }
        let database = TestDatabase::create().await;
        let receiver = Receiver::start([]).await;
        let mut settings = settings(place.path());
        for (name, value) in
            [("DATABASE_URL", database.url.expose_secret()), ("OUTBOUND_ALLOWED", "127.0.0.1/32")]
        {
            settings.insert(name.into(), value.into());
        }
        let (program, home, said) = Program::up(&settings).await;
        let (_, stand_in) = said.split_once("the stand-in at ").unwrap();
        let stand_in = stand_in.split_whitespace().next().unwrap().trim_end_matches('/');
        let names = [
            ("http://localhost:8000", home),
            ("http://localhost:8001", stand_in.to_owned()),
            (HOOK, receiver.url.clone()),
        ];
        Self {
            _program: program,
            _database: database,
            receiver,
            place,
            names,
            variables: HashMap::new(),
        }
    }

    /// Runs all blocks of a page, in order.
    async fn follow(&mut self, page: &str) {
        let steps = page::steps(page);
        assert!(steps.iter().any(|step| matches!(step, Step::Run { .. })), "nothing is tried");
        for step in steps {
            match step {
                Step::Run { script, answer } => self.run(script, answer.as_ref()).await,
                Step::Told(body) => {
                    let call = self.receiver.received(1).await.remove(0);
                    let body = page::Answer::Json(self.here(&body).parse().unwrap());
                    let came = String::from_utf8(call.body).unwrap();
                    assert_eq!(differs(&body, &came), None, "the receiver got {came}");
                }
            }
        }
    }

    /// Runs a block; one that only reads is repeated until the answer is as shown.
    async fn run(&mut self, script: &str, answer: Option<&page::Answer>) {
        let answer = answer.map(|answer| answer.map(|text| self.here(text)));
        let changes = ["-F ", "-X ", "--json"].iter().any(|word| script.contains(word));
        let until = Instant::now() + PATIENCE;
        loop {
            let said = self.shell(script).await;
            let Some(difference) = answer.as_ref().map_or_else(
                || (!said.is_empty()).then(|| "no answer is shown".to_owned()),
                |answer| differs(answer, &said),
            ) else {
                return;
            };
            let is_over = changes || Instant::now() >= until;
            assert!(!is_over, "{script}\n\n{difference}, in the answer\n\n{said}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Runs a block, which must succeed, and returns what it prints. Its variables are kept.
    async fn shell(&mut self, script: &str) -> String {
        let kept = self.place.path().join("variables");
        let script = format!("{}\nenv -0 >'{}'", self.here(script), kept.display());
        let mut bash = Command::new("bash");
        bash.args(["-a", "-euo", "pipefail", "-c", &script])
            .current_dir(self.place.path())
            .envs(&self.variables)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] {
            bash.env_remove(proxy);
        }
        let output = timeout(PATIENCE, bash.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n\n{}: {said}{complained}", output.status);
        let kept = std::fs::read_to_string(kept).unwrap();
        self.variables = kept
            .split_terminator('\0')
            .map(|line| line.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        said
    }

    /// A text of a page, with this machine's names in it.
    fn here(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }
}

#[tokio::test]
async fn every_line_of_the_readme_works() {
    Reader::sit_down().await.follow(README).await;
}

#[tokio::test]
async fn every_line_of_the_api_by_example_works() {
    Reader::sit_down().await.follow(API).await;
}

#[test]
fn the_api_by_example_names_every_operation_of_the_contract() {
    let contract: Value = CONTRACT.parse().unwrap();
    for (path, operations) in contract["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let operation = format!("`{} {path}`", method.to_uppercase());
            assert!(API.contains(&operation), "docs/api.md does not show {operation}");
        }
    }
}
