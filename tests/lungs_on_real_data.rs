//! Lungs of real CTs, public and de-identified, that are no part of the project: `HILUM_TEST_DATA`, by default
//! `../shared/data`.
//!
//! Where they are absent each test says that it is skipped; with `CI=true` their absence is a failure. With
//! `HILUM_TEST_PICTURES` set to a folder the proposals are written there as pictures to look at. With `HILUM_VALIDATION=1` the tests
//! write `docs/validation.md` anew, one line a case; run alone, `cargo test --test lungs_on_real_data -- --test-threads=1`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::analysis::{
    LesionParameters, LungParameters, Proposal, QualityFlag, Structure, propose_lesions, propose_lungs,
};
use hilum::geometry::VoxelPoint;
use hilum::report::Doubt;
use hilum::volume::CtVolume;
use std::path::Path;

mod files;
mod real;
use real::{Watch, data, volume};

fn millilitres(volume: &CtVolume, proposal: &Proposal, structure: Structure) -> f64 {
    let part = proposal.parts.iter().find(|p| p.structure == structure).unwrap();
    assert_eq!(proposal.labels.iter().filter(|l| **l == part.label).count() as u64, part.voxels);
    volume.grid().millilitres(part.voxels)
}

/// Mean patient x of a label.
fn mean_x(volume: &CtVolume, proposal: &Proposal, label: u8) -> f64 {
    let grid = volume.grid();
    let x: Vec<f64> = (0..proposal.labels.len())
        .filter(|o| proposal.labels[*o] == label)
        .map(|o| grid.patient_from_voxel(grid.index_at(o).centre()).0.x)
        .collect();
    x.iter().sum::<f64>() / x.len() as f64
}

/// Axial and coronal slices with the labels tinted, side by side in one picture.
fn picture(name: &str, volume: &CtVolume, labels: &[u8]) {
    let Some(folder) = std::env::var_os("HILUM_TEST_PICTURES") else { return };
    let grid = volume.grid();
    let [ni, nj, nk] = grid.size();
    let width = 320;
    let scale = ni as f64 * grid.spacing_mm()[0] / f64::from(width);
    let rows = [(nj, 1), (nk, 2)].map(|(n, a)| (n as f64 * grid.spacing_mm()[a] / scale) as u32);
    let mut out = image::RgbImage::new(width * 4, rows[0] * 2 + rows[1] * 2);
    let mut draw = |x0: u32, y0: u32, height: u32, at: &dyn Fn(f64, f64) -> VoxelPoint| {
        for y in 0..height {
            for x in 0..width {
                let p = at(f64::from(x) * scale, f64::from(y) * scale).0;
                let (i, j, k) = (p.x as usize, p.y as usize, p.z as usize);
                if i >= ni || j >= nj || k >= nk {
                    continue;
                }
                let offset = (k * nj + j) * ni + i;
                let grey = ((f32::from(volume.at_offset(offset)) + 1350.0) / 1500.0).clamp(0.0, 1.0) * 255.0;
                let tint = [[1.0, 1.0, 1.0], [0.6, 0.8, 1.4], [0.6, 1.4, 0.8], [1.6, 1.5, 0.5]]
                    [usize::from(labels[offset].min(3))];
                out.put_pixel(
                    x0 + x,
                    y0 + y,
                    image::Rgb(tint.map(|t: f32| ((grey + if t == 1.0 { 0.0 } else { 25.0 }) * t).min(255.0) as u8)),
                );
            }
        }
    };
    let s = grid.spacing_mm();
    for n in 0..8u32 {
        let k = f64::from(n + 1) / 9.0 * nk as f64;
        draw(n % 4 * width, n / 4 * rows[0], rows[0], &|x, y| VoxelPoint::new(x / s[0], y / s[1], k));
        let j = (0.25 + 0.5 * f64::from(n) / 7.0) * nj as f64;
        draw(n % 4 * width, rows[0] * 2 + n / 4 * rows[1], rows[1], &|x, y| {
            VoxelPoint::new(x / s[0], j, nk as f64 - 1.0 - y / s[2])
        });
    }
    out.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
}

fn check(name: &str, lungs_ml: std::ops::Range<f64>, is_screening: bool) {
    let Some(folder) = data(name) else { return };
    let (volume, _) = volume(&folder);
    let lungs = propose_lungs(&volume, &LungParameters::default(), &mut Watch(0.0)).unwrap();
    println!("{name}: {:?}, {:?}", volume.grid().size(), lungs.flags);
    picture(&format!("{name}-lungs"), &volume, &lungs.labels);
    let [right, left, airways] =
        [Structure::RightLung, Structure::LeftLung, Structure::Airways].map(|s| millilitres(&volume, &lungs, s));
    println!("right {right:.0} ml, left {left:.0} ml, airways {airways:.1} ml");
    let inside: Vec<u8> = lungs.labels.iter().map(|l| u8::from(*l == 1 || *l == 2)).collect();
    let lesions = propose_lesions(&volume, inside.clone(), &LesionParameters::default(), &mut Watch(0.0)).unwrap();
    let [glass, solid] = [Structure::GroundGlass, Structure::Consolidation].map(|s| millilitres(&volume, &lesions, s));
    let share = 100.0 * (glass + solid) / (right + left);
    println!("ground glass {glass:.1} ml, consolidation {solid:.1} ml: {share:.2} %, {:?}", lesions.flags);
    let flags: Vec<&str> =
        lungs.flags.iter().chain(&lesions.flags).map(|flag| Doubt::Flag(*flag).code().value).collect();
    let slices = volume.grid().spacing_mm()[2];
    let none = "none exists";
    record(&format!(
        "| {name} | {slices:.1} | {:.0} / {:.0} | {none} | {none} | {share:.2} | {} |",
        right,
        left,
        flags.join(", ")
    ));
    // A healthy lung shows less than a hundredth; what shows more, here a tumour on slices of 5 mm, is doubted.
    let like_healthy = lesions.flags.iter().any(|f| matches!(f, QualityFlag::LikeHealthy { .. }));
    let is_thick = lesions.flags.iter().any(|f| matches!(f, QualityFlag::ThickSlices { .. }));
    assert_eq!(like_healthy, share < 1.0, "{share} %: {:?}", lesions.flags);
    assert!(share < 1.0 || is_thick, "{share} %: {:?}", lesions.flags);
    assert!(!is_screening || share < 1.0, "a screening CT without opacities: {share} %");
    picture(&format!("{name}-opacities"), &volume, &lesions.labels);
    assert!(lungs_ml.contains(&(right + left)), "{} ml", right + left);
    assert!((0.7..1.7).contains(&(right / left)), "right to left {}", right / left);
    assert!(mean_x(&volume, &lungs, 1) < mean_x(&volume, &lungs, 3), "the right lung lies to the right of the trachea");
    assert!(mean_x(&volume, &lungs, 2) > mean_x(&volume, &lungs, 3), "the left lung lies to the left of the trachea");
    assert!((10.0..120.0).contains(&airways), "airways {airways} ml");
    assert!(!lungs.flags.contains(&QualityFlag::NoAirwayFound));
    assert!(!lungs.flags.iter().any(|f| matches!(f, QualityFlag::AreaJump { .. })), "{:?}", lungs.flags);
    assert!(
        lesions.labels.iter().zip(&inside).all(|(lesion, lung)| *lesion == 0 || *lung == 1),
        "opacities lie inside the lungs"
    );
}

#[test]
fn thick_slices_with_a_tumour() {
    check("lungdx-a0001-B", 2000.0..8000.0, false);
}

#[test]
fn low_dose_screening() {
    check("nlst-101287", 2000.0..8000.0, true);
}

#[test]
fn contrast_enhanced() {
    check("lidc-0001", 2000.0..8000.0, true);
}

#[test]
fn a_slice_that_never_arrived_costs_no_more_than_itself() {
    let Some(folder) = data("lungdx-a0001-B") else { return };
    let (whole, _) = volume(&folder);
    let lungs = |volume: &CtVolume| propose_lungs(volume, &LungParameters::default(), &mut Watch(0.0)).unwrap();
    let full = lungs(&whole);
    let [ni, nj, nk] = whole.grid().size();
    for missing in [nk / 3, nk / 2, nk * 2 / 3] {
        let mut volume = CtVolume::empty(*whole.grid()).unwrap();
        for k in (0..nk).filter(|k| *k != missing) {
            let slice: Vec<i16> = whole.slice(k).unwrap().iter().copied().collect();
            volume.set_slice(k, slice).unwrap();
        }
        let found = lungs(&volume);
        for label in 1..=2u8 {
            let (mut both, mut sum) = (0u64, 0u64);
            for (offset, (a, b)) in full.labels.iter().zip(&found.labels).enumerate() {
                if offset / (ni * nj) == missing {
                    assert_eq!(*b, 0, "what was not scanned is not measured");
                } else {
                    both += u64::from(*a == label && *b == label);
                    sum += u64::from(*a == label) + u64::from(*b == label);
                }
            }
            let dice = 2.0 * both as f64 / sum as f64;
            println!("slice {missing} missing, label {label}: Dice {dice:.4}");
            assert!(dice > 0.99, "slice {missing} missing, label {label}: Dice {dice}");
        }
    }
}

/// The bases of the lungs on a body CT of 3 mm, against the lobes that a network drew (TotalSegmentator's own example).
#[test]
fn bases_of_lungs_on_a_body_ct() {
    let Some(folder) = data("totalseg-example") else { return };
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let header = files::header(&bytes).unwrap();
        let (volume, report) = files::voxels(&header, &bytes, 1 << 12);
        report.unwrap();
        volume
    };
    let (ct, reference) = (read("example_ct_sm.nii.gz"), read("example_seg.nii.gz"));
    assert!(ct.grid().same_space(reference.grid(), 0.01));
    // Lobes: 10 and 11 left, 12 to 14 right.
    let lobes: Vec<bool> = reference.values().map(|v| (10..=14).contains(&v)).collect();
    let ml = |n: usize| ct.grid().millilitres(n as u64);
    println!("lobes {:.0} ml", ml(lobes.iter().filter(|l| **l).count()));
    // A hundred ml of lung are no chest CT: without being asked to, none are proposed.
    let refused = propose_lungs(&ct, &LungParameters::default(), &mut Watch(0.0));
    assert_eq!(refused, Err(hilum::analysis::AnalysisError::NoLungs));
    let parameters = LungParameters { lungs_at_least_ml: 50.0, ..LungParameters::default() };
    let found = propose_lungs(&ct, &parameters, &mut Watch(0.0)).unwrap();
    picture("totalseg-lungs", &ct, &found.labels);
    let ours: Vec<bool> = found.labels.iter().map(|l| *l == 1 || *l == 2).collect();
    let agreed = hilum::analysis::agreement(ct.grid().size(), ct.grid().spacing_mm(), &ours, &lobes).unwrap();
    println!("lungs {:.0} ml, {agreed:?}, {:?}", ml(ours.iter().filter(|l| **l).count()), found.flags);
    assert!(found.flags.iter().any(|f| matches!(f, QualityFlag::LungsTouchEnd { top: true, .. })), "{:?}", found.flags);
    // The targets for healthy lungs, on a part of them: Dice 0.97, surface Dice 0.92 (at 2 mm). Dice falls short by less than the reference's
    // own voxels of 3 mm; the flags say that a part was scanned.
    let (dice, surface) = (agreed.dice.unwrap(), agreed.surface_dice.unwrap());
    assert!(dice > 0.96 && surface[0] > 0.92, "{agreed:?}");
    assert!(found.flags.iter().any(|f| matches!(f, QualityFlag::LungRatio { .. })), "{:?}", found.flags);
    // Right and left apart.
    let side = |ours: u8, theirs: std::ops::RangeInclusive<i16>| {
        let ours: Vec<bool> = found.labels.iter().map(|l| *l == ours).collect();
        let theirs: Vec<bool> = reference.values().map(|v| theirs.contains(&v)).collect();
        let agreed = hilum::analysis::agreement(ct.grid().size(), ct.grid().spacing_mm(), &ours, &theirs).unwrap();
        agreed.dice.unwrap()
    };
    let [right, left] = [side(1, 12..=14), side(2, 10..=11)];
    println!("right {right:.3}, left {left:.3}");
    assert!(right > 0.95 && left > 0.95, "right {right}, left {left}");
    let flags: Vec<&str> = found.flags.iter().map(|flag| Doubt::Flag(*flag).code().value).collect();
    record(&format!(
        "| totalseg-example | {:.1} | {:.0} | {dice:.3} (right {right:.3}, left {left:.3}) | {:.3} | not looked for | {} |",
        ct.grid().spacing_mm()[2],
        ml(ours.iter().filter(|l| **l).count()),
        surface[0],
        flags.join(", ")
    ));
}

/// Writes a line of `docs/validation.md`, under its head, in the place of the line of the same case; lines stand in the order of the
/// alphabet.
fn record(line: &str) {
    if std::env::var_os("HILUM_VALIDATION").is_none() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let case = |line: &str| line.split('|').nth(1).map(str::to_owned);
    let head: Vec<&str> = text.lines().take_while(|l| !l.starts_with("| -")).collect();
    let rule = text.lines().find(|l| l.starts_with("| -")).unwrap();
    let mut cases: Vec<&str> = text.lines().skip(head.len() + 1).take_while(|l| l.starts_with('|')).collect();
    let rest = text.lines().skip(head.len() + 1 + cases.len());
    cases.retain(|old| case(old) != case(line));
    cases.push(line);
    cases.sort_unstable();
    let all: Vec<&str> = head.iter().copied().chain([rule]).chain(cases).chain(rest).collect();
    std::fs::write(&path, all.join("\n") + "\n").unwrap();
}
