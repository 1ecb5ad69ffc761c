//! A threshold inside what was drawn.

use super::{Choice, RegionVoxels};

/// The segment with the drawn voxels whose HU lie in a range, or without them. Where no range is given, it begins `below_hu` under
/// what parts the drawn voxels best into two kinds, and has no upper end.
pub(super) fn threshold(
    voxels: &RegionVoxels<'_>,
    segment: u8,
    drawn: &[[usize; 3]],
    range_hu: Option<(i16, i16)>,
    below_hu: i16,
    adds: bool,
) -> Choice {
    let offsets: Vec<usize> = drawn.iter().filter_map(|at| voxels.offset(*at)).collect();
    let (low, high) = range_hu.unwrap_or_else(|| {
        let hu: Vec<i16> = offsets.iter().map(|n| voxels.hu[*n]).collect();
        (otsu(&hu).saturating_sub(below_hu), i16::MAX)
    });
    let mut mask: Vec<bool> = voxels.labels.iter().map(|label| *label == segment).collect();
    for n in offsets.into_iter().filter(|n| (low..=high).contains(&voxels.hu[*n])) {
        mask[n] = adds;
    }
    Choice { mask, range_hu: Some((low, high)), reached_limit: false }
}

/// The least HU of the denser of two kinds, so chosen that the variance between them is greatest: N. Otsu, "A threshold selection
/// method from gray-level histograms", IEEE Trans. Syst. Man Cybern. 9 (1979) 62–66.
fn otsu(hu: &[i16]) -> i16 {
    let mut sorted = hu.to_vec();
    sorted.sort_unstable();
    let total: f64 = sorted.iter().map(|v| f64::from(*v)).sum();
    let (mut best, mut found, mut below) = (0.0, sorted.first().copied().unwrap_or_default(), 0.0);
    for (n, pair) in sorted.windows(2).enumerate() {
        below += f64::from(pair[0]);
        let (few, rest) = ((n + 1) as f64, (sorted.len() - n - 1) as f64);
        let apart = below / few - (total - below) / rest;
        let between = few * rest * apart * apart;
        if pair[0] < pair[1] && between > best {
            (best, found) = (between, (i32::from(pair[0]) + i32::from(pair[1]) + 1).div_euclid(2) as i16);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::otsu;

    #[test]
    fn two_kinds_are_parted_between_them() {
        assert_eq!(otsu(&[-860, -850, -840, 20, 30, 40]), -410);
        assert!((-840..=-600).contains(&otsu(&[-860, -850, -840, -850, -600])));
        assert_eq!((otsu(&[7, 7, 7]), otsu(&[]), otsu(&[i16::MIN, i16::MAX])), (7, 0, 0));
    }
}
