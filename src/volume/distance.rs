//! Exact Euclidean distance on a voxel lattice.
//!
//! One lower envelope of parabolas per line, axis after axis: P. F. Felzenszwalb, D. P. Huttenlocher, "Distance Transforms of
//! Sampled Functions", Theory of Computing 8 (2012) 415–428.

/// Squared distance in mm² from each voxel to the nearest voxel for which `is_target` holds, over an array of
/// `size` = (columns, rows, slices) in memory order `[k, j, i]`; `f32::INFINITY` everywhere if there is none.
///
/// `spacing_mm` is the step along i, j, k; the axes are taken as perpendicular. Linear in the number of voxels.
pub fn squared_distance_mm2(size: [usize; 3], spacing_mm: [f64; 3], is_target: impl Fn(usize) -> bool) -> Vec<f32> {
    let [ni, nj, nk] = size;
    let mut field: Vec<f32> =
        (0..ni * nj * nk).map(|offset| if is_target(offset) { 0.0 } else { f32::INFINITY }).collect();
    if ni > 0 {
        for row in field.chunks_exact_mut(ni) {
            along_row(row, spacing_mm[0] as f32);
        }
    }
    let mut envelope = Envelope::default();
    if nj > 1 {
        for slice in field.chunks_exact_mut(ni * nj) {
            for i in 0..ni {
                envelope.pass(slice, i, ni, nj, spacing_mm[1] as f32);
            }
        }
    }
    if nk > 1 {
        for column in 0..ni * nj {
            envelope.pass(&mut field, column, ni * nj, nk, spacing_mm[2] as f32);
        }
    }
    field
}

/// The first axis holds only 0 and infinity: two sweeps do.
fn along_row(row: &mut [f32], spacing: f32) {
    let mut nearest = f32::INFINITY;
    for value in row.iter_mut() {
        nearest = if *value == 0.0 { 0.0 } else { nearest + spacing };
        *value = nearest;
    }
    nearest = f32::INFINITY;
    for value in row.iter_mut().rev() {
        nearest = if *value == 0.0 { 0.0 } else { nearest + spacing };
        let distance = value.min(nearest);
        *value = distance * distance;
    }
}

/// Parabolas of one line and where each begins to be the lowest.
#[derive(Default)]
struct Envelope {
    values: Vec<f32>,
    apex: Vec<usize>,
    from: Vec<f32>,
}

impl Envelope {
    /// Replaces `count` values at `start`, `start + stride`, … by min over q of value(q) + (spacing · (p − q))².
    fn pass(&mut self, field: &mut [f32], start: usize, stride: usize, count: usize, spacing: f32) {
        self.values.clear();
        self.values.extend(field.iter().skip(start).step_by(stride).take(count));
        if self.values.iter().all(|v| *v == 0.0) {
            return;
        }
        self.apex.clear();
        self.from.clear();
        let weight = spacing * spacing;
        for (q, value) in self.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
            let mut begin = f32::NEG_INFINITY;
            while let Some(&p) = self.apex.last() {
                // Where the parabolas of p and q cross: (value(q) − value(p)) / (2 w (q − p)) + (q + p) / 2.
                let apart = (q - p) as f32;
                begin = (value - self.values[p]) / (2.0 * weight * apart) + (q + p) as f32 / 2.0;
                if self.from.last().is_none_or(|f| begin > *f) {
                    break;
                }
                self.apex.pop();
                self.from.pop();
                begin = f32::NEG_INFINITY;
            }
            self.apex.push(q);
            self.from.push(begin);
        }
        if self.apex.is_empty() {
            return;
        }
        let mut n = 0;
        for (p, place) in field.iter_mut().skip(start).step_by(stride).take(count).enumerate() {
            while n + 1 < self.apex.len() && self.from[n + 1] < p as f32 {
                n += 1;
            }
            let q = self.apex[n];
            let apart = p.abs_diff(q) as f32;
            *place = self.values[q] + weight * apart * apart;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_smallest_distance(
            size in [1usize..9, 1usize..8, 1usize..7],
            spacing in [0.3..3.0f64, 0.3..3.0f64, 0.3..3.0f64],
            seed in prop::collection::vec(prop::bool::weighted(0.1), 9 * 8 * 7),
        ) {
            let count = size.iter().product::<usize>();
            let field = squared_distance_mm2(size, spacing, |o| seed[o]);
            let place = |o: usize| [o % size[0], o / size[0] % size[1], o / (size[0] * size[1])];
            for at in 0..count {
                let exact = (0..count)
                    .filter(|o| seed[*o])
                    .map(|o| (0..3).map(|a| ((place(o)[a] as f64 - place(at)[a] as f64) * spacing[a]).powi(2)).sum::<f64>())
                    .fold(f64::INFINITY, f64::min);
                let found = f64::from(field[at]);
                prop_assert!(found == exact || (found - exact).abs() < 1e-4 * (1.0 + exact), "{found} against {exact}");
            }
        }
    }
}
