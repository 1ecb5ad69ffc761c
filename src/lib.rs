//! Hilum: a chest-CT viewer and annotator that runs entirely in the browser.
//!
//! # The way of the data
//!
//! ```text
//!  files ─► dicom ─► import ─► volume ─► view ─► annotation ─► analysis ─► report ─► export ─► platform::egress
//!  bytes    objects  series →  HU grid   panes   label maps,   lungs,      form,     SEG, SR   STOW-RS, download
//!           instances volume             MPR     contours      lesions     numbers
//!               ▲ in workers ▲                                 (proposals)
//!  session = all of it held together: Command in → Update { changes, effects } out.  render draws it.  ui talks to people.
//! ```
//!
//! Rooms stand below in reading order; a room imports only rooms above it, and only those that the table in
//! `ARCHITECTURE.md` names (`tests/tidy.rs` keeps that true). Everything that decides a voxel, a millilitre or a byte of
//! output is pure: it compiles and is tested natively, without browser or GPU.
//!
//! # Spaces and units
//!
//! Patient space is LPS in millimetres (+x left, +y posterior, +z head). Voxel indices are (i, j, k) = (column, row, slice);
//! arrays are indexed `[k, j, i]`. Voxel values are Hounsfield units. Angles are radians inside, degrees on screen.

pub mod analysis;
pub mod annotation;
pub mod dicom;
pub mod export;
pub mod geometry;
pub mod import;
pub mod jobs;
#[cfg(target_arch = "wasm32")]
pub mod platform;
#[cfg(feature = "gpu")]
pub mod render;
pub mod report;
pub mod session;
#[cfg(all(target_arch = "wasm32", feature = "app"))]
pub mod ui;
pub mod view;
pub mod volume;
