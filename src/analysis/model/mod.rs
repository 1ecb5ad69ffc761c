//! A reader's own segmentation network, run on the CT where it lies.
//!
//! [`ModelCard`] is what the file says of itself (`docs/models.md`); [`propose_with_model`] takes slice after slice, cuts it into
//! overlapping patches at the spacing the network was trained at, runs them, blends their scores with a Gaussian of an eighth of the
//! patch (F. Isensee et al., Nat. Methods 18 (2021) 203–211), brings them back to the CT's grid and cleans up. The network itself is
//! behind [`Network`].

mod card;
#[cfg(feature = "model")]
mod onnx;
mod propose;
mod tiles;

pub use card::{ModelCard, ModelError};
#[cfg(feature = "model")]
pub use onnx::{MOST_MODEL_BYTES, OnnxNetwork, load_model};
pub use propose::propose_with_model;

/// Scores of one patch: what a network makes of it.
pub trait Network {
    /// Takes a patch, slices × rows × columns of the card; gives scores × rows × columns of the slice in the middle.
    ///
    /// # Errors
    /// [`ModelError::Failed`] if it cannot be run.
    fn run(&mut self, patch: Vec<f32>) -> Result<Vec<f32>, ModelError>;
}
