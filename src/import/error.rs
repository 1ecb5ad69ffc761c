//! Why a series cannot become a volume.

use serde::{Deserialize, Serialize};

/// Why a series cannot become a volume.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum ImportError {
    /// No CT slice with a place in the patient.
    #[error("the series holds no CT slice with a position and an orientation")]
    NoSlices,
    /// Distance between pixels is absent or not positive.
    #[error("the slices have no usable Pixel Spacing")]
    NoPixelSpacing,
    /// Row and column directions are not at right angles, or not of length 1.
    #[error("the row and column directions are not perpendicular unit vectors")]
    BadOrientation,
    /// The slices shift sideways in a way that is no constant tilt.
    #[error("the slices are shifted against each other by up to {deviation_mm} mm")]
    ShiftedSlices {
        /// Largest distance of a slice from where a straight stack would have it.
        deviation_mm: f64,
    },
    /// More voxels than the product holds.
    #[error("the volume would have {voxels} voxels; at most {limit} are held")]
    TooLarge {
        /// Columns × rows × slices.
        voxels: u64,
        /// The limit.
        limit: u64,
    },
}
