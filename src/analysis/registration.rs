//! Two CTs of one patient laid on each other by their lungs, rigidly.
//!
//! Points on the surface of one lung mask are brought to the surface of the other by the rotation and translation that minimise the
//! sum of their squared distances, read from a distance map of the other: G. Borgefors, "Hierarchical chamfer matching", IEEE Trans.
//! Pattern Anal. Mach. Intell. 10 (1988) 849–865; steps by Gauss–Newton with damping (Levenberg–Marquardt). The breath is not
//! undone: what remains is reported.

use super::AnalysisError;
use super::progress::{Progress, checkpoint};
use crate::geometry::{Grid, PatientPoint, PatientVector, VoxelPoint};
use crate::volume::squared_distance_mm2;
use glam::{DQuat, DVec3};
use serde::{Deserialize, Serialize};

/// A lung mask: one value per voxel of a grid, `[k, j, i]`, 0 outside.
#[derive(Clone, Copy, Debug)]
pub struct LungMask<'a> {
    /// Where its voxels lie.
    pub grid: &'a Grid,
    /// Its voxels.
    pub inside: &'a [u8],
}

/// How one patient space lies in another: p ↦ centre + rotation · (p − centre) + translation, LPS mm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RigidTransform {
    /// What is turned about.
    pub centre: PatientPoint,
    /// Unit quaternion x, y, z, w.
    pub rotation: [f64; 4],
    /// mm.
    pub translation: PatientVector,
    /// Root mean square distance of the surfaces after it, mm.
    pub residual_mm: f64,
}

impl RigidTransform {
    /// Where a point comes to lie.
    pub fn apply(&self, p: PatientPoint) -> PatientPoint {
        let turned = DQuat::from_array(self.rotation) * (p.0 - self.centre.0);
        PatientPoint(self.centre.0 + turned + self.translation.0)
    }
    /// Angle of the rotation, degrees.
    pub fn degrees(&self) -> f64 {
        let [.., w] = self.rotation;
        (2.0 * w.abs().min(1.0).acos()).to_degrees()
    }
}

/// Edge of the cells of the distance map, mm.
const CELL_MM: f64 = 3.0;
/// Rim around the lungs of the distance map, mm.
const RIM_MM: f64 = 40.0;
/// Points on a surface.
const POINTS: usize = 6000;
/// Most steps.
const STEPS: usize = 60;
/// Beyond this a point counts no more, mm: the other CT may not reach so far.
const FAR_MM: f64 = 25.0;

/// The transform that lays the lungs of `moving` on those of `fixed`.
///
/// # Errors
/// [`AnalysisError::NoLungs`] if a mask is empty, [`AnalysisError::GridMismatch`] if it is not of its grid's size,
/// [`AnalysisError::Cancelled`].
pub fn register_lungs(
    fixed: LungMask<'_>,
    moving: LungMask<'_>,
    progress: &mut dyn Progress,
) -> Result<RigidTransform, AnalysisError> {
    checkpoint(progress, 0.0)?;
    for mask in [&fixed, &moving] {
        if mask.inside.len() != mask.grid.voxel_count() {
            return Err(AnalysisError::GridMismatch);
        }
    }
    let map = DistanceMap::of(&fixed)?;
    checkpoint(progress, 0.4)?;
    let points = surface(&moving)?;
    checkpoint(progress, 0.6)?;
    let centre = centroid(&moving)?;
    let mut pose = Pose { turn: DQuat::IDENTITY, shift: centroid(&fixed)? - centre };
    let mut cost = map.cost(&points, centre, &pose);
    let mut damping = 1e-3;
    for step in 0..STEPS {
        checkpoint(progress, 0.6 + 0.4 * step as f32 / STEPS as f32)?;
        let (normal, gradient) = map.normal_equations(&points, centre, &pose);
        let mut improved = false;
        for _ in 0..8 {
            let Some(delta) = solve(&normal, &gradient, damping) else { break };
            let next = pose.moved(delta);
            let then = map.cost(&points, centre, &next);
            if then < cost {
                improved = cost - then > 1e-7 * cost;
                (pose, cost, damping) = (next, then, damping * 0.3);
                break;
            }
            damping *= 5.0;
        }
        if !improved {
            break;
        }
    }
    checkpoint(progress, 1.0)?;
    Ok(RigidTransform {
        centre: PatientPoint(centre),
        rotation: pose.turn.to_array(),
        translation: PatientVector(pose.shift),
        residual_mm: cost.sqrt(),
    })
}

#[derive(Clone, Copy)]
struct Pose {
    turn: DQuat,
    shift: DVec3,
}

impl Pose {
    fn place(&self, p: DVec3, centre: DVec3) -> DVec3 {
        centre + self.turn * (p - centre) + self.shift
    }
    /// Turned by a small rotation vector (rad), then shifted.
    fn moved(&self, delta: [f64; 6]) -> Self {
        let turn = DQuat::from_scaled_axis(DVec3::new(delta[0], delta[1], delta[2]));
        Self { turn: (turn * self.turn).normalize(), shift: self.shift + DVec3::new(delta[3], delta[4], delta[5]) }
    }
}

fn place_of(grid: &Grid, offset: usize) -> DVec3 {
    grid.patient_from_voxel(grid.index_at(offset).centre()).0
}

fn centroid(mask: &LungMask<'_>) -> Result<DVec3, AnalysisError> {
    let [ni, nj, _] = mask.grid.size();
    let (mut sum, mut count) = (DVec3::ZERO, 0u64);
    for (o, _) in mask.inside.iter().enumerate().filter(|(_, m)| **m != 0) {
        sum += DVec3::new((o % ni) as f64, (o / ni % nj) as f64, (o / (ni * nj)) as f64);
        count += 1;
    }
    let mean = if count > 0 { sum / count as f64 } else { return Err(AnalysisError::NoLungs) };
    Ok(mask.grid.patient_from_voxel(VoxelPoint(mean)).0)
}

/// Points half way between a voxel of the lungs and the neighbour that is none, evenly thinned out. Where the scan ends, lungs end
/// for no reason of theirs: no point is taken there.
fn surface(mask: &LungMask<'_>) -> Result<Vec<DVec3>, AnalysisError> {
    let size = mask.grid.size();
    let strides = [1, size[0], size[0] * size[1]];
    let mut faces: Vec<(usize, usize)> = Vec::new();
    for (o, _) in mask.inside.iter().enumerate().filter(|(_, m)| **m != 0) {
        let at = [o % size[0], o / size[0] % size[1], o / strides[2]];
        for axis in 0..3 {
            if at[axis] > 0 && mask.inside[o - strides[axis]] == 0 {
                faces.push((o, axis * 2));
            }
            if at[axis] + 1 < size[axis] && mask.inside[o + strides[axis]] == 0 {
                faces.push((o, axis * 2 + 1));
            }
        }
    }
    if faces.is_empty() {
        return Err(AnalysisError::NoLungs);
    }
    let every = faces.len().div_ceil(POINTS).max(1);
    Ok(faces
        .iter()
        .step_by(every)
        .map(|(o, face)| {
            let half = mask.grid.step(face / 2).0 * if face % 2 == 0 { -0.5 } else { 0.5 };
            place_of(mask.grid, *o) + half
        })
        .collect())
}

/// Signed distance to a lung's surface, positive outside, on cells along the patient's axes.
struct DistanceMap {
    origin: DVec3,
    size: [usize; 3],
    mm: Vec<f32>,
}

impl DistanceMap {
    fn of(mask: &LungMask<'_>) -> Result<Self, AnalysisError> {
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for (o, _) in mask.inside.iter().enumerate().filter(|(_, m)| **m != 0) {
            let p = place_of(mask.grid, o);
            (low, high) = (low.min(p), high.max(p));
        }
        if !low.is_finite() {
            return Err(AnalysisError::NoLungs);
        }
        let origin = low - RIM_MM;
        let size = ((high - low + 2.0 * RIM_MM) / CELL_MM).ceil().to_array().map(|n| n as usize + 1);
        let [ni, nj, nk] = size;
        let fine = mask.grid.size();
        let mut inside = vec![false; ni * nj * nk];
        for (o, cell) in inside.iter_mut().enumerate() {
            let p = origin + DVec3::new((o % ni) as f64, (o / ni % nj) as f64, (o / (ni * nj)) as f64) * CELL_MM;
            let v = (mask.grid.voxel_from_patient(PatientPoint(p)).0 + 0.5).floor();
            // Beyond the scan the mask goes on as it ends.
            let [i, j, k] = [0, 1, 2].map(|a| v[a].clamp(0.0, fine[a] as f64 - 1.0) as usize);
            let near = (v - DVec3::new(i as f64, j as f64, k as f64)).abs().max_element() < 1.0;
            *cell = near && mask.inside[(k * fine[1] + j) * fine[0] + i] != 0;
        }
        let spacing = [CELL_MM; 3];
        let to_inside = squared_distance_mm2(size, spacing, |o| inside[o]);
        let to_outside = squared_distance_mm2(size, spacing, |o| !inside[o]);
        let mm = to_inside.iter().zip(to_outside).map(|(out, within)| signed(*out, within)).collect();
        Ok(Self { origin, size, mm })
    }
    /// Distance and its gradient at a point, by trilinear interpolation; `None` beyond the map.
    fn at(&self, p: DVec3) -> Option<(f64, DVec3)> {
        let v = (p - self.origin) / CELL_MM;
        let base = v.floor();
        if (0..3).any(|a| base[a] < 0.0 || base[a] + 1.0 >= self.size[a] as f64) {
            return None;
        }
        let f = v - base;
        let [i, j, k] = base.to_array().map(|c| c as usize);
        let value = |di: usize, dj: usize, dk: usize| {
            f64::from(self.mm[((k + dk) * self.size[1] + j + dj) * self.size[0] + i + di])
        };
        let weight = |d: usize, f: f64| if d == 1 { f } else { 1.0 - f };
        let (mut distance, mut gradient) = (0.0, DVec3::ZERO);
        for corner in 0..8 {
            let (di, dj, dk) = (corner & 1, corner >> 1 & 1, corner >> 2);
            let c = value(di, dj, dk);
            let (wi, wj, wk) = (weight(di, f.x), weight(dj, f.y), weight(dk, f.z));
            let sign = |d: usize| if d == 1 { 1.0 } else { -1.0 };
            distance += c * wi * wj * wk;
            gradient += DVec3::new(sign(di) * wj * wk, wi * sign(dj) * wk, wi * wj * sign(dk)) * c;
        }
        Some((distance, gradient / CELL_MM))
    }
    /// Mean square distance of the points; those far away count as far as that and no farther.
    fn cost(&self, points: &[DVec3], centre: DVec3, pose: &Pose) -> f64 {
        let square = |p: &DVec3| {
            let distance = self.at(pose.place(*p, centre)).map_or(FAR_MM, |(d, _)| d.abs().min(FAR_MM));
            distance * distance
        };
        points.iter().map(square).sum::<f64>() / points.len() as f64
    }
    fn normal_equations(&self, points: &[DVec3], centre: DVec3, pose: &Pose) -> ([[f64; 6]; 6], [f64; 6]) {
        let (mut normal, mut gradient) = ([[0.0; 6]; 6], [0.0; 6]);
        for p in points {
            let Some((distance, slope)) = self.at(pose.place(*p, centre)).filter(|(d, _)| d.abs() < FAR_MM) else {
                continue;
            };
            let turned = (pose.turn * (*p - centre)).cross(slope);
            let row = [turned.x, turned.y, turned.z, slope.x, slope.y, slope.z];
            for (a, left) in row.iter().enumerate() {
                gradient[a] += left * distance;
                for (b, right) in row.iter().enumerate() {
                    normal[a][b] += left * right;
                }
            }
        }
        (normal, gradient)
    }
}

/// Half a cell is taken off on both sides, for distances are between cells' centres.
fn signed(to_inside2: f32, to_outside2: f32) -> f32 {
    let half = CELL_MM as f32 / 2.0;
    if to_inside2 > 0.0 { to_inside2.sqrt() - half } else { half - to_outside2.sqrt() }
}

/// Solves (N + damping · diag N) x = −g by elimination; `None` where it has no solution.
fn solve(normal: &[[f64; 6]; 6], gradient: &[f64; 6], damping: f64) -> Option<[f64; 6]> {
    let mut m = [[0.0; 7]; 6];
    for a in 0..6 {
        m[a][..6].copy_from_slice(&normal[a]);
        m[a][a] *= 1.0 + damping;
        m[a][6] = -gradient[a];
    }
    for a in 0..6 {
        let pivot = (a..6).max_by(|x, y| m[*x][a].abs().total_cmp(&m[*y][a].abs()))?;
        m.swap(a, pivot);
        if m[a][a].abs() < 1e-9 {
            return None;
        }
        let above = m[a];
        for row in m.iter_mut().skip(a + 1) {
            let factor = row[a] / above[a];
            for (value, above) in row.iter_mut().zip(above).skip(a) {
                *value -= factor * above;
            }
        }
    }
    let mut x = [0.0; 6];
    for a in (0..6).rev() {
        let known: f64 = (a + 1..6).map(|b| m[a][b] * x[b]).sum();
        x[a] = (m[a][6] - known) / m[a][a];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_systems_are_solved() {
        let mut normal = [[0.0; 6]; 6];
        for (a, row) in normal.iter_mut().enumerate() {
            row[a] = 2.0 + a as f64;
            row[(a + 1) % 6] = 0.5;
        }
        let x = solve(&normal, &[1.0; 6], 0.0).unwrap();
        for row in &normal {
            assert!((row.iter().zip(x).map(|(n, x)| n * x).sum::<f64>() + 1.0).abs() < 1e-12);
        }
        assert_eq!(solve(&[[0.0; 6]; 6], &[1.0; 6], 0.0), None);
    }
}
