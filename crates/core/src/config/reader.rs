//! Reads variables one by one, and remembers what was asked for and what was wrong.

use std::{collections::HashMap, fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};

/// A variable, as `.env.example` lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// The value when it is not set; empty when there is none.
    pub default: String,
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

#[derive(Debug)]
pub(super) struct Reader {
    source: config::Config,
    asked: Vec<Variable>,
    problems: Vec<String>,
}

impl Reader {
    pub(super) fn from_process() -> Result<Self, Problems> {
        let file = read_env_file()?;
        let source = config::Config::builder()
            .add_source(environment().source(Some(file)))
            .add_source(environment());
        Self::build(source)
    }

    pub(super) fn from_map(variables: HashMap<String, String>) -> Result<Self, Problems> {
        Self::build(config::Config::builder().add_source(environment().source(Some(variables))))
    }

    fn build(
        source: config::ConfigBuilder<config::builder::DefaultState>,
    ) -> Result<Self, Problems> {
        let source = source.build().map_err(|error| Problems(vec![error.to_string()]))?;
        Ok(Self { source, asked: Vec::new(), problems: Vec::new() })
    }

    /// A value with a default.
    pub(super) fn value<T>(&mut self, name: &'static str, default: T) -> T
    where
        T: FromStr<Err: fmt::Display> + fmt::Display,
    {
        let text = self.ask(name, default.to_string());
        text.and_then(|text| self.parse(name, &text)).unwrap_or(default)
    }

    /// A value with a default, within bounds.
    pub(super) fn within<T>(
        &mut self,
        name: &'static str,
        default: T,
        bounds: RangeInclusive<T>,
    ) -> T
    where
        T: FromStr<Err: fmt::Display> + fmt::Display + PartialOrd,
    {
        let value = self.value(name, default);
        let fits = bounds.contains(&value);
        let (least, most) = bounds.into_inner();
        self.require(name, fits, &format!("must be from {least} to {most}"));
        value
    }

    /// Likewise, a time in seconds.
    pub(super) fn seconds(
        &mut self,
        name: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> Duration {
        Duration::from_secs(self.within(name, default, bounds))
    }

    /// A value that may be missing.
    pub(super) fn optional<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let text = self.ask(name, String::new())?;
        self.parse(name, &text)
    }

    /// A secret that may be missing. Spaces and line ends around it are dropped, as accidents of copying.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        self.ask(name, String::new()).map(SecretString::from)
    }

    /// Parses a secret's text. Where that fails, its type's own error says why, without showing the text.
    pub(super) fn parse_secret<T>(&mut self, name: &str, text: Option<SecretString>) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        match text?.expose_secret().parse() {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(format!("{name}: {problem}"));
                None
            }
        }
    }

    /// One of two words; the first is the default.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T); 2],
    ) -> T {
        let [(default, fallback), _] = *choices;
        let text = self.ask(name, default.into()).unwrap_or_else(|| default.into());
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let words = choices.map(|(word, _)| word).join(" or ");
        self.problems.push(format!("{name}: must be {words}, not {text:?}"));
        fallback
    }

    pub(super) fn require(&mut self, name: &str, holds: bool, problem: &str) {
        if !holds {
            self.problems.push(format!("{name}: {problem}"));
        }
    }

    pub(super) fn check(&mut self, name: &str, checked: Result<(), String>) {
        if let Err(problem) = checked {
            self.problems.push(format!("{name}: {problem}"));
        }
    }

    pub(super) fn finish<T>(self, config: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(config) } else { Err(Problems(self.problems)) }
    }

    pub(super) fn into_variables(self) -> Vec<Variable> {
        self.asked
    }

    fn ask(&mut self, name: &'static str, default: String) -> Option<String> {
        self.asked.push(Variable { name, default });
        // The crate keeps names in lower case.
        let text = self.source.get_string(&name.to_lowercase()).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn parse<T: FromStr<Err: fmt::Display>>(&mut self, name: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {text:?} does not fit: {error}"));
                None
            }
        }
    }
}

fn environment() -> config::Environment {
    config::Environment::default().ignore_empty(true)
}

fn read_env_file() -> Result<HashMap<String, String>, Problems> {
    let problem = |error: dotenvy::Error| {
        let what = match error {
            // The line itself is not shown: it may hold a secret.
            dotenvy::Error::LineParse(_, at) => format!("a line does not parse at column {at}"),
            other => other.to_string(),
        };
        Problems(vec![format!(".env: {what}")])
    };
    match dotenvy::from_path_iter(".env") {
        Ok(pairs) => pairs.collect::<Result<_, _>>().map_err(problem),
        Err(error) if error.not_found() => Ok(HashMap::new()),
        Err(error) => Err(problem(error)),
    }
}
