//! HU between voxels, millions of times.

use super::CtVolume;
use glam::Vec3A;

/// Reads a volume between its voxel centres, in 32 bits: what rays need. Slices that have not arrived read
/// [`CtVolume::MISSING_HU`]; beyond the outermost centres the edge holds.
pub struct Trilinear<'v> {
    slices: Vec<&'v [i16]>,
    /// Place of the last voxel along each axis, and of the last that a cell of eight begins at.
    last: Vec3A,
    last_cell: Vec3A,
    /// Cells that have neighbours on all sides lie between these.
    inner: [Vec3A; 2],
    /// From a voxel to the next of its row, of its column and of the next slice; 0 where there is none.
    next: [usize; 3],
    columns: usize,
}

/// A whole number of at most 23 bits, added to this, is the lowest bits of the sum: no conversion is as quick.
const WHOLE: f32 = 8_388_608.0;

/// The whole number nearest to one that is not negative and below 2²³, halves to even.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a few of them for each sample of a ray; and each call would cost as much as the work"
)]
pub fn nearest_whole(v: f32) -> usize {
    ((v + WHOLE).to_bits() & 0x7F_FFFF) as usize
}

impl<'v> Trilinear<'v> {
    /// Of what has arrived of a volume.
    pub fn new(volume: &'v CtVolume) -> Self {
        let size = volume.grid().size();
        let at = |short: usize| Vec3A::from_array(size.map(|n| n.saturating_sub(short) as f32));
        let [di, dj, dk] = size.map(|n| usize::from(n > 1));
        Self {
            slices: (0..size[2]).map(|k| volume.pixels(k).unwrap_or_default()).collect(),
            last: at(1),
            last_cell: at(2),
            inner: [Vec3A::ONE, at(2) - 1e-3],
            next: [di, dj * size[0], dk],
            columns: size[0],
        }
    }

    /// HU at a voxel coordinate.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    pub fn at(&self, v: Vec3A) -> f32 {
        let c = v.max(Vec3A::ZERO).min(self.last);
        let cell = c.floor().min(self.last_cell);
        let t = c - cell;
        let [i, j, k] = cell.to_array().map(nearest_whole);
        let [di, dj, dk] = self.next;
        let at = j * self.columns + i;
        let (near, far) = (self.face(k, at, di, dj), self.face(k + dk, at, di, dj));
        let rows = near + (far - near) * t.z;
        let [a, b] = [rows.x + (rows.z - rows.x) * t.y, rows.y + (rows.w - rows.y) * t.y];
        a + (b - a) * t.x
    }

    /// Central differences over two voxels along i, j and k, HU: those of [`Self::at`] one voxel further and one before.
    pub fn differences(&self, v: Vec3A) -> Vec3A {
        self.inner_differences(v).unwrap_or_else(|| {
            let along = |d: Vec3A| self.at(v + d) - self.at(v - d);
            Vec3A::new(along(Vec3A::X), along(Vec3A::Y), along(Vec3A::Z))
        })
    }

    /// The same of the thirty-two voxels that all six places lie between.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    fn inner_differences(&self, v: Vec3A) -> Option<Vec3A> {
        let [low, high] = self.inner;
        if !(v.cmpge(low) & v.cmplt(high)).all() {
            return None;
        }
        let cell = v.floor();
        let t = v - cell;
        let [i, j, k] = cell.to_array().map(nearest_whole);
        let n = self.columns;
        let begin = (j - 1) * n + i - 1;
        let lerp = |a: f32, b: f32, t: f32| a + (b - a) * t;
        // Of a row: its value, and its difference.
        let inner = |p: &[i16]| -> Option<(f32, f32)> {
            let [a, b, c, d] = p.first_chunk::<4>()?.map(f32::from);
            Some((lerp(b, c, t.x), lerp(c - a, d - b, t.x)))
        };
        let outer = |p: &[i16]| -> Option<f32> { Some(lerp(f32::from(*p.get(1)?), f32::from(*p.get(2)?), t.x)) };
        // Of a slice in the middle: its value, and its differences along x and y.
        let middle = |k: usize| -> Option<[f32; 3]> {
            let p = self.slices.get(k)?.get(begin..begin + 3 * n + 4)?;
            let (before, after) = (outer(p)?, outer(p.get(3 * n..)?)?);
            let ((a, ax), (b, bx)) = (inner(p.get(n..)?)?, inner(p.get(2 * n..)?)?);
            Some([lerp(a, b, t.y), lerp(ax, bx, t.y), lerp(b - before, after - a, t.y)])
        };
        let beyond = |k: usize| -> Option<f32> {
            let p = self.slices.get(k)?.get(begin + n..begin + 2 * n + 4)?;
            Some(lerp(outer(p)?, outer(p.get(n..)?)?, t.y))
        };
        let ([a, ax, ay], [b, bx, by]) = (middle(k)?, middle(k + 1)?);
        let (before, after) = (beyond(k - 1)?, beyond(k + 2)?);
        Some(Vec3A::new(lerp(ax, bx, t.z), lerp(ay, by, t.z), lerp(b - before, after - a, t.z)))
    }

    const NOTHING: glam::Vec4 = glam::Vec4::splat(CtVolume::MISSING_HU as f32);

    /// Four voxels of a slice: two of a row, two of the next.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    fn face(&self, k: usize, at: usize, di: usize, dj: usize) -> glam::Vec4 {
        match self.slices.get(k).and_then(|s| s.get(at..=at + dj + di)) {
            Some(p) => glam::Vec4::new(f32::from(p[0]), f32::from(p[di]), f32::from(p[dj]), f32::from(p[dj + di])),
            None => Self::NOTHING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Grid, PatientPoint, PatientVector, VoxelPoint};
    use crate::volume::sample_linear_at;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_and_differences_are_those_of_the_plain_way(
            seed in any::<u32>(), size in (1usize..7, 1usize..6, 1usize..6), missing in 0usize..8,
            at in prop::array::uniform3(-1.5f32..7.5),
        ) {
            let size = [size.0, size.1, size.2];
            let v = PatientVector::new;
            let steps = [v(0.7, 0.0, 0.0), v(0.0, 0.8, 0.0), v(0.0, 0.0, 1.5)];
            let grid = Grid::new(size, PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
            let noise = |n: usize| ((n as u32).wrapping_mul(747_796_405).wrapping_add(seed) >> 20) as i16 - 1024;
            let plane = size[0] * size[1];
            let slice = |k: usize| if k == missing { Vec::new() } else { (0..plane).map(|n| noise(k * plane + n)).collect() };
            let volume = CtVolume::from_slices(grid, (0..size[2]).map(slice).collect()).unwrap();
            let quick = Trilinear::new(&volume);
            let right = |at: Vec3A| sample_linear_at(&volume, VoxelPoint(at.as_dvec3())) as f32;
            let at = Vec3A::from_array(at);
            prop_assert!((quick.at(at) - right(at)).abs() < 0.02, "{} {}", quick.at(at), right(at));
            let along = |d: Vec3A| right(at + d) - right(at - d);
            let expected = Vec3A::new(along(Vec3A::X), along(Vec3A::Y), along(Vec3A::Z));
            prop_assert!((quick.differences(at) - expected).length() < 0.05, "{} {expected}", quick.differences(at));
        }
    }
}
