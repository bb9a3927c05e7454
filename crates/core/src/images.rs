//! Pictures: inspected before they are stored, and prepared for the model, or made small for a page,
//! before they are sent.
//!
//! [`inspect()`] decodes nothing, so a decompression bomb costs no more than its bytes.
//! [`prepare()`] and [`thumbnail()`] decode, within bounds; call them on a blocking thread.

mod gif;
mod inspect;
mod jpeg;
mod png;
mod prepare;
mod webp;

pub use inspect::{ImageProblem, Inspected, MediaType, inspect};
pub use prepare::{Fit, PrepareError, Prepared, prepare, thumbnail};
