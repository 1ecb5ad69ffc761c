//! Contour and brush against shapes whose size is known, on any grid a CT can have.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by stopping")]

use hilum::annotation::{
    Brush, BrushShape, ContourAction, Document, DocumentError, Edit, Gate, Origin, SegmentMeaning, brush_stroke,
    fill_contour, fill_contour_within,
};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector, Plane, VoxelIndex};
use hilum::volume::CtVolume;
use ndarray::Array3;
use std::f64::consts::PI;

mod grids;
use grids::{air, grids, vector};

/// A document with a lesion (1) and a second lesion (2).
fn document(volume: &CtVolume) -> Document {
    let mut document = Document::empty(*volume.grid()).unwrap();
    for meaning in [SegmentMeaning::Lesion, SegmentMeaning::Consolidation] {
        let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
        let born = Edit::Segment { number: segment.number, before: None, after: Some(segment) };
        document.apply(&born, volume).unwrap();
    }
    document
}

fn lock(document: &mut Document, volume: &CtVolume, number: u8) {
    let before = document.segment(number).unwrap().clone();
    let mut after = before.clone();
    after.locked = true;
    document.apply(&Edit::Segment { number, before: Some(before), after: Some(after) }, volume).unwrap();
}

fn ellipse(a: f64, b: f64) -> Vec<[f64; 2]> {
    (0..720).map(|n| f64::from(n) / 720.0 * 2.0 * PI).map(|t| [a * t.cos(), b * t.sin()]).collect()
}

fn labels(document: &Document) -> Vec<u8> {
    document.layer(SegmentMeaning::Lesion.layer()).to_vec()
}

/// Takes an edit back, checks that nothing is left of it, and makes it again.
fn check_reversal(document: &mut Document, volume: &CtVolume, before: &[u8], edit: &Edit) {
    let after = labels(document);
    document.apply(&edit.inverse(), volume).unwrap();
    assert_eq!(labels(document), before);
    assert_eq!(document.problems(volume), Vec::<String>::new());
    document.apply(edit, volume).unwrap();
    assert_eq!(labels(document), after);
    assert_eq!(document.problems(volume), Vec::<String>::new());
}

/// Planes one voxel step of the grid axis apart, so that a stack of contours fills a body exactly.
fn stack(grid: &Grid, plane: AnatomicalPlane) -> impl Iterator<Item = Plane> {
    let across = grid.axis_along(plane.normal());
    let rise = grid.step(across).dot(plane.normal()).abs();
    (-200..=200).map(move |n| {
        Plane::anatomical(plane, PatientPoint::new(0.0, 0.0, 0.0) + plane.normal() * (f64::from(n) * rise))
    })
}

#[test]
fn stacked_contours_have_the_volume_of_the_body() {
    for (name, grid) in grids() {
        let volume = air(grid);
        for plane in AnatomicalPlane::ALL {
            let (right, down, across) = (38.0f64, 33.0f64, 40.0f64);
            for (body, exact) in [
                ("ellipsoid", 4.0 / 3.0 * PI * right * down * across / 1000.0),
                ("cylinder", PI * right * down * 2.0 * across / 1000.0),
            ] {
                let mut document = document(&volume);
                for cut in stack(&grid, plane) {
                    let height = (cut.origin - PatientPoint::new(0.0, 0.0, 0.0)).dot(plane.normal()) / across;
                    let scale = match body {
                        "ellipsoid" => (1.0 - height * height).max(0.0).sqrt(),
                        _ => f64::from(u8::from(height.abs() <= 1.0)),
                    };
                    if scale > 0.0 {
                        let outline = ellipse(right * scale, down * scale);
                        fill_contour(&mut document, &volume, 1, &cut, &outline, ContourAction::Add).unwrap();
                    }
                }
                // A cylinder's ends fall between layers: half a layer at each end at most.
                let ends = if body == "cylinder" {
                    let across_axis = grid.axis_along(plane.normal());
                    grid.step(across_axis).dot(plane.normal()).abs() * PI * right * down / 1000.0
                } else {
                    0.0
                };
                let found = document.volume_ml(1);
                let error = (found - exact).abs();
                assert!(error <= 0.005 * exact + ends, "{name} {plane:?} {body}: {found} ml against {exact} ml");
            }
        }
    }
}

#[test]
fn a_contour_fills_one_layer_inside_its_outline() {
    for (name, grid) in grids() {
        let volume = air(grid);
        for plane in AnatomicalPlane::ALL {
            let mut document = document(&volume);
            let cut = Plane::anatomical(plane, PatientPoint::new(1.3, -2.1, 0.7));
            fill_contour(&mut document, &volume, 1, &cut, &ellipse(30.0, 20.0), ContourAction::Add).unwrap();
            let across = grid.axis_along(plane.normal());
            let mut columns = std::collections::BTreeSet::new();
            let reach = grid.step(across).dot(plane.normal()).abs() / 2.0;
            let marked = labels(&document);
            for offset in (0..marked.len()).filter(|o| marked[*o] == 1) {
                let at = grid.index_at(offset);
                let centre = grid.patient_from_voxel(at.centre());
                assert!(cut.distance_mm(centre).abs() <= reach + 1e-6, "{name} {plane:?}");
                let [x, y] = cut.coordinates(centre);
                let slack = grid.spacing_mm().into_iter().fold(0.0, f64::max);
                assert!((x / (30.0 + slack)).powi(2) + (y / (20.0 + slack)).powi(2) <= 1.0, "{name} {plane:?}");
                let mut column = [at.i, at.j, at.k];
                column[across] = 0;
                assert!(columns.insert(column), "{name} {plane:?}: two voxels in a column");
            }
            // The area, seen along the axis across.
            let slant = grid.directions()[across].dot(plane.normal()).abs();
            let voxel = grid.voxel_volume_mm3() / grid.spacing_mm()[across] / slant;
            let area = columns.len() as f64 * voxel;
            assert!((area - PI * 600.0).abs() < 0.01 * PI * 600.0, "{name} {plane:?}: {area} mm²");
        }
    }
}

#[test]
fn parallel_layers_share_no_voxel_and_leave_none_out() {
    for (name, grid) in grids() {
        let volume = air(grid);
        let mut document = document(&volume);
        let square = [[-25.0, -25.0], [25.0, -25.0], [25.0, 25.0], [-25.0, 25.0]];
        let mut changed = 0;
        for cut in stack(&grid, AnatomicalPlane::Coronal) {
            let edit = fill_contour(&mut document, &volume, 1, &cut, &square, ContourAction::Add).unwrap();
            let Edit::Voxels { delta, .. } = edit else { unreachable!("contours change voxels") };
            changed += delta.voxel_count();
        }
        assert_eq!(changed, document.voxel_count(1), "{name}");
        // Every line of voxels along the axis across is filled without a gap, from edge to edge of the grid.
        let across = grid.axis_along(AnatomicalPlane::Coronal.normal());
        let middle = grid.size().map(|s| s / 2);
        for n in 0..grid.size()[across] {
            let mut at = middle;
            at[across] = n;
            let [i, j, k] = at;
            let inside = grid.patient_from_voxel(VoxelIndex::new(i, j, k).centre()).0.abs();
            if inside.x < 20.0 && inside.z < 20.0 {
                assert_eq!(
                    document.layer(SegmentMeaning::Lesion.layer()).at(VoxelIndex::new(i, j, k)),
                    1,
                    "{name} at {n}"
                );
            }
        }
    }
}

#[test]
fn adding_and_subtracting_respect_other_segments() {
    let volume = air(grids()[1].1);
    let mut document = document(&volume);
    let cut = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, 0.0));
    let shifted: Vec<[f64; 2]> = ellipse(20.0, 20.0).into_iter().map(|[x, y]| [x + 15.0, y]).collect();
    fill_contour(&mut document, &volume, 1, &cut, &ellipse(20.0, 20.0), ContourAction::Add).unwrap();
    let whole = document.voxel_count(1);
    // Subtracting one segment leaves the others.
    fill_contour(&mut document, &volume, 2, &cut, &shifted, ContourAction::Subtract).unwrap();
    assert_eq!(document.voxel_count(1), whole);
    // Adding takes over what is not locked.
    let before = labels(&document);
    let edit = fill_contour(&mut document, &volume, 2, &cut, &shifted, ContourAction::Add).unwrap();
    let (rest, second) = (document.voxel_count(1), document.voxel_count(2));
    assert!(rest < whole && second.abs_diff(whole) < whole / 100);
    check_reversal(&mut document, &volume, &before, &edit);
    lock(&mut document, &volume, 2);
    fill_contour(&mut document, &volume, 1, &cut, &shifted, ContourAction::Add).unwrap();
    assert_eq!((document.voxel_count(1), document.voxel_count(2)), (rest, second));
    let refused = fill_contour(&mut document, &volume, 2, &cut, &shifted, ContourAction::Subtract);
    assert_eq!(refused, Err(DocumentError::Locked(2)));
    assert_eq!(
        fill_contour(&mut document, &volume, 9, &cut, &shifted, ContourAction::Add),
        Err(DocumentError::NoSuchSegment(9))
    );
    fill_contour(&mut document, &volume, 1, &cut, &ellipse(60.0, 60.0), ContourAction::Subtract).unwrap();
    assert_eq!((document.voxel_count(1), document.voxel_count(2)), (0, second));
    assert_eq!(document.problems(&volume), Vec::<String>::new());
}

#[test]
fn an_outline_that_crosses_itself_fills_by_even_and_odd() {
    let volume = air(grids()[0].1);
    let mut document = document(&volume);
    let cut = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, 0.0));
    let twice: Vec<[f64; 2]> = ellipse(30.0, 30.0).into_iter().chain(ellipse(15.0, 15.0)).collect();
    fill_contour(&mut document, &volume, 1, &cut, &twice, ContourAction::Add).unwrap();
    let ring = document.voxel_count(1) as f64;
    let exact = PI * (900.0 - 225.0);
    assert!((ring - exact).abs() < 0.02 * exact, "{ring} against {exact}");
    for outline in
        [vec![], vec![[0.0, 0.0]], vec![[0.0, 0.0], [5.0, 5.0]], vec![[f64::NAN; 2]; 5], vec![[900.0, 900.0]; 4]]
    {
        let edit = fill_contour(&mut document, &volume, 1, &cut, &outline, ContourAction::Add).unwrap();
        assert!(matches!(edit, Edit::Voxels { delta, .. } if delta.is_empty()));
    }
    let flat = Plane { down: cut.right, ..cut };
    let edit = fill_contour(&mut document, &volume, 1, &flat, &twice, ContourAction::Add).unwrap();
    assert!(matches!(edit, Edit::Voxels { delta, .. } if delta.is_empty()), "a plane without extent holds nothing");
}

/// Planes turned out of the grid, also steeply across thick slices.
fn oblique_planes() -> Vec<Plane> {
    let axes = [vector(0.3, 0.9, 0.2), vector(1.0, 0.1, -0.4), vector(0.2, -0.5, 1.0)];
    let turns = axes.into_iter().zip([0.6, 0.95, 2.2]);
    turns
        .map(|(axis, angle)| {
            let axis = axis.unit().unwrap();
            let turned = |v: PatientVector| v.turned(axis, angle);
            let straight = Plane::anatomical(AnatomicalPlane::Coronal, PatientPoint::new(1.3, -0.4, 0.7));
            Plane { right: turned(straight.right), down: turned(straight.down), ..straight }
        })
        .collect()
}

#[test]
fn a_contour_in_an_oblique_plane_fills_a_sheet_without_holes() {
    for (name, grid) in grids() {
        let volume = air(grid);
        for plane in oblique_planes() {
            let mut document = document(&volume);
            let before = labels(&document);
            let edit =
                fill_contour(&mut document, &volume, 1, &plane, &ellipse(25.0, 18.0), ContourAction::Add).unwrap();
            let normal = plane.normal();
            let thickest = [0, 1, 2].map(|a| grid.step(a).dot(normal).abs()).into_iter().fold(0.0, f64::max);
            // A sheet as thick as the step that takes it farthest from the plane, at most a tenth thinner.
            let mm3 = document.voxel_count(1) as f64 * grid.voxel_volume_mm3();
            let area = PI * 25.0 * 18.0;
            assert!(mm3 > 0.88 * area * thickest && mm3 < 1.03 * area * thickest, "{name}: {mm3} of {area} mm²");
            for (offset, label) in labels(&document).iter().enumerate() {
                let off = plane.distance_mm(grid.patient_from_voxel(grid.index_at(offset).centre())).abs();
                assert!(*label != 1 || off <= thickest / 2.0 + 1e-3, "{name}: {off} mm from the plane");
            }
            // What the pane shows of it: the label of the voxel that holds each point.
            let map = document.layer(hilum::annotation::Layer::Findings);
            let (mut shown, mut points) = (0, 0);
            for x in -15..=15 {
                for y in -10..=10 {
                    let p = plane.at(f64::from(x), f64::from(y));
                    points += 1;
                    shown += usize::from(grid.voxel_at(p).is_some_and(|v| map.at(v) == 1));
                }
            }
            assert!(
                shown as f64 > 0.72 * f64::from(points),
                "{name}: {shown} of {points} points are in a filled voxel"
            );
            check_reversal(&mut document, &volume, &before, &edit);
        }
    }
}

const BALL: Brush = Brush { radius_mm: 15.0, shape: BrushShape::Ball, gate: Gate { range_hu: None, in_lungs: false } };

#[test]
fn a_brush_touches_what_is_within_its_radius_and_nothing_else() {
    let path =
        [PatientPoint::new(-12.0, -4.0, 3.0), PatientPoint::new(14.0, 9.0, 3.0), PatientPoint::new(14.5, 9.0, 3.0)];
    let from_path = |p: PatientPoint| {
        path.windows(2)
            .map(|w| {
                let (d, v) = (w[1] - w[0], p - w[0]);
                (p - (w[0] + d * (v.dot(d) / d.dot(d)).clamp(0.0, 1.0))).length()
            })
            .fold(f64::INFINITY, f64::min)
    };
    for (name, grid) in grids() {
        let volume = air(grid);
        let plane = Plane::anatomical(AnatomicalPlane::Axial, path[0]);
        let mut document = document(&volume);
        let before = labels(&document);
        let edit = brush_stroke(&mut document, &volume, 1, &BALL, &plane, &path, false).unwrap();
        for (offset, label) in labels(&document).iter().enumerate() {
            let distance = from_path(grid.patient_from_voxel(grid.index_at(offset).centre()));
            assert!((distance - 15.0).abs() < 1e-6 || (*label == 1) == (distance < 15.0), "{name}: {distance} mm");
        }
        check_reversal(&mut document, &volume, &before, &edit);
        brush_stroke(&mut document, &volume, 1, &BALL, &plane, &path, true).unwrap();
        assert_eq!(document.voxel_count(1), 0, "{name}: erasing the same path leaves nothing");
    }
}

#[test]
fn a_disc_is_one_layer_with_the_area_of_the_sweep() {
    let disc = Brush { radius_mm: 12.0, shape: BrushShape::Disc, gate: Gate { range_hu: None, in_lungs: false } };
    for (name, grid) in grids() {
        let volume = air(grid);
        for plane in AnatomicalPlane::ALL {
            let cut = Plane::anatomical(plane, PatientPoint::new(0.4, 0.3, -0.2));
            let mut document = document(&volume);
            let before = labels(&document);
            let path = [cut.at(-18.0, 5.0), cut.at(17.0, -6.0)];
            let edit = brush_stroke(&mut document, &volume, 1, &disc, &cut, &path, false).unwrap();
            let across = grid.axis_along(plane.normal());
            let slant = grid.directions()[across].dot(plane.normal()).abs();
            let area = document.voxel_count(1) as f64 * grid.voxel_volume_mm3() / grid.spacing_mm()[across] / slant;
            let exact = PI * 144.0 + 24.0 * 35.0f64.hypot(11.0);
            assert!((area - exact).abs() < 0.02 * exact, "{name} {plane:?}: {area} against {exact} mm²");
            check_reversal(&mut document, &volume, &before, &edit);
        }
    }
}

#[test]
fn a_thin_fast_stroke_has_no_gap() {
    for (name, grid) in grids() {
        let volume = air(grid);
        for shape in [BrushShape::Disc, BrushShape::Ball] {
            let thin = Brush { radius_mm: 0.1, shape, gate: Gate { range_hu: None, in_lungs: false } };
            let cut = Plane::anatomical(AnatomicalPlane::Sagittal, PatientPoint::new(0.0, 0.0, 0.0));
            let path = [cut.at(-40.0, 21.0), cut.at(35.0, -30.0), cut.at(30.0, 33.0)];
            let mut document = document(&volume);
            brush_stroke(&mut document, &volume, 1, &thin, &cut, &path, false).unwrap();
            let marked = labels(&document);
            // All of it hangs together by faces, edges and corners.
            let mut left: std::collections::BTreeSet<[i64; 3]> = (0..marked.len())
                .filter(|o| marked[*o] == 1)
                .map(|o| grid.index_at(o))
                .map(|v| [v.i as i64, v.j as i64, v.k as i64])
                .collect();
            assert!(left.len() > 60, "{name} {shape:?}");
            let mut waiting: Vec<[i64; 3]> = left.pop_first().into_iter().collect();
            while let Some([i, j, k]) = waiting.pop() {
                for n in 0..27 {
                    let next = [i + n % 3 - 1, j + n / 3 % 3 - 1, k + n / 9 - 1];
                    if left.remove(&next) {
                        waiting.push(next);
                    }
                }
            }
            assert!(left.is_empty(), "{name} {shape:?}: {} voxels lie apart", left.len());
        }
    }
}

#[test]
fn a_range_keeps_the_brush_to_its_hu() {
    let grid = grids()[0].1;
    let hu = Array3::from_shape_fn((121, 121, 121), |(_, _, i)| if i < 60 { -800 } else { 40 });
    let volume = CtVolume::from_array(grid, hu).unwrap();
    let mut document = document(&volume);
    let plane = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, 0.0));
    let path = [PatientPoint::new(0.0, 0.0, 0.0)];
    let brush = Brush { gate: Gate { range_hu: Some((-100, 40)), in_lungs: false }, ..BALL };
    brush_stroke(&mut document, &volume, 1, &brush, &plane, &path, false).unwrap();
    assert!(document.voxel_count(1) > 1000);
    assert_eq!(document.mean_hu(1), Some(40.0));
    for radius_mm in [f64::NAN, f64::INFINITY, -1.0] {
        let odd = Brush { radius_mm, ..BALL };
        let edit = brush_stroke(&mut document, &volume, 1, &odd, &plane, &path, false).unwrap();
        assert!(matches!(edit, Edit::Voxels { delta, .. } if delta.is_empty()));
    }
    let far = [PatientPoint::new(9e5, 0.0, 0.0), PatientPoint::new(9e5, 5.0, 0.0)];
    let edit = brush_stroke(&mut document, &volume, 1, &BALL, &plane, &far, false).unwrap();
    assert!(matches!(edit, Edit::Voxels { delta, .. } if delta.is_empty()), "outside the grid nothing is painted");
}

#[test]
fn gates_hold_brush_and_contour_in_the_lungs_and_in_their_range() {
    let (name, grid) = grids().remove(0);
    let volume = air(grid);
    let mut document = document(&volume);
    let lung = document.new_segment(SegmentMeaning::LeftLung, String::new(), Origin::Manual).unwrap();
    let number = lung.number;
    document.apply(&Edit::Segment { number, before: None, after: Some(lung) }, &volume).unwrap();
    let layer = SegmentMeaning::LeftLung.layer();
    document.edit_voxels(layer, &volume, |editor| {
        for row in 0..121 * 121 {
            editor.set_span(row / 121, row % 121, 60, 121, |_, _| Some(number));
        }
    });
    let plane = Plane::anatomical(AnatomicalPlane::Axial, PatientPoint::new(0.0, 0.0, 0.0));
    let in_lungs = Gate { range_hu: None, in_lungs: true };
    let middle = [PatientPoint::new(0.0, 0.0, 0.0)];
    let ball = Brush { gate: in_lungs, ..BALL };
    brush_stroke(&mut document, &volume, 1, &ball, &plane, &middle, false).unwrap();
    let half = 2.0 / 3.0 * PI * 15f64.powi(3) / 1000.0;
    assert!((document.volume_ml(1) / half - 1.0).abs() < 0.07, "{name}: {} of {half}", document.volume_ml(1));
    let disc: Vec<[f64; 2]> =
        (0..90).map(|n| f64::from(n) / 90.0 * 2.0 * PI).map(|a| [30.0 * a.cos(), 30.0 * a.sin()]).collect();
    let draw = |document: &mut Document, gate: Gate| {
        fill_contour_within(document, &volume, 2, &plane, &disc, ContourAction::Add, &gate).unwrap();
        document.volume_ml(2)
    };
    assert_eq!(draw(&mut document, Gate { range_hu: Some((0, 100)), in_lungs: false }), 0.0);
    let inside = draw(&mut document, in_lungs);
    assert!((inside / (PI * 450.0 / 1000.0) - 1.0).abs() < 0.05, "{inside}");
    assert!(draw(&mut document, Gate::default()) > 1.9 * inside);
}

#[test]
fn a_contour_comes_back_from_the_label_map_within_half_a_voxel() {
    // Between a voxel centre inside and its neighbour outside runs the outline; midway between them it is read back.
    for (name, grid) in grids() {
        let volume = air(grid);
        for plane in AnatomicalPlane::ALL {
            let mut document = document(&volume);
            let cut = Plane::anatomical(plane, PatientPoint::new(0.3, -0.2, 0.4));
            // Three lobes: bent in and out.
            let radius = |angle: f64| 24.0 + 5.0 * (3.0 * angle).cos();
            let outline: Vec<[f64; 2]> = (0..3600)
                .map(|n| f64::from(n) / 3600.0 * 2.0 * PI)
                .map(|a| [radius(a) * a.cos(), radius(a) * a.sin()])
                .collect();
            fill_contour(&mut document, &volume, 1, &cut, &outline, ContourAction::Add).unwrap();
            let filled: std::collections::BTreeSet<[usize; 2]> = {
                let across = grid.axis_along(plane.normal());
                let axes = [0, 1, 2].into_iter().filter(|a| *a != across).collect::<Vec<_>>();
                let marked = labels(&document);
                let places = (0..marked.len()).filter(|n| marked[*n] == 1).map(|n| grid.index_at(n));
                places.map(|v| [v.i, v.j, v.k]).map(|v| [v[axes[0]], v[axes[1]]]).collect()
            };
            let across = grid.axis_along(plane.normal());
            let axes: Vec<usize> = (0..3).filter(|a| *a != across).collect();
            // Where the plane cuts a column of voxels, in-plane mm.
            let place = |u: f64, v: f64| {
                let mut at = [0.0; 3];
                (at[axes[0]], at[axes[1]]) = (u, v);
                let on = grid.patient_from_voxel(hilum::geometry::VoxelPoint::new(at[0], at[1], at[2]));
                let step = grid.step(across);
                let off = cut.distance_mm(on) / step.dot(cut.normal());
                cut.coordinates(on + -(step * off))
            };
            let (mut worst, mut crossings) = (0.0f64, 0);
            for [u, v] in &filled {
                for (du, dv) in [(1i64, 0i64), (-1, 0), (0, 1), (0, -1)] {
                    let next = [*u as i64 + du, *v as i64 + dv];
                    if next.iter().all(|n| *n >= 0) && filled.contains(&next.map(|n| n as usize)) {
                        continue;
                    }
                    let (a, b) = (place(*u as f64, *v as f64), place(next[0] as f64, next[1] as f64));
                    let midway = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
                    let off =
                        outline.iter().map(|p| (p[0] - midway[0]).hypot(p[1] - midway[1])).fold(f64::MAX, f64::min);
                    // In voxels of the direction that was crossed.
                    worst = worst.max(off / (a[0] - b[0]).hypot(a[1] - b[1]));
                    crossings += 1;
                }
            }
            assert!(crossings > 50 && worst <= 0.5 + 0.03, "{name} {plane:?}: {worst} voxels of {crossings}");
        }
    }
}
