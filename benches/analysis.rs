//! Times of proposals, tools and numbers on a full-size CT: 512 × 512 × 300 voxels of 0.7 × 0.7 × 1 mm.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench fails by stopping")]

use criterion::{Criterion, criterion_group, criterion_main};
use hilum::analysis::{
    LesionParameters, LungParameters, Progress, RegionOperation, RegionTask, RegionVoxels, change_region,
    propose_lesions, propose_lungs,
};
use hilum::annotation::{
    Brush, BrushShape, ContourAction, Document, Edit, Gate, Origin, SegmentMeaning, brush_stroke, fill_contour,
};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector, Plane, VoxelIndex};
use hilum::report::{Profile, quantities};
use hilum::volume::CtVolume;
use ndarray::Array3;
use std::hint::black_box;

struct Ignored;

impl Progress for Ignored {
    fn report(&mut self, _fraction: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

const CENTRE: PatientPoint = PatientPoint::new(0.0, 0.0, 0.0);

/// A body with two lungs that touch, a trachea, vessels as noise, and one opacity.
fn chest() -> CtVolume {
    let size = [512usize, 512, 300];
    let steps = [(0.7, 0.0, 0.0), (0.0, 0.7, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let grid = Grid::new(size, PatientPoint::new(-178.85, -178.85, -149.5), steps).unwrap();
    let mut random = 7u32;
    let hu = Array3::from_shape_fn((size[2], size[1], size[0]), |(k, j, i)| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (random >> 24) as i16 / 2 - 64;
        let (x, y, z) = (i as f32 * 0.7 - 178.85, j as f32 * 0.7 - 178.85, k as f32 - 149.5);
        let lung = ((x.abs() - 70.0) / 58.0).powi(2) + (y / 85.0).powi(2) + (z / 130.0).powi(2) < 1.0;
        let sheet = x.abs() < 40.0 && (y + 60.0).abs() < 1.5 && z.abs() < 40.0;
        let vessel = (i / 9 * 31 + j / 9 * 17 + k / 40 * 7) % 29 == 0 && i % 9 < 4 && j % 9 < 4;
        let tissue = match () {
            () if x.hypot(y - 10.0) < 9.0 && z > 0.0 => -1000,
            () if lung && (x + 70.0).powi(2) + y * y + z * z < 900.0 => -500,
            () if lung && vessel => 40,
            () if lung || sheet => -860,
            () if (x / 165.0).powi(2) + (y / 115.0).powi(2) < 1.0 => 40,
            () => -1000,
        };
        tissue + noise
    });
    CtVolume::from_array(grid, hu).unwrap()
}

fn document(volume: &CtVolume) -> Document {
    let mut document = Document::empty(*volume.grid()).unwrap();
    for meaning in [SegmentMeaning::Lesion, SegmentMeaning::RightLung] {
        let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
        let born = Edit::Segment { number: segment.number, before: None, after: Some(segment) };
        document.apply(&born, volume).unwrap();
    }
    document
}

fn circle(radius_mm: f64) -> Vec<[f64; 2]> {
    (0..180).map(|n| f64::from(n) * 0.035).map(|t| [radius_mm * t.cos(), radius_mm * t.sin()]).collect()
}

fn proposals(criterion: &mut Criterion) {
    let volume = chest();
    let mut group = criterion.benchmark_group("proposals");
    group.sample_size(10);
    let lungs = propose_lungs(&volume, &LungParameters::default(), &mut Ignored).unwrap();
    group.bench_function("lungs", |b| b.iter(|| propose_lungs(&volume, &LungParameters::default(), &mut Ignored)));
    let inside: Vec<u8> = lungs.labels.iter().map(|l| u8::from(*l == 1 || *l == 2)).collect();
    group.bench_function("lesions", |b| {
        b.iter(|| propose_lesions(&volume, &inside, &LesionParameters::default(), &mut Ignored));
    });
    group.finish();
}

fn tools(criterion: &mut Criterion) {
    let volume = chest();
    let mut document = document(&volume);
    let mut group = criterion.benchmark_group("tools");
    for plane in AnatomicalPlane::ALL {
        let cut = Plane::anatomical(plane, CENTRE);
        group.bench_function(format!("contour of 80 mm, {plane:?}, and back"), |b| {
            b.iter(|| {
                let edit = fill_contour(&mut document, &volume, 1, &cut, &circle(40.0), ContourAction::Add).unwrap();
                document.apply(&edit, &volume).unwrap();
            });
        });
    }
    let cut = Plane::anatomical(AnatomicalPlane::Axial, CENTRE);
    for shape in [BrushShape::Disc, BrushShape::Ball] {
        let brush = Brush { radius_mm: 15.0, shape, gate: Gate { range_hu: Some((-700, 100)), in_lungs: false } };
        let path = [CENTRE, PatientPoint::new(6.0, 3.0, 0.0)];
        group.bench_function(format!("{shape:?} of 30 mm and back"), |b| {
            b.iter(|| {
                let edit = brush_stroke(&mut document, &volume, 1, &brush, &cut, &path, false).unwrap();
                document.apply(&edit, &volume).unwrap();
            });
        });
    }
    for z in -5..=5 {
        let cut = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, f64::from(z) * 5.0));
        fill_contour(&mut document, &volume, 1, &cut, &circle(40.0), ContourAction::Add).unwrap();
    }
    group.sample_size(10);
    // The box of the segment, as the page cuts it out.
    let [i, j, k] = [195..317, 195..317, 124..176];
    let (map, size) = (document.layer(SegmentMeaning::Lesion.layer()), [i.len(), j.len(), k.len()]);
    let at = |k: usize, j: usize| i.clone().map(move |i| VoxelIndex::new(i, j, k));
    let labels: Vec<u8> = k.clone().flat_map(|k| j.clone().flat_map(move |j| at(k, j))).map(|v| map.at(v)).collect();
    let beside = vec![0; labels.len()];
    group.bench_function("interpolation of 50 slices of 80 mm", |b| {
        let voxels = RegionVoxels { size, spacing_mm: [0.7, 0.7, 1.0], hu: &[], labels: &labels, beside: &beside };
        let task = RegionTask { segment: 1, locked: vec![], operation: RegionOperation::Interpolate { axis: 2 } };
        b.iter(|| change_region(&voxels, &task, &mut Ignored).unwrap());
    });
    let cut = Plane::anatomical(AnatomicalPlane::Axial, CENTRE);
    fill_contour(&mut document, &volume, 2, &cut, &circle(60.0), ContourAction::Add).unwrap();
    group.bench_function("quantities", |b| b.iter(|| black_box(quantities(&document, &Profile::of(&document)))));
    group.finish();
}

criterion_group!(benches, proposals, tools);
criterion_main!(benches);
