//! Whether a CT can be held whole, told from its headers; and the part of one that cannot be.
//!
//! A part keeps every voxel as it was measured: slices are left out, none is averaged or made smaller.

use super::{GeometryFinding, StackPlan};
use crate::geometry::{Grid, VoxelIndex};
use serde::{Deserialize, Serialize};

/// Most voxels a volume may have: 1 GiB of HU, which leaves as much again for labels in the 4 GiB a wasm32 page can address.
pub(super) const MOST_VOXELS: u64 = 1 << 29;
/// Bytes of a voxel in page memory and on the GPU.
const BYTES_PER_VOXEL: u64 = 2;
/// Slice Thickness and slice distance are the same within this share of the distance.
const SAME_THICKNESS: f64 = 0.01;

/// What can be held of a CT at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Voxels in page memory.
    pub voxels: u64,
    /// Voxels along an axis of a 3D texture; `None` where no GPU draws, or none is known yet. WebGPU and WebGL2 declare no other
    /// limit that a volume meets: it is sent slice by slice, and no buffer holds it.
    pub longest_axis: Option<usize>,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { voxels: MOST_VOXELS, longest_axis: None }
    }
}

impl Capacity {
    /// `None` if a volume of this grid can be held whole, else what of it can.
    ///
    /// A GPU that cannot hold a single slice is left out of account: no choice of slices would help it, and slices are then drawn
    /// without it.
    pub fn offer(&self, grid: &Grid) -> Option<Offer> {
        let [columns, rows, slices] = grid.size();
        let pixels = columns as u64 * rows as u64;
        let in_memory = usize::try_from(self.voxels / pixels.max(1)).unwrap_or(usize::MAX).max(1);
        let on_gpu = self.longest_axis.filter(|most| columns.max(rows) <= *most).unwrap_or(usize::MAX).max(1);
        let most = in_memory.min(on_gpu);
        (slices > most).then(|| Offer {
            grid: *grid,
            most_slices: most,
            every: slices.div_ceil(most),
            most_in_memory: Some(in_memory).filter(|most| slices > *most),
            most_on_gpu: Some(on_gpu).filter(|most| slices > *most),
        })
    }
}

/// What can be opened of a CT that cannot be held whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// The whole.
    pub grid: Grid,
    /// Slices that can be held at once.
    pub most_slices: usize,
    /// The smallest n for which every n-th slice can be held.
    pub every: usize,
    /// Slices that page memory holds, if that is fewer than there are.
    pub most_in_memory: Option<usize>,
    /// Slices that the GPU holds, if that is fewer than there are.
    pub most_on_gpu: Option<usize>,
}

impl Offer {
    /// Every n-th slice, from the first.
    pub fn thinned(&self) -> Reduction {
        Reduction::EveryNth(self.every)
    }
    /// As many neighbouring slices as can be held, with slice `centre` as near to their middle as the ends allow.
    pub fn slab(&self, centre: usize) -> Reduction {
        let last = self.grid.size()[2].saturating_sub(self.most_slices);
        Reduction::Slab { first: centre.saturating_sub(self.most_slices / 2).min(last), slices: self.most_slices }
    }
    /// Number of slices of the whole.
    pub fn slices(&self) -> usize {
        self.grid.size()[2]
    }
    /// Bytes of so many slices.
    pub fn bytes(&self, slices: usize) -> u64 {
        let [columns, rows, _] = self.grid.size();
        columns as u64 * rows as u64 * slices as u64 * BYTES_PER_VOXEL
    }
}

/// A choice of slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reduction {
    /// Slices 0, n, 2 n, …
    EveryNth(usize),
    /// Neighbouring slices.
    Slab {
        /// The first of them.
        first: usize,
        /// How many.
        slices: usize,
    },
}

impl Reduction {
    /// The slices kept of so many.
    pub fn kept(self, of: usize) -> impl Iterator<Item = usize> {
        let (first, end, every) = match self {
            Self::EveryNth(n) => (0, of, n.max(1)),
            Self::Slab { first, slices } => (first.min(of), first.saturating_add(slices).min(of), 1),
        };
        (first..end).step_by(every)
    }
    /// Steps of the whole between two slices of the part.
    fn steps(self) -> usize {
        if let Self::EveryNth(n) = self { n.max(1) } else { 1 }
    }
}

impl StackPlan {
    /// The part of a stack that a choice of slices leaves: each slice where it was, and what was left out among the findings.
    /// `None` if no slice is left.
    pub fn reduced(&self, reduction: Reduction) -> Option<Self> {
        let [columns, rows, of] = self.grid.size();
        let kept: Vec<usize> = reduction.kept(of).collect();
        let first = *kept.first()?;
        let steps = reduction.steps() as f64;
        let origin = self.grid.patient_from_voxel(VoxelIndex::new(0, 0, first).centre());
        let [i, j, k] = [0, 1, 2].map(|axis| self.grid.step(axis));
        let grid = Grid::new([columns, rows, kept.len()], origin, [i, j, k * steps])?;
        let place = |k: usize| kept.binary_search(&k).ok();
        let slices = kept.iter().map(|k| self.slices.get(*k).copied().flatten()).collect();
        let blends: Vec<_> = self.blends.iter().filter_map(|b| Some(super::Blend { k: place(b.k)?, ..*b })).collect();

        let spacing_mm = i.cross(j).unit().map_or(k.length(), |normal| normal.dot(k).abs()) * steps;
        let own = match reduction {
            Reduction::EveryNth(every) => GeometryFinding::Thinned { every, kept: kept.len(), of, spacing_mm },
            Reduction::Slab { .. } => GeometryFinding::SlabOnly { first, kept: kept.len(), of },
        };
        let of_part = |finding: &GeometryFinding| match finding {
            GeometryFinding::MissingSlices { slices } => {
                let slices: Vec<usize> = slices.iter().filter_map(|k| place(*k)).collect();
                (!slices.is_empty()).then_some(GeometryFinding::MissingSlices { slices })
            }
            GeometryFinding::ResampledSpacing { smallest_mm, largest_mm, .. } => {
                (!blends.is_empty()).then_some(GeometryFinding::ResampledSpacing {
                    smallest_mm: *smallest_mm,
                    largest_mm: *largest_mm,
                    spacing_mm,
                    slices: blends.len(),
                })
            }
            GeometryFinding::ThicknessNotSpacing { thickness_mm, .. } => {
                let differs = (thickness_mm - spacing_mm).abs() > SAME_THICKNESS * spacing_mm;
                let thickness_mm = *thickness_mm;
                differs.then_some(GeometryFinding::ThicknessNotSpacing { thickness_mm, spacing_mm })
            }
            other => Some(other.clone()),
        };
        let findings = std::iter::once(own).chain(self.findings.iter().filter_map(of_part)).collect();
        Some(Self { grid, slices, blends, findings })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Blend, SliceSource};
    use super::*;
    use crate::geometry::{PatientPoint, PatientVector};
    use proptest::prelude::*;

    fn grid(size: [usize; 3]) -> Grid {
        let tilted = PatientVector::new(0.0, 0.2, 0.5);
        let steps = [PatientVector::new(0.7, 0.0, 0.0), PatientVector::new(0.0, 0.7, 0.0), tilted];
        Grid::new(size, PatientPoint::new(-180.0, -170.0, 20.0), steps).unwrap()
    }

    fn plan(size: [usize; 3]) -> StackPlan {
        let slices = (0..size[2]).map(|instance| Some(SliceSource { instance, frame: 0 })).collect();
        StackPlan { grid: grid(size), slices, blends: Vec::new(), findings: Vec::new() }
    }

    #[test]
    fn three_thousand_slices_are_offered_in_part() {
        let whole = plan([512, 512, 3000]);
        let memory = Capacity::default();
        let offer = memory.offer(&whole.grid).unwrap();
        assert_eq!((offer.most_slices, offer.every), (2048, 2));
        assert_eq!((offer.most_in_memory, offer.most_on_gpu), (Some(2048), None));
        assert_eq!((offer.bytes(3000), offer.bytes(1500)), (1_572_864_000, 786_432_000));

        let thinned = whole.reduced(offer.thinned()).unwrap();
        assert_eq!(memory.offer(&thinned.grid), None);
        assert_eq!(thinned.grid.size(), [512, 512, 1500]);
        assert_eq!(thinned.slices[1499], Some(SliceSource { instance: 2998, frame: 0 }));
        assert_eq!(thinned.findings, [GeometryFinding::Thinned { every: 2, kept: 1500, of: 3000, spacing_mm: 1.0 }]);

        let slab = whole.reduced(offer.slab(2999)).unwrap();
        assert_eq!(memory.offer(&slab.grid), None);
        assert_eq!(slab.slices.first(), Some(&Some(SliceSource { instance: 952, frame: 0 })));
        assert_eq!(slab.findings, [GeometryFinding::SlabOnly { first: 952, kept: 2048, of: 3000 }]);
        assert!(slab.findings.iter().chain(&thinned.findings).all(GeometryFinding::affects_volumes));
    }

    #[test]
    fn the_limit_that_is_met_first_counts() {
        let gpu = |longest_axis| Capacity { longest_axis: Some(longest_axis), ..Capacity::default() };
        // As many as the page holds, and a GPU whose textures end at 2048.
        assert_eq!(gpu(2048).offer(&grid([512, 512, 1000])), None);
        assert_eq!(gpu(2048).offer(&grid([512, 512, 2048])), None);
        let long = gpu(2048).offer(&grid([16, 16, 2200])).unwrap();
        assert_eq!((long.most_slices, long.every), (2048, 2));
        assert_eq!((long.most_in_memory, long.most_on_gpu), (None, Some(2048)));
        let both = gpu(1024).offer(&grid([512, 512, 3000])).unwrap();
        assert_eq!((both.most_slices, both.every), (1024, 3));
        assert_eq!((both.most_in_memory, both.most_on_gpu), (Some(2048), Some(1024)));
        // No choice of slices makes a slice of 4096 pixels fit 2048: what remains is memory.
        assert_eq!(gpu(2048).offer(&grid([4096, 4096, 32])), None);
        assert_eq!(gpu(2048).offer(&grid([4096, 4096, 33])).unwrap().most_slices, 32);
    }

    #[test]
    fn what_was_odd_about_the_whole_is_said_of_the_part() {
        let source = |instance| SliceSource { instance, frame: 0 };
        let mut whole = plan([4, 4, 10]);
        (whole.slices[3], whole.slices[4], whole.slices[7]) = (None, None, None);
        whole.blends = vec![Blend { k: 7, below: source(6), above: source(8), weight_above: 0.5 }];
        let spacing_mm = 0.5;
        whole.findings = vec![
            GeometryFinding::MissingSlices { slices: vec![3, 4] },
            GeometryFinding::ResampledSpacing { smallest_mm: 0.5, largest_mm: 1.0, spacing_mm, slices: 1 },
            GeometryFinding::ThicknessNotSpacing { thickness_mm: 1.0, spacing_mm },
            GeometryFinding::MixedRescale,
        ];
        let thinned = whole.reduced(Reduction::EveryNth(2)).unwrap();
        assert_eq!(
            thinned.findings,
            [
                GeometryFinding::Thinned { every: 2, kept: 5, of: 10, spacing_mm: 1.0 },
                GeometryFinding::MissingSlices { slices: vec![2] },
                GeometryFinding::MixedRescale,
            ]
        );
        let slab = whole.reduced(Reduction::Slab { first: 5, slices: 4 }).unwrap();
        assert_eq!(slab.blends, [Blend { k: 2, ..whole.blends[0] }]);
        assert_eq!(slab.findings.len(), 4);
        assert!(!slab.findings.iter().any(|f| matches!(f, GeometryFinding::MissingSlices { .. })));
        assert_eq!(whole.reduced(Reduction::Slab { first: 10, slices: 4 }), None);
    }

    proptest! {
        #[test]
        fn a_part_fits_and_leaves_every_slice_where_it_was(
            slices in 1usize..400, columns in 1usize..40, voxels in 1u64..20_000, longest in 1usize..300, centre in 0usize..500,
        ) {
            let whole = plan([columns, 3, slices]);
            let capacity = Capacity { voxels, longest_axis: Some(longest) };
            let Some(offer) = capacity.offer(&whole.grid) else {
                prop_assert!(slices as u64 * columns as u64 * 3 <= voxels || slices == 1);
                return Ok(());
            };
            for reduction in [offer.thinned(), offer.slab(centre)] {
                let part = whole.reduced(reduction).unwrap();
                prop_assert_eq!(capacity.offer(&part.grid), None);
                for (k, source) in part.slices.iter().enumerate() {
                    let own = source.unwrap().instance;
                    let at = |grid: &Grid, k| grid.patient_from_voxel(VoxelIndex::new(columns - 1, 2, k).centre());
                    prop_assert!(at(&part.grid, k).distance(at(&whole.grid, own)) < 1e-9);
                }
            }
            let denser = Reduction::EveryNth(offer.every - 1);
            prop_assert!(offer.every == 2 || capacity.offer(&whole.reduced(denser).unwrap().grid).is_some());
            if let Reduction::Slab { first, slices: kept } = offer.slab(centre) {
                prop_assert!(first + kept <= slices && kept == offer.most_slices);
                prop_assert!(centre >= slices || (first..first + kept).contains(&centre));
            }
        }
    }
}
