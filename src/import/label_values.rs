//! Whether the voxels of a volume file are labels instead of HU: research segmentations come in the same formats as CT, and rarely
//! say that they are none.

use super::volume_file::{VolumeFile, VoxelType};
use super::voxels::{SliceSink, read_voxels};
use crate::geometry::{Grid, PatientPoint, PatientVector};
use std::io::{Read, Seek};

/// Most distinct labels of a map that does not say that it is one: more than any public set has, and fewer than a picture of 256
/// greys.
const MOST_LABELS: usize = 150;
/// Labels lie in pieces: so many neighbours along a row at least are equal for each two that are not. Noise is not like that.
const LEAST_EQUAL: u64 = 4;

/// Voxels that are looked at: a whole CT of 512 slices.
const MOST_VOXELS: u64 = 1 << 27;

/// What is seen of the values while they are read.
struct Seen {
    /// For each value whether it occurs.
    labels: [bool; 256],
    equal: u64,
    unequal: u64,
    /// Something no label map has was met.
    is_other: bool,
    voxels: u64,
    /// Length of a row.
    columns: usize,
}

impl SliceSink for Seen {
    fn slice(&mut self, _k: usize, values: Vec<i16>) {
        for value in &values {
            match usize::try_from(*value).ok().and_then(|v| self.labels.get_mut(v)) {
                Some(seen) => *seen = true,
                None => self.is_other = true,
            }
        }
        for row in values.chunks_exact(self.columns) {
            let equal = row.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
            self.equal += equal;
            self.unequal += self.columns as u64 - 1 - equal;
        }
        self.voxels += values.len() as u64;
        self.is_other |= self.labels.iter().filter(|seen| **seen).count() > MOST_LABELS;
    }
    fn goes_on(&mut self, _fraction: f32) -> bool {
        !self.is_other && self.voxels < MOST_VOXELS
    }
}

/// The labels of a file, in words ("0, 1, 2"), if its values can be nothing else: few whole numbers from 0 to 255, 0 among them, in
/// connected pieces, stored as integers without a scale. A CT is told from the first of its planes. What
/// cannot be read is told when the file is opened.
pub fn label_values(file: &VolumeFile, source: impl Read + Seek) -> Option<String> {
    let integer = !matches!(file.voxel, VoxelType::F32 | VoxelType::F64);
    if !integer || file.slope != 1.0 || file.intercept != 0.0 {
        return None;
    }
    // As stored, plane by plane: where voxels lie does not matter here.
    let steps = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let stored = VolumeFile {
        grid: Grid::new(file.stored_size(), PatientPoint::new(0.0, 0.0, 0.0), steps)?,
        stored_axis: [0, 1, 2],
        reversed: [false; 3],
        ..file.clone()
    };
    let [columns, _, planes] = stored.stored_size();
    let mut seen = Seen { labels: [false; 256], equal: 0, unequal: 0, is_other: false, voxels: 0, columns };
    let report = read_voxels(&stored, 0..planes, source, &mut seen).ok()?;
    let labels: Vec<usize> = (0..256).filter(|v| seen.labels[*v]).collect();
    let is_map = !seen.is_other
        && report.clamped == 0
        && labels.len() > 1
        && labels.first() == Some(&0)
        && seen.equal >= LEAST_EQUAL * seen.unequal;
    let listed: Vec<String> = labels.iter().take(6).map(ToString::to_string).collect();
    let more = if labels.len() > listed.len() { ", …" } else { "" };
    is_map.then(|| format!("{}{more}", listed.join(", ")))
}
