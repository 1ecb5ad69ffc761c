//! A segment's voxels of one slice, on another slice too.

use super::plane_layer::PlaneLayer;
use super::{Document, DocumentError, Edit};
use crate::geometry::Plane;
use crate::volume::CtVolume;

/// Adds what a segment has on the layer of voxels that one plane passes through to the layer of a parallel plane, column by column.
/// Voxels of locked segments of the layer stay, others are taken over.
///
/// # Errors
/// [`DocumentError::NoSuchSegment`] and [`DocumentError::Locked`]; nothing is changed then.
pub fn copy_slice(
    document: &mut Document,
    volume: &CtVolume,
    segment: u8,
    from: &Plane,
    to: &Plane,
) -> Result<Edit, DocumentError> {
    let layer = document.editable_layer(segment)?;
    let locked = document.locked_labels(layer);
    let grid = *document.grid();
    Ok(document.edit_voxels(layer, volume, |editor| {
        let (Some(from), Some(to)) = (PlaneLayer::new(&grid, from), PlaneLayer::new(&grid, to)) else { return };
        let [columns, rows] = from.columns();
        for (u, v) in (0..rows).flat_map(|v| (0..columns).map(move |u| (u, v))) {
            let has = from.voxel(u, v).is_some_and(|at| editor.map().at(at) == segment);
            if let Some(at) = to.voxel(u, v).filter(|_| has) {
                editor.set_span(at.k, at.j, at.i, at.i + 1, |_, old| (!locked[usize::from(old)]).then_some(segment));
            }
        }
    }))
}
