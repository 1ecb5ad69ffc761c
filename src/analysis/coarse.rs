//! A CT averaged to cells of about 1.5 mm: less noise, an eighth of the memory, enough for the shape of a lung.

use crate::geometry::{Grid, PatientVector, VoxelPoint};
use crate::volume::CtVolume;

/// Edge a cell comes nearest to.
const CELL_MM: f64 = 1.5;

/// Mean HU of cells of whole voxels.
pub(super) struct Coarse {
    /// Grid of the cells; a cell's centre is that of a whole cell also where the volume ends within it.
    pub(super) grid: Grid,
    /// Voxels per cell along i, j, k.
    pub(super) factor: [usize; 3],
    /// Mean HU, `[k, j, i]`.
    pub(super) hu: Vec<i16>,
}

impl Coarse {
    /// Averages the voxels where `mask` is not 0, all of them without one; a cell with fewer than half of its voxels counted gets
    /// `empty`. `None` if the cells do not make a grid.
    pub(super) fn new(volume: &CtVolume, mask: Option<&[u8]>, empty: i16) -> Option<Self> {
        let grid = volume.grid();
        let factor = grid.spacing_mm().map(|s| (CELL_MM / s).round().clamp(1.0, 4.0) as usize);
        let fine = grid.size();
        let size = [0, 1, 2].map(|a| fine[a].div_ceil(factor[a]));
        let centre = factor.map(|f| (f as f64 - 1.0) / 2.0);
        let origin = grid.patient_from_voxel(VoxelPoint::new(centre[0], centre[1], centre[2]));
        let steps: [PatientVector; 3] = [0, 1, 2].map(|a| grid.step(a) * factor[a] as f64);
        let coarse = Grid::new(size, origin, steps)?;
        let (ni, nj) = (size[0], size[1]);
        let mut hu = Vec::with_capacity(coarse.voxel_count());
        let mut sum = vec![0i32; ni];
        let mut count = vec![0u16; ni];
        let values = volume.values();
        for k in 0..size[2] {
            for j in 0..nj {
                sum.fill(0);
                count.fill(0);
                let slices = k * factor[2]..((k + 1) * factor[2]).min(fine[2]);
                let rows = j * factor[1]..((j + 1) * factor[1]).min(fine[1]);
                for (fine_k, fine_j) in slices.flat_map(|k| rows.clone().map(move |j| (k, j))) {
                    let start = (fine_k * fine[1] + fine_j) * fine[0];
                    let row = &values[start..start + fine[0]];
                    let cells = sum.iter_mut().zip(&mut count).zip(row.chunks(factor[0]));
                    match mask {
                        None => {
                            for ((sum, count), part) in cells {
                                *sum += part.iter().map(|v| i32::from(*v)).sum::<i32>();
                                *count += part.len() as u16;
                            }
                        }
                        Some(mask) => {
                            for ((cell, part), inside) in cells.zip(mask[start..start + fine[0]].chunks(factor[0])) {
                                for (v, m) in part.iter().zip(inside).filter(|(_, m)| **m != 0) {
                                    *cell.0 += i32::from(*v);
                                    *cell.1 += u16::from(*m != 0);
                                }
                            }
                        }
                    }
                }
                let enough = factor.iter().product::<usize>().div_ceil(2);
                hu.extend(sum.iter().zip(&count).map(|(s, c)| {
                    let counted = usize::from(*c);
                    if counted == 0 || (mask.is_some() && counted < enough) {
                        empty
                    } else {
                        (s / i32::from(*c)) as i16
                    }
                }));
            }
        }
        Some(Self { grid: coarse, factor, hu })
    }
    /// Volume of a cell, mm³.
    pub(super) fn cell_mm3(&self) -> f64 {
        self.grid.voxel_volume_mm3()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::PatientPoint;
    use ndarray::Array3;

    #[test]
    fn cells_average_what_they_hold() {
        let step = |x, y, z| PatientVector::new(x, y, z);
        let grid = Grid::new(
            [5, 4, 3],
            PatientPoint::new(0.0, 0.0, 0.0),
            [step(0.7, 0.0, 0.0), step(0.0, 0.7, 0.0), step(0.0, 0.0, 2.0)],
        )
        .unwrap();
        let hu = Array3::from_shape_fn((3, 4, 5), |(k, j, i)| (k * 100 + j * 10 + i) as i16);
        let volume = CtVolume::from_array(grid, hu).unwrap();
        let coarse = Coarse::new(&volume, None, 0).unwrap();
        assert_eq!((coarse.factor, coarse.grid.size()), ([2, 2, 1], [3, 2, 3]));
        assert_eq!(coarse.hu[0], 5);
        assert_eq!(coarse.hu[2], 9);
        assert_eq!(coarse.hu[6], 105);
        let mut mask = vec![0; 60];
        mask[0] = 1;
        mask[6] = 1;
        let masked = Coarse::new(&volume, Some(&mask), -1).unwrap();
        assert_eq!((masked.hu[0], masked.hu[1]), (5, -1));
    }
}
