//! The seed of an edit: any 64-bit integer, signed or not.

use serde_json::{Number, Value};
use uuid::Uuid;

/// A seed as it was given, and as the edit uses it.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    /// Returned digit by digit: seeds go beyond 2^53 (fal docs: Seedream output).
    pub(crate) given: Number,
    pub(crate) bits: u64,
}

impl Seed {
    /// Reads a seed; `None` when the value is no 64-bit integer.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let given = value.as_number()?.clone();
        let bits = given.as_u64().or_else(|| given.as_i64().map(i64::cast_unsigned))?;
        Some(Self { given, bits })
    }

    /// The model's choice for a request without a seed.
    pub(crate) fn random() -> Self {
        let (bits, _) = Uuid::new_v4().as_u64_pair();
        // A signed 64-bit column must be able to hold it.
        let bits = bits >> 1;
        Self { given: Number::from(bits), bits }
    }

    /// The seed of the `n`th picture of one request.
    pub(crate) fn plus(&self, n: u32) -> u64 {
        self.bits.wrapping_add(u64::from(n))
    }
}
