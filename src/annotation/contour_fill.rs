//! Filling a closed contour drawn in a plane.

use super::plane_layer::PlaneLayer;
use super::{Document, DocumentError, Edit, Gate};
use crate::geometry::{Grid, Plane, VoxelIndex, raster_spans};
use crate::volume::CtVolume;

/// What a contour does with the voxels inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContourAction {
    /// They join the segment.
    Add,
    /// They leave the segment.
    Subtract,
}

/// Fills a contour: the voxels of the layer that the plane passes through (centre within half a step of the plane, along the grid
/// axis nearest its normal; on an oblique plane, along the axis that leaves no holes) whose column the plane cuts inside the
/// outline, by the even-odd rule.
///
/// `outline` holds in-plane millimetres (right, down) from the plane's origin; last and first vertex are joined. Works on any
/// grid, sheared ones too, as voxel coordinates in the plane are an affine map of its millimetres. [`ContourAction::Add`] takes
/// over voxels of unlocked segments of the same layer; [`ContourAction::Subtract`] clears this segment's voxels only.
///
/// # Errors
/// [`DocumentError::NoSuchSegment`] and [`DocumentError::Locked`]; nothing is changed then.
pub fn fill_contour(
    document: &mut Document,
    volume: &CtVolume,
    segment: u8,
    plane: &Plane,
    outline: &[[f64; 2]],
    action: ContourAction,
) -> Result<Edit, DocumentError> {
    fill_contour_within(document, volume, segment, plane, outline, action, &Gate::default())
}

/// As [`fill_contour`], of the voxels that the gate lets through.
///
/// # Errors
/// As for [`fill_contour`].
pub fn fill_contour_within(
    document: &mut Document,
    volume: &CtVolume,
    segment: u8,
    plane: &Plane,
    outline: &[[f64; 2]],
    action: ContourAction,
    gate: &Gate,
) -> Result<Edit, DocumentError> {
    let layer = document.editable_layer(segment)?;
    let locked = document.locked_labels(layer);
    let grid = *document.grid();
    Ok(document.edit_within(layer, volume, gate, |editor, allows| {
        for at in voxels_inside(&grid, plane, outline) {
            editor.set_span(at.k, at.j, at.i, at.i + 1, |offset, old| match action {
                _ if !allows(offset) => None,
                ContourAction::Add => (!locked[usize::from(old)]).then_some(segment),
                ContourAction::Subtract => (old == segment).then_some(0),
            });
        }
    }))
}

/// The voxels that [`fill_contour`] changes: those of the layer that the plane passes through, inside the outline.
pub fn voxels_inside(grid: &Grid, plane: &Plane, outline: &[[f64; 2]]) -> Vec<VoxelIndex> {
    let Some(cut) = PlaneLayer::new(grid, plane) else { return Vec::new() };
    let polygon: Vec<[f64; 2]> = outline.iter().map(|p| cut.column_of(grid, plane.at(p[0], p[1]))).collect();
    let [columns, rows] = cut.columns();
    let spans = raster_spans(&polygon, columns, rows);
    spans.into_iter().flat_map(|(v, begin, end)| (begin..end).filter_map(move |u| cut.voxel(u, v))).collect()
}
