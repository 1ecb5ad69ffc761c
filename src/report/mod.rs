//! What the numbers are: quantities of a document with unit and method.

mod quantities;

pub use quantities::{Quantity, quantities};
