//! What of the volume the 3D picture leaves out: all outside a box, and all on one side of a plane.

use crate::geometry::{Grid, IndexBox, PatientPoint, PatientVector, VoxelPoint};
use glam::{DVec3, DVec4};

/// Box and plane; without them everything is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clip {
    /// Voxels that are kept.
    pub voxels: Option<IndexBox>,
    /// The plane; what it cuts is shown as voxels.
    pub cut: Option<Cut>,
}

/// A plane through the patient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// A point of it.
    pub at: PatientPoint,
    /// Unit normal; what lies on this side is kept.
    pub normal: PatientVector,
}

impl Clip {
    /// Two opposite corners of the box, voxel coordinates.
    pub fn faces(&self, grid: &Grid) -> [DVec3; 2] {
        let kept = self.voxels.unwrap_or_else(|| IndexBox::whole(grid.size())).clipped(grid.size());
        [kept.min, kept.max].map(|corner| DVec3::from_array(corner.map(|n| n as f64 - 0.5)))
    }
    /// What is kept of voxel coordinates v is `(v, 1) · cut ≥ 0`, in mm from the plane; 0 without one.
    pub fn cut_of_voxels(&self, grid: &Grid) -> DVec4 {
        let Some(Cut { at, normal }) = self.cut else { return DVec4::ZERO };
        let along = [0, 1, 2].map(|a| grid.step(a).dot(normal));
        let origin = grid.patient_from_voxel(VoxelPoint::new(0.0, 0.0, 0.0));
        DVec3::from_array(along).extend((origin - at).dot(normal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_measured_in_millimetres_on_any_grid() {
        let v = PatientVector::new;
        let steps = [v(0.8, 0.1, 0.0), v(0.0, 0.7, 0.0), v(0.0, 0.3, 2.5)];
        let grid = Grid::new([30, 20, 10], PatientPoint::new(-10.0, 5.0, 40.0), steps).unwrap();
        let normal = v(0.6, 0.0, 0.8);
        let cut = Cut { at: PatientPoint::new(1.0, 2.0, 50.0), normal };
        let clip = Clip { voxels: None, cut: Some(cut) };
        for place in [[0.0, 0.0, 0.0], [7.0, 3.0, 2.0], [29.0, 19.0, 9.0]] {
            let voxel = VoxelPoint::new(place[0], place[1], place[2]);
            let mm = (grid.patient_from_voxel(voxel) - cut.at).dot(normal);
            let found = clip.cut_of_voxels(&grid).dot(DVec3::from_array(place).extend(1.0));
            assert!((mm - found).abs() < 1e-9);
        }
        assert_eq!(Clip::default().faces(&grid), [DVec3::splat(-0.5), DVec3::new(29.5, 19.5, 9.5)]);
    }
}
