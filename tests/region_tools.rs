//! Region tools against shapes whose voxels are known: refinements exact, growing and the one-click lesion by overlap.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by stopping")]

use hilum::analysis::{
    BESIDE_LUNG, BESIDE_OTHER, Progress, RegionOperation, RegionOutcome, RegionTask, RegionVoxels, SeedStroke, Within,
    change_region,
};
use proptest::prelude::*;

struct Patient;

impl Progress for Patient {
    fn report(&mut self, _fraction: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// A box with its own truth.
struct Scene {
    size: [usize; 3],
    spacing_mm: [f64; 3],
    hu: Vec<i16>,
    labels: Vec<u8>,
    beside: Vec<u8>,
}

impl Scene {
    fn empty(size: [usize; 3], spacing_mm: [f64; 3]) -> Self {
        let count = size.iter().product();
        Self { size, spacing_mm, hu: vec![-860; count], labels: vec![0; count], beside: vec![0; count] }
    }
    fn at(&self, n: usize) -> [usize; 3] {
        let [ni, nj, _] = self.size;
        [n % ni, n / ni % nj, n / (ni * nj)]
    }
    fn offset(&self, [i, j, k]: [usize; 3]) -> usize {
        (k * self.size[1] + j) * self.size[0] + i
    }
    /// Millimetres from the middle of the box.
    fn mm(&self, n: usize) -> [f64; 3] {
        let at = self.at(n);
        [0, 1, 2].map(|a| (at[a] as f64 - (self.size[a] as f64 - 1.0) / 2.0) * self.spacing_mm[a])
    }
    fn mark(&mut self, label: u8, is_set: impl Fn([f64; 3]) -> bool) {
        for n in 0..self.labels.len() {
            if is_set(self.mm(n)) {
                self.labels[n] = label;
            }
        }
    }
    fn does_with(&self, operation: RegionOperation, locked: &[u8]) -> RegionOutcome {
        let voxels = RegionVoxels {
            size: self.size,
            spacing_mm: self.spacing_mm,
            hu: &self.hu,
            labels: &self.labels,
            beside: &self.beside,
        };
        let task = RegionTask { segment: 1, locked: locked.to_vec(), operation };
        change_region(&voxels, &task, &mut Patient).unwrap()
    }
    fn does(&self, operation: RegionOperation) -> Vec<u8> {
        self.does_with(operation, &[]).labels
    }
    fn ml(&self, voxels: usize) -> f64 {
        voxels as f64 * self.spacing_mm.iter().product::<f64>() / 1000.0
    }
}

fn norm(p: [f64; 3]) -> f64 {
    p.iter().map(|c| c * c).sum::<f64>().sqrt()
}

fn count(labels: &[u8], label: u8) -> usize {
    labels.iter().filter(|l| **l == label).count()
}

fn ball_ml(radius_mm: f64) -> f64 {
    4.0 / 3.0 * std::f64::consts::PI * radius_mm.powi(3) / 1000.0
}

const FINE: ([usize; 3], [f64; 3]) = ([80, 80, 60], [0.8, 0.8, 1.0]);

#[test]
fn holes_are_filled_and_what_opens_outward_is_not() {
    let mut scene = Scene::empty(FINE.0, FINE.1);
    scene.mark(1, |p| norm(p) <= 15.0 && norm(p) > 6.0);
    let filled = scene.does(RegionOperation::FillHoles);
    assert!((scene.ml(count(&filled, 1)) / ball_ml(15.0) - 1.0).abs() < 0.01);
    scene.mark(0, |p| p[0].abs() < 1.5 && p[1].abs() < 1.5 && p[2] > 0.0);
    assert_eq!(scene.does(RegionOperation::FillHoles), scene.labels, "a channel leads out of the hole");
}

#[test]
fn islands_go_and_the_largest_part_stays() {
    let mut scene = Scene::empty(FINE.0, FINE.1);
    let far = |p: [f64; 3], x: f64, r: f64| norm([p[0] - x, p[1], p[2]]) <= r;
    scene.mark(1, |p| far(p, -15.0, 8.0) || far(p, 5.0, 5.0) || far(p, 20.0, 2.0));
    scene.mark(2, |p| norm([p[0], p[1] - 25.0, p[2]]) <= 3.0);
    let others = count(&scene.labels, 2);
    let largest = scene.does(RegionOperation::KeepLargest);
    assert!((scene.ml(count(&largest, 1)) / ball_ml(8.0) - 1.0).abs() < 0.02);
    let without = scene.does(RegionOperation::RemoveIslands { below_mm3: 100.0 });
    assert!((scene.ml(count(&without, 1)) / (ball_ml(8.0) + ball_ml(5.0)) - 1.0).abs() < 0.02);
    assert_eq!((count(&largest, 2), count(&without, 2)), (others, others), "another segment is no part of it");
    // An island of exactly the limit stays.
    let mut one = Scene::empty([9, 9, 9], [1.0; 3]);
    one.mark(1, |p| p[0].abs() <= 0.5 && p[1].abs() <= 0.5 && p[2].abs() <= 0.5);
    assert_eq!(count(&one.does(RegionOperation::RemoveIslands { below_mm3: 1.0 }), 1), 1);
    assert_eq!(count(&one.does(RegionOperation::RemoveIslands { below_mm3: 1.01 }), 1), 0);
}

#[test]
fn margins_are_millimetres_on_any_grid() {
    for spacing in [[0.8, 0.8, 1.0], [0.7, 0.7, 2.5], [1.3, 0.6, 0.9]] {
        let size = spacing.map(|s| (60.0 / s) as usize);
        let mut scene = Scene::empty(size, spacing);
        scene.mark(1, |p| norm(p) <= 12.0);
        for (mm, radius) in [(5.0, 17.0), (-4.0, 8.0)] {
            let ml = scene.ml(count(&scene.does(RegionOperation::Margin { mm }), 1));
            assert!((ml / ball_ml(radius) - 1.0).abs() < 0.12, "{spacing:?} {mm}: {ml} against {}", ball_ml(radius));
        }
    }
    // The scan ends at the rim of the box: nothing is known of what lies beyond, so nothing is shaved off there.
    let mut cut = Scene::empty([20, 20, 20], [1.0; 3]);
    cut.mark(1, |p| p[2] > 0.0);
    assert_eq!(count(&cut.does(RegionOperation::Margin { mm: -2.0 }), 1), 20 * 20 * 8);
}

#[test]
fn smoothing_keeps_a_ball_and_takes_a_spike_off() {
    let mut scene = Scene::empty(FINE.0, FINE.1);
    scene.mark(1, |p| norm(p) <= 14.0);
    let ball = count(&scene.labels, 1);
    scene.mark(1, |p| p[0] > 10.0 && p[1].abs() < 0.5 && p[2].abs() < 0.6);
    let spike = scene.offset([75, 40, 30]);
    assert_eq!(scene.labels[spike], 1);
    // Blurred, the outline of a ball passes one half nearer to its middle, by sigma² / radius.
    let shrunk = (1.0 - 2.0f64.powi(2) / 14.0f64.powi(2)).powi(3);
    let gaussian = RegionOperation::Gaussian { sigma_mm: 2.0 };
    for (operation, expected) in [(RegionOperation::Median { radius_mm: 2.0 }, 1.0), (gaussian, shrunk)] {
        let smooth = scene.does(operation.clone());
        assert_eq!(smooth[spike], 0);
        let change = count(&smooth, 1) as f64 / ball as f64 - expected;
        assert!(change.abs() < 0.05, "{operation:?}: {change}");
    }
}

#[test]
fn neighbours_smoothed_together_leave_no_gap() {
    let mut scene = Scene::empty(FINE.0, FINE.1);
    // Two halves of a ball with a border like a saw.
    let saw = |p: [f64; 3]| if (p[1] / 2.0).floor() as i64 % 2 == 0 { 1.6 } else { -1.6 };
    scene.mark(1, |p| norm(p) <= 16.0 && p[0] <= saw(p));
    scene.mark(2, |p| norm(p) <= 16.0 && p[0] > saw(p));
    scene.mark(3, |p| norm([p[0], p[1], p[2] - 24.0]) <= 4.0);
    let locked: Vec<usize> = (0..scene.labels.len()).filter(|n| scene.labels[*n] == 3).collect();
    let smooth = scene.does_with(RegionOperation::JointGaussian { sigma_mm: 2.5 }, &[3]).labels;
    for (n, label) in smooth.iter().enumerate() {
        let p = scene.mm(n);
        if norm(p) < 12.0 {
            assert_ne!(*label, 0, "a gap at {p:?}");
            if p[0].abs() > 1.2 {
                assert_eq!(*label, if p[0] < 0.0 { 1 } else { 2 }, "at {p:?}");
            }
        }
    }
    assert!(locked.iter().all(|n| smooth[*n] == 3) && count(&smooth, 3) == locked.len());
}

#[test]
fn a_plane_parts_and_two_segments_combine() {
    let mut scene = Scene::empty([20, 20, 20], [1.0; 3]);
    scene.mark(1, |p| norm(p) <= 8.0);
    for (n, beside) in scene.beside.iter_mut().enumerate() {
        *beside = if n % 20 < 10 { BESIDE_OTHER } else { 0 };
    }
    let all = count(&scene.labels, 1);
    let parted = scene.does(RegionOperation::Split { plane: [1.0, 0.0, 0.0, -9.5], into: 7 });
    assert_eq!((count(&parted, 1), count(&parted, 7)), (all / 2, all / 2));
    assert!((0..parted.len()).all(|n| parted[n] != 7 || n % 20 >= 10));
    assert_eq!(count(&scene.does(RegionOperation::Intersect), 1), all / 2);
    assert_eq!(count(&scene.does(RegionOperation::Subtract), 1), all / 2);
    assert_eq!(count(&scene.does(RegionOperation::Union), 1), all / 2 + 20 * 20 * 10);
}

#[test]
fn a_threshold_takes_both_ends_of_its_range() {
    let mut scene = Scene::empty([10, 10, 10], [1.0; 3]);
    for n in 0..1000 {
        scene.hu[n] = n as i16 - 500;
        scene.labels[n] = u8::from(n < 600);
        scene.beside[n] = if n >= 400 { BESIDE_LUNG } else { 0 };
    }
    let range_hu = (-100, 200);
    let within = |within| {
        let labels = scene.does(RegionOperation::Threshold { range_hu, within });
        (0..1000).filter(|n| labels[*n] == 1).collect::<Vec<_>>()
    };
    assert_eq!(within(Within::Segment), (400..600).collect::<Vec<_>>());
    assert_eq!(within(Within::Lungs), (0..=700).collect::<Vec<_>>());
}

proptest! {
    /// Whatever is asked, voxels of locked segments stay, and so do those of other segments unless the operation says so.
    #[test]
    fn what_is_locked_stays(
        marks in prop::collection::vec(0u8..4, 12 * 11 * 9),
        hu in prop::collection::vec(-1000i16..200, 12 * 11 * 9),
        which in 0usize..14,
        at in [0usize..12, 0usize..11, 0usize..9],
        to in [0usize..12, 0usize..11, 0usize..9],
    ) {
        let mut scene = Scene::empty([12, 11, 9], [0.9, 1.1, 2.0]);
        (scene.labels, scene.hu) = (marks, hu);
        scene.beside = scene.labels.iter().map(|l| if *l == 2 { BESIDE_OTHER | BESIDE_LUNG } else { BESIDE_LUNG }).collect();
        let strokes = vec![
            SeedStroke { voxels: vec![at], inside: true },
            SeedStroke { voxels: vec![to], inside: false },
        ];
        let operation = [
            RegionOperation::FillHoles,
            RegionOperation::KeepLargest,
            RegionOperation::RemoveIslands { below_mm3: 5.0 },
            RegionOperation::Median { radius_mm: 1.5 },
            RegionOperation::Gaussian { sigma_mm: 1.5 },
            RegionOperation::JointGaussian { sigma_mm: 1.5 },
            RegionOperation::Margin { mm: 2.0 },
            RegionOperation::Margin { mm: -1.5 },
            RegionOperation::Union,
            RegionOperation::Subtract,
            RegionOperation::Threshold { range_hu: (-500, 0), within: Within::Lungs },
            RegionOperation::Grow { seed: at, factor: 2.0, most_mm: 8.0 },
            RegionOperation::Lesion { strokes: strokes.clone(), border: 0.5, most_mm: 8.0 },
            RegionOperation::Compete { strokes },
        ][which].clone();
        let out = scene.does_with(operation, &[3]).labels;
        for (new, old) in out.iter().zip(&scene.labels) {
            prop_assert_eq!(*new == 3, *old == 3);
            prop_assert!(new == old || *new == 1 || *old == 1 || which == 5);
        }
    }
}

/// A lesion in a lung beside the chest wall, with a vessel that leads through it, blurred and noisy.
struct Case {
    scene: Scene,
    truth: Vec<bool>,
    seed: [usize; 3],
}

fn noise(n: usize, seed: u64) -> f64 {
    // Twelve uniform numbers make a normal one.
    let mut x = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xd134_2543_de82_ef95);
    let mut sum = 0.0;
    for _ in 0..12 {
        x ^= x >> 30;
        x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^= x >> 27;
        sum += (x >> 11) as f64 / (1u64 << 53) as f64;
    }
    sum - 6.0
}

fn lesion(semi_axes_mm: [f64; 3], lesion_hu: f64, noise_hu: f64) -> Case {
    let spacing = [0.75, 0.75, 1.25];
    let mut scene = Scene::empty([120, 120, 72], spacing);
    let within = |p: [f64; 3]| norm([0, 1, 2].map(|a| p[a] / semi_axes_mm[a])) <= 1.0;
    let vessel = |p: [f64; 3]| (p[1] - 1.0 - 0.1 * p[0]).hypot(p[2] - 2.0) <= 1.9;
    // A second vessel crosses the first outside the lesion.
    let other = |p: [f64; 3]| (p[0] + 22.0).hypot(p[2] - 2.0) <= 2.2;
    let wall = |p: [f64; 3]| p[0] > semi_axes_mm[0] + 10.0;
    let truth: Vec<bool> = (0..scene.hu.len()).map(|n| within(scene.mm(n))).collect();
    let tissue = |p: [f64; 3]| match p {
        p if wall(p) => 40.0,
        p if vessel(p) || other(p) => 45.0,
        p if within(p) => lesion_hu,
        _ => -860.0,
    };
    // What a voxel blurs: eight points within its neighbourhood.
    for n in 0..scene.hu.len() {
        let p = scene.mm(n);
        let mut sum = 0.0;
        for corner in 0..8 {
            let sign = |bit: usize| if corner >> bit & 1 == 1 { 0.45 } else { -0.45 };
            sum += tissue([p[0] + sign(0), p[1] + sign(1), p[2] + sign(2)]) / 8.0;
        }
        scene.hu[n] = (sum + noise_hu * noise(n, 7)).round() as i16;
        scene.beside[n] = if wall(p) { 0 } else { BESIDE_LUNG };
    }
    // A reader clicks near the middle, not on it, and not on the vessel.
    let middle = scene.size.map(|s| s / 2);
    let seed = [middle[0] + 2, middle[1] - 4, middle[2] - 1];
    Case { scene, truth, seed }
}

fn dice(labels: &[u8], truth: &[bool]) -> f64 {
    let both = labels.iter().zip(truth).filter(|(l, t)| **l == 1 && **t).count();
    let sum = count(labels, 1) + truth.iter().filter(|t| **t).count();
    2.0 * both as f64 / sum as f64
}

/// The voxel deepest inside what is wrong, and whether it belongs to the lesion: where a reader would correct.
fn farthest_error(case: &Case, labels: &[u8]) -> Option<([usize; 3], bool)> {
    let wrong: Vec<bool> = labels.iter().zip(&case.truth).map(|(l, t)| (*l == 1) != *t).collect();
    let depth = hilum::volume::squared_distance_mm2(case.scene.size, case.scene.spacing_mm, |n| !wrong[n]);
    let deepest = (0..depth.len()).filter(|n| wrong[*n]).max_by(|a, b| depth[*a].total_cmp(&depth[*b]))?;
    Some((case.scene.at(deepest), case.truth[deepest]))
}

#[test]
fn one_click_finds_a_lesion_and_two_strokes_correct_it() {
    for (name, axes, hu) in [
        ("ground glass", [14.0, 10.0, 12.0], -600.0),
        ("part solid", [9.0, 9.0, 9.0], -350.0),
        ("solid", [8.0, 6.0, 7.0], 30.0),
        ("small solid", [5.0, 5.0, 5.0], 30.0),
        // Twice as wide as the vessel that leads through it, and ten voxels: a shell of half a voxel is a tenth of it.
        ("nodule", [4.0, 4.0, 4.0], 30.0),
        ("large consolidation", [20.0, 15.0, 18.0], 20.0),
    ] {
        for noise_hu in [12.0, 30.0, 60.0] {
            let case = lesion(axes, hu, noise_hu);
            let mut strokes = vec![SeedStroke { voxels: vec![case.seed], inside: true }];
            let mut reached = Vec::new();
            for _ in 0..3 {
                let operation = RegionOperation::Lesion { strokes: strokes.clone(), border: 0.5, most_mm: 45.0 };
                let out = case.scene.does_with(operation, &[]);
                assert!(!out.reached_limit, "{name}, noise {noise_hu}: it leaked");
                reached.push(dice(&out.labels, &case.truth));
                let Some((at, inside)) = farthest_error(&case, &out.labels) else { break };
                strokes.push(SeedStroke { voxels: vec![at], inside });
            }
            println!("{name}, noise {noise_hu}: {reached:.3?}");
            assert!(reached[0] >= 0.85, "{name}, noise {noise_hu}: {reached:.3?}");
            let corrected = match name {
                "nodule" => 0.88,
                "small solid" => 0.91,
                _ => 0.92,
            };
            let best = reached.iter().fold(0.0f64, |a, b| a.max(*b));
            assert!(
                reached.last().is_some_and(|d| *d >= corrected && *d >= best - 0.02),
                "{name}, noise {noise_hu}: {reached:.3?}"
            );
        }
    }
}

#[test]
fn growing_stays_in_what_is_alike_and_says_when_it_leaks() {
    for noise_hu in [0.0, 30.0] {
        let case = lesion([12.0, 10.0, 11.0], -600.0, noise_hu);
        let grow = |seed, factor| case.scene.does_with(RegionOperation::Grow { seed, factor, most_mm: 40.0 }, &[]);
        let found = grow(case.seed, 3.0);
        // The shell that is half lung, and the vessel inside, are not like the seed.
        assert!(dice(&found.labels, &case.truth) > 0.75, "{noise_hu}: {}", dice(&found.labels, &case.truth));
        assert!(!found.reached_limit);
        let lung = grow([20, 20, 20], 3.0);
        assert!(lung.reached_limit, "the lung goes on beyond the limit");
        let (low, high) = found.range_hu.unwrap();
        assert!(low < -600 && -600 < high);
    }
}

#[test]
fn strokes_compete_for_voxels() {
    // Two balls that touch: HU alone cannot part them, strokes can.
    let mut scene = Scene::empty(FINE.0, FINE.1);
    let ball = |p: [f64; 3], x: f64| norm([p[0] - x, p[1], p[2]]) <= 10.0;
    for n in 0..scene.hu.len() {
        let p = scene.mm(n);
        scene.hu[n] = if ball(p, -9.0) || ball(p, 9.0) { 30 } else { -860 };
    }
    let row = |from: usize, to: usize| (from..to).map(|i| [i, 40, 30]).collect::<Vec<_>>();
    let strokes =
        vec![SeedStroke { voxels: row(22, 36), inside: true }, SeedStroke { voxels: row(45, 58), inside: false }];
    let labels = scene.does(RegionOperation::Compete { strokes: strokes.clone() });
    let truth: Vec<bool> = (0..scene.hu.len()).map(|n| ball(scene.mm(n), -9.0) && scene.mm(n)[0] < 0.0).collect();
    assert!(dice(&labels, &truth) > 0.97, "{}", dice(&labels, &truth));
    assert!(strokes[1].voxels.iter().all(|v| labels[scene.offset(*v)] == 0));
}

#[test]
fn fewer_clicks_than_growing_and_a_threshold() {
    // The same scripted reader with three tools: Dice after each click, on lesions in the noise of a usual dose.
    const CLICKS: usize = 4;
    let mut means = [[0.0; CLICKS]; 3];
    let lesions = [
        ("ground glass", [14.0, 10.0, 12.0], -600.0),
        ("part solid", [9.0, 9.0, 9.0], -350.0),
        ("solid", [8.0, 6.0, 7.0], 30.0),
        ("large consolidation", [20.0, 15.0, 18.0], 20.0),
    ];
    for (name, axes, hu) in lesions {
        let case = lesion(axes, hu, 30.0);
        // Soft tissue that hangs together with the click.
        let mut tissue = Scene::empty(case.scene.size, case.scene.spacing_mm);
        tissue.hu = case.scene.hu.iter().map(|v| if *v >= -400 { 0 } else { -2000 }).collect();
        tissue.beside.clone_from(&case.scene.beside);
        // A click inside adds what the tool finds there, a click outside takes it away.
        let together = |strokes: &[SeedStroke], one: &dyn Fn([usize; 3]) -> Vec<u8>| {
            let mut labels = vec![0; case.truth.len()];
            for stroke in strokes {
                for (label, found) in labels.iter_mut().zip(one(stroke.voxels[0])) {
                    *label = if stroke.inside { *label | found } else { *label & (1 - found) };
                }
            }
            labels
        };
        type Tool<'a> = (&'a str, &'a dyn Fn(&[SeedStroke]) -> Vec<u8>);
        let tools: [Tool<'_>; 3] = [
            ("lesion in one click", &|strokes| {
                let strokes = strokes.to_vec();
                case.scene.does(RegionOperation::Lesion { strokes, border: 0.5, most_mm: 45.0 })
            }),
            ("region growing", &|strokes| {
                together(strokes, &|seed| case.scene.does(RegionOperation::Grow { seed, factor: 2.5, most_mm: 45.0 }))
            }),
            ("threshold at -400 HU", &|strokes| {
                together(strokes, &|seed| {
                    let is_dense = tissue.hu[tissue.offset(seed)] == 0;
                    let grown = RegionOperation::Grow { seed, factor: 1.0, most_mm: 45.0 };
                    if is_dense { tissue.does(grown) } else { vec![0; case.truth.len()] }
                })
            }),
        ];
        for (n, (tool, does)) in tools.into_iter().enumerate() {
            let mut strokes = vec![SeedStroke { voxels: vec![case.seed], inside: true }];
            let mut curve = Vec::new();
            while curve.len() < CLICKS {
                let labels = does(&strokes);
                curve.push(dice(&labels, &case.truth));
                let Some((at, inside)) = farthest_error(&case, &labels) else { break };
                strokes.push(SeedStroke { voxels: vec![at], inside });
            }
            curve.resize(CLICKS, curve.last().copied().unwrap_or_default());
            println!("{name}, {tool}: {curve:.3?}");
            curve.iter().enumerate().for_each(|(click, dice)| means[n][click] += dice / lesions.len() as f64);
        }
    }
    println!("on average: {means:.3?}");
    for click in 0..CLICKS {
        assert!(means[0][click] > means[1][click] + 0.05 && means[0][click] > means[2][click] + 0.05, "{means:.3?}");
    }
}
