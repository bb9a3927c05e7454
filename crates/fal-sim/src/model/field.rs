//! One field of a model's input, and its valid values.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::size;
use crate::answer::Detail;

/// A field that a model documents.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) check: Check,
}

/// The rule for a field's value.
#[derive(Debug)]
pub(crate) enum Check {
    /// Checked where the field is read.
    OnReading,
    Boolean,
    Text,
    /// One of these texts. The number 2 is not the text "2".
    OneOf(&'static [&'static str]),
    Integer(RangeInclusive<i64>),
    Number(RangeInclusive<f64>),
    Size(&'static SizeRule),
}

/// Which sizes a model takes.
#[derive(Debug)]
pub(crate) struct SizeRule {
    pub(crate) names: &'static [&'static str],
    /// Both sides must be in this range, ...
    pub(crate) sides: RangeInclusive<u32>,
    /// ... or their product in this one.
    pub(crate) area: RangeInclusive<u32>,
}

/// The names of the sizes that every model with an `image_size` has.
macro_rules! size_names {
    ($($more:literal),*) => {
        &[
            "square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3",
            "landscape_16_9", $($more),*
        ]
    };
}
pub(super) use size_names;

impl SizeRule {
    /// Any size, and these names.
    pub(super) const fn any(names: &'static [&'static str]) -> Self {
        Self { names, sides: 1..=u32::MAX, area: 1..=u32::MAX }
    }
}

impl Field {
    pub(super) const fn new(name: &'static str, check: Check) -> Self {
        Self { name, check }
    }

    /// What is wrong with the value.
    pub(super) fn complain(&self, value: &Value) -> Option<Detail> {
        let complaint = |kind, msg: String| Some(Detail::about(self.name, kind, msg, value));
        let kind = |good, kind, what| {
            if good { None } else { complaint(kind, format!("Input should be a valid {what}")) }
        };
        match &self.check {
            Check::OnReading => None,
            Check::Boolean => kind(value.is_boolean(), "bool_type", "boolean"),
            Check::Text => kind(value.is_string(), "string_type", "string"),
            Check::OneOf(names) => self.one_of(names, value),
            Check::Integer(range) => match value.as_i64() {
                None => kind(false, "int_type", "integer"),
                Some(number) => self.within(number, range, value),
            },
            Check::Number(range) => match value.as_f64() {
                None => kind(false, "float_type", "number"),
                Some(number) => self.within(number, range, value),
            },
            Check::Size(rule) => self.size(rule, value),
        }
    }

    fn one_of(&self, names: &[&str], value: &Value) -> Option<Detail> {
        if value.as_str().is_some_and(|name| names.contains(&name)) {
            return None;
        }
        let msg = format!("Input should be one of {}", names.join(", "));
        Some(Detail::about(self.name, "one_of", msg, value).with(json!({"expected": names})))
    }

    fn within<T>(&self, number: T, range: &RangeInclusive<T>, value: &Value) -> Option<Detail>
    where
        T: PartialOrd + Copy + std::fmt::Display + serde::Serialize,
    {
        let (kind, bound, words, context) = if number < *range.start() {
            ("greater_than_equal", range.start(), "greater", "ge")
        } else if number > *range.end() {
            ("less_than_equal", range.end(), "less", "le")
        } else {
            return None;
        };
        let msg = format!("Input should be {words} than or equal to {bound}");
        Some(Detail::about(self.name, kind, msg, value).with(json!({context: bound})))
    }

    fn size(&self, rule: &SizeRule, value: &Value) -> Option<Detail> {
        if value.is_string() {
            return self.one_of(rule.names, value);
        }
        let (width, height) = match size::read_sides(value) {
            Ok(sides) => sides,
            Err(complaint) => return Some(complaint),
        };
        let sides = [width, height].iter().all(|side| rule.sides.contains(side));
        if sides || rule.area.contains(&width.saturating_mul(height)) {
            return None;
        }
        let msg = format!("Image size {width}x{height} is not supported by this model");
        Some(Detail::about(self.name, "value_error", msg, value))
    }
}
