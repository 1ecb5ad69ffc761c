//! The difference one edit made: run lengths of old label XOR new label.

use crate::geometry::IndexBox;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// `len` voxels from `start` (array offset, `[k, j, i]` order) whose label changed by `xor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First voxel's offset.
    pub start: u32,
    /// Number of voxels.
    pub len: u32,
    /// Old label XOR new label, never 0.
    pub xor: u8,
}

impl Run {
    /// Its parts by slice of `plane` voxels: the slice, the voxels within it, and the change.
    pub fn by_slice(&self, plane: usize) -> impl Iterator<Item = (usize, Range<usize>, u8)> + use<> {
        let (begin, end, xor) = (self.start as usize, self.start as usize + self.len as usize, self.xor);
        (begin / plane..end.div_ceil(plane)).map(move |k| {
            let first = k * plane;
            (k, begin.max(first) - first..end.min(first + plane) - first, xor)
        })
    }
}

/// A reversible change of a label map: applying it twice changes nothing.
///
/// Runs are sorted, disjoint and merged, so each changed voxel is named once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "StoredDelta", try_from = "StoredDelta")]
pub struct LabelDelta {
    runs: Vec<Run>,
    bounds: Option<IndexBox>,
}

impl LabelDelta {
    /// Sorts, overlays and merges runs (in any order, overlapping or not) that lie within `bounds`.
    pub(super) fn new(mut runs: Vec<Run>, bounds: Option<IndexBox>) -> Self {
        let sorted = runs.windows(2).all(|w| w[0].start + w[0].len <= w[1].start);
        if !sorted {
            runs = overlay(&runs);
        }
        let mut merged: Vec<Run> = Vec::with_capacity(runs.len());
        for run in runs {
            match merged.last_mut() {
                Some(last) if last.start + last.len == run.start && last.xor == run.xor => last.len += run.len,
                _ if run.len > 0 && run.xor != 0 => merged.push(run),
                _ => {}
            }
        }
        merged.shrink_to_fit();
        let bounds = if merged.is_empty() { None } else { bounds };
        Self { runs: merged, bounds }
    }
    /// The change that does what several do one after another.
    pub fn joined<'a>(deltas: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut runs, mut bounds): (Vec<Run>, Option<IndexBox>) = (Vec::new(), None);
        for delta in deltas {
            runs.extend_from_slice(&delta.runs);
            bounds = bounds.map_or(delta.bounds, |b| Some(delta.bounds.map_or(b, |other| b.union(&other))));
        }
        Self::new(runs, bounds)
    }
    /// The runs, in order.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }
    /// A box that holds every changed voxel; `None` when nothing changed.
    pub fn bounds(&self) -> Option<IndexBox> {
        self.bounds
    }
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
    /// Number of changed voxels.
    pub fn voxel_count(&self) -> u64 {
        self.runs.iter().map(|r| u64::from(r.len)).sum()
    }
    /// Memory it holds, bytes.
    pub fn byte_size(&self) -> usize {
        size_of::<Self>() + self.runs.len() * size_of::<Run>()
    }
}

/// A delta as it is stored: small numbers, for those take few bytes.
#[derive(Serialize, Deserialize)]
struct StoredDelta {
    /// The box, (i, j, k): first voxel inside, first voxel beyond.
    bounds: Option<[[u32; 3]; 2]>,
    /// Unchanged voxels before each run, its length, and the change.
    runs: Vec<(u32, u32, u8)>,
}

impl From<LabelDelta> for StoredDelta {
    fn from(delta: LabelDelta) -> Self {
        let mut end = 0;
        let runs = delta.runs.iter().map(|run| {
            let gap = run.start - end;
            end = run.start + run.len;
            (gap, run.len, run.xor)
        });
        let runs = runs.collect();
        Self { bounds: delta.bounds.map(|b| [b.min, b.max].map(|corner| corner.map(|n| n as u32))), runs }
    }
}

impl TryFrom<StoredDelta> for LabelDelta {
    type Error = &'static str;
    fn try_from(stored: StoredDelta) -> Result<Self, Self::Error> {
        let mut end = 0u32;
        let runs = stored.runs.into_iter().map(|(gap, len, xor)| {
            let start = end.checked_add(gap)?;
            end = start.checked_add(len)?;
            (len > 0 && xor != 0).then_some(Run { start, len, xor })
        });
        let runs: Vec<Run> = runs.collect::<Option<_>>().ok_or("runs of labels that are none")?;
        let bounds =
            stored.bounds.map(|[min, max]| IndexBox { min: min.map(|n| n as usize), max: max.map(|n| n as usize) });
        if bounds.is_none_or(|b| b.is_empty()) != runs.is_empty() {
            return Err("a box that does not fit its runs of labels");
        }
        Ok(Self::new(runs, bounds))
    }
}

/// XOR of overlapping runs as disjoint ones: a sweep over their ends.
fn overlay(runs: &[Run]) -> Vec<Run> {
    let mut ends: Vec<(u32, u8)> = runs.iter().flat_map(|r| [(r.start, r.xor), (r.start + r.len, r.xor)]).collect();
    ends.sort_unstable_by_key(|e| e.0);
    let mut out = Vec::with_capacity(runs.len());
    let mut value = 0;
    for pair in ends.windows(2) {
        value ^= pair[0].1;
        if pair[1].0 > pair[0].0 && value != 0 {
            out.push(Run { start: pair[0].0, len: pair[1].0 - pair[0].0, xor: value });
        }
    }
    out
}
