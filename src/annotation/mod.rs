//! What the reader marked: segments on two label maps, measurements, the tools that edit them, and the history.
//!
//! The label map is the truth: contour, brush and proposals all edit it, so one lesion is one object in every plane and in
//! 3D. Overlap is by layer, fixed when a segment is born. Every change is an [`Edit`], every edit undoes.

mod answer;
mod brush;
mod contour_fill;
mod copy_slice;
mod document;
mod history;
mod livewire;
mod measurement;
mod plane_layer;
mod segment;
mod stored;
mod stored_v3;

pub use answer::Answer;
pub use brush::{Brush, BrushShape, Push, brush_stroke, push_from};
pub use contour_fill::{ContourAction, fill_contour, fill_contour_within, voxels_inside};
pub use copy_slice::copy_slice;
pub use document::{Document, DocumentError, Edit, Gate};
pub use history::{History, Step, Transaction};
pub use livewire::Livewire;
pub use measurement::{Grip, Measured, Measurement, MeasurementKind};
pub use segment::{CodedConcept, Layer, Origin, Segment, SegmentMeaning};
pub use stored::{Restored, StoredError, record, replay, snapshot_entry, step_entries};
