//! Each number against numpy, scipy and SimpleITK on the same voxels: on a body made of formulas, and on real CTs where they are.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by stopping, and says what it skips"
)]

use hilum::analysis::{
    AnalysisError, BESIDE_LUNG, BESIDE_OTHER, CalciumParameters, ChestWallParameters, LesionParameters, LungParameters,
    Proposal, VesselParameters, propose_calcium, propose_chest_wall, propose_lesions, propose_lungs, propose_vessels,
};
use hilum::annotation::{Document, Edit, Layer, Origin, SegmentMeaning};
use hilum::geometry::{Grid, IndexBox, PatientPoint, PatientVector};
use hilum::report::{Pieces, Profile, lung_flags, quantities};
use hilum::volume::CtVolume;
use std::path::Path;

mod real;
use real::{Watch, data, volume};

#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, scratch};

/// Segments in the order of their codes: anatomy 1 to 6, findings 1 to 3.
const ANATOMY: [SegmentMeaning; 6] = [
    SegmentMeaning::RightLung,
    SegmentMeaning::LeftLung,
    SegmentMeaning::Airways,
    SegmentMeaning::SubcutaneousFat,
    SegmentMeaning::SkeletalMuscle,
    SegmentMeaning::Heart,
];
const FINDINGS: [SegmentMeaning; 3] =
    [SegmentMeaning::Lesion, SegmentMeaning::PulmonaryVessels, SegmentMeaning::Calcification];

fn meta_image(path: &Path, grid: &Grid, kind: &str, bytes: &[u8]) {
    let ([ni, nj, nk], [si, sj, sk]) = (grid.size(), grid.spacing_mm());
    let mut out = format!(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nDimSize = {ni} {nj} {nk}\n\
         ElementSpacing = {si} {sj} {sk}\nElementType = {kind}\nElementDataFile = LOCAL\n"
    )
    .into_bytes();
    out.extend_from_slice(bytes);
    std::fs::write(path, out).unwrap();
}

/// All that is proposed on a CT, the chest wall on slice `wall`, as codes: anatomy + 16 × finding.
fn everything(volume: &CtVolume, wall: usize) -> Vec<u8> {
    let grid = volume.grid();
    let [ni, nj, _] = grid.size();
    let lungs = propose_lungs(volume, &LungParameters::default(), &mut Watch(0.0)).unwrap();
    let inside: Vec<u8> = lungs.labels.iter().map(|l| u8::from(*l == 1 || *l == 2)).collect();
    let mut codes = lungs.labels;
    let lesions = propose_lesions(volume, inside.clone(), &LesionParameters::default(), &mut Watch(0.0)).unwrap();
    let vessels = propose_vessels(volume, &inside, &VesselParameters::default(), &mut Watch(0.0)).unwrap();
    for (code, (lesion, vessel)) in codes.iter_mut().zip(lesions.labels.iter().zip(&vessels.labels)) {
        *code += 16 * if *lesion > 0 { 1 } else { 2 * vessel };
    }
    let bounds = IndexBox { min: [0, 0, wall], max: [ni, nj, wall + 1] };
    let slice =
        CtVolume::from_slices(grid.part(&bounds).unwrap(), vec![volume.pixels(wall).unwrap().to_vec()]).unwrap();
    let here = wall * ni * nj..(wall + 1) * ni * nj;
    let found = propose_chest_wall(&slice, &inside[here.clone()], &ChestWallParameters::default(), &mut Watch(0.0));
    match found {
        Ok(Proposal { labels, flags, parts, .. }) => {
            let cm2 = |n: usize| parts[n].voxels as f64 * grid.spacing_mm()[0] * grid.spacing_mm()[1] / 100.0;
            println!("chest wall on slice {wall}: fat {:.1} cm², muscle {:.1} cm², {flags:?}", cm2(0), cm2(1));
            for (code, label) in codes[here].iter_mut().zip(labels).filter(|(c, l)| **c == 0 && *l > 0) {
                *code = 3 + label;
            }
        }
        Err(error) => println!("chest wall on slice {wall}: {error}"),
    }
    let beside: Vec<u8> = inside.iter().map(|l| l * BESIDE_LUNG).collect();
    match propose_calcium(volume, &beside, &CalciumParameters::default(), &mut Watch(0.0)) {
        Ok(found) => {
            println!(
                "calcium: {} voxels, heart {:.0} ml, {:?}",
                found.parts[0].voxels,
                grid.millilitres(found.parts[1].voxels),
                found.flags
            );
            for (code, label) in codes.iter_mut().zip(found.labels).filter(|(c, l)| **c == 0 && *l > 0) {
                *code = 6 + 16 * 3 * u8::from(label == 2);
            }
        }
        Err(error) => println!("calcium: {error}"),
    }
    codes
}

fn document(volume: &CtVolume, codes: &[u8]) -> Document {
    let mut document = Document::empty(*volume.grid()).unwrap();
    for meaning in ANATOMY.into_iter().chain(FINDINGS) {
        let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
        let born = Edit::Segment { number: segment.number, before: None, after: Some(segment) };
        document.apply(&born, volume).unwrap();
    }
    let [ni, nj, nk] = volume.grid().size();
    for layer in Layer::ALL {
        document.edit_voxels(layer, volume, |editor| {
            for (k, j) in (0..nk).flat_map(|k| (0..nj).map(move |j| (k, j))) {
                editor.set_span(k, j, 0, ni, |o, _| match layer {
                    Layer::Anatomy => Some(codes[o] % 16),
                    Layer::Findings => (codes[o] >= 16).then_some(codes[o] / 16 + 6),
                });
            }
        });
    }
    document
}

/// Numbers and pieces of a CT by us and by the others; all numbers within one part in a million.
fn compare(name: &str, volume: &CtVolume, codes: &[u8]) {
    let grid = volume.grid();
    let paths = ["ct", "labels"].map(|what| scratch("numbers", &format!("{name}-{what}.mha")));
    let hu: Vec<u8> = volume.values().flat_map(i16::to_le_bytes).collect();
    meta_image(&paths[0], grid, "MET_SHORT", &hu);
    meta_image(&paths[1], grid, "MET_UCHAR", codes);
    let document = document(volume, codes);
    let profile = Profile::of(&document);
    println!("{name}: flags {:?}", lung_flags(&document, &profile, |k| volume.is_loaded(k)));
    let Some(judged) = ask_highdicom("check_numbers.py", [&paths[0], &paths[1]]) else { return };
    for quantity in quantities(&document, &profile) {
        let theirs = judged["numbers"].get(quantity.name).unwrap_or_else(|| panic!("{} is not judged", quantity.name));
        match (quantity.value, theirs.as_f64()) {
            (Some(ours), Some(theirs)) => {
                println!("{name}: {} = {ours:.4} {}, others {theirs:.4}", quantity.name, quantity.unit);
                assert!((ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0), "{}", quantity.name);
            }
            (ours, theirs) => assert!(ours.is_none() && theirs.is_none_or(|t| t == 0.0), "{}: {ours:?}", quantity.name),
        }
    }
    let mut pieces = Pieces::default();
    pieces.recount(&document, 0..grid.size()[2]);
    let ours: Vec<u64> = pieces.list().iter().map(|p| p.voxels).collect();
    assert_eq!(serde_json::json!(ours), judged["pieces"]);
    // The search for calcium, in the heart as it is drawn.
    let bit = |c: &u8| BESIDE_OTHER * u8::from(c % 16 == 6);
    let beside: Vec<u8> = codes.iter().map(bit).collect();
    match propose_calcium(volume, &beside, &CalciumParameters::default(), &mut Watch(0.0)) {
        Ok(found) => assert_eq!(judged["calcium"], serde_json::json!(found.parts[0].voxels)),
        Err(error) => assert!(matches!(error, AnalysisError::NoHeart | AnalysisError::EnhancedHeart)),
    }
}

#[test]
fn on_a_body_of_formulas() {
    let steps = [(1.7, 0.0, 0.0), (0.0, 1.7, 0.0), (0.0, 0.0, 2.5)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let size = [190, 140, 96];
    let grid = Grid::new(size, PatientPoint::new(-161.0, -119.0, -119.0), steps).unwrap();
    let inside =
        |p: [f64; 3], c: [f64; 3], r: [f64; 3]| (0..3).map(|a| ((p[a] - c[a]) / r[a]).powi(2)).sum::<f64>() < 1.0;
    let mut random = 3u64;
    let mut noise = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((random >> 40) as f64 / (1u64 << 24) as f64 - 0.5) * 50.0
    };
    let slices = (0..size[2]).map(|k| {
        (0..size[0] * size[1])
            .map(|n| {
                let p = grid.patient_from_voxel(grid.index_at(k * size[0] * size[1] + n).centre()).0.to_array();
                let side = [p[0].abs(), p[1], p[2]];
                let hu = match () {
                    () if !inside([p[0], p[1], 0.0], [0.0; 3], [150.0, 105.0, 1.0]) => -1000.0,
                    () if !inside([p[0], p[1], 0.0], [0.0; 3], [135.0, 90.0, 1.0]) => -100.0,
                    () if p[2] > 15.0 && p[0].hypot(p[1] - 10.0) < 9.0 => -1000.0,
                    () if inside(p, [-70.0, 15.0, -20.0], [20.0, 18.0, 20.0]) => -560.0,
                    () if inside(p, [72.0, 20.0, 10.0], [12.0, 12.0, 14.0]) => 20.0,
                    () if inside(p, [-12.0, -35.0, -30.0], [4.0; 3]) => 450.0,
                    () if inside(side, [72.0, 0.0, 0.0], [48.0, 65.0, 100.0]) => {
                        if (p[0].abs() - 72.0).hypot(p[1] + 15.0) < 3.0 { 40.0 } else { -860.0 }
                    }
                    () => 45.0,
                };
                (hu + noise()).round() as i16
            })
            .collect()
    });
    let volume = CtVolume::from_slices(grid, slices.collect()).unwrap();
    let codes = everything(&volume, size[2] * 2 / 3);
    for finding in 1..=3u8 {
        assert!(codes.iter().any(|c| c / 16 == finding), "finding {finding} is found");
    }
    for anatomy in 1..=6u8 {
        assert!(codes.iter().any(|c| c % 16 == anatomy), "anatomy {anatomy} is found");
    }
    compare("formulas", &volume, &codes);
}

#[test]
fn on_real_cts() {
    for name in ["lungdx-a0001-B", "nlst-101287", "lidc-0001"] {
        let Some(folder) = data(name) else { continue };
        let (volume, _) = volume(&folder);
        // About the aortic arch: an eighth of the lungs' height below their top.
        let codes = everything(&volume, level(&volume));
        picture(name, &volume, &codes);
        compare(name, &volume, &codes);
    }
}

fn level(volume: &CtVolume) -> usize {
    let lungs = propose_lungs(volume, &LungParameters::default(), &mut Watch(0.0)).unwrap();
    let [ni, nj, nk] = volume.grid().size();
    let holds = |k: &usize| lungs.labels[k * ni * nj..(k + 1) * ni * nj].iter().any(|l| *l == 1 || *l == 2);
    let (first, last) = ((0..nk).find(holds).unwrap(), (0..nk).rfind(holds).unwrap());
    let depth = (last - first) / 4;
    if volume.grid().step(2).0.z > 0.0 { last - depth } else { first + depth }
}

/// The slice of the chest wall and three through the heart and the lungs, tinted; with `HILUM_TEST_PICTURES` set.
fn picture(name: &str, volume: &CtVolume, codes: &[u8]) {
    let Some(folder) = std::env::var_os("HILUM_TEST_PICTURES") else { return };
    let [ni, nj, nk] = volume.grid().size();
    let wall = (0..nk).find(|k| codes[k * ni * nj..(k + 1) * ni * nj].iter().any(|c| c % 16 == 4)).unwrap_or(nk / 2);
    let mut out = image::RgbImage::new(ni as u32 * 2, nj as u32 * 2);
    for (n, k) in [wall, nk * 2 / 5, nk / 2, nk * 3 / 5].into_iter().enumerate() {
        for o in 0..ni * nj {
            let at = k * ni * nj + o;
            let grey = ((f32::from(volume.at_offset(at)) + 1000.0) / 1400.0).clamp(0.0, 1.0) * 200.0;
            let tint = match (codes[at] / 16, codes[at] % 16) {
                (1, _) => [1.6, 0.6, 0.5],
                (2, _) => [1.2, 0.4, 1.4],
                (3, _) => [2.0, 2.0, 0.2],
                (_, 4) => [1.5, 1.4, 0.4],
                (_, 5) => [1.5, 0.7, 0.5],
                (_, 6) => [1.0, 1.1, 1.4],
                _ => [1.0; 3],
            };
            let (x, y) = (o % ni + n % 2 * ni, o / ni + n / 2 * nj);
            out.put_pixel(x as u32, y as u32, image::Rgb(tint.map(|t: f32| ((grey + 30.0) * t).min(255.0) as u8)));
        }
    }
    out.save(Path::new(&folder).join(format!("{name}-numbers.png"))).unwrap();
}
