//! Lung and findings slice by slice: what involvement, zones and the craniocaudal profile are taken from.

use crate::annotation::{Document, Layer, SegmentMeaning};
use crate::volume::alike;
use std::ops::Range;

/// Voxels of one slice of the grid, right and left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SliceCounts {
    /// Of the lung.
    pub lung: [u64; 2],
    /// Of the lung, with a finding on them.
    pub involved: [u64; 2],
    /// Of fat and of muscle of the chest wall.
    pub wall: [u64; 2],
    /// Of the lobes that are drawn, in the order of `SegmentMeaning::lobe`.
    pub lobes: [u64; 5],
    /// Of the lobes, with a finding on them.
    pub lobes_involved: [u64; 5],
}

/// All slices, by index k of the grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    slices: Vec<SliceCounts>,
}

impl Profile {
    /// Counted over the whole document.
    pub fn of(document: &Document) -> Self {
        let mut profile = Self::default();
        profile.recount(document, 0..document.grid().size()[2]);
        profile
    }
    /// Counts slices anew whose labels changed.
    pub fn recount(&mut self, document: &Document, changed: Range<usize>) {
        self.slices.resize(document.grid().size()[2], SliceCounts::default());
        let of_layer = |layer: Layer, side: &dyn Fn(SegmentMeaning) -> u8| {
            let mut sides = [0u8; 256];
            for segment in document.segments().iter().filter(|s| s.layer == layer) {
                sides[usize::from(segment.number)] = side(segment.meaning);
            }
            sides
        };
        let lungs = of_layer(Layer::Anatomy, &|m| m.lung_side().map_or(0, |side| side as u8 + 1));
        let wall = of_layer(Layer::Anatomy, &|m| match m {
            SegmentMeaning::SubcutaneousFat => 1,
            SegmentMeaning::SkeletalMuscle => 2,
            _ => 0,
        });
        let lobes = of_layer(Layer::Anatomy, &|m| m.lobe().map_or(0, |lobe| lobe as u8 + 1));
        let findings = of_layer(Layer::Findings, &|m| u8::from(m.is_involvement()));
        for k in changed.start..changed.end.min(self.slices.len()) {
            let mut counts = SliceCounts::default();
            if let Some(anatomy) = document.layer(Layer::Anatomy).slice(k) {
                // Labels first, sides after: the inner loop is a table of counts.
                let mut all = [0u64; 256];
                match document.layer(Layer::Findings).slice(k) {
                    None => alike(anatomy).for_each(|(a, at)| all[usize::from(a)] += at.len() as u64),
                    Some(marked) => {
                        let mut involved = [0u64; 256];
                        for (a, at) in alike(anatomy) {
                            all[usize::from(a)] += at.len() as u64;
                            if lungs[usize::from(a)] > 0 {
                                let found = alike(&marked[at]).filter(|(f, _)| findings[usize::from(*f)] > 0);
                                involved[usize::from(a)] += found.map(|(_, at)| at.len() as u64).sum::<u64>();
                            }
                        }
                        add(&mut counts.involved, &lungs, &involved);
                        add(&mut counts.lobes_involved, &lobes, &involved);
                    }
                }
                add(&mut counts.lung, &lungs, &all);
                add(&mut counts.lobes, &lobes, &all);
                add(&mut counts.wall, &wall, &all);
            }
            self.slices[k] = counts;
        }
    }
    /// By index k.
    pub fn slices(&self) -> &[SliceCounts] {
        &self.slices
    }
    /// All slices together.
    pub fn total(&self) -> SliceCounts {
        self.sum(0..self.slices.len())
    }
    /// First and last slice that hold lung, half-open; `None` without.
    pub fn lungs(&self) -> Option<Range<usize>> {
        let holds = |s: &SliceCounts| s.lung != [0, 0];
        let first = self.slices.iter().position(holds)?;
        Some(first..self.slices.iter().rposition(holds)? + 1)
    }
    /// The slice that holds all fat (0) or muscle (1) of the chest wall, and its voxels; `None` without, or on several slices.
    pub fn wall(&self, tissue: usize) -> Option<(usize, u64)> {
        let mut holding = self.slices.iter().enumerate().filter(|(_, s)| s.wall[tissue] > 0);
        let (k, counts) = holding.next()?;
        holding.next().is_none().then_some((k, counts.wall[tissue]))
    }
    /// Percent of each of six zones that findings involve: right upper, middle, lower, then left. `lower` and `upper` are the first
    /// slices above the two planes, k rising towards the head; a zone without lung has none.
    pub fn zones(&self, lower: usize, upper: usize) -> [Option<f64>; 6] {
        let count = self.slices.len();
        let (lower, upper) = (lower.min(count), upper.clamp(lower.min(count), count));
        let parts = [upper..count, lower..upper, 0..lower].map(|part| self.sum(part));
        [0, 1, 2, 3, 4, 5].map(|n| {
            let (part, side) = (&parts[n % 3], n / 3);
            (part.lung[side] > 0).then(|| 100.0 * part.involved[side] as f64 / part.lung[side] as f64)
        })
    }
    /// The same profile with its slices from the last to the first.
    pub fn reversed(&self) -> Self {
        Self { slices: self.slices.iter().rev().copied().collect() }
    }

    fn sum(&self, part: Range<usize>) -> SliceCounts {
        let mut sum = SliceCounts::default();
        for slice in &self.slices[part] {
            plus(&mut sum.lung, slice.lung);
            plus(&mut sum.involved, slice.involved);
            plus(&mut sum.wall, slice.wall);
            plus(&mut sum.lobes, slice.lobes);
            plus(&mut sum.lobes_involved, slice.lobes_involved);
        }
        sum
    }
}

fn plus<const N: usize>(sum: &mut [u64; N], more: [u64; N]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// Adds the voxels of each label to the part that `part_of` gives it, counted from 1; 0 is none.
fn add<const N: usize>(counts: &mut [u64; N], part_of: &[u8; 256], voxels: &[u64; 256]) {
    for (part, voxels) in part_of.iter().zip(voxels).filter(|(part, _)| **part > 0) {
        counts[usize::from(*part) - 1] += voxels;
    }
}
