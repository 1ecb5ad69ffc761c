//! What the numbers are: quantities of a document with unit and method, the reading form and its scores.

mod associations;
mod double_reading;
mod doubts;
mod form;
mod pieces;
mod profile;
mod quantities;
mod regions;

pub use associations::{ASSOCIATIONS, Association, CutOff, Measure, measured};
pub use double_reading::{ComparedItem, Discord, DoubleReading, ItemAgreement, Reading};
pub use doubts::Doubt;
pub use form::{
    ARTERIES, BEGUN, BLINDED, Choice, ENDED, FORM, Field, FieldKind, Score, ZONE_PLANES, extent_class, field, field_of,
    is_known, scores,
};
pub use pieces::{Piece, Pieces};
pub use profile::{Profile, SliceCounts};
pub use quantities::{Quantity, QuantityGroup, arteries, findings_outside_ml, lung_flags, quantities};
pub use regions::{lobe_score, zone_extents, zone_planes_mm, zone_score};
