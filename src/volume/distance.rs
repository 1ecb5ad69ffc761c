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
            envelope.across(slice, ni, nj, spacing_mm[1] as f32);
        }
    }
    if nk > 1 {
        envelope.across(&mut field, ni * nj, nk, spacing_mm[2] as f32);
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

/// Lines taken side by side, so that each stretch of memory is fetched once.
const LINES: usize = 16;

/// Parabolas of one line and where each begins to be the lowest.
#[derive(Default)]
struct Envelope {
    gathered: Vec<f32>,
    apex: Vec<usize>,
    from: Vec<f32>,
}

impl Envelope {
    /// Passes over each of the `stride` lines of `count` values that lie `stride` apart.
    fn across(&mut self, field: &mut [f32], stride: usize, count: usize, spacing: f32) {
        let mut gathered = std::mem::take(&mut self.gathered);
        for first in (0..stride).step_by(LINES) {
            let lines = LINES.min(stride - first);
            gather(&mut gathered, field, stride, first..first + lines);
            for (line, values) in gathered.chunks_exact(count).enumerate() {
                if values.iter().all(|v| *v == 0.0) || !self.build(values, spacing) {
                    continue;
                }
                self.read(values, spacing, &mut field[first + line..], stride);
            }
        }
        self.gathered = gathered;
    }
    // Functions of their own: browsers compile a loop well only between two calls of what holds it.
    /// The lower envelope of the parabolas value(q) + (spacing · (p − q))²; `false` if all values are infinite.
    #[inline(never)]
    fn build(&mut self, values: &[f32], spacing: f32) -> bool {
        self.apex.clear();
        self.from.clear();
        let weight = 2.0 * spacing * spacing;
        for (q, value) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
            let mut begin = f32::NEG_INFINITY;
            while let (Some(&p), Some(&from)) = (self.apex.last(), self.from.last()) {
                // Where the parabolas of p and q cross.
                begin = (value - values[p]) / (weight * (q - p) as f32) + (q + p) as f32 / 2.0;
                if begin > from {
                    break;
                }
                self.apex.pop();
                self.from.pop();
                begin = f32::NEG_INFINITY;
            }
            self.apex.push(q);
            self.from.push(begin);
        }
        !self.apex.is_empty()
    }
    /// Writes the height of the envelope at each place.
    #[inline(never)]
    fn read(&self, values: &[f32], spacing: f32, field: &mut [f32], stride: usize) {
        let weight = spacing * spacing;
        let mut n = 0;
        for (p, place) in field.iter_mut().step_by(stride).enumerate() {
            while n + 1 < self.apex.len() && self.from[n + 1] < p as f32 {
                n += 1;
            }
            let q = self.apex[n];
            let apart = p.abs_diff(q) as f32;
            *place = values[q] + weight * apart * apart;
        }
    }
}

/// The lines that begin at these places, one after the other.
#[inline(never)]
fn gather(gathered: &mut Vec<f32>, field: &[f32], stride: usize, lines: std::ops::Range<usize>) {
    let count = field.len() / stride;
    gathered.clear();
    gathered.resize(lines.len() * count, 0.0);
    for (p, row) in field.chunks_exact(stride).enumerate() {
        for (line, value) in row[lines.clone()].iter().enumerate() {
            gathered[line * count + p] = *value;
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
            for (at, found) in field.iter().enumerate() {
                let exact = (0..count)
                    .filter(|o| seed[*o])
                    .map(|o| {
                        (0..3).map(|a| ((place(o)[a] as f64 - place(at)[a] as f64) * spacing[a]).powi(2)).sum::<f64>()
                    })
                    .fold(f64::INFINITY, f64::min);
                let found = f64::from(*found);
                prop_assert!(found == exact || (found - exact).abs() < 1e-4 * (1.0 + exact), "{found} against {exact}");
            }
        }
    }
}
