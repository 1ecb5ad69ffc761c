//! Opening, closing and dilation by a ball, exact in millimetres.
//!
//! A ball's dilation is the set nearer than its radius, so all of it is distance: O. Cuisenaire, "Distance transformation based
//! skeletons and morphology", Signal Processing 86 (2006). Work is done in the box that holds the set, with a rim of background
//! as wide as the ball, so that the edge of the grid has no effect.

use crate::volume::squared_distance_mm2;

/// A part of a mask, copied out with a rim.
struct Boxed {
    /// Index of its first voxel in the array; negative in the rim beyond the edge.
    begin: [isize; 3],
    size: [usize; 3],
    set: Vec<bool>,
}

impl Boxed {
    /// `None` if nothing is set.
    fn new(mask: &[u8], size: [usize; 3], rim: [usize; 3], is_set: impl Fn(u8) -> bool) -> Option<Self> {
        let [ni, nj, _] = size;
        let (mut min, mut max) = ([usize::MAX; 3], [0; 3]);
        for (row, values) in mask.chunks_exact(ni).enumerate() {
            let Some(first) = values.iter().position(|v| is_set(*v)) else { continue };
            let last = values.iter().rposition(|v| is_set(*v)).unwrap_or(first);
            for (a, (low, high)) in [(first, last), (row % nj, row % nj), (row / nj, row / nj)].into_iter().enumerate()
            {
                min[a] = min[a].min(low);
                max[a] = max[a].max(high);
            }
        }
        if min[0] == usize::MAX {
            return None;
        }
        let begin = [0, 1, 2].map(|a| min[a] as isize - rim[a] as isize);
        let extent = [0, 1, 2].map(|a| max[a] + 1 - min[a] + 2 * rim[a]);
        let mut boxed = Self { begin, size: extent, set: vec![false; extent.iter().product()] };
        let mut set = std::mem::take(&mut boxed.set);
        boxed.rows(size, |inner, outer| {
            for (to, from) in set[inner].iter_mut().zip(&mask[outer]) {
                *to = is_set(*from);
            }
        });
        boxed.set = set;
        Some(boxed)
    }
    /// Visits the rows inside the array: their range in the box and in the array.
    fn rows(&self, size: [usize; 3], mut visit: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
        let inside = [0, 1, 2].map(|a| {
            let begin = (-self.begin[a]).max(0) as usize;
            begin..self.size[a].min((size[a] as isize - self.begin[a]).max(0) as usize)
        });
        let index = |a: usize, n: usize| (self.begin[a] + n as isize) as usize;
        for k in inside[2].clone() {
            for j in inside[1].clone() {
                let inner = (k * self.size[1] + j) * self.size[0];
                let outer = (index(2, k) * size[1] + index(1, j)) * size[0] + index(0, inside[0].start);
                visit(inner + inside[0].start..inner + inside[0].end, outer..outer + inside[0].len());
            }
        }
    }
}

/// How many voxels a radius reaches, and one more.
fn rim(spacing_mm: [f64; 3], radius_mm: f64) -> [usize; 3] {
    spacing_mm.map(|s| (radius_mm / s).ceil() as usize + 1)
}

/// Calls `add` with the offset of each voxel that closing by a ball sets and that was not set before.
pub(super) fn close(
    mask: &[u8],
    size: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    is_set: impl Fn(u8) -> bool,
    mut add: impl FnMut(usize),
) {
    let Some(boxed) = Boxed::new(mask, size, rim(spacing_mm, radius_mm), is_set) else { return };
    let reach = (radius_mm * radius_mm) as f32;
    let mut dilated = squared_distance_mm2(boxed.size, spacing_mm, |o| boxed.set[o]);
    for d in &mut dilated {
        *d = f32::from(u8::from(*d <= reach));
    }
    let to_outside = squared_distance_mm2(boxed.size, spacing_mm, |o| dilated[o] == 0.0);
    boxed.rows(size, |inner, outer| {
        for (inner, outer) in inner.zip(outer) {
            if to_outside[inner] > reach && !boxed.set[inner] {
                add(outer);
            }
        }
    });
}

/// Calls `keep` with the offset of each voxel that opening by a ball leaves.
pub(super) fn open(
    mask: &[u8],
    size: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    is_set: impl Fn(u8) -> bool,
    mut keep: impl FnMut(usize),
) {
    let Some(boxed) = Boxed::new(mask, size, [1; 3], is_set) else { return };
    let reach = (radius_mm * radius_mm) as f32;
    let to_outside = squared_distance_mm2(boxed.size, spacing_mm, |o| !boxed.set[o]);
    let to_core = squared_distance_mm2(boxed.size, spacing_mm, |o| to_outside[o] > reach);
    boxed.rows(size, |inner, outer| {
        for (inner, outer) in inner.zip(outer) {
            if to_core[inner] <= reach && boxed.set[inner] {
                keep(outer);
            }
        }
    });
}

/// Calls `add` with the offset of each voxel within a radius of the set, those of the set too.
pub(super) fn dilate(
    mask: &[u8],
    size: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    is_set: impl Fn(u8) -> bool,
    mut add: impl FnMut(usize),
) {
    let Some(boxed) = Boxed::new(mask, size, rim(spacing_mm, radius_mm), is_set) else { return };
    let reach = (radius_mm * radius_mm) as f32;
    let near = squared_distance_mm2(boxed.size, spacing_mm, |o| boxed.set[o]);
    boxed.rows(size, |inner, outer| {
        for (inner, outer) in inner.zip(outer) {
            if near[inner] <= reach {
                add(outer);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 3] = [40, 40, 30];
    const SPACING: [f64; 3] = [1.0, 1.0, 1.5];

    fn block(mask: &mut [u8], i: std::ops::Range<usize>, j: std::ops::Range<usize>, k: std::ops::Range<usize>) {
        for k in k {
            for j in j.clone() {
                for i in i.clone() {
                    mask[(k * SIZE[1] + j) * SIZE[0] + i] = 1;
                }
            }
        }
    }

    #[test]
    fn closing_fills_narrow_gaps_alone() {
        let mut mask = vec![0; SIZE.iter().product()];
        block(&mut mask, 5..15, 5..35, 5..25);
        block(&mut mask, 19..30, 5..35, 5..25);
        let mut added = Vec::new();
        close(&mask, SIZE, SPACING, 5.0, |v| v == 1, |o| added.push(o));
        assert!(added.contains(&((15 * 40 + 20) * 40 + 17)));
        assert!(added.iter().all(|o| (15..19).contains(&(o % 40))), "only the gap is filled");
        let mut none = Vec::new();
        close(&mask, SIZE, SPACING, 1.5, |v| v == 1, |o| none.push(o));
        assert!(none.is_empty());
    }

    #[test]
    fn opening_removes_what_is_thin_alone() {
        let mut mask = vec![0; SIZE.iter().product()];
        block(&mut mask, 5..25, 5..25, 5..20);
        block(&mut mask, 25..38, 14..17, 10..12);
        let mut kept = Vec::new();
        open(&mask, SIZE, SPACING, 3.0, |v| v == 1, |o| kept.push(o));
        assert!(kept.iter().all(|o| o % 40 < 26));
        assert!(kept.len() > 5000 && kept.contains(&((12 * 40 + 15) * 40 + 24)));
    }

    #[test]
    fn dilation_reaches_its_radius() {
        let mut mask = vec![0; SIZE.iter().product()];
        block(&mut mask, 20..21, 20..21, 15..16);
        let mut added = 0;
        dilate(&mask, SIZE, SPACING, 6.0, |v| v == 1, |_| added += 1);
        let exact = 4.0 / 3.0 * std::f64::consts::PI * 216.0 / 1.5;
        assert!((f64::from(added) - exact).abs() < 0.05 * exact, "{added} against {exact}");
    }
}
