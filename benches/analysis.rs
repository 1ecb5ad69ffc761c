//! Times of proposals, tools and numbers on a full-size CT: 512 × 512 × 300 voxels of 0.7 × 0.7 × 1 mm.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench fails by stopping")]

use criterion::{Criterion, criterion_group, criterion_main};
use hilum::analysis::{
    Across, LesionParameters, LungParameters, RegionOperation, RegionTask, RegionVoxels, change_region,
    propose_lesions, propose_lungs,
};
use hilum::annotation::{
    Brush, BrushShape, ContourAction, Document, Edit, Gate, Origin, SegmentMeaning, brush_stroke, fill_contour,
};
use hilum::geometry::{AnatomicalPlane, PatientPoint, Plane, VoxelIndex};
use hilum::report::{Profile, quantities};
use hilum::volume::CtVolume;
use std::hint::black_box;

mod chest;
use chest::{CENTRE, Ignored, chest};

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
        b.iter(|| propose_lesions(&volume, inside.clone(), &LesionParameters::default(), &mut Ignored));
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
    let labels: Vec<u8> = k.flat_map(|k| j.clone().flat_map(move |j| at(k, j))).map(|v| map.at(v)).collect();
    let beside = vec![0; labels.len()];
    group.bench_function("interpolation of 50 slices of 80 mm", |b| {
        let voxels = RegionVoxels { size, spacing_mm: [0.7, 0.7, 1.0], hu: &[], labels: &labels, beside: &beside };
        let task = RegionTask {
            segment: 1,
            locked: vec![],
            operation: RegionOperation::Interpolate { across: Across::Axis(2) },
        };
        b.iter(|| change_region(&voxels, &task, &mut Ignored).unwrap());
    });
    let cut = Plane::anatomical(AnatomicalPlane::Axial, CENTRE);
    fill_contour(&mut document, &volume, 2, &cut, &circle(60.0), ContourAction::Add).unwrap();
    group.bench_function("quantities", |b| b.iter(|| black_box(quantities(&document, &Profile::of(&document)))));
    group.finish();
}

criterion_group!(benches, proposals, tools);
criterion_main!(benches);
