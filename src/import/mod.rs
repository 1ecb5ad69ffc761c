//! Series → volume: which slice goes where, and what was found on the way; archives and research formats; and the built-in
//! demonstration series.
//!
//! Geometry is declared, not guessed: positions along the normal order the slices, and whatever is odd about them is said in a
//! [`GeometryFinding`] that travels with the volume, or refused with an [`ImportError`].

mod archive;
mod demonstration;
mod error;
#[cfg(feature = "codecs")]
mod file_kind;
mod finding;
#[cfg(feature = "codecs")]
mod label_values;
mod lattice;
#[cfg(feature = "codecs")]
mod metaimage;
#[cfg(feature = "codecs")]
mod nifti;
#[cfg(feature = "codecs")]
mod nrrd;
mod phantom;
mod preflight;
mod resample;
mod segmentation_in;
mod stack;
mod stacks;
#[cfg(feature = "codecs")]
mod stored_axes;
mod structure_set_in;
mod volume_file;
#[cfg(feature = "codecs")]
mod voxels;

pub use archive::{
    ArchiveContents, ArchiveEntry, ArchiveError, EntryPlace, MOST_ENTRIES, MOST_ENTRY_BYTES, MOST_UNPACKED_BYTES,
};
#[cfg(feature = "codecs")]
pub use archive::{archive_contents, read_entry};
pub use demonstration::{
    DEMONSTRATION_SLICES, DemonstrationFile, DemonstrationLesion, demonstration, demonstration_file,
};
pub use error::ImportError;
#[cfg(feature = "codecs")]
pub use file_kind::{FileKind, read_volume_header};
pub use finding::{GeometryFinding, Severity};
#[cfg(feature = "codecs")]
pub use label_values::label_values;
pub use preflight::{Capacity, Offer, Reduction};
pub use resample::{Assembly, Blend};
pub use segmentation_in::{
    Collision, SegmentIn, SegmentationError, SegmentationIn, SegmentationNote, Span, read_segmentation,
    segmentation_edits,
};
pub use stack::{SliceSource, StackPlan, load_order, plan_stack};
pub use stacks::{Stack, StackTrait, stacks};
pub use structure_set_in::{read_marks, read_structure_set};
pub use volume_file::{Compression, ValueReport, VolumeFile, VolumeFileError, VolumeFormat, VoxelType};
#[cfg(feature = "codecs")]
pub use voxels::{SliceSink, read_voxels};
