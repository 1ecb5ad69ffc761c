//! Blurring of voxels and of masks.

/// HU averaged with binomial weights: two passes along an axis of fine steps, one along coarser ones, none where slices are so far
/// apart that they show different things.
pub(super) fn denoised(hu: &[i16], size: [usize; 3], spacing_mm: [f64; 3]) -> Vec<i16> {
    let mut out = hu.to_vec();
    for (axis, spacing) in spacing_mm.into_iter().enumerate() {
        let passes = match spacing {
            s if s <= 1.0 => 2,
            s if s <= 2.5 => 1,
            _ => 0,
        };
        for _ in 0..passes {
            lines(&mut out, size, axis, |line| {
                let mut before = i32::from(line[0]);
                for n in 0..line.len() {
                    let here = i32::from(line[n]);
                    let after = line.get(n + 1).map_or(here, |v| i32::from(*v));
                    line[n] = ((before + 2 * here + after + 2) >> 2) as i16;
                    before = here;
                }
            });
        }
    }
    out
}

/// A mask blurred by a Gaussian of this standard deviation; beyond the box it goes on as at its rim.
pub(super) fn gaussian(
    size: [usize; 3],
    spacing_mm: [f64; 3],
    sigma_mm: f64,
    is_set: impl Fn(usize) -> bool,
) -> Vec<f32> {
    let mut out: Vec<f32> = (0..size.iter().product()).map(|n| f32::from(u8::from(is_set(n)))).collect();
    for (axis, spacing) in spacing_mm.into_iter().enumerate() {
        let sigma = sigma_mm / spacing;
        let reach = (3.0 * sigma).ceil() as usize;
        if reach == 0 {
            continue;
        }
        let weight = |d: usize| (-0.5 * (d as f64 / sigma).powi(2)).exp();
        let total: f64 = (1..=reach).map(|d| 2.0 * weight(d)).sum::<f64>() + 1.0;
        let weights: Vec<f32> = (0..=reach).map(|d| (weight(d) / total) as f32).collect();
        let mut copy = Vec::new();
        lines(&mut out, size, axis, |line| {
            if line.iter().all(|v| *v == line[0]) {
                return;
            }
            copy.clear();
            copy.extend_from_slice(line);
            let last = line.len() - 1;
            for (n, value) in line.iter_mut().enumerate() {
                let pairs = weights.iter().enumerate().skip(1);
                *value = pairs.fold(copy[n] * weights[0], |sum, (d, w)| {
                    sum + w * (copy[n.saturating_sub(d)] + copy[(n + d).min(last)])
                });
            }
        });
    }
    out
}

/// Passes each line along an axis, as a stretch of memory, to `change`.
pub(super) fn lines<T: Copy>(values: &mut [T], size: [usize; 3], axis: usize, mut change: impl FnMut(&mut [T])) {
    let [ni, nj, nk] = size;
    if values.is_empty() {
        return;
    }
    if axis == 0 {
        values.chunks_exact_mut(ni).for_each(change);
        return;
    }
    let (stride, count) = if axis == 1 { (ni, nj) } else { (ni * nj, nk) };
    // Lines side by side, so that each stretch of memory is fetched once.
    const SIDE_BY_SIDE: usize = 16;
    let mut gathered: Vec<T> = Vec::with_capacity(count * SIDE_BY_SIDE);
    for block in values.chunks_exact_mut(stride * count) {
        for first in (0..stride).step_by(SIDE_BY_SIDE) {
            let width = SIDE_BY_SIDE.min(stride - first);
            gathered.clear();
            for line in 0..width {
                gathered.extend((0..count).map(|p| block[p * stride + first + line]));
            }
            gathered.chunks_exact_mut(count).for_each(&mut change);
            for (line, values) in gathered.chunks_exact(count).enumerate() {
                for (p, value) in values.iter().enumerate() {
                    block[p * stride + first + line] = *value;
                }
            }
        }
    }
}
