//! From the CT to patches, from scores back to the CT.

use super::Network;
use super::card::{ModelCard, ModelError};
use super::tiles::{starts, weights};
use crate::analysis::components::Components;
use crate::analysis::{Part, Progress, Proposal, Structure};
use crate::geometry::PatientVector;
use crate::volume::CtVolume;
use std::ops::Range;

/// Most bytes of scores held at once.
const MOST_SCORES: usize = 1 << 30;
/// The box of the lungs is made larger by this, mm.
const MARGIN_MM: f64 = 10.0;
/// Share of the work that is the network's.
const NETWORK_SHARE: f32 = 0.95;

/// Runs a network over a CT. `lungs` are labels `[k, j, i]`, 0 outside; they may be empty where the card does not ask for them.
///
/// # Errors
/// [`ModelError::Unsuited`] for a CT without axial slices or without lungs where these are needed, [`ModelError::TooLarge`] before
/// anything is allocated, what the network says when it fails.
pub fn propose_with_model(
    volume: &CtVolume,
    lungs: &[u8],
    card: &ModelCard,
    scores: usize,
    network: &mut dyn Network,
    progress: &mut dyn Progress,
) -> Result<Proposal, ModelError> {
    let space = Space::of(volume, lungs, card)?;
    let mut labels = reserve::<u8>(volume.grid().voxel_count(), "labels")?;
    let places = [0, 1].map(|a| starts(space.size[a], card.patch[a + 1], card.overlap));
    let total = space.slices_wanted.len() * places[0].len() * places[1].len();
    let mut done = 0;
    for k in space.slices_wanted.clone() {
        let mut sums = Scores::new(space.size, scores, [card.patch[1], card.patch[2]])?;
        for j in &places[0] {
            for i in &places[1] {
                if progress.cancelled() {
                    return Err(ModelError::Cancelled);
                }
                let found = network.run(space.patch(k, [*j, *i]))?;
                if found.len() != scores * card.patch[1] * card.patch[2] {
                    return Err(ModelError::Failed("it gave another number of scores than it said".to_owned()));
                }
                sums.add([*j, *i], &found);
                done += 1;
                progress.report(NETWORK_SHARE * done as f32 / total as f32);
            }
        }
        space.label(k, &sums, card.threshold as f32, &mut labels);
    }
    if card.in_lungs {
        labels.iter_mut().zip(lungs).filter(|(_, lung)| **lung == 0).for_each(|(label, _)| *label = 0);
    }
    drop_small(volume, card, &mut labels);
    let part = |(n, meaning): (usize, &u8)| {
        let label = n as u8 + 1;
        let voxels = labels.iter().filter(|l| **l == label).count() as u64;
        Part { structure: Structure::Named(*meaning), label, voxels }
    };
    Ok(Proposal {
        algorithm: format!("model {}", card.name),
        parameters: card.parameters(),
        parts: card.meanings.iter().enumerate().map(part).collect(),
        flags: Vec::new(),
        labels,
    })
}

/// Drops the parts of each class that are smaller than the card says.
fn drop_small(volume: &CtVolume, card: &ModelCard, labels: &mut [u8]) {
    if card.smallest_ml <= 0.0 {
        return;
    }
    for class in 1..card.labels.len() as u8 {
        let parts = Components::of(labels, volume.grid().size(), |l| *l == class);
        let small = |n: usize| volume.grid().millilitres(parts.list[n].voxels) < card.smallest_ml;
        let dropped: Vec<_> = parts.runs().filter(|(n, _)| small(*n)).map(|(_, run)| run).collect();
        dropped.into_iter().for_each(|run| labels[run].fill(0));
    }
}

fn reserve<T: Default + Clone>(count: usize, what: &str) -> Result<Vec<T>, ModelError> {
    let need = count.saturating_mul(size_of::<T>());
    let too_large = ModelError::TooLarge {
        what: what.to_owned(),
        need_mib: (need >> 20) as u64,
        most_mib: (MOST_SCORES >> 20) as u64,
    };
    if need > MOST_SCORES {
        return Err(too_large);
    }
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_no_memory| too_large)?;
    all.resize(count, T::default());
    Ok(all)
}

/// A place on the CT between two voxels along one axis: `t` of the way from the first to the second.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    t: f32,
}

/// The region of each slice at the model's spacing. Axes are rows and columns; indices grow to back and left, slices to the head.
struct Space<'a> {
    slices: Vec<Option<&'a [i16]>>,
    /// Rows and columns of the CT.
    whole: [usize; 2],
    /// Slices to work on, as the CT stores them.
    slices_wanted: Range<usize>,
    /// Rows and columns of the region, in growing order.
    region: [Range<usize>; 2],
    /// Whether the CT stores slices, rows or columns the other way round.
    flipped: [bool; 3],
    /// Voxels of the CT for one of the model.
    ratio: [f64; 2],
    /// Rows and columns of the model.
    size: [usize; 2],
    card: &'a ModelCard,
}

impl<'a> Space<'a> {
    fn of(volume: &'a CtVolume, lungs: &[u8], card: &'a ModelCard) -> Result<Self, ModelError> {
        let grid = volume.grid();
        let unit = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
        if (0..3).any(|a| grid.axis_along(unit[a]) != a) {
            return Err(ModelError::Unsuited("its slices are not axial".to_owned()));
        }
        let [ni, nj, nk] = grid.size();
        let spacing = [grid.spacing_mm()[1], grid.spacing_mm()[0]];
        let whole = [nj, ni];
        let flipped = [grid.step(2).0.z, grid.step(1).0.y, grid.step(0).0.x].map(|step| step < 0.0);
        let (mut slices_wanted, mut region) = (0..nk, [0..nj, 0..ni]);
        if card.in_lungs {
            let [k, rows, columns] = lung_box(lungs, [nk, nj, ni])
                .ok_or_else(|| ModelError::Unsuited("it works in the lungs, and there are none".to_owned()))?;
            slices_wanted = k;
            region = [rows, columns];
            for (a, range) in region.iter_mut().enumerate() {
                let margin = (MARGIN_MM / spacing[a]).ceil() as usize;
                *range = range.start.saturating_sub(margin)..(range.end + margin).min(whole[a]);
                if flipped[a + 1] {
                    *range = whole[a] - range.end..whole[a] - range.start;
                }
            }
        }
        let ratio = [0, 1].map(|a| card.spacing_mm[a].map_or(1.0, |mm| mm / spacing[a]));
        let size = [0, 1].map(|a| ((region[a].len() as f64 / ratio[a] - 1e-6).ceil() as usize).max(1));
        let slices = (0..nk).map(|k| volume.pixels(k)).collect();
        Ok(Self { slices, whole, slices_wanted, region, flipped, ratio, size, card })
    }

    /// Where a row (0) or column (1) of the model lies on the CT; `None` outside.
    fn on_ct(&self, axis: usize, at: isize) -> Option<Between> {
        let place = (at as f64 + 0.5) * self.ratio[axis] - 0.5 + self.region[axis].start as f64;
        let last = self.whole[axis] as f64 - 1.0;
        if !(-0.5..=last + 0.5).contains(&place) {
            return None;
        }
        let place = place.clamp(0.0, last);
        let (first, t) = (place.floor() as usize, (place - place.floor()) as f32);
        let second = (first + 1).min(self.whole[axis] - 1);
        Some(Between { first: self.stored(axis, first), second: self.stored(axis, second), t })
    }

    fn stored(&self, axis: usize, n: usize) -> usize {
        if self.flipped[axis + 1] { self.whole[axis] - 1 - n } else { n }
    }

    /// The HU of a patch about slice `k` as the model takes them; air beyond the CT and where a slice is missing.
    fn patch(&self, k: usize, start: [isize; 2]) -> Vec<f32> {
        let card = self.card;
        let [low, high] = card.clip_hu;
        let ready = |hu: f32| ((f64::from(hu).clamp(low, high) - card.shift) / card.scale) as f32;
        let air = ready(f32::from(CtVolume::MISSING_HU));
        let [rows, columns] = [0, 1].map(|a| {
            (0..card.patch[a + 1]).map(|n| self.on_ct(a, start[a] + n as isize)).collect::<Vec<Option<Between>>>()
        });
        let mut patch = Vec::with_capacity(card.patch.iter().product());
        let mix = |a: i16, b: i16, t: f32| f32::from(a) + (f32::from(b) - f32::from(a)) * t;
        for n in 0..card.patch[0] {
            let away = n as isize - card.patch[0] as isize / 2;
            let at = k as isize + if self.flipped[0] { -away } else { away };
            let slice = usize::try_from(at).ok().and_then(|at| self.slices.get(at).copied().flatten());
            let Some(slice) = slice else {
                patch.resize(patch.len() + card.patch[1] * card.patch[2], air);
                continue;
            };
            for j in &rows {
                for i in &columns {
                    let (Some(j), Some(i)) = (j, i) else {
                        patch.push(air);
                        continue;
                    };
                    let row = |j: usize| {
                        let row = &slice[j * self.whole[1]..][..self.whole[1]];
                        mix(row[i.first], row[i.second], i.t)
                    };
                    let (a, b) = (row(j.first), row(j.second));
                    patch.push(ready(a + (b - a) * j.t));
                }
            }
        }
        patch
    }

    /// Brings the scores of slice `k` back to the CT: where all neighbours are of one class that class, else the one with the highest
    /// score between them.
    fn label(&self, k: usize, sums: &Scores, threshold: f32, labels: &mut [u8]) {
        let classes = sums.classes(threshold);
        let [rows, columns] = sums.size;
        let between = |axis: usize, n: usize| {
            let size = sums.size[axis];
            let place = ((n as f64 + 0.5) / self.ratio[axis] - 0.5).clamp(0.0, size as f64 - 1.0);
            let first = place.floor() as usize;
            Between { first, second: (first + 1).min(size - 1), t: (place - first as f64) as f32 }
        };
        let along: Vec<Between> = (0..self.region[1].len()).map(|i| between(1, i)).collect();
        debug_assert_eq!(classes.len(), rows * columns);
        for j in 0..self.region[0].len() {
            let bj = between(0, j);
            let row = (k * self.whole[0] + self.stored(0, self.region[0].start + j)) * self.whole[1];
            for (i, bi) in along.iter().enumerate() {
                let corners = [
                    bj.first * columns + bi.first,
                    bj.first * columns + bi.second,
                    bj.second * columns + bi.first,
                    bj.second * columns + bi.second,
                ];
                let class = classes[corners[0]];
                let label = if corners.iter().all(|c| classes[*c] == class) {
                    class
                } else {
                    sums.between(&corners, [bj.t, bi.t], threshold)
                };
                labels[row + self.stored(1, self.region[1].start + i)] = label;
            }
        }
    }
}

/// The lungs' box; `None` without lungs.
fn lung_box(lungs: &[u8], [nk, nj, ni]: [usize; 3]) -> Option<[Range<usize>; 3]> {
    if lungs.len() != nk * nj * ni {
        return None;
    }
    let mut found: Option<[Range<usize>; 3]> = None;
    for (row, values) in lungs.chunks_exact(ni).enumerate() {
        let Some(first) = values.iter().position(|l| *l != 0) else { continue };
        let last = values.iter().rposition(|l| *l != 0).unwrap_or(first);
        let here = [row / nj..row / nj + 1, row % nj..row % nj + 1, first..last + 1];
        found = Some(match found {
            None => here,
            Some(all) => [0, 1, 2].map(|a| all[a].start.min(here[a].start)..all[a].end.max(here[a].end)),
        });
    }
    found
}

/// Weighted sums of the scores of the patches of a slice.
struct Scores {
    size: [usize; 2],
    count: usize,
    patch: [usize; 2],
    along: [Vec<f32>; 2],
    /// Scores by class, then by voxel.
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl Scores {
    fn new(size: [usize; 2], count: usize, patch: [usize; 2]) -> Result<Self, ModelError> {
        let voxels = size[0].saturating_mul(size[1]);
        let what = "the scores of a slice at its spacing";
        let sums = reserve(voxels.saturating_mul(count), what)?;
        Ok(Self { size, count, patch, along: patch.map(weights), sums, weights: reserve(voxels, what)? })
    }

    fn add(&mut self, start: [isize; 2], found: &[f32]) {
        let [pj, pi] = self.patch;
        let voxels = self.weights.len();
        let inside = |axis: usize, n: usize| {
            let at = start[axis] + n as isize;
            usize::try_from(at).ok().filter(|at| *at < self.size[axis])
        };
        for j in 0..pj {
            let Some(aj) = inside(0, j) else { continue };
            for i in 0..pi {
                let Some(ai) = inside(1, i) else { continue };
                let weight = self.along[0][j] * self.along[1][i];
                let (to, from) = (aj * self.size[1] + ai, j * pi + i);
                self.weights[to] += weight;
                for class in 0..self.count {
                    self.sums[class * voxels + to] += weight * found[class * pj * pi + from];
                }
            }
        }
    }

    fn score(&self, class: usize, voxel: usize) -> f32 {
        self.sums[class * self.weights.len() + voxel] / self.weights[voxel].max(f32::MIN_POSITIVE)
    }

    /// The class of each voxel.
    fn classes(&self, threshold: f32) -> Vec<u8> {
        (0..self.weights.len()).map(|n| self.best(|class| self.score(class, n), threshold)).collect()
    }

    /// The class between four voxels.
    fn between(&self, corners: &[usize; 4], [tj, ti]: [f32; 2], threshold: f32) -> u8 {
        let shares = [(1.0 - tj) * (1.0 - ti), (1.0 - tj) * ti, tj * (1.0 - ti), tj * ti];
        let all = |class: usize| corners.iter().zip(shares).map(|(c, share)| share * self.score(class, *c)).sum();
        self.best(all, threshold)
    }

    /// The class with the highest score, the first of equals; with a single score, whether it exceeds the threshold.
    fn best(&self, score: impl Fn(usize) -> f32, threshold: f32) -> u8 {
        if self.count == 1 {
            return u8::from(score(0) > threshold);
        }
        let mut best = (0, score(0));
        for class in 1..self.count {
            let found = score(class);
            if found > best.1 {
                best = (class as u8, found);
            }
        }
        best.0
    }
}
