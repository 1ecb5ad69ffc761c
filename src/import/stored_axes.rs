//! Stored axes as a header has them, put in the patient's order.

use super::GeometryFinding;
use super::preflight::MOST_VOXELS;
use super::volume_file::{Compression, VolumeFile, VolumeFileError, VolumeFormat, VoxelType};
use crate::geometry::{Grid, PatientPoint, PatientVector};

/// Most voxels along an axis: a plane of them fits a worker's memory, and a compressed file of few bytes cannot ask for a slice
/// list of hundreds of millions.
const MOST_ALONG_AXIS: u64 = 8192;

/// What the formats' readers agree on: stored axes as the header has them.
#[derive(Clone, Debug)]
pub(super) struct StoredVolume {
    pub(super) format: VolumeFormat,
    /// Along the stored axes, fastest first.
    pub(super) size: [u64; 3],
    /// Centre of the first voxel.
    pub(super) origin: PatientPoint,
    /// Displacement for one step along each stored axis.
    pub(super) steps: [PatientVector; 3],
    pub(super) voxel: VoxelType,
    pub(super) big_endian: bool,
    pub(super) slope: f64,
    pub(super) intercept: f64,
    pub(super) compression: Compression,
    pub(super) offset: Option<u64>,
    pub(super) skip: u64,
    pub(super) data_file: Option<String>,
    pub(super) findings: Vec<GeometryFinding>,
}

impl StoredVolume {
    /// Puts the axes in the patient's order.
    ///
    /// # Errors
    /// [`VolumeFileError::TooLarge`], [`VolumeFileError::Unsupported`] where an axis is longer than any scanner makes it, and [`VolumeFileError::BadValue`] when the axes span no space.
    pub(super) fn turned(self) -> Result<VolumeFile, VolumeFileError> {
        let voxels = self.size.iter().fold(1u64, |n, &s| n.saturating_mul(s));
        if voxels > MOST_VOXELS {
            return Err(VolumeFileError::TooLarge { voxels: voxels.min(1 << 53), limit: MOST_VOXELS });
        }
        if let Some(longest) = self.size.iter().find(|s| **s > MOST_ALONG_AXIS) {
            return Err(VolumeFileError::Unsupported { field: "size".to_owned(), found: longest.to_string() });
        }
        let degenerate = || VolumeFileError::BadValue {
            field: "the geometry".to_owned(),
            found: format!("{:?} {:?}", self.size, self.steps.map(|s| s.0.to_array())),
        };
        let size = self.size.map(|s| s as usize);
        let directions = self.steps.map(PatientVector::unit);
        let [Some(a), Some(b), Some(c)] = directions else { return Err(degenerate()) };
        let along = [a, b, c].map(|d| d.0.to_array());
        let stored_axis = nearest_order(|stored, patient| along[stored][patient].abs());
        let reversed = [0, 1, 2].map(|n: usize| along[stored_axis[n]][n] < 0.0);
        let mut origin = self.origin;
        let mut steps = self.steps;
        for n in 0..3 {
            let step = self.steps[stored_axis[n]];
            steps[n] = step;
            if reversed[n] {
                origin = origin + step * (size[stored_axis[n]] as f64 - 1.0);
                steps[n] = -step;
            }
        }
        let grid = Grid::new(stored_axis.map(|a| size[a]), origin, steps).ok_or_else(degenerate)?;
        let mut findings = vec![GeometryFinding::NotDicom];
        findings.extend(self.findings);
        Ok(VolumeFile {
            format: self.format,
            identity: String::new(),
            grid,
            stored_axis,
            reversed,
            voxel: self.voxel,
            big_endian: self.big_endian,
            slope: self.slope,
            intercept: self.intercept,
            compression: self.compression,
            offset: self.offset,
            skip: self.skip,
            data_file: self.data_file,
            findings,
            labels: None,
        })
    }
}

/// The assignment of stored axes to patient axes with the greatest sum of cosines.
fn nearest_order(cosine: impl Fn(usize, usize) -> f64) -> [usize; 3] {
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]];
    let sum = |order: &[usize; 3]| (0..3).map(|n| cosine(order[n], n)).sum::<f64>();
    let mut best = ORDERS[0];
    for order in ORDERS {
        // Among equals the first: the fewer axes change places, the better.
        if sum(&order) > sum(&best) + 1e-9 {
            best = order;
        }
    }
    best
}
