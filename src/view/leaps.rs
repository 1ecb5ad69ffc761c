//! Where rays may leap: for each brick, how far the nearest one lies that shows anything.
//!
//! Space leaping after Zuiderveld, Koning, Viergever: "Acceleration of ray-casting using 3D distance transforms", Visualization
//! in Biomedical Computing 1992, on bricks instead of voxels.

use super::{LabelLook, TransferFunction};
use crate::volume::{Bricks, label_bit};
use glam::{DVec3, IVec3};

/// What a ray needs to know of a brick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brick {
    /// Lowest and highest HU of any place in it.
    pub range_hu: [i16; 2],
    /// Bricks to the nearest one that shows anything, diagonals counting as one; 0 if it does itself.
    pub distance: u8,
    /// 1 if shown anatomy may be in it, 2 if a shown finding may, 3 both.
    pub marks: u8,
}

/// All bricks of a volume, for one transfer function and one choice of segments.
#[derive(Clone, Debug)]
pub struct Leaps {
    size: [usize; 3],
    bricks: Vec<Brick>,
}

/// The bricks of a volume, and the leaps that were last made of them.
pub struct Leaping {
    bricks: Bricks,
    made: Option<Made>,
}

struct Made {
    revision: u64,
    transfer: TransferFunction,
    look: LabelLook,
    leaps: Leaps,
}

impl Leaping {
    /// Of a volume of this size (columns, rows, slices), of which nothing has arrived.
    pub fn new(voxels: [usize; 3]) -> Self {
        Self { bricks: Bricks::new(voxels), made: None }
    }
    /// To be told what arrives and is marked.
    pub fn bricks(&mut self) -> &mut Bricks {
        &mut self.bricks
    }
    /// For a look at the volume, and whether they are other ones than the last that were asked for.
    pub fn leaps(&mut self, transfer: &TransferFunction, look: &LabelLook) -> (&Leaps, bool) {
        let revision = self.bricks.revision();
        let right = |m: &Made| m.revision == revision && m.transfer == *transfer && m.look.colours == look.colours;
        let kept = self.made.take().filter(right);
        let anew = kept.is_none();
        let make = || Made {
            revision,
            transfer: transfer.clone(),
            look: look.clone(),
            leaps: Leaps::new(&self.bricks, transfer, look),
        };
        (&self.made.insert(kept.unwrap_or_else(make)).leaps, anew)
    }
}

/// Farthest leap, in bricks.
const FARTHEST: u8 = 31;
/// A leap ends by this many samples too early rather than too late: what lies exactly between two bricks is looked at.
pub const SHORT: f64 = 1e-3;

impl Leaps {
    /// For a look at the volume.
    pub fn new(bricks: &Bricks, transfer: &TransferFunction, look: &LabelLook) -> Self {
        let visible = VisibleHu::new(&transfer.table());
        let shown = [0, 1].map(|layer| {
            let labels = (1..=255u8).filter(|label| look.colour(layer, *label)[3] > 0.0);
            labels.fold(0, |bits, label| bits | label_bit(label))
        });
        let brick = |(range_hu, labels): ([i16; 2], &[u64; 2])| {
            let mark = |layer: usize, value: u8| if labels[layer] & shown[layer] == 0 { 0 } else { value };
            let marks = mark(0, 1) + mark(1, 2);
            let distance = if marks > 0 || visible.any(range_hu) { 0 } else { FARTHEST };
            Brick { range_hu, distance, marks }
        };
        let mut leaps: Vec<Brick> = bricks.ranges_hu().zip(bricks.label_bits()).map(brick).collect();
        let mut distances: Vec<u8> = leaps.iter().map(|b| b.distance).collect();
        measure(&mut distances, bricks.size());
        leaps.iter_mut().zip(distances).for_each(|(brick, distance)| brick.distance = distance);
        Self { size: bricks.size(), bricks: leaps }
    }

    /// Bricks along columns, rows and slices.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }
    /// In memory order.
    pub fn bricks(&self) -> &[Brick] {
        &self.bricks
    }

    /// The brick that holds sample `n` of a ray inside the volume, and the sample at which the ray leaves what is empty about it; of
    /// a brick that shows something, leaves itself. Samples before that one are of the brick, or show nothing.
    pub(super) fn at(&self, start: DVec3, step: DVec3, n: f64) -> (Brick, f64) {
        let (place, brick) = self.brick(start + step * n);
        (brick, exit(place, i32::from(brick.distance.max(1)), start, step, n))
    }
    /// The brick that holds sample `n` of a ray inside the volume, and the sample at which the ray leaves it.
    pub(super) fn at_brick(&self, start: DVec3, step: DVec3, n: f64) -> (Brick, f64) {
        let (place, brick) = self.brick(start + step * n);
        (brick, exit(place, 1, start, step, n))
    }

    fn brick(&self, v: DVec3) -> (IVec3, Brick) {
        let last = IVec3::from_array(self.size.map(|s| s as i32 - 1));
        let place = ((v + 0.5) / Bricks::EDGE as f64).floor().as_ivec3().clamp(IVec3::ZERO, last);
        let offset = (place.z as usize * self.size[1] + place.y as usize) * self.size[0] + place.x as usize;
        (place, self.bricks[offset])
    }
}

/// Chessboard distances by two sweeps (Rosenfeld and Pfaltz, "Distance functions on digital pictures", 1968), the second over the
/// array turned round; a row at a time.
fn measure(distances: &mut [u8], size: [usize; 3]) {
    for _ in 0..2 {
        sweep(distances, size);
        distances.reverse();
    }
}

fn sweep(distances: &mut [u8], [ni, nj, nk]: [usize; 3]) {
    let mut near = vec![0u8; ni];
    for (j, k) in (0..nk).flat_map(|k| (0..nj).map(move |j| (j, k))) {
        let begin = |j: usize, k: usize| (k * nj + j) * ni;
        let (before, rest) = distances.split_at_mut(begin(j, k));
        let row = &mut rest[..ni];
        // The rows beside this one that the sweep has been through.
        near.fill(FARTHEST);
        let own = j.checked_sub(1).map(|j| begin(j, k));
        let under =
            k.checked_sub(1).into_iter().flat_map(|k| (j.saturating_sub(1)..(j + 2).min(nj)).map(move |j| begin(j, k)));
        for beside in own.into_iter().chain(under) {
            near.iter_mut().zip(&before[beside..]).for_each(|(near, there)| *near = (*near).min(*there));
        }
        for (i, distance) in row.iter_mut().enumerate() {
            let least = near[i.saturating_sub(1)].min(near[i]).min(near[(i + 1).min(ni - 1)]);
            *distance = (*distance).min(least + 1);
        }
        for i in 1..ni {
            row[i] = row[i].min(row[i - 1] + 1);
        }
    }
}

/// The first sample after `n` at which a ray has left the bricks nearer than `reach` to one.
fn exit(place: IVec3, reach: i32, start: DVec3, step: DVec3, n: f64) -> f64 {
    let mut exit = f64::MAX;
    for a in 0..3 {
        if step[a].abs() >= 1e-9 {
            let face = if step[a] > 0.0 { place[a] + reach } else { place[a] + 1 - reach };
            exit = exit.min((f64::from(face * Bricks::EDGE as i32) - 0.5 - start[a]) / step[a]);
        }
    }
    (n + 1.0).max((exit - SHORT).ceil())
}

/// How many entries of a table up to each show anything: any range is answered by one difference.
struct VisibleHu(Vec<u32>);

impl VisibleHu {
    fn new(table: &[[u8; 4]]) -> Self {
        let mut sum = 0;
        let sums = table.iter().map(|entry| {
            sum += u32::from(entry[3] > 0);
            sum
        });
        Self(std::iter::once(0).chain(sums).collect())
    }
    /// Whether any HU of a range is visible; one HU beyond on each side counts, for blends are rounded.
    fn any(&self, [low, high]: [i16; 2]) -> bool {
        let [low, high] =
            [TransferFunction::entry_of(f64::from(low) - 1.0), TransferFunction::entry_of(f64::from(high) + 1.0)];
        low <= high && self.0[high + 1] > self.0[low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_sums_answers_for_any_range() {
        let points = vec![(-1024.0, [1.0, 1.0, 1.0, 0.0]), (100.0, [1.0; 4]), (104.0, [1.0, 1.0, 1.0, 0.0])];
        let visible = VisibleHu::new(&TransferFunction { points: points.clone() }.table());
        let table = TransferFunction { points }.table();
        for low in (-1100i16..1000).step_by(37) {
            for high in (low..1200).step_by(41) {
                let entries = TransferFunction::entry_of(f64::from(low) - 1.0)
                    ..=TransferFunction::entry_of(f64::from(high) + 1.0);
                assert_eq!(visible.any([low, high]), table[entries].iter().any(|e| e[3] > 0), "{low}..{high}");
            }
        }
    }

    #[test]
    fn distances_are_those_of_a_chessboard() {
        let size = [9, 7, 5];
        let mut bricks = Bricks::new(size.map(|n| n * Bricks::EDGE));
        let [ni, nj, nk] = size.map(|n| n * Bricks::EDGE);
        // Not at a border: one brick, not its neighbours.
        let dense = |k: usize| {
            let mut slice = vec![-1000; ni * nj];
            for (i, j, at) in [(12, 20, 19), (68, 52, 35)] {
                if k == at {
                    slice[j * ni + i] = 500;
                }
            }
            slice
        };
        for k in 0..nk {
            bricks.set_slice(k, &dense(k));
        }
        let transfer = super::super::VolumePreset::Bone.transfer();
        let leaps = Leaps::new(&bricks, &transfer, &LabelLook::default());
        for (n, brick) in leaps.bricks().iter().enumerate() {
            let at = [n % 9, n / 9 % 7, n / 9 / 7];
            let to = |b: [usize; 3]| (0..3).map(|a| at[a].abs_diff(b[a])).max().unwrap();
            assert_eq!(usize::from(brick.distance), to([1, 2, 2]).min(to([8, 6, 4])), "{at:?}");
        }
    }
}
