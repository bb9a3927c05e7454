//! Pictures: looked at before they are stored, and made right for the model, or small for a page, before
//! they leave.
//!
//! [`inspect()`] decodes nothing, so that a decompression bomb costs no more than its bytes.
//! [`prepare()`] and [`thumbnail()`] decode, within bounds, on a blocking thread.

mod gif;
mod inspect;
mod jpeg;
mod png;
mod prepare;
mod webp;

pub use inspect::{ImageProblem, Inspected, MediaType, inspect};
pub use prepare::{Fit, PrepareError, Prepared, prepare, thumbnail};
