//! Pixels: `view::FrameInput` in, a picture out. Holds the GPU's copy of the voxels and nothing that cannot be made again from
//! page memory. Knows no session and no DICOM.
//!
//! All WGSL stands in `shaders/`; each kernel has a CPU twin of the same name in `view`, and all structs shared with it stand in
//! `gpu_types`.

mod gpu;
mod gpu_types;
mod passes;
mod portrait;
mod readback;
mod renderer;
mod sheet;
#[cfg(target_arch = "wasm32")]
mod surface;
mod textures;

pub use gpu::{Backend, RenderError};
pub use portrait::Portrait;
pub use renderer::Renderer;
#[cfg(target_arch = "wasm32")]
pub use surface::Preference;

/// Names and sources of all shaders, for tests that validate them.
pub const SHADERS: [(&str, &str); 3] = [
    ("reslice", include_str!("shaders/reslice.wgsl")),
    ("raycast", include_str!("shaders/raycast.wgsl")),
    ("present", include_str!("shaders/present.wgsl")),
];

/// Sizes in bytes of the structs shared with WGSL, by their names there.
pub fn shared_struct_sizes() -> [(&'static str, u64); 3] {
    gpu_types::sizes()
}
