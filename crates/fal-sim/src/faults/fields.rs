//! Reading a JSON object field by field, so that a refusal can name the field.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Which field is wrong, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    loc: Vec<Value>,
    msg: String,
}

impl Refusal {
    /// The refusal in the shape of a model's error.
    pub(super) fn detail(&self) -> Value {
        json!({"loc": self.loc, "msg": self.msg, "type": "value_error"})
    }
}

/// The fields of an object that have not been read yet.
pub(super) struct Fields {
    loc: Vec<Value>,
    fields: Map<String, Value>,
}

impl Fields {
    /// The fields of the object at `loc`.
    pub(super) fn of(value: Value, loc: Vec<Value>) -> Result<Self, Refusal> {
        match value {
            Value::Object(fields) => Ok(Self { loc, fields }),
            _ => Err(Refusal { loc, msg: "Input should be an object".to_owned() }),
        }
    }

    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        match self.fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| self.refuse(name, error.to_string())),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// A refusal of one field.
    pub(super) fn refuse(&self, name: &str, msg: impl Into<String>) -> Refusal {
        let mut loc = self.loc.clone();
        loc.push(name.into());
        Refusal { loc, msg: msg.into() }
    }

    /// Fails unless every field has been read.
    pub(super) fn end(&self) -> Result<(), Refusal> {
        match self.fields.keys().next() {
            Some(name) => Err(self.refuse(name, "Unknown field, or not for this fault")),
            None => Ok(()),
        }
    }
}
