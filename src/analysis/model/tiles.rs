//! Where patches lie, and how much each of their voxels counts.

/// First voxels of patches of a length that cover an axis, as even as they can be; a patch longer than the axis lies about its
/// middle, and begins before it.
pub(super) fn starts(axis: usize, patch: usize, overlap: f64) -> Vec<isize> {
    if patch >= axis {
        return vec![-(((patch - axis) / 2) as isize)];
    }
    let step = ((patch as f64 * (1.0 - overlap)) as usize).clamp(1, patch);
    let count = (axis - patch).div_ceil(step) + 1;
    let last = (axis - patch) as f64;
    (0..count).map(|n| (last * n as f64 / (count - 1) as f64).round() as isize).collect()
}

/// A Gaussian of an eighth of the length about its middle, 1 there; never 0.
pub(super) fn weights(length: usize) -> Vec<f32> {
    let (middle, sigma) = ((length as f64 - 1.0) / 2.0, (length as f64 / 8.0).max(1.0));
    (0..length).map(|n| (-((n as f64 - middle) / sigma).powi(2) / 2.0).exp().max(1e-3) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn patches_cover_the_axis_and_overlap_as_asked(axis in 1usize..400, patch in 1usize..200, overlap in 0.0f64..0.75) {
            let all = starts(axis, patch, overlap);
            if patch >= axis {
                prop_assert_eq!(all.len(), 1);
                prop_assert!(all[0] <= 0 && all[0] + patch as isize >= axis as isize);
            } else {
                prop_assert_eq!((all[0], all[all.len() - 1]), (0, (axis - patch) as isize));
                for pair in all.windows(2) {
                    prop_assert!(pair[1] > pair[0] && pair[1] - pair[0] <= patch as isize);
                    let shared = patch as f64 - (pair[1] - pair[0]) as f64;
                    prop_assert!(shared >= (overlap * patch as f64).floor() - 1.0);
                }
            }
        }
    }

    #[test]
    fn the_middle_counts_most_and_nothing_counts_for_nothing() {
        let all = weights(33);
        assert!((all[16] - 1.0).abs() < 1e-6 && all[0] > 0.0 && all[0] < 0.01);
        assert!(all.iter().zip(all.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-6));
        assert_eq!(weights(1), [1.0]);
    }
}
