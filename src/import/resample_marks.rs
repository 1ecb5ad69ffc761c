//! Marks on a grid of their own → the grid of the CT: each voxel takes what the nearest voxel of theirs says.

use super::segmentation_in::Span;
use crate::dicom::SegmentationObject;
use crate::geometry::{Grid, PatientVector, VoxelPoint};

/// Planes of one segmentation lie on a line and at even distances within this part of a distance, or of a pixel.
const ON_PLANE: f64 = 0.1;
/// Most voxels of a box that is looked at at once.
const MOST_VOXELS: usize = 1 << 28;

/// The grid of a segmentation, and the plane of each frame on it. Frames that are empty may be left out of a segmentation: distances
/// are multiples of one. `None` where frames do not say where they lie, differ in orientation or spacing, or lie at odd distances.
pub(super) fn own_grid(object: &SegmentationObject) -> Option<(Grid, Vec<usize>)> {
    let first = &object.frames.first()?.plane;
    let ([across, down], [row_mm, column_mm]) = (first.directions?, first.pixel_spacing_mm?);
    let normal = across.cross(down).unit()?;
    let alike = |f: &crate::dicom::SegmentationFrame| {
        let same = |a: PatientVector, b: PatientVector| (a - b).length() < 1e-3;
        f.plane.directions.is_some_and(|[a, d]| same(a, across) && same(d, down))
            && f.plane.pixel_spacing_mm.is_some_and(|[r, c]| (r - row_mm).abs() < 1e-3 && (c - column_mm).abs() < 1e-3)
    };
    if !object.frames.iter().all(alike) {
        return None;
    }
    let positions = object.frames.iter().map(|f| f.plane.position).collect::<Option<Vec<_>>>()?;
    let along: Vec<f64> = positions.iter().map(|p| (*p - positions[0]).dot(normal)).collect();
    let (lowest, _) = along.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
    let mut sorted = along.clone();
    sorted.sort_by(f64::total_cmp);
    let gaps = sorted.windows(2).map(|w| w[1] - w[0]).filter(|gap| *gap > 0.01);
    let smallest = gaps.fold(f64::INFINITY, f64::min);
    let declared = object.frames[0].between_slices_mm.or(first.slice_thickness_mm).filter(|mm| *mm > 0.0);
    let between = if smallest.is_finite() { declared.map_or(smallest, |mm| mm.min(smallest)) } else { declared? };
    // What is declared may be a thickness that is none of the distances.
    let fits = |mm: f64| {
        along.iter().all(|a| ((a - along[lowest]) / mm - ((a - along[lowest]) / mm).round()).abs() < ON_PLANE)
    };
    let between = [between, smallest].into_iter().find(|mm| mm.is_finite() && fits(*mm))?;
    let planes: Vec<usize> = along.iter().map(|a| ((a - along[lowest]) / between).round() as usize).collect();
    let last = *planes.iter().max()?;
    // Planes may be shifted against each other evenly, as by a tilted gantry.
    let step = match planes.iter().position(|n| *n == last).filter(|_| last > 0) {
        Some(n) => (positions[n] - positions[lowest]) * (1.0 / last as f64),
        None => normal * between,
    };
    let on_line = |(p, n): (&crate::geometry::PatientPoint, &usize)| {
        p.distance(positions[lowest] + step * *n as f64) < ON_PLANE * between.max(row_mm).max(column_mm)
    };
    if !positions.iter().zip(&planes).all(on_line) {
        return None;
    }
    let size = [object.columns, object.rows, last + 1];
    Some((Grid::new(size, positions[lowest], [across * column_mm, down * row_mm, step])?, planes))
}

/// The voxels of `to` whose centres lie in the marked voxels of `own`. `None` if more would have to be looked at than memory is for.
pub(super) fn resampled(spans: &[Span], own: &Grid, to: &Grid) -> Option<Vec<Span>> {
    let low = |of: fn(&Span) -> usize| spans.iter().map(of).min();
    let high = |of: fn(&Span) -> usize| spans.iter().map(of).max();
    let min = [low(|s| s.i_begin)?, low(|s| s.j)?, low(|s| s.k)?];
    let max = [high(|s| s.i_end)?, high(|s| s.j)? + 1, high(|s| s.k)? + 1];
    let size = [0, 1, 2].map(|a| max[a] - min[a]);
    let count = size.iter().try_fold(1usize, |n, s| n.checked_mul(*s)).filter(|n| *n <= MOST_VOXELS)?;
    let mut marked = vec![false; count];
    for span in spans {
        let row = ((span.k - min[2]) * size[1] + span.j - min[1]) * size[0];
        marked[row + span.i_begin - min[0]..row + span.i_end - min[0]].fill(true);
    }
    // The part of the CT that the box can reach.
    let ends = |n: usize| {
        let pick = |a: usize| if n >> a & 1 == 1 { max[a] as f64 - 0.5 } else { min[a] as f64 - 0.5 };
        to.voxel_from_patient(own.patient_from_voxel(VoxelPoint::new(pick(0), pick(1), pick(2)))).0.to_array()
    };
    let corners: Vec<[f64; 3]> = (0..8).map(ends).collect();
    let reach = [0, 1, 2].map(|a| {
        let all = || corners.iter().map(|c| c[a]);
        let begin = all().fold(f64::INFINITY, f64::min).floor().max(0.0) as usize;
        let end = (all().fold(f64::NEG_INFINITY, f64::max).ceil() + 1.0).clamp(0.0, to.size()[a] as f64) as usize;
        begin..end
    });
    let step = own.voxel_step_from_patient(to.step(0));
    let mut found: Vec<Span> = Vec::new();
    for (k, j) in reach[2].clone().flat_map(|k| reach[1].clone().map(move |j| (k, j))) {
        let start = VoxelPoint::new(reach[0].start as f64, j as f64, k as f64);
        let first = own.voxel_from_patient(to.patient_from_voxel(start)).0;
        for i in reach[0].clone() {
            let at = (first + step * (i - reach[0].start) as f64 + 0.5).floor().to_array();
            let inside = (0..3).all(|a| at[a] >= min[a] as f64 && at[a] < max[a] as f64);
            let [x, y, z] = [0, 1, 2].map(|a| (at[a] - min[a] as f64) as usize);
            if !inside || !marked[(z * size[1] + y) * size[0] + x] {
                continue;
            }
            match found.last_mut() {
                Some(last) if (last.k, last.j, last.i_end) == (k, j, i) => last.i_end += 1,
                _ => found.push(Span { k, j, i_begin: i, i_end: i + 1 }),
            }
        }
    }
    Some(found)
}
