//! What a pane shows, as numbers: plane, zoom, window, camera, transfer function, overlay. No GPU, no DOM.
//!
//! `reslice` and `raycast` are the CPU twins of the shaders of the same name: they say what is right, and draw slices where no
//! GPU can.

mod aligned_slice;
mod camera;
mod frame_input;
mod labels;
mod overlay;
mod pane;
pub mod raycast;
pub mod reslice;
mod slab;
mod transfer;
mod window;

pub use aligned_slice::{draw_slice, draws_quickly};
pub use camera::Camera;
pub use frame_input::{FrameInput, PaneContent, PaneInput, PxRect, SliceInput, VolumeInput};
pub use labels::LabelLook;
pub use overlay::{ScaleBar, edge_letters, scale_bar};
pub use pane::PaneState;
pub use slab::{Projection, Slab};
pub use transfer::{TransferFunction, VolumePreset};
pub use window::{PRESETS, Window};
