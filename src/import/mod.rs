//! Series → volume: which slice goes where, and what was found on the way; and the built-in demonstration series.
//!
//! Geometry is declared, not guessed: positions along the normal order the slices, and whatever is odd about them is said in a
//! [`GeometryFinding`] that travels with the volume, or refused with an [`ImportError`].

mod demonstration;
mod error;
mod finding;
mod lattice;
mod phantom;
mod resample;
mod segmentation_in;
mod stack;
mod stacks;

pub use demonstration::{
    DEMONSTRATION_SLICES, DemonstrationFile, DemonstrationLesion, demonstration, demonstration_file,
};
pub use error::ImportError;
pub use finding::{GeometryFinding, Severity};
pub use resample::{Assembly, Blend};
pub use segmentation_in::{
    Collision, SegmentIn, SegmentationError, SegmentationIn, SegmentationNote, Span, read_segmentation,
    segmentation_edits,
};
pub use stack::{SliceSource, StackPlan, load_order, plan_stack};
pub use stacks::{Stack, StackTrait, stacks};
