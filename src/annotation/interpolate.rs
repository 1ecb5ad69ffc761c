//! Filling the slices between marked ones by shape.
//!
//! S. P. Raya, J. K. Udupa, "Shape-based interpolation of multidimensional objects", IEEE Trans. Med. Imaging 9 (1990) 32–42:
//! the signed distance to the outline is interpolated linearly between two marked slices, and the inside is where it is positive.

use super::{Document, DocumentError, Edit};
use crate::geometry::{Grid, IndexBox, VoxelIndex};
use crate::volume::{CtVolume, LabelMap, squared_distance_mm2};

/// Fills the slices across `axis` (0 = i, 1 = j, 2 = k) that lie between two marked slices of a segment and hold none of it.
///
/// Slices that hold any voxel of the segment stay as they are. Voxels of locked segments of the layer stay, others are taken
/// over. Distances are in-plane millimetres with the two in-plane axes taken as perpendicular. Where two marked shapes do not
/// overlap in projection, the slices between them may stay empty.
///
/// # Errors
/// [`DocumentError::NoSuchSegment`] and [`DocumentError::Locked`]; nothing is changed then. An `axis` beyond 2 fills nothing.
pub fn interpolate(
    document: &mut Document,
    volume: &CtVolume,
    segment: u8,
    axis: usize,
) -> Result<Edit, DocumentError> {
    let layer = document.editable_layer(segment)?;
    let locked = document.locked_labels(layer);
    let grid = *document.grid();
    Ok(document.edit_voxels(layer, volume, |editor| {
        let Some(stack) = Stack::new(&grid, axis) else { return };
        let Some(frame) = stack.frame(editor.map(), segment) else { return };
        let mut before: Option<(usize, Vec<f32>)> = None;
        for w in frame.across.clone() {
            let Some(here) = stack.signed_distance(editor.map(), segment, &frame, w) else { continue };
            if let Some((from, start)) = &before {
                for between in from + 1..w {
                    let t = (between - from) as f32 / (w - from) as f32;
                    for (n, (a, b)) in start.iter().zip(&here).enumerate() {
                        if a + (b - a) * t > 0.0 {
                            let at = stack.voxel(&frame, between, n);
                            editor.set_span(at.k, at.j, at.i, at.i + 1, |_, old| {
                                (!locked[usize::from(old)]).then_some(segment)
                            });
                        }
                    }
                }
            }
            before = Some((w, here));
        }
    }))
}

/// A grid seen as slices across one axis, with u and v in the slice.
struct Stack {
    across: usize,
    axes: [usize; 2],
    spacing_mm: [f64; 3],
}

/// The part of the stack that holds the segment.
struct Frame {
    across: std::ops::Range<usize>,
    begin: [usize; 2],
    extent: [usize; 2],
}

impl Stack {
    fn new(grid: &Grid, across: usize) -> Option<Self> {
        let axes = match across {
            0 => [1, 2],
            1 => [0, 2],
            2 => [0, 1],
            _ => return None,
        };
        Some(Self { across, axes, spacing_mm: grid.spacing_mm() })
    }
    fn frame(&self, map: &LabelMap, segment: u8) -> Option<Frame> {
        let IndexBox { min, max } = map.bounds(|l| l == segment)?;
        Some(Frame {
            across: min[self.across]..max[self.across],
            begin: self.axes.map(|a| min[a]),
            extent: self.axes.map(|a| max[a] - min[a]),
        })
    }
    fn voxel(&self, frame: &Frame, w: usize, n: usize) -> VoxelIndex {
        let mut at = [0; 3];
        at[self.across] = w;
        at[self.axes[0]] = frame.begin[0] + n % frame.extent[0];
        at[self.axes[1]] = frame.begin[1] + n / frame.extent[0];
        VoxelIndex::new(at[0], at[1], at[2])
    }
    /// Distance to the outline in mm over the frame, positive inside; `None` if the slice holds nothing.
    fn signed_distance(&self, map: &LabelMap, segment: u8, frame: &Frame, w: usize) -> Option<Vec<f32>> {
        let [columns, rows] = frame.extent;
        // A rim of background around the frame, so that the outline is closed at the edge of the grid too.
        let (width, height) = (columns + 2, rows + 2);
        let mut inside = vec![false; width * height];
        for n in 0..columns * rows {
            inside[(n / columns + 1) * width + n % columns + 1] = map.at(self.voxel(frame, w, n)) == segment;
        }
        if !inside.contains(&true) {
            return None;
        }
        let size = [width, height, 1];
        let spacing = [self.spacing_mm[self.axes[0]], self.spacing_mm[self.axes[1]], 1.0];
        let to_outside = squared_distance_mm2(size, spacing, |o| !inside[o]);
        let to_inside = squared_distance_mm2(size, spacing, |o| inside[o]);
        let rim = |n: usize| (n / columns + 1) * width + n % columns + 1;
        Some((0..columns * rows).map(rim).map(|o| to_outside[o].sqrt() - to_inside[o].sqrt()).collect())
    }
}
