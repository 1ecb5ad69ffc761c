//! What jobs need of the voxels, cut out piece by piece.

use super::state::Case;
use crate::analysis::{BESIDE_LUNG, BESIDE_OTHER};
use crate::annotation::{Layer, Segment};
use crate::geometry::{Grid, IndexBox, PatientPoint, VoxelIndex};
use crate::jobs::VoxelPart;
use crate::volume::{CtVolume, LabelDelta, PackedLabels};

/// Voxels that a job needs of the page.
#[derive(Clone, Debug, PartialEq)]
pub enum VoxelNeeds {
    /// None.
    Nothing,
    /// HU of all slices.
    Volume,
    /// HU and lung labels of all slices.
    VolumeAndLungs,
    /// Bits of lungs and opacities of all slices, of the open CT, then of the one it is compared with: only the session has both.
    LungsNowAndBefore,
    /// Labels of a layer, of all slices.
    Labels(Layer),
    /// A box: HU if asked for, labels of the layer, and what lies beside (see [`crate::analysis::RegionVoxels`]).
    Box {
        /// Which voxels.
        bounds: IndexBox,
        /// Whose labels.
        layer: Layer,
        /// The other segment of an operation on two.
        other: Option<u8>,
        /// Whether HU are needed.
        hu: bool,
        /// A change on show, which the labels are given without.
        without: Option<LabelDelta>,
    },
}

/// Voxels of a box that travel at once.
const VOXELS_AT_ONCE: usize = 1 << 20;

impl Case {
    /// The `n`-th piece of what a job needs; `None` after the last.
    pub fn voxel_part(&self, needs: &VoxelNeeds, n: usize) -> Option<VoxelPart> {
        let slices = self.volume.grid().size()[2];
        match needs {
            VoxelNeeds::Nothing | VoxelNeeds::LungsNowAndBefore => None,
            VoxelNeeds::Volume | VoxelNeeds::VolumeAndLungs if n < slices => {
                Some(VoxelPart::Hu(self.volume.pixels(n).map(<[i16]>::to_vec).unwrap_or_default()))
            }
            VoxelNeeds::Volume => None,
            VoxelNeeds::Labels(layer) => (n < slices).then(|| {
                let [ni, nj, _] = self.volume.grid().size();
                let labels = self.document.layer(*layer).slice(n).map(PackedLabels::of);
                VoxelPart::Labels(labels.unwrap_or_else(|| PackedLabels::of(&vec![0; ni * nj])))
            }),
            VoxelNeeds::VolumeAndLungs => {
                (n < 2 * slices).then(|| VoxelPart::Labels(PackedLabels::of(&self.lung_labels(n - slices))))
            }
            VoxelNeeds::Box { bounds, layer, other, hu, without } => {
                let at_once = (VOXELS_AT_ONCE / (bounds.size()[0] * bounds.size()[1]).max(1)).max(1);
                let pieces = bounds.size()[2].div_ceil(at_once);
                let n = if *hu { n } else { n + pieces };
                let first = bounds.min[2] + n % pieces * at_once;
                let part = IndexBox {
                    min: [bounds.min[0], bounds.min[1], first],
                    max: [bounds.max[0], bounds.max[1], (first + at_once).min(bounds.max[2])],
                };
                match n / pieces {
                    0 => Some(VoxelPart::Hu(self.hu_of(part))),
                    1 => {
                        let mut labels = self.labels_of(part, *layer);
                        if let Some(delta) = without {
                            self.take_out(delta, part, &mut labels);
                        }
                        Some(VoxelPart::Labels(PackedLabels::of(&labels)))
                    }
                    2 => Some(VoxelPart::Labels(PackedLabels::of(&self.beside(part, *other)))),
                    _ => None,
                }
            }
        }
    }

    fn hu_of(&self, part: IndexBox) -> Vec<i16> {
        let ni = self.volume.grid().size()[0];
        let mut out = Vec::with_capacity(part.size().iter().product());
        for k in part.min[2]..part.max[2] {
            for j in part.min[1]..part.max[1] {
                let row = j * ni + part.min[0]..j * ni + part.max[0];
                match self.volume.pixels(k).and_then(|pixels| pixels.get(row.clone())) {
                    Some(hu) => out.extend_from_slice(hu),
                    None => out.resize(out.len() + row.len(), CtVolume::MISSING_HU),
                }
            }
        }
        out
    }

    fn labels_of(&self, part: IndexBox, layer: Layer) -> Vec<u8> {
        let ni = self.volume.grid().size()[0];
        let map = self.document.layer(layer);
        let mut out = Vec::with_capacity(part.size().iter().product());
        for k in part.min[2]..part.max[2] {
            for j in part.min[1]..part.max[1] {
                let row = j * ni + part.min[0]..j * ni + part.max[0];
                match map.slice(k).and_then(|labels| labels.get(row.clone())) {
                    Some(labels) => out.extend_from_slice(labels),
                    None => out.resize(out.len() + row.len(), 0),
                }
            }
        }
        out
    }

    /// Takes a change out of labels that were copied from a box.
    fn take_out(&self, delta: &LabelDelta, part: IndexBox, labels: &mut [u8]) {
        let [ni, nj, _] = self.volume.grid().size();
        let [width, height, _] = part.size();
        for (k, span, xor) in delta.runs().iter().flat_map(|run| run.by_slice(ni * nj)) {
            for n in span {
                let at = VoxelIndex::new(n % ni, n / ni, k);
                if part.contains(at) {
                    let [i, j, k] = [at.i - part.min[0], at.j - part.min[1], at.k - part.min[2]];
                    labels[(k * height + j) * width + i] ^= xor;
                }
            }
        }
    }

    fn beside(&self, part: IndexBox, other: Option<u8>) -> Vec<u8> {
        let mut bits = [[0u8; 256]; 2];
        for number in self.lung_numbers() {
            bits[Layer::Anatomy.index()][usize::from(number)] |= BESIDE_LUNG;
        }
        if let Some(other) = other.and_then(|n| self.document.segment(n)) {
            bits[other.layer.index()][usize::from(other.number)] |= BESIDE_OTHER;
        }
        let [anatomy, findings] = Layer::ALL.map(|layer| self.labels_of(part, layer));
        anatomy.iter().zip(findings).map(|(a, f)| bits[0][usize::from(*a)] | bits[1][usize::from(f)]).collect()
    }

    /// The box of the voxels of some segments.
    pub(super) fn bounds_of(&self, is_wanted: impl Fn(&Segment) -> bool) -> Option<IndexBox> {
        let mut bounds: Option<IndexBox> = None;
        for layer in Layer::ALL {
            let mut wanted = [false; 256];
            for segment in self.document.segments().iter().filter(|s| s.layer == layer && is_wanted(s)) {
                wanted[usize::from(segment.number)] = true;
            }
            if wanted.contains(&true)
                && let Some(here) = self.document.layer(layer).bounds(|l| wanted[usize::from(l)])
            {
                bounds = Some(bounds.map_or(here, |b| b.union(&here)));
            }
        }
        bounds
    }
}

/// A box grown by so many mm on each side, and by one voxel more.
pub(super) fn grown(bounds: IndexBox, mm: f64, grid: &Grid) -> IndexBox {
    let (size, spacing) = (grid.size(), grid.spacing_mm());
    let reach = spacing.map(|s| (mm / s).ceil() as usize + 1);
    IndexBox {
        min: [0, 1, 2].map(|a| bounds.min[a].saturating_sub(reach[a])),
        max: [0, 1, 2].map(|a| (bounds.max[a] + reach[a]).min(size[a])),
    }
}

/// Voxels of the grid that a path passes through.
pub(super) fn voxels_on(grid: &Grid, path: &[PatientPoint]) -> Vec<[usize; 3]> {
    let mut out: Vec<[usize; 3]> = Vec::new();
    let mut visit = |at: [f64; 3]| {
        let inside = (0..3).all(|a| at[a] >= -0.5 && at[a] < grid.size()[a] as f64 - 0.5);
        let voxel = at.map(|c| c.round().max(0.0) as usize);
        if inside && out.last() != Some(&voxel) {
            out.push(voxel);
        }
    };
    let places: Vec<[f64; 3]> = path.iter().map(|p| grid.voxel_from_patient(*p).0.to_array()).collect();
    for (n, to) in places.iter().enumerate() {
        let from = places[n.saturating_sub(1)];
        let steps = (0..3).map(|a| (to[a] - from[a]).abs()).fold(0.0, f64::max).mul_add(2.0, 1.0) as usize;
        for step in 1..=steps.min(1 << 14) {
            let t = step as f64 / steps as f64;
            visit([0, 1, 2].map(|a| from[a] + (to[a] - from[a]) * t));
        }
    }
    out
}
