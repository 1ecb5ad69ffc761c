//! Proposals computed from the voxels: lungs, airways, lesions.
//!
//! Each algorithm takes its parameters as a struct, reports progress, can be stopped, and names what it doubts. Nothing here is
//! final: a [`Proposal`] becomes segments the reader edits. Masks are one byte per voxel in memory order `[k, j, i]`.

mod agreement;
mod airways;
mod ball;
mod cells;
mod coarse;
mod components;
mod lesions;
mod lungs;
mod model;
mod progress;
mod proposal;
mod raters;
mod region;
mod sides;
mod surfels;

pub use agreement::{Agreement, SURFACE_TOLERANCES_MM, agreement};
pub use lesions::{LesionParameters, propose_lesions};
pub use lungs::{LungParameters, propose_lungs};
#[cfg(feature = "model")]
pub use model::{MOST_MODEL_BYTES, OnnxNetwork, load_model};
pub use model::{ModelCard, ModelError, Network, propose_with_model};
pub use progress::Progress;
pub use proposal::{AnalysisError, Part, Proposal, QualityFlag, Structure};
pub use raters::{Consistency, Kappa, Weights, consistency, kappa};
pub use region::{
    BESIDE_LUNG, BESIDE_OTHER, RegionOperation, RegionOutcome, RegionTask, RegionVoxels, SeedStroke, Within,
    change_region,
};
