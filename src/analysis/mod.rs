//! Proposals computed from the voxels: lungs, airways, vessels, lesions, chest wall, calcium; masks compared and laid on each other.
//!
//! Each algorithm takes its parameters as a struct, reports progress, can be stopped, and names what it doubts. Nothing here is
//! final: a [`Proposal`] becomes segments the reader edits. Masks are one byte per voxel in memory order `[k, j, i]`.

mod agreement;
mod airways;
mod ball;
mod body;
mod calcium;
mod cells;
mod chest_wall;
mod coarse;
mod components;
mod lesions;
mod lungs;
mod model;
mod progress;
mod proposal;
mod raters;
mod region;
mod registration;
mod sides;
mod surfels;
mod vessels;
mod zone_change;

pub use agreement::{Agreement, SURFACE_TOLERANCES_MM, agreement};
pub use body::field_of_view_clips;
pub use calcium::{CalciumParameters, propose_calcium};
pub use chest_wall::{ChestWallParameters, propose_chest_wall};
pub use lesions::{LesionParameters, opacity_flags, propose_lesions};
pub use lungs::{LungParameters, propose_lungs};
#[cfg(feature = "model")]
pub use model::{MOST_MODEL_BYTES, OnnxNetwork, load_model};
pub use model::{ModelCard, ModelError, Network, propose_with_model};
pub use progress::Progress;
pub use proposal::{AnalysisError, Part, Proposal, QualityFlag, Structure};
pub use raters::{Consistency, Kappa, Weights, consistency, kappa};
pub use region::{
    Across, BESIDE_LUNG, BESIDE_OTHER, RegionOperation, RegionOutcome, RegionTask, RegionVoxels, SeedStroke, Within,
    change_region,
};
pub use registration::{LungMask, RigidTransform, register_lungs};
pub use vessels::{VesselParameters, propose_vessels};
pub use zone_change::{
    INVOLVED, LEFT_LUNG, LungChange, LungClasses, RIGHT_LUNG, ZoneVolumes, lung_change, zone_volumes,
};
