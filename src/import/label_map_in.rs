//! Label maps of the research formats (NIfTI, MetaImage, NRRD) as marks of a CT: brought to its grid, nearest voxel for nearest voxel.

use super::voxels::{SliceSink, read_voxels};
use super::{VolumeFile, VolumeFileError};
use crate::geometry::{Grid, VoxelPoint};
use std::io::{Read, Seek};

/// Grids that place every voxel this near to each other are one, mm: NIfTI has single precision.
const SAME_PLACE_MM: f64 = 0.02;

struct Labels {
    /// By slice; empty until one came.
    slices: Vec<Vec<i16>>,
}

impl SliceSink for Labels {
    fn slice(&mut self, k: usize, values: Vec<i16>) {
        if let Some(slice) = self.slices.get_mut(k) {
            *slice = values;
        }
    }
    fn goes_on(&mut self, _fraction: f32) -> bool {
        true
    }
}

/// The labels of a file on the grid of a CT, `[k, j, i]`, and whether they lay on another.
///
/// # Errors
/// [`VolumeFileError`]: the voxels cannot be read, are no labels from 0 to 255, or there is no memory for them.
pub fn read_label_map(
    file: &VolumeFile,
    source: impl Read + Seek,
    grid: &Grid,
) -> Result<(Vec<u8>, bool), VolumeFileError> {
    let mut labels = Labels { slices: vec![Vec::new(); file.grid.size()[2]] };
    let planes = file.stored_size()[2];
    let report = read_voxels(file, 0..planes, source, &mut labels)?;
    let odd = |found: i64| VolumeFileError::Unsupported { field: "label".to_owned(), found: found.to_string() };
    if report.rounded > 0 || report.clamped > 0 || report.smallest < 0 || report.largest > 255 {
        return Err(odd(i64::from(if report.smallest < 0 { report.smallest } else { report.largest })));
    }
    let count = grid.voxel_count();
    let mut out: Vec<u8> = Vec::new();
    let limit = (count / 2) as u64;
    out.try_reserve_exact(count).map_err(|_memory| VolumeFileError::TooLarge { voxels: count as u64, limit })?;
    let same = file.grid.same_space(grid, SAME_PLACE_MM);
    let own = file.grid.size();
    let step = file.grid.voxel_step_from_patient(grid.step(0));
    let [ni, nj, nk] = grid.size();
    for (k, j) in (0..nk).flat_map(|k| (0..nj).map(move |j| (k, j))) {
        let start = grid.patient_from_voxel(VoxelPoint::new(0.0, j as f64, k as f64));
        let first = file.grid.voxel_from_patient(start).0;
        out.extend((0..ni).map(|i| {
            let at =
                if same { [i, j, k].map(|n| n as f64) } else { (first + step * i as f64 + 0.5).floor().to_array() };
            let inside = (0..3).all(|a| at[a] >= 0.0 && at[a] < own[a] as f64);
            let [x, y, z] = at.map(|n| n as usize);
            let label = labels.slices.get(z).filter(|_| inside).and_then(|slice| slice.get(y * own[0] + x));
            label.map_or(0, |label| *label as u8)
        }));
    }
    Ok((out, !same))
}
