//! Neighbours of one label, taken together: most of a label map is background, or the inside of something.
//! So they are found, and so they travel.

use std::ops::Range;

/// Labels looked at together.
const STEP: usize = 16;

/// The stretches of equal labels, in order: the label, and where it stands. Together they are all of `labels`.
pub fn alike(labels: &[u8]) -> impl Iterator<Item = (u8, Range<usize>)> + use<'_> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let label = *labels.get(begin)?;
        let first = begin;
        begin = end_of(labels, begin, label);
        Some((label, first..begin))
    })
}

/// Where the stretch of a label that goes on at `at` ends.
#[inline(never)]
fn end_of(labels: &[u8], mut at: usize, label: u8) -> usize {
    let wide = [label; STEP];
    while labels.get(at..at + STEP).is_some_and(|l| l == wide) {
        at += STEP;
    }
    labels[at..].iter().position(|l| *l != label).map_or(labels.len(), |n| at + n)
}

/// Labels on their way between page and workers: five bytes a stretch in place of a byte a voxel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedLabels(Vec<u8>);

/// Bytes of a stretch: its label, and how long it is (little-endian).
const STRETCH: usize = 5;

impl PackedLabels {
    /// Packs labels.
    pub fn of(labels: &[u8]) -> Self {
        let mut packed = Self::default();
        packed.push(labels);
        packed
    }
    /// What [`Self::bytes`] gave, or several of them one after the other.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
    /// The stretches, to be sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
    /// Adds labels at the end.
    pub fn push(&mut self, labels: &[u8]) {
        for (label, at) in alike(labels) {
            self.0.push(label);
            self.0.extend((at.len() as u32).to_le_bytes());
        }
    }
    /// Adds packed labels at the end.
    pub fn append(&mut self, more: &Self) {
        self.0.extend(&more.0);
    }
    /// How many labels there are.
    pub fn count(&self) -> usize {
        self.stretches().map(|(_, length)| length).sum()
    }
    /// The labels one by one; `None` if there are not as many as `expected`, which is asked before memory is.
    pub fn unpacked(&self, expected: usize) -> Option<Vec<u8>> {
        if self.count() != expected {
            return None;
        }
        let mut labels = Vec::with_capacity(expected);
        for (label, length) in self.stretches() {
            labels.resize(labels.len() + length, label);
        }
        Some(labels)
    }
    /// Calls `visit` with each row of `width` labels in turn.
    pub fn rows(&self, width: usize, mut visit: impl FnMut(&[u8])) {
        let (mut row, mut filled) = (vec![0; width], 0);
        for (label, mut length) in self.stretches() {
            while length > 0 && width > 0 {
                let here = length.min(width - filled);
                row[filled..filled + here].fill(label);
                filled += here;
                length -= here;
                if filled == width {
                    visit(&row);
                    filled = 0;
                }
            }
        }
    }
    fn stretches(&self) -> impl Iterator<Item = (u8, usize)> + use<'_> {
        self.0.chunks_exact(STRETCH).map(|s| (s[0], u32::from_le_bytes([s[1], s[2], s[3], s[4]]) as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stretches_are_whole_and_part_where_labels_change(
            lengths in prop::collection::vec((0u8..3, 1usize..50), 0..12),
        ) {
            let labels: Vec<u8> = lengths.iter().flat_map(|(l, n)| std::iter::repeat_n(*l, *n)).collect();
            let found: Vec<_> = alike(&labels).collect();
            prop_assert!(found.windows(2).all(|w| w[0].1.end == w[1].1.start && w[0].0 != w[1].0));
            let again: Vec<u8> = found.iter().flat_map(|(l, r)| std::iter::repeat_n(*l, r.len())).collect();
            prop_assert_eq!(again, labels);
        }

        #[test]
        fn labels_are_packed_and_come_out_again_whole_and_row_by_row(
            pieces in prop::collection::vec(prop::collection::vec(0u8..3, 0..40), 0..4), width in 1usize..9,
        ) {
            let mut packed = PackedLabels::default();
            for piece in &pieces {
                packed.append(&PackedLabels::of(piece));
            }
            let labels = pieces.concat();
            prop_assert_eq!(packed.count(), labels.len());
            prop_assert_eq!(packed.unpacked(labels.len() + 1), None);
            prop_assert_eq!(packed.unpacked(labels.len()).unwrap(), &labels[..]);
            let mut rows = Vec::new();
            packed.rows(width, |row| rows.push(row.to_vec()));
            let expected: Vec<Vec<u8>> = labels.chunks_exact(width).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(rows, expected);
            prop_assert_eq!(PackedLabels::from_bytes(packed.bytes().to_vec()), packed);
        }
    }
}
