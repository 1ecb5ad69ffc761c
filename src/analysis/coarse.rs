//! A CT averaged to cells of about 1.5 mm: less noise, an eighth of the memory, enough for the shape of a lung.
//!
//! Slices that never arrived count for nothing; where a cell holds no other, its HU lie on the line between the nearest cells
//! that do, so that a gap does not cut an organ in two.

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
    /// Which slices of the volume hold nothing but [`CtVolume::MISSING_HU`]; they get no labels.
    absent: Vec<bool>,
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
        let is_absent = |k| volume.pixels(k).is_none_or(|s| s.iter().all(|v| *v == CtVolume::MISSING_HU));
        let absent: Vec<bool> = (0..fine[2]).map(is_absent).collect();
        let present = |k: usize| (k * factor[2]..((k + 1) * factor[2]).min(fine[2])).filter(|k| !absent[*k]);
        for k in 0..size[2] {
            let enough = (factor[0] * factor[1] * present(k).count()).div_ceil(2);
            for j in 0..nj {
                sum.fill(0);
                count.fill(0);
                let rows = j * factor[1]..((j + 1) * factor[1]).min(fine[1]);
                for (fine_k, fine_j) in present(k).flat_map(|k| rows.clone().map(move |j| (k, j))) {
                    let start = (fine_k * fine[1] + fine_j) * fine[0];
                    let Some(slice) = volume.pixels(fine_k) else { continue };
                    let row = &slice[fine_j * fine[0]..(fine_j + 1) * fine[0]];
                    add_row(&mut sum, &mut count, row, mask.map(|m| &m[start..start + fine[0]]), factor[0]);
                }
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
        let known: Vec<usize> = (0..size[2]).filter(|k| present(*k).next().is_some()).collect();
        bridge(&mut hu, ni * nj, &known, empty);
        Some(Self { grid: coarse, factor, hu, absent })
    }
    /// Whether slice `k` of the volume never arrived.
    pub(super) fn is_absent(&self, k: usize) -> bool {
        self.absent[k]
    }
    /// Volume of a cell, mm³.
    pub(super) fn cell_mm3(&self) -> f64 {
        self.grid.voxel_volume_mm3()
    }
}

/// Adds a row of voxels, those where `mask` is not 0, to its cells of `factor` (at most 4). What it calls are functions of their own:
/// browsers compile a loop well only between two calls of what holds it.
fn add_row(sum: &mut [i32], count: &mut [u16], row: &[i16], mask: Option<&[u8]>, factor: usize) {
    match factor {
        1 => add_cells::<1>(sum, count, row, mask),
        2 => add_cells::<2>(sum, count, row, mask),
        3 => add_cells::<3>(sum, count, row, mask),
        _ => add_cells::<4>(sum, count, row, mask),
    }
}

#[inline(never)]
fn add_cells<const FACTOR: usize>(sum: &mut [i32], count: &mut [u16], row: &[i16], mask: Option<&[u8]>) {
    let add = |sum: &mut i32, count: &mut u16, v: i16, m: u8| {
        *sum += i32::from(v) * i32::from(m != 0);
        *count += u16::from(m != 0);
    };
    let (cells, rest) = row.as_chunks::<FACTOR>();
    let at_end = cells.len();
    match mask {
        None => {
            for ((sum, count), part) in sum.iter_mut().zip(count.iter_mut()).zip(cells) {
                *sum += part.iter().map(|v| i32::from(*v)).sum::<i32>();
                *count += FACTOR as u16;
            }
            rest.iter().for_each(|v| add(&mut sum[at_end], &mut count[at_end], *v, 1));
        }
        Some(mask) => {
            let (inside, inside_rest) = mask.as_chunks::<FACTOR>();
            for (((sum, count), part), inside) in sum.iter_mut().zip(count.iter_mut()).zip(cells).zip(inside) {
                part.iter().zip(inside).for_each(|(v, m)| add(sum, count, *v, *m));
            }
            for (v, m) in rest.iter().zip(inside_rest) {
                add(&mut sum[at_end], &mut count[at_end], *v, *m);
            }
        }
    }
}

/// Fills the planes that are not `known`: those between two known ones linearly, those beyond the outermost like it. What is
/// `empty` on one side of a gap is empty in it.
fn bridge(hu: &mut [i16], plane: usize, known: &[usize], empty: i16) {
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return };
    let planes = hu.len() / plane;
    let ends = (0..*first).map(|k| (k, *first, *first)).chain((last + 1..planes).map(|k| (k, *last, *last)));
    let gaps = known.windows(2).flat_map(|w| (w[0] + 1..w[1]).map(|k| (k, w[0], w[1])));
    for (k, below, above) in ends.chain(gaps) {
        for n in 0..plane {
            let (a, b) = (hu[below * plane + n], hu[above * plane + n]);
            hu[k * plane + n] = match (i32::from(a), i32::from(b)) {
                _ if a == empty || b == empty => empty,
                (a, _) if below == above => a as i16,
                (a, b) => (a + (b - a) * (k - below) as i32 / (above - below) as i32) as i16,
            };
        }
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

    #[test]
    fn a_missing_slice_is_bridged() {
        let steps = |k| [(1.5, 0.0, 0.0), (0.0, 1.5, 0.0), (0.0, 0.0, k)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let slices = |step: f64, hu: [i16; 6], mask: Option<&[u8]>| {
            let grid = Grid::new([2, 1, 6], PatientPoint::new(0.0, 0.0, 0.0), steps(step)).unwrap();
            let volume = CtVolume::from_array(grid, Array3::from_shape_fn((6, 1, 2), |(k, _, _)| hu[k])).unwrap();
            let coarse = Coarse::new(&volume, mask, i16::MIN).unwrap();
            let absent = (0..6).map(|k| coarse.is_absent(k)).collect::<Vec<_>>();
            (coarse.hu.into_iter().step_by(2).collect::<Vec<_>>(), absent)
        };
        const NONE: i16 = CtVolume::MISSING_HU;
        let (hu, absent) = slices(1.5, [NONE, -800, NONE, NONE, -200, NONE], None);
        assert_eq!(hu, [-800, -800, -600, -400, -200, -200]);
        assert_eq!(absent, [true, false, true, true, false, true]);
        // Two slices a cell: the one that is there speaks for both.
        assert_eq!(slices(0.75, [-800, NONE, NONE, NONE, -200, -400], None).0, [-800, -550, -300]);
        let inside = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0];
        assert_eq!(slices(1.5, [-800, NONE, -600, NONE, -200, 0], Some(&inside)).0[..4], [-800, -700, -600, i16::MIN]);
        assert_eq!(slices(1.5, [NONE; 6], None).0, [i16::MIN; 6]);
    }
}
