//! Opening, closing and dilation by a ball, exact in millimetres.
//!
//! A ball's dilation is the set nearer than its radius, so all of it is distance: O. Cuisenaire, "Distance transformation based
//! skeletons and morphology", Signal Processing 86 (2006); balls about the voxels at the border of a set make the same one, sooner where the
//! border is short. Work is done in the box that holds the set, with a rim of background
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

/// How much longer it takes to find the distance of a voxel than to set one row of a ball.
const DISTANCE_COST: usize = 4;

/// Which voxels of a box lie within a radius of those that are set: by balls about the border of the set where that is short, else by
/// distance.
fn within(set: &[bool], size: [usize; 3], spacing_mm: [f64; 3], radius_mm: f64) -> Vec<bool> {
    let [ni, nj, nk] = size;
    let rows = ball_rows(spacing_mm, radius_mm);
    let most = set.len() * DISTANCE_COST / rows.len().max(1);
    let Some(border) = border(set, size, most) else {
        let reach = (radius_mm * radius_mm) as f32;
        return squared_distance_mm2(size, spacing_mm, |o| set[o]).iter().map(|d| *d <= reach).collect();
    };
    let mut near = set.to_vec();
    for offset in border {
        let (i, j, k) = (offset % ni, offset / ni % nj, offset / (ni * nj));
        for (dj, dk, half) in &rows {
            let at = |n: usize, d: isize, count: usize| n.checked_add_signed(d).filter(|n| *n < count);
            let (Some(j), Some(k)) = (at(j, *dj, nj), at(k, *dk, nk)) else { continue };
            let row = (k * nj + j) * ni;
            near[row + i.saturating_sub(*half)..row + (i + half + 1).min(ni)].fill(true);
        }
    }
    near
}

/// The voxels of a set that have one beside them, by a face, that is none of it; `None` if there are more than `most`. The voxel of a set
/// that is nearest to one outside is of these: one step towards that would be nearer still.
fn border(set: &[bool], size: [usize; 3], most: usize) -> Option<Vec<usize>> {
    let [ni, nj, nk] = size;
    let plane = ni * nj;
    let mut found = Vec::new();
    for (row, values) in set.chunks_exact(ni).enumerate() {
        if !values.contains(&true) {
            continue;
        }
        let (j, k, start) = (row % nj, row / nj, row * ni);
        for i in (0..ni).filter(|i| values[*i]) {
            let o = start + i;
            let inside = (i == 0 || set[o - 1])
                && (i + 1 == ni || set[o + 1])
                && (j == 0 || set[o - ni])
                && (j + 1 == nj || set[o + ni])
                && (k == 0 || set[o - plane])
                && (k + 1 == nk || set[o + plane]);
            if !inside {
                found.push(o);
            }
        }
        if found.len() > most {
            return None;
        }
    }
    Some(found)
}

/// The rows of a ball: steps along j and k, and how many voxels it reaches to both sides along i. Distances are taken in the order and
/// precision of [`squared_distance_mm2`].
fn ball_rows(spacing_mm: [f64; 3], radius_mm: f64) -> Vec<(isize, isize, usize)> {
    let reach = (radius_mm * radius_mm) as f32;
    let [x, y, z] = spacing_mm.map(|s| s as f32);
    let [_, wide, deep] = rim(spacing_mm, radius_mm).map(|n| n as isize);
    let squared = |step: f32, n: isize| step * step * n.unsigned_abs() as f32 * n.unsigned_abs() as f32;
    let mut rows = Vec::new();
    for (dk, dj) in (-deep..=deep).flat_map(|dk| (-wide..=wide).map(move |dj| (dk, dj))) {
        let (mut half, mut far) = (None, 0.0f32);
        while far * far + squared(y, dj) + squared(z, dk) <= reach {
            half = Some(half.map_or(0, |n| n + 1));
            far += x;
        }
        rows.extend(half.map(|half| (dj, dk, half)));
    }
    rows
}

fn complement(set: &[bool]) -> Vec<bool> {
    set.iter().map(|is_set| !is_set).collect()
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
    let dilated = within(&boxed.set, boxed.size, spacing_mm, radius_mm);
    let near_outside = within(&complement(&dilated), boxed.size, spacing_mm, radius_mm);
    boxed.rows(size, |inner, outer| {
        for (inner, outer) in inner.zip(outer) {
            if !near_outside[inner] && !boxed.set[inner] {
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
    let near_outside = within(&complement(&boxed.set), boxed.size, spacing_mm, radius_mm);
    let opened = within(&complement(&near_outside), boxed.size, spacing_mm, radius_mm);
    boxed.rows(size, |inner, outer| {
        for (inner, outer) in inner.zip(outer) {
            if opened[inner] && boxed.set[inner] {
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
    let near = within(&boxed.set, boxed.size, spacing_mm, radius_mm);
    boxed.rows(size, |inner, outer| {
        for (inner, outer) in inner.zip(outer) {
            if near[inner] {
                add(outer);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn balls_about_the_border_are_what_is_near_by_distance(
            size in [1usize..12, 1usize..11, 1usize..10],
            spacing in [0.5..3.0f64, 0.5..3.0f64, 0.5..6.0f64],
            radius in 0.4..9.0f64,
            seed in prop::collection::vec(prop::bool::weighted(0.03), 12 * 11 * 10),
        ) {
            let set = &seed[..size.iter().product()];
            let reach = (radius * radius) as f32;
            let by_distance: Vec<bool> =
                squared_distance_mm2(size, spacing, |o| set[o]).iter().map(|d| *d <= reach).collect();
            prop_assert_eq!(within(set, size, spacing, radius), by_distance);
        }
    }

    #[test]
    fn a_ball_of_whole_voxels_reaches_as_distance_does() {
        // Radii that end on the middle of a voxel, spacings as of real cells.
        for spacing in [[1.4, 1.4, 2.0], [1.5, 1.5, 1.5], [1.7, 1.7, 2.5], [1.684, 1.684, 5.0]] {
            for radius in [1.5, 3.0, 4.5, 5.0, 6.0, 10.0] {
                let size = [31, 31, 31];
                let set: Vec<bool> = (0..31 * 31 * 31).map(|o| o == (15 * 31 + 15) * 31 + 15).collect();
                let reach = (radius * radius) as f32;
                let far = squared_distance_mm2(size, spacing, |o| set[o]);
                let near = within(&set, size, spacing, radius);
                assert!(near.iter().zip(&far).all(|(near, far)| *near == (*far <= reach)), "{spacing:?}, {radius}");
            }
        }
    }

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
