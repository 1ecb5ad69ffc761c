//! Neighbours of one label, taken together: most of a label map is background, or the inside of something.

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
    }
}
