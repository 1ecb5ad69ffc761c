//! A regular lattice of voxels in the patient.

use super::{IndexBox, PatientPoint, PatientVector, VoxelIndex, VoxelPoint};
use glam::{DMat3, DVec3};
use serde::{Deserialize, Serialize};

/// Size and affine of a voxel lattice: patient = origin + steps · (i, j, k).
///
/// `steps` holds, column by column, the displacement in millimetres for one step in i, j and k (DICOM PS3.3 C.7.6.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    size: [usize; 3],
    origin: PatientPoint,
    steps: DMat3,
    voxel_from_mm: DMat3,
}

impl Grid {
    /// A grid of `size` = (columns, rows, slices) voxels. `origin` is the centre of voxel (0, 0, 0).
    ///
    /// `None` if a size is 0, the product overflows `u32`, or the steps do not span space.
    pub fn new(size: [usize; 3], origin: PatientPoint, steps: [PatientVector; 3]) -> Option<Self> {
        let count = size.iter().try_fold(1usize, |n, &s| n.checked_mul(s))?;
        let steps = DMat3::from_cols(steps[0].0, steps[1].0, steps[2].0);
        let sound = count > 0
            && u32::try_from(count).is_ok()
            && steps.is_finite()
            && origin.0.is_finite()
            && steps.determinant().abs() > 1e-9;
        sound.then(|| Self { size, origin, steps, voxel_from_mm: steps.inverse() })
    }

    /// Columns, rows, slices.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }
    /// The grid of the voxels of a box; `None` if it holds none or reaches beyond.
    pub fn part(&self, bounds: &IndexBox) -> Option<Self> {
        if bounds.is_empty() || bounds.clipped(self.size) != *bounds {
            return None;
        }
        let [i, j, k] = bounds.min.map(|n| n as f64);
        let origin = self.patient_from_voxel(VoxelPoint::new(i, j, k));
        Self::new(bounds.size(), origin, [0, 1, 2].map(|a| self.step(a)))
    }
    /// Number of voxels.
    pub fn voxel_count(&self) -> usize {
        self.size.iter().product()
    }
    /// Centre of voxel (0, 0, 0).
    pub fn origin(&self) -> PatientPoint {
        self.origin
    }
    /// Displacement in millimetres for one step along axis 0 = i, 1 = j, 2 = k.
    pub fn step(&self, axis: usize) -> PatientVector {
        PatientVector(self.steps.col(axis))
    }
    /// Distance between neighbouring voxel centres along i, j, k, millimetres.
    pub fn spacing_mm(&self) -> [f64; 3] {
        [0, 1, 2].map(|a| self.step(a).length())
    }
    /// Unit directions of i, j, k.
    pub fn directions(&self) -> [PatientVector; 3] {
        [0, 1, 2].map(|a| self.step(a) * (1.0 / self.step(a).length()))
    }
    /// Volume of one voxel, mm³.
    pub fn voxel_volume_mm3(&self) -> f64 {
        self.steps.determinant().abs()
    }
    /// `count` voxels in millilitres.
    pub fn millilitres(&self, count: u64) -> f64 {
        count as f64 * self.voxel_volume_mm3() / 1000.0
    }
    /// Voxel coordinate → patient.
    pub fn patient_from_voxel(&self, v: VoxelPoint) -> PatientPoint {
        PatientPoint(self.origin.0 + self.steps * v.0)
    }
    /// Patient → voxel coordinate (may lie outside the grid).
    pub fn voxel_from_patient(&self, p: PatientPoint) -> VoxelPoint {
        VoxelPoint(self.voxel_from_mm * (p.0 - self.origin.0))
    }
    /// A displacement in the patient as a displacement in voxels.
    pub fn voxel_step_from_patient(&self, v: PatientVector) -> DVec3 {
        self.voxel_from_mm * v.0
    }
    /// The voxel that holds a patient point, or `None` outside. A voxel reaches half a step around its centre.
    pub fn voxel_at(&self, p: PatientPoint) -> Option<VoxelIndex> {
        let v = (self.voxel_from_patient(p).0 + 0.5).floor();
        let [ni, nj, nk] = self.size.map(|s| s as f64);
        let inside = v.x >= 0.0 && v.y >= 0.0 && v.z >= 0.0 && v.x < ni && v.y < nj && v.z < nk;
        inside.then(|| VoxelIndex::new(v.x as usize, v.y as usize, v.z as usize))
    }
    /// Offset of a voxel in an array indexed `[k, j, i]`.
    pub fn offset(&self, v: VoxelIndex) -> usize {
        (v.k * self.size[1] + v.j) * self.size[0] + v.i
    }
    /// The voxel at an offset of an array indexed `[k, j, i]`.
    pub fn index_at(&self, offset: usize) -> VoxelIndex {
        let [ni, nj, _] = self.size;
        VoxelIndex::new(offset % ni, offset / ni % nj, offset / (ni * nj))
    }
    /// Centre of the grid in the patient.
    pub fn centre(&self) -> PatientPoint {
        let [i, j, k] = self.size.map(|s| (s as f64 - 1.0) / 2.0);
        self.patient_from_voxel(VoxelPoint::new(i, j, k))
    }
    /// The eight outer corners (voxel faces, not centres).
    pub fn corners(&self) -> [PatientPoint; 8] {
        let hi = self.size.map(|s| s as f64 - 0.5);
        std::array::from_fn(|n| {
            let pick = |axis: usize| if n >> axis & 1 == 1 { hi[axis] } else { -0.5 };
            self.patient_from_voxel(VoxelPoint::new(pick(0), pick(1), pick(2)))
        })
    }
    /// The voxel axis (0 = i, 1 = j, 2 = k) most nearly along a direction.
    pub fn axis_along(&self, direction: PatientVector) -> usize {
        let d = self.directions().map(|u| u.dot(direction).abs());
        if d[2] >= d[0] && d[2] >= d[1] {
            2
        } else if d[1] >= d[0] {
            1
        } else {
            0
        }
    }
    /// How far a plane may move along its unit normal without passing a voxel by, mm: one voxel along the grid axis that it
    /// crosses fastest. Along an axis of a right-angled grid that is the spacing.
    pub fn step_along_mm(&self, unit_normal: PatientVector) -> f64 {
        1.0 / self.voxel_step_from_patient(unit_normal).abs().max_element()
    }
    /// Whether both grids place every voxel within `tolerance_mm` of each other.
    pub fn same_space(&self, other: &Self, tolerance_mm: f64) -> bool {
        self.size == other.size
            && self.corners().iter().zip(other.corners()).all(|(a, b)| a.distance(b) <= tolerance_mm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn oblique() -> Grid {
        let u = PatientVector::new(0.8, 0.6, 0.0);
        let v = PatientVector::new(-0.6, 0.8, 0.0);
        Grid::new(
            [40, 30, 20],
            PatientPoint::new(-100.0, 20.0, 5.0),
            [u * 0.7, v * 0.9, PatientVector::new(0.0, 0.0, 2.5)],
        )
        .unwrap()
    }

    #[test]
    fn spacing_and_volume() {
        let g = oblique();
        assert!((g.spacing_mm()[0] - 0.7).abs() < 1e-12 && (g.spacing_mm()[1] - 0.9).abs() < 1e-12);
        assert!((g.voxel_volume_mm3() - 0.7 * 0.9 * 2.5).abs() < 1e-12);
        assert!((g.millilitres(1000) - 0.7 * 0.9 * 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_degenerate_grid_is_refused() {
        let x = PatientVector::new(1.0, 0.0, 0.0);
        assert!(Grid::new([2, 2, 2], PatientPoint::new(0.0, 0.0, 0.0), [x, x, x]).is_none());
        let y = PatientVector::new(0.0, 1.0, 0.0);
        let z = PatientVector::new(0.0, 0.0, 1.0);
        assert!(Grid::new([0, 2, 2], PatientPoint::new(0.0, 0.0, 0.0), [x, y, z]).is_none());
        assert!(Grid::new([1 << 20, 1 << 20, 2], PatientPoint::new(0.0, 0.0, 0.0), [x, y, z]).is_none());
    }

    proptest! {
        #[test]
        fn voxel_to_patient_and_back(i in 0usize..40, j in 0usize..30, k in 0usize..20, d in -0.49..0.49f64) {
            let g = oblique();
            let index = VoxelIndex::new(i, j, k);
            let p = g.patient_from_voxel(VoxelPoint(index.centre().0 + d));
            prop_assert_eq!(g.voxel_at(p), Some(index));
            prop_assert_eq!(g.index_at(g.offset(index)), index);
            prop_assert!((g.voxel_from_patient(p).0 - (index.centre().0 + d)).length() < 1e-9);
        }
    }
}
