//! What the numbers are: quantities of a document with unit and method, the reading form and its scores.

mod form;
mod profile;
mod quantities;

pub use form::{Choice, FORM, Field, FieldKind, Score, extent_class, field, field_of, scores};
pub use profile::{Profile, SliceCounts};
pub use quantities::{Quantity, quantities};
