//! The pieces of the segments of findings: what hangs together by faces, one by one.
//!
//! Runs of each slice are kept and cut anew where labels change; pieces are united from all runs by union-find (L. He, Y. Chao,
//! K. Suzuki, IEEE Trans. Image Process. 17 (2008) 749–756).

use crate::annotation::{Document, Layer, SegmentMeaning};
use crate::geometry::VoxelIndex;
use crate::volume::alike;
use std::ops::Range;

/// A piece of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The segment's number.
    pub segment: u8,
    /// Its voxels.
    pub voxels: u64,
    /// One of them, near its middle.
    pub inside: VoxelIndex,
}

/// Voxels `begin..end` of row `j` of a slice, of one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    j: u32,
    begin: u32,
    end: u32,
    label: u8,
}

/// All pieces of a document.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// Runs of each slice, by row and column.
    slices: Vec<Vec<Run>>,
    /// Labels that are listed.
    listed: [bool; 256],
    /// Largest first.
    list: Vec<Piece>,
    /// The piece of each run, slice by slice.
    owner: Vec<Vec<u32>>,
}

impl Default for Pieces {
    fn default() -> Self {
        Self { slices: Vec::new(), listed: [false; 256], list: Vec::new(), owner: Vec::new() }
    }
}

/// Whether a reader looks at such a segment piece by piece.
fn is_listed(meaning: SegmentMeaning) -> bool {
    let others = [SegmentMeaning::Nodule, SegmentMeaning::PleuralEffusion, SegmentMeaning::Calcification];
    meaning.is_involvement() || others.contains(&meaning)
}

impl Pieces {
    /// Takes slices anew whose labels changed.
    pub fn recount(&mut self, document: &Document, changed: Range<usize>) {
        let mut listed = [false; 256];
        for segment in document.segments().iter().filter(|s| s.layer == Layer::Findings && is_listed(s.meaning)) {
            listed[usize::from(segment.number)] = true;
        }
        let count = document.grid().size()[2];
        let all = self.slices.len() != count || listed != self.listed;
        self.listed = listed;
        self.slices.resize(count, Vec::new());
        let width = document.grid().size()[0];
        for k in if all { 0..count } else { changed.start..changed.end.min(count) } {
            self.slices[k].clear();
            if let Some(labels) = document.layer(Layer::Findings).slice(k) {
                cut(labels, width, &listed, &mut self.slices[k]);
            }
        }
        self.unite();
    }
    /// All pieces, largest first.
    pub fn list(&self) -> &[Piece] {
        &self.list
    }
    /// The voxels of a piece, by its place in the list: slice, row and columns.
    pub fn spans(&self, piece: usize) -> Vec<(usize, usize, Range<usize>)> {
        let mut spans = Vec::new();
        for (k, (runs, owner)) in self.slices.iter().zip(&self.owner).enumerate() {
            for (run, _) in runs.iter().zip(owner).filter(|(_, o)| **o as usize == piece) {
                spans.push((k, run.j as usize, run.begin as usize..run.end as usize));
            }
        }
        spans
    }

    fn unite(&mut self) {
        let first: Vec<usize> = self
            .slices
            .iter()
            .scan(0, |sum, runs| {
                let here = *sum;
                *sum += runs.len();
                Some(here)
            })
            .collect();
        let total: usize = self.slices.iter().map(Vec::len).sum();
        let mut parent: Vec<u32> = (0..total as u32).collect();
        for (k, runs) in self.slices.iter().enumerate() {
            join(runs, runs, 1, first[k], first[k], &mut parent);
            if k > 0 {
                join(runs, &self.slices[k - 1], 0, first[k], first[k - 1], &mut parent);
            }
        }
        // Sums of each piece, then the run nearest its middle.
        let mut number = vec![u32::MAX; total];
        let mut sums: Vec<(u8, u64, [u64; 3])> = Vec::new();
        let mut owner: Vec<Vec<u32>> = Vec::with_capacity(self.slices.len());
        for (k, runs) in self.slices.iter().enumerate() {
            let mut here = Vec::with_capacity(runs.len());
            for (n, run) in runs.iter().enumerate() {
                let root = root(&mut parent, (first[k] + n) as u32) as usize;
                if number[root] == u32::MAX {
                    number[root] = sums.len() as u32;
                    sums.push((run.label, 0, [0; 3]));
                }
                here.push(number[root]);
                let (_, voxels, sum) = &mut sums[number[root] as usize];
                let length = u64::from(run.end - run.begin);
                *voxels += length;
                sum[0] += length * u64::from(run.begin + run.end - 1) / 2;
                sum[1] += length * u64::from(run.j);
                sum[2] += length * k as u64;
            }
            owner.push(here);
        }
        let middles: Vec<[f64; 3]> =
            sums.iter().map(|(_, voxels, sum)| sum.map(|s| s as f64 / (*voxels).max(1) as f64)).collect();
        let mut nearest = vec![(f64::INFINITY, VoxelIndex::new(0, 0, 0)); sums.len()];
        for (k, (runs, owner)) in self.slices.iter().zip(&owner).enumerate() {
            for (run, piece) in runs.iter().zip(owner) {
                let middle = middles[*piece as usize];
                let i = (middle[0].round() as u32).clamp(run.begin, run.end - 1);
                let apart = [f64::from(i) - middle[0], f64::from(run.j) - middle[1], k as f64 - middle[2]];
                let apart = apart.iter().map(|d| d * d).sum::<f64>();
                if apart < nearest[*piece as usize].0 {
                    nearest[*piece as usize] = (apart, VoxelIndex::new(i as usize, run.j as usize, k));
                }
            }
        }
        let mut order: Vec<usize> = (0..sums.len()).collect();
        order.sort_by_key(|n| (std::cmp::Reverse(sums[*n].1), *n));
        let mut place = vec![0u32; sums.len()];
        for (to, from) in order.iter().enumerate() {
            place[*from] = to as u32;
        }
        for piece in owner.iter_mut().flatten() {
            *piece = place[*piece as usize];
        }
        self.list =
            order.iter().map(|n| Piece { segment: sums[*n].0, voxels: sums[*n].1, inside: nearest[*n].1 }).collect();
        self.owner = owner;
    }
}

fn cut(labels: &[u8], width: usize, listed: &[bool; 256], runs: &mut Vec<Run>) {
    for (j, row) in labels.chunks_exact(width).enumerate() {
        for (label, at) in alike(row).filter(|(label, _)| listed[usize::from(*label)]) {
            runs.push(Run { j: j as u32, begin: at.start as u32, end: at.end as u32, label });
        }
    }
}

/// Unites runs of equal label that overlap a run `rows` rows before, in their own or in the neighbouring slice.
fn join(here: &[Run], there: &[Run], rows: u32, here_first: usize, there_first: usize, parent: &mut [u32]) {
    let mut from = 0;
    for (n, run) in here.iter().enumerate() {
        let Some(row) = run.j.checked_sub(rows) else { continue };
        let is_before = |other: &Run| (other.j, other.end) <= (row, run.begin);
        while there.get(from).is_some_and(is_before) {
            from += 1;
        }
        for (m, other) in there.iter().enumerate().skip(from) {
            if other.j != row || other.begin >= run.end {
                break;
            }
            if other.label == run.label {
                let (p, q) = (root(parent, (here_first + n) as u32), root(parent, (there_first + m) as u32));
                parent[p.max(q) as usize] = p.min(q);
            }
        }
    }
}

fn root(parent: &mut [u32], mut n: u32) -> u32 {
    while parent[n as usize] != n {
        let up = parent[parent[n as usize] as usize];
        parent[n as usize] = up;
        n = up;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Edit, Origin};
    use crate::geometry::{Grid, PatientPoint, PatientVector};
    use crate::volume::CtVolume;
    use proptest::prelude::*;

    const SIZE: [usize; 3] = [9, 7, 5];

    fn document(labels: &[u8]) -> Document {
        let steps = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let grid = Grid::new(SIZE, PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        let volume = CtVolume::empty(grid).unwrap();
        let mut document = Document::empty(grid).unwrap();
        for meaning in [SegmentMeaning::Lesion, SegmentMeaning::Consolidation, SegmentMeaning::PulmonaryVessels] {
            let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
            let born = Edit::Segment { number: segment.number, before: None, after: Some(segment) };
            document.apply(&born, &volume).unwrap();
        }
        document.edit_voxels(Layer::Findings, &volume, |editor| {
            for k in 0..SIZE[2] {
                for j in 0..SIZE[1] {
                    editor.set_span(k, j, 0, SIZE[0], |o, _| Some(labels[o]));
                }
            }
        });
        document
    }

    /// Pieces by flooding, as sorted sets of offsets with their label.
    fn flooded(labels: &[u8]) -> Vec<(u8, Vec<usize>)> {
        let [ni, nj, _] = SIZE;
        let mut seen = vec![false; labels.len()];
        let mut out = Vec::new();
        for start in (0..labels.len()).filter(|o| matches!(labels[*o], 1 | 2)) {
            let (mut stack, mut piece) = (vec![start], Vec::new());
            while let Some(o) = stack.pop() {
                if seen[o] || labels[o] != labels[start] {
                    continue;
                }
                seen[o] = true;
                piece.push(o);
                let (i, j, k) = (o % ni, o / ni % nj, o / (ni * nj));
                let around = [
                    (i > 0, o.wrapping_sub(1)),
                    (i + 1 < ni, o + 1),
                    (j > 0, o.wrapping_sub(ni)),
                    (j + 1 < nj, o + ni),
                    (k > 0, o.wrapping_sub(ni * nj)),
                    (k + 1 < SIZE[2], o + ni * nj),
                ];
                stack.extend(around.iter().filter(|(is, _)| *is).map(|(_, o)| *o));
            }
            if !piece.is_empty() {
                piece.sort_unstable();
                out.push((labels[start], piece));
            }
        }
        out.sort();
        out
    }

    proptest! {
        #[test]
        fn pieces_are_what_flooding_finds(mut labels in prop::collection::vec(0u8..4, SIZE.iter().product::<usize>())) {
            let mut pieces = Pieces::default();
            for changed in [0..SIZE[2], 1..3] {
                // The second time only two slices change.
                for label in &mut labels[changed.start * 63..changed.end * 63] {
                    *label = (*label + u8::from(changed.start > 0)) % 4;
                }
                let document = document(&labels);
                pieces.recount(&document, changed);
                let mut found: Vec<(u8, Vec<usize>)> = (0..pieces.list().len())
                    .map(|n| {
                        let offset = |(k, j, span): (usize, usize, Range<usize>)| span.map(move |i| (k * 7 + j) * 9 + i);
                        (pieces.list()[n].segment, pieces.spans(n).into_iter().flat_map(offset).collect())
                    })
                    .collect();
                for (piece, (_, voxels)) in pieces.list().iter().zip(&found) {
                    prop_assert_eq!(piece.voxels as usize, voxels.len());
                    prop_assert!(voxels.contains(&document.grid().offset(piece.inside)));
                }
                prop_assert!(pieces.list().windows(2).all(|w| w[0].voxels >= w[1].voxels));
                found.sort();
                prop_assert_eq!(found, flooded(&labels));
            }
        }
    }
}
