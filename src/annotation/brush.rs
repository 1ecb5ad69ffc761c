//! Painting and erasing with a round brush that leaves no gaps.

use super::plane_layer::PlaneLayer;
use super::{Document, DocumentError, Edit, Gate};
use crate::geometry::{Grid, PatientPoint, PatientVector, Plane, VoxelIndex};
use crate::volume::{CtVolume, LabelEditor};

/// How far a brush reaches across the plane it is used in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrushShape {
    /// One layer of voxels, the one the plane passes through.
    Disc,
    /// A ball.
    Ball,
}

/// A brush, in millimetres of the patient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// Voxels whose centre lies this near to the path are touched.
    pub radius_mm: f64,
    /// How far it reaches across the plane.
    pub shape: BrushShape,
    /// Touches only what this lets through.
    pub gate: Gate,
}

/// Paints a segment along a path, or erases it.
///
/// Touches every voxel whose centre is within the radius of the path's polyline (a capsule per piece, so that fast strokes leave
/// no gaps), and the voxels the path itself runs through, so that a brush smaller than a voxel still draws. A disc measures in
/// the plane, the path projected on it. Painting takes over unlocked segments of the same layer; erasing clears this segment
/// only.
///
/// # Errors
/// [`DocumentError::NoSuchSegment`] and [`DocumentError::Locked`]; nothing is changed then.
pub fn brush_stroke(
    document: &mut Document,
    volume: &CtVolume,
    segment: u8,
    brush: &Brush,
    plane: &Plane,
    path: &[PatientPoint],
    erase: bool,
) -> Result<Edit, DocumentError> {
    let layer = document.editable_layer(segment)?;
    let locked = document.locked_labels(layer);
    let grid = *document.grid();
    Ok(document.edit_within(layer, volume, &brush.gate, |editor, allows| {
        let choose = |offset: usize, old: u8| match erase {
            true => (old == segment && allows(offset)).then_some(0),
            false => (!locked[usize::from(old)] && allows(offset)).then_some(segment),
        };
        if !(brush.radius_mm >= 0.0 && brush.radius_mm.is_finite() && path.iter().all(|p| p.0.is_finite())) {
            return;
        }
        let mut pieces: Vec<(PatientPoint, PatientPoint)> = path.windows(2).map(|w| (w[0], w[1])).collect();
        if let ([only], []) = (path, pieces.as_slice()) {
            pieces.push((*only, *only));
        }
        match brush.shape {
            BrushShape::Ball => {
                for piece in pieces {
                    ball_piece(editor, &grid, piece, brush.radius_mm, &choose);
                }
            }
            BrushShape::Disc => {
                let Some(cut) = PlaneLayer::new(&grid, plane) else { return };
                for (from, to) in pieces {
                    let flat = |p| {
                        let [right, down] = plane.coordinates(p);
                        plane.at(right, down)
                    };
                    disc_piece(editor, &grid, &cut, (flat(from), flat(to)), brush.radius_mm, &choose);
                }
            }
        }
    }))
}

/// How a disc pushes the border of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Push {
    /// Outward from inside: its disc joins the segment. Else inward from outside: it leaves the segment.
    pub outward: bool,
    /// Radius of the disc, mm.
    pub radius_mm: f64,
}

/// How a disc of at most `radius_mm` pushes the border of a segment that is pressed at a place of a plane: with the largest radius
/// that does not reach over the border, so that pressing alone moves nothing; one voxel's width at least. `None` outside the
/// grid, where the segment has no voxels, or there is no such segment.
pub fn push_from(document: &Document, segment: u8, plane: &Plane, at: PatientPoint, radius_mm: f64) -> Option<Push> {
    let layer = document.segment(segment).filter(|_| document.voxel_count(segment) > 0)?.layer;
    let (grid, map) = (document.grid(), document.layer(layer));
    let cut = PlaneLayer::new(grid, plane)?;
    let columns = cut.columns();
    let is_own = |u: usize, v: usize| cut.voxel(u, v).map(|voxel| map.at(voxel) == segment);
    let [right, down] = plane.coordinates(at);
    let at = plane.at(right, down);
    let middle = cut.column_of(grid, at);
    let [u, v] = middle.map(|c| (c + 0.5).floor());
    let is_inside = u >= 0.0 && v >= 0.0 && u < columns[0] as f64 && v < columns[1] as f64;
    let outward = is_inside.then(|| is_own(u as usize, v as usize)).flatten()?;
    let reach = reach(grid, radius_mm);
    let range = [0, 1].map(|a| index_range(middle[a], middle[a], reach[cut.axes[a]], columns[a]));
    let other = range[1].clone().flat_map(|v| range[0].clone().map(move |u| (u, v)));
    let other = other.filter(|(u, v)| is_own(*u, *v) == Some(!outward));
    let nearest = other.map(|(u, v)| cut.cut_at(grid, u as f64, v as f64).distance(at)).fold(f64::INFINITY, f64::min);
    let finest = grid.spacing_mm().into_iter().fold(f64::INFINITY, f64::min);
    Some(Push { outward, radius_mm: radius_mm.min((nearest * (1.0 - 1e-6)).max(finest)) })
}

fn ball_piece(
    editor: &mut LabelEditor<'_>,
    grid: &Grid,
    piece: (PatientPoint, PatientPoint),
    radius_mm: f64,
    choose: &impl Fn(usize, u8) -> Option<u8>,
) {
    let ends = [piece.0, piece.1].map(|p| grid.voxel_from_patient(p).0.to_array());
    let reach = reach(grid, radius_mm);
    let range = [0, 1, 2].map(|a| index_range(ends[0][a], ends[1][a], reach[a], grid.size()[a]));
    let capsule = Capsule::new(piece, radius_mm);
    for k in range[2].clone() {
        for j in range[1].clone() {
            let first = grid.patient_from_voxel(VoxelIndex::new(0, j, k).centre());
            let near = |i: &usize| capsule.contains(first + grid.step(0) * *i as f64);
            // A capsule is convex: what a row holds of it is one span.
            let Some(begin) = range[0].clone().find(near) else { continue };
            let end = range[0].clone().rev().find(near).map_or(begin, |i| i + 1);
            editor.set_span(k, j, begin, end, choose);
        }
    }
    walk(ends[0], ends[1], |at| {
        let at = at.map(|c| (c + 0.5).floor());
        if (0..3).all(|a| at[a] >= 0.0 && at[a] < grid.size()[a] as f64) {
            let [i, j, k] = at.map(|c| c as usize);
            editor.set_span(k, j, i, i + 1, choose);
        }
    });
}

fn disc_piece(
    editor: &mut LabelEditor<'_>,
    grid: &Grid,
    cut: &PlaneLayer,
    piece: (PatientPoint, PatientPoint),
    radius_mm: f64,
    choose: &impl Fn(usize, u8) -> Option<u8>,
) {
    let ends = [piece.0, piece.1].map(|p| cut.column_of(grid, p));
    let reach = reach(grid, radius_mm);
    let columns = cut.columns();
    let range = [0, 1].map(|a| index_range(ends[0][a], ends[1][a], reach[cut.axes[a]], columns[a]));
    let capsule = Capsule::new(piece, radius_mm);
    let mut touch = |u: usize, v: usize| {
        if let Some(at) = cut.voxel(u, v) {
            editor.set_span(at.k, at.j, at.i, at.i + 1, choose);
        }
    };
    for v in range[1].clone() {
        for u in range[0].clone() {
            if capsule.contains(cut.cut_at(grid, u as f64, v as f64)) {
                touch(u, v);
            }
        }
    }
    walk(ends[0], ends[1], |at| {
        let at = at.map(|c| (c + 0.5).floor());
        if (0..2).all(|a| at[a] >= 0.0 && at[a] < columns[a] as f64) {
            touch(at[0] as usize, at[1] as usize);
        }
    });
}

/// All points within a radius of a straight piece.
struct Capsule {
    from: PatientPoint,
    along: PatientVector,
    length2: f64,
    radius2: f64,
}

impl Capsule {
    fn new((from, to): (PatientPoint, PatientPoint), radius_mm: f64) -> Self {
        let along = to - from;
        // A centre exactly at the radius is inside, whatever the rounding.
        Self { from, along, length2: along.dot(along), radius2: radius_mm * radius_mm * (1.0 + 1e-9) }
    }
    fn contains(&self, p: PatientPoint) -> bool {
        let d = p - self.from;
        let t = if self.length2 > 0.0 { (d.dot(self.along) / self.length2).clamp(0.0, 1.0) } else { 0.0 };
        let off = d - self.along * t;
        off.dot(off) <= self.radius2
    }
}

/// How many voxels a ball reaches along each axis.
fn reach(grid: &Grid, radius_mm: f64) -> [f64; 3] {
    let unit =
        [PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.0, 1.0, 0.0), PatientVector::new(0.0, 0.0, 1.0)];
    let columns = unit.map(|u| grid.voxel_step_from_patient(u).to_array());
    [0, 1, 2].map(|a| radius_mm * columns.iter().map(|c| c[a] * c[a]).sum::<f64>().sqrt())
}

fn index_range(a: f64, b: f64, reach: f64, size: usize) -> std::ops::Range<usize> {
    let begin = (a.min(b) - reach - 1e-6).ceil().max(0.0) as usize;
    let end = ((a.max(b) + reach + 1e-6).floor() + 1.0).clamp(0.0, size as f64) as usize;
    begin..end.max(begin)
}

/// Visits points from `a` to `b` less than half a voxel apart.
fn walk<const N: usize>(a: [f64; N], b: [f64; N], mut visit: impl FnMut([f64; N])) {
    let longest = a.iter().zip(&b).map(|(a, b)| (b - a).abs()).fold(0.0, f64::max);
    let steps = ((longest * 2.0).ceil().max(1.0) as usize).min(1 << 14);
    for n in 0..=steps {
        let t = n as f64 / steps as f64;
        visit(std::array::from_fn(|axis| a[axis] + (b[axis] - a[axis]) * t));
    }
}
