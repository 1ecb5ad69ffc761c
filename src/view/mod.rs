//! What a pane shows, as numbers: plane, zoom, window, camera, transfer function, overlay. No GPU, no DOM.
//!
//! `reslice` and `raycast` are the CPU twins of the shaders of the same name: they say what is right, and draw where no GPU can.

mod aligned_slice;
mod camera;
mod clip;
mod compartments;
mod frame_input;
mod labels;
mod leaps;
mod overlay;
mod pace;
mod pane;
mod ray_picture;
pub mod raycast;
mod reference_lines;
pub mod reslice;
mod slab;
mod slice_picture;
mod transfer;
mod window;

pub use aligned_slice::{draw_slice, draws_quickly};
pub use camera::Camera;
pub use clip::{Clip, Cut};
pub use compartments::{COMPARTMENT_OPACITY, COMPARTMENTS, Compartment, LungTissue, compartment};
pub use frame_input::{FrameInput, Interpolation, PaneContent, PaneInput, PxRect, SliceInput, VolumeInput};
pub use labels::LabelLook;
pub use leaps::{Brick, Leaping, Leaps, SHORT};
pub use overlay::{ScaleBar, edge_letters, scale_bar};
pub use pace::Pace;
pub use pane::{PaneState, turn_others};
pub use ray_picture::RayPicture;
pub use reference_lines::{Piece, ReferenceLine, level_line, reference_lines, turns_planes};
pub use slab::{Projection, Slab};
pub use slice_picture::{SliceOnScreen, SlicePicture, Stale};
pub use transfer::{TransferFunction, VolumePreset};
pub use window::{PRESETS, Ramp, VoiFunction, Window};
