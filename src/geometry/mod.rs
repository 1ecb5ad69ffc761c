//! Where things are: points, grids, planes, orientation letters, polygons.
//!
//! f64, millimetres, patient space LPS. Each space is a type of its own, so that a point cannot be read in the wrong one.
//! Imports nothing of ours.

mod grid;
mod index_box;
mod orientation;
mod outline;
mod plane;
mod polygon;
mod spaces;
mod spline;

pub use grid::Grid;
pub use index_box::IndexBox;
pub use orientation::{Axis, orientation_letters};
pub use outline::outlines;
pub use plane::{AnatomicalPlane, Plane};
pub use polygon::{area, raster_spans, simplify};
pub use spaces::{PanePoint, PatientPoint, PatientVector, VoxelIndex, VoxelPoint};
pub use spline::closed_spline;
