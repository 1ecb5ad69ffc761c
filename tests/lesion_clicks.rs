//! How many clicks a nodule takes: a scripted reader clicks where the error is deepest, as papers on interactive segmentation do,
//! against the outlines of four radiologists (LIDC-IDRI), and against region growing and a threshold with the same clicks.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::analysis::{
    BESIDE_LUNG, LungParameters, RegionOperation, RegionTask, RegionVoxels, SeedStroke, change_region, propose_lungs,
};
use hilum::geometry::raster_spans;
use hilum::volume::{CtVolume, squared_distance_mm2};

mod real;
use real::{Watch, data, volume};

/// Voxels that each reader outlined, `[k, j, i]`. An outline runs through the first pixels outside the nodule.
fn outlined(xml: &str, slices: &[String], size: [usize; 3]) -> Vec<Vec<bool>> {
    let between = |text: &str, tag: &str| -> Vec<String> {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        text.split(&open).skip(1).filter_map(|part| Some(part.split(&close).next()?.to_owned())).collect()
    };
    let [ni, nj, _] = size;
    let mut readers = Vec::new();
    for session in between(xml, "readingSession") {
        let mut mask = vec![false; size.iter().product()];
        for roi in between(&session, "roi") {
            let uid = between(&roi, "imageSOP_UID").concat();
            let Some(k) = slices.iter().position(|s| *s == uid) else { continue };
            let number = |tag: &str| between(&roi, tag).iter().map(|v| v.trim().parse().unwrap()).collect::<Vec<f64>>();
            let outline: Vec<[f64; 2]> =
                number("xCoord").into_iter().zip(number("yCoord")).map(|(x, y)| [x, y]).collect();
            // One point alone marks a nodule below 3 mm.
            if outline.len() < 3 || !roi.contains("<inclusion>TRUE") {
                continue;
            }
            let on_outline = |i: usize, j: usize| outline.contains(&[i as f64, j as f64]);
            for (j, begin, end) in raster_spans(&outline, ni, nj) {
                for i in (begin..end).filter(|i| !on_outline(*i, j)) {
                    mask[(k * nj + j) * ni + i] = true;
                }
            }
        }
        readers.push(mask);
    }
    readers
}

fn dice(a: &[bool], b: &[bool]) -> f64 {
    let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
    2.0 * both as f64 / (a.iter().chain(b).filter(|v| **v).count()).max(1) as f64
}

/// A box about the nodule.
struct Box3 {
    size: [usize; 3],
    spacing_mm: [f64; 3],
    hu: Vec<i16>,
    beside: Vec<u8>,
    truth: Vec<bool>,
}

impl Box3 {
    fn about(volume: &CtVolume, lungs: &[u8], truth: &[bool], around_mm: f64) -> Self {
        let grid = volume.grid();
        let inside: Vec<[usize; 3]> =
            (0..truth.len()).filter(|n| truth[*n]).map(|n| grid.index_at(n)).map(|v| [v.i, v.j, v.k]).collect();
        let reach = grid.spacing_mm().map(|s| (around_mm / s) as usize);
        let end = |a: usize, most: bool| {
            let values = inside.iter().map(|v| v[a]);
            if most { values.max().unwrap() } else { values.min().unwrap() }
        };
        let min = [0, 1, 2].map(|a| end(a, false).saturating_sub(reach[a]));
        let max = [0, 1, 2].map(|a| (end(a, true) + reach[a] + 1).min(grid.size()[a]));
        let size = [0, 1, 2].map(|a| max[a] - min[a]);
        let offsets: Vec<usize> = (0..size.iter().product::<usize>())
            .map(|n| [n % size[0] + min[0], n / size[0] % size[1] + min[1], n / (size[0] * size[1]) + min[2]])
            .map(|[i, j, k]| (k * grid.size()[1] + j) * grid.size()[0] + i)
            .collect();
        Self {
            size,
            spacing_mm: grid.spacing_mm(),
            hu: offsets.iter().map(|n| volume.at_offset(*n)).collect(),
            beside: offsets.iter().map(|n| if matches!(lungs[*n], 1 | 2) { BESIDE_LUNG } else { 0 }).collect(),
            truth: offsets.iter().map(|n| truth[*n]).collect(),
        }
    }
    fn does(&self, operation: RegionOperation) -> Vec<bool> {
        let labels = vec![0; self.hu.len()];
        let voxels = RegionVoxels {
            size: self.size,
            spacing_mm: self.spacing_mm,
            hu: &self.hu,
            labels: &labels,
            beside: &self.beside,
        };
        let task = RegionTask { segment: 1, locked: Vec::new(), operation };
        change_region(&voxels, &task, &mut Watch(0.0)).unwrap().labels.iter().map(|l| *l == 1).collect()
    }
    /// The voxel deepest inside what is wrong, and whether it belongs to the nodule.
    fn deepest(&self, found: &[bool]) -> Option<SeedStroke> {
        let wrong = |n: usize| found[n] != self.truth[n];
        let depth = squared_distance_mm2(self.size, self.spacing_mm, |n| !wrong(n));
        let n = (0..depth.len()).filter(|n| wrong(*n)).max_by(|a, b| depth[*a].total_cmp(&depth[*b]))?;
        let at = [n % self.size[0], n / self.size[0] % self.size[1], n / (self.size[0] * self.size[1])];
        Some(SeedStroke { voxels: vec![at], inside: self.truth[n] })
    }
    /// Dice after each click of a tool.
    fn clicks(&self, count: usize, tool: impl Fn(&[SeedStroke]) -> Vec<bool>) -> Vec<f64> {
        let mut found = vec![false; self.truth.len()];
        let (mut strokes, mut reached) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let Some(stroke) = self.deepest(&found) else { break };
            strokes.push(stroke);
            found = tool(&strokes);
            reached.push(dice(&found, &self.truth));
        }
        reached
    }
}

#[test]
fn a_nodule_that_four_radiologists_outlined() {
    let Some(folder) = data("lidc-0001") else { return };
    let (volume, slices) = volume(&folder);
    let xml = std::fs::read_to_string(folder.join("069.xml")).unwrap();
    let readers = outlined(&xml, &slices, volume.grid().size());
    assert_eq!(readers.len(), 4);
    let ml = |mask: &[bool]| volume.grid().millilitres(mask.iter().filter(|v| **v).count() as u64);
    println!("readers: {:?} ml", readers.iter().map(|r| (ml(r) * 100.0).round() / 100.0).collect::<Vec<_>>());
    let most: Vec<bool> = (0..readers[0].len()).map(|n| readers.iter().filter(|r| r[n]).count() >= 2).collect();
    let among: Vec<f64> =
        (0..4).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| dice(&readers[a], &readers[b])).collect();
    println!("readers among themselves: Dice {among:.3?}");
    let lungs = propose_lungs(&volume, &LungParameters::default(), &mut Watch(0.0)).unwrap();
    let about = Box3::about(&volume, &lungs.labels, &most, 45.0);
    let lesion = about.clicks(6, |strokes| {
        about.does(RegionOperation::Lesion { strokes: strokes.to_vec(), border: 0.5, most_mm: 45.0 })
    });
    let union = |strokes: &[SeedStroke], one: &dyn Fn([usize; 3]) -> Vec<bool>| {
        let mut all = vec![false; about.truth.len()];
        for stroke in strokes {
            for (all, one) in all.iter_mut().zip(one(stroke.voxels[0])) {
                // A click outside takes what it finds away.
                *all = if stroke.inside { *all || one } else { *all && !one };
            }
        }
        all
    };
    let grown = about.clicks(6, |strokes| {
        union(strokes, &|seed| about.does(RegionOperation::Grow { seed, factor: 2.5, most_mm: 45.0 }))
    });
    // Soft tissue that hangs together with the click, as a threshold with "keep the largest" gives it.
    let threshold = about.clicks(6, |strokes| {
        union(strokes, &|seed| {
            let n = (seed[2] * about.size[1] + seed[1]) * about.size[0] + seed[0];
            let dense = Box3 {
                hu: about.hu.iter().map(|v| if *v >= -400 { 0 } else { -2000 }).collect(),
                ..Box3::copy(&about)
            };
            if about.hu[n] < -400 {
                return vec![false; about.truth.len()];
            }
            dense.does(RegionOperation::Grow { seed, factor: 1.0, most_mm: 45.0 })
        })
    });
    println!("clicks, lesion tool:    {lesion:.3?}");
    println!("clicks, region growing: {grown:.3?}");
    println!("clicks, threshold:      {threshold:.3?}");
    assert!(lesion[0] >= 0.88, "one click: {lesion:.3?}");
    assert!(lesion[0] > grown[0] && lesion[0] > threshold[0]);
    assert!(*lesion.last().unwrap() >= 0.9, "six clicks: {lesion:.3?}");
}

impl Box3 {
    fn copy(other: &Self) -> Self {
        Self {
            size: other.size,
            spacing_mm: other.spacing_mm,
            hu: Vec::new(),
            beside: other.beside.clone(),
            truth: other.truth.clone(),
        }
    }
}
