//! Reads a process's metrics as strictly as the text format of Prometheus is defined (source: Prometheus, "Exposition
//! formats").

use std::collections::{BTreeMap, BTreeSet};

/// The metrics of one scrape.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    kinds: BTreeMap<String, String>,
    /// Values by name and labels, as written in the text.
    samples: BTreeMap<(String, BTreeMap<String, String>), f64>,
}

impl Scrape {
    /// Reads a scrape. Anything that the format does not allow fails the test.
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut scrape = Self::default();
        let (mut helped, mut family) = (BTreeSet::new(), String::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a metric is explained");
                assert!(is_name(name) && help.ends_with('.'), "{line}");
                assert!(helped.insert(name), "{name} is explained twice");
                name.clone_into(&mut family);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a metric has a type");
                assert!(name == family, "{line} comes after {family}");
                assert!(matches!(kind, "counter" | "gauge" | "histogram"), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                scrape.kinds.insert(name.into(), kind.into());
            } else {
                let (name, labels, value) = sample(line);
                let kind = scrape.kinds.get(&family).map(String::as_str);
                let is_part = match kind {
                    Some("histogram") => ["_bucket", "_sum", "_count"]
                        .iter()
                        .any(|part| name.strip_suffix(part) == Some(&family)),
                    Some(_) => name == family,
                    None => false,
                };
                assert!(is_part, "{name} is not of {family}");
                assert!(value >= 0.0, "{line}");
                let twice = scrape.samples.insert((name, labels), value);
                assert!(twice.is_none(), "twice: {line}");
            }
        }
        assert!(helped.iter().all(|name| scrape.kinds.contains_key(*name)), "a type is missing");
        scrape
    }

    /// The names of all metrics, with samples or without.
    pub fn names(&self) -> BTreeSet<&str> {
        self.kinds.keys().map(String::as_str).collect()
    }

    /// The value of the sample with this name and at least these labels: `None` if there is none, the sum if there are
    /// several.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let samples = self.samples.iter().filter(|((other, has), _)| {
            let holds =
                |(label, value): &(&str, &str)| has.get(*label).is_some_and(|has| has == value);
            other == name && labels.iter().all(holds)
        });
        samples.map(|(_, value)| *value).reduce(|sum, value| sum + value)
    }

    /// Every value that a label of any sample has.
    pub fn label_values(&self) -> impl Iterator<Item = &str> {
        self.samples.keys().flat_map(|(_, labels)| labels.values().map(String::as_str))
    }
}

/// `name{label="value",…} 7`
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (head, value) = line.rsplit_once(' ').expect("a sample has a value");
    let value = value.parse().expect("a value is a number");
    let (name, rest) = head.split_once('{').unwrap_or((head, "}"));
    assert!(is_name(name), "{line}");
    let mut rest = rest.strip_suffix('}').expect("labels end");
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (label, tail) = rest.split_once("=\"").expect("a label has a value");
        assert!(is_name(label) && !label.contains(':'), "{line}");
        let end = tail.find('"').expect("a value ends");
        let (value, tail) = tail.split_at(end);
        assert!(!value.contains('\\'), "no value of ours needs an escape: {line}");
        assert!(labels.insert(label.into(), value.into()).is_none(), "{line}");
        rest = tail.strip_prefix('"').expect("a value ends");
        if let Some(next) = rest.strip_prefix(',') {
            assert!(!next.is_empty(), "{line}");
            rest = next;
        } else {
            assert!(rest.is_empty(), "{line}");
        }
    }
    (name.into(), labels, value)
}

fn is_name(name: &str) -> bool {
    let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == ':';
    name.chars().next().is_some_and(is_first)
        && name.chars().all(|letter| is_first(letter) || letter.is_ascii_digit())
}
