//! Voxels on a grid: Hounsfield units, and label maps with one door for writing.
//!
//! Arrays are indexed `[k, j, i]` = [slice, row, column]. Knows no DICOM, no segments' names, no GPU.

mod alike;
mod bricks;
mod ct_volume;
mod distance;
mod histogram;
mod label_delta;
mod label_map;
mod sample;
mod trilinear;

pub use alike::{PackedLabels, alike};
pub use bricks::{Bricks, label_bit};
pub use ct_volume::CtVolume;
pub use distance::squared_distance_mm2;
pub use histogram::Histogram;
pub use label_delta::{LabelDelta, Run};
pub use label_map::{LabelDeltaMismatch, LabelEditor, LabelMap};
pub use sample::{HuSum, sample_linear, sample_linear_at, sample_nearest};
pub use trilinear::{Trilinear, nearest_whole};
