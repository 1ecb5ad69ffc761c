//! An ellipsoid of known volume, scanned in every odd way, written as DICOM files and measured as any CT would be: within 0.5 %,
//! or the number is marked. `--nocapture` prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]

use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject, from_reader};
use hilum::analysis::Progress;
use hilum::annotation::{Document, Edit, Layer, Origin, SegmentMeaning};
use hilum::dicom::{
    SegmentationObject, Series, SourceImage, decode_frame, decode_frames, group_into_series, read_header,
};
use hilum::export::{ExportContext, seg};
use hilum::geometry::{PatientPoint, PatientVector};
use hilum::import::{
    Assembly, Blend, GeometryFinding, Severity, SliceSource, StackPlan, plan_stack, read_segmentation, stacks,
};
use hilum::jobs::{FileSource, Job, JobError, JobFacts, JobInput, JobOutput, Listener, Payload, run};
use hilum::volume::CtVolume;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod validators;

const CENTRE: [f64; 3] = [13.7, -41.2, -203.4];
const SEMI_AXES_MM: [f64; 3] = [57.0, 49.0, 61.0];
/// Largest error of a volume that is not marked.
const ALLOWED: f64 = 0.005;

fn true_ml() -> f64 {
    SEMI_AXES_MM.iter().product::<f64>() * 4.0 / 3.0 * std::f64::consts::PI / 1000.0
}

/// How the ellipsoid is scanned.
#[derive(Clone)]
struct Scan {
    /// Unit directions of rows and columns.
    directions: [PatientVector; 2],
    /// The way the table moves, of length 1.
    stacking: PatientVector,
    /// Where slices lie along it, from the centre, in the order of acquisition.
    at_mm: Vec<f64>,
    /// Distance between rows, between columns.
    spacing_mm: [f64; 2],
    /// Slope and intercept, in turn.
    rescale: Vec<(f64, f64)>,
    thickness_mm: Option<f64>,
}

fn vector(v: [f64; 3]) -> PatientVector {
    PatientVector::new(v[0], v[1], v[2])
}

/// Positions from −70 to 70 mm.
fn even(spacing: f64) -> Vec<f64> {
    let count = (140.0 / spacing) as i32;
    (0..=count).map(|n| (f64::from(n) - f64::from(count) / 2.0 + 0.3) * spacing).collect()
}

/// Distances that follow no rule, between two limits.
fn uneven(least: f64, most: f64) -> Vec<f64> {
    let (mut at, mut state, mut found) = (-70.0, 12_345u32, Vec::new());
    while at < 70.0 {
        found.push(at);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        at += ((least + (most - least) * f64::from(state >> 8) / f64::from(1 << 24)) * 100.0).round() / 100.0;
    }
    found
}

impl Scan {
    fn axial(at_mm: Vec<f64>) -> Self {
        Self {
            directions: [vector([1.0, 0.0, 0.0]), vector([0.0, 1.0, 0.0])],
            stacking: vector([0.0, 0.0, 1.0]),
            at_mm,
            spacing_mm: [0.8, 0.8],
            rescale: vec![(1.0, -1024.0)],
            thickness_mm: None,
        }
    }
    /// The gantry turned about the patient's left-right axis.
    fn tilted(degrees: f64, spacing: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self { directions: [vector([1.0, 0.0, 0.0]), vector([0.0, cos, sin])], ..Self::axial(even(spacing)) }
    }
    /// Rows, columns: 130 mm across, and more where the tilt shifts slices.
    fn size(&self) -> [usize; 2] {
        let shift = |n: usize| self.directions[n].dot(self.stacking).abs() * 140.0;
        [((130.0 + shift(1)) / self.spacing_mm[0]) as usize, ((130.0 + shift(0)) / self.spacing_mm[1]) as usize]
    }
    fn position(&self, n: usize) -> PatientPoint {
        let [rows, columns] = self.size().map(|s| s as f64);
        let middle = vector(CENTRE) + self.stacking * self.at_mm[n];
        // Not on the centre, so that no symmetry helps.
        let across = self.directions[0] * (-(columns / 2.0 - 0.3) * self.spacing_mm[1]);
        let down = self.directions[1] * (-(rows / 2.0 - 0.4) * self.spacing_mm[0]);
        PatientPoint(middle.0 + across.0 + down.0)
    }
    /// HU of slice `n`: air, and water as far as the ellipsoid covers a pixel.
    fn hu(&self, n: usize) -> Vec<f64> {
        // An odd number of parts: no pixel is half covered.
        const PARTS: i32 = 5;
        let [rows, columns] = self.size();
        let corner = self.position(n);
        let mut hu = Vec::with_capacity(rows * columns);
        for j in 0..rows {
            for i in 0..columns {
                let across = |part: f64| self.directions[0] * ((i as f64 + part) * self.spacing_mm[1]);
                let down = |part: f64| self.directions[1] * ((j as f64 + part) * self.spacing_mm[0]);
                let radius = |a: PatientVector, d: PatientVector| {
                    let p = (corner.0 + a.0 + d.0).to_array();
                    (0..3).map(|a| ((p[a] - CENTRE[a]) / SEMI_AXES_MM[a]).powi(2)).sum::<f64>().sqrt()
                };
                let middle = radius(across(0.0), down(0.0));
                // More than 2 mm from the surface nothing is covered in part.
                if (middle - 1.0).abs() * SEMI_AXES_MM[1] > 2.0 {
                    hu.push(if middle < 1.0 { 0.0 } else { -1000.0 });
                    continue;
                }
                let mut inside = 0;
                for part in 0..PARTS * PARTS {
                    let shift = |m: i32| (f64::from(m) + 0.5) / f64::from(PARTS) - 0.5;
                    inside += i32::from(radius(across(shift(part % PARTS)), down(shift(part / PARTS))) <= 1.0);
                }
                hu.push(-1000.0 + 1000.0 * f64::from(inside) / f64::from(PARTS * PARTS));
            }
        }
        hu
    }
    fn stored(&self, n: usize) -> (Vec<i16>, (f64, f64)) {
        let (slope, intercept) = self.rescale[n % self.rescale.len()];
        let stored = |hu: f64| ((hu - intercept) / slope).round() as i16;
        (self.hu(n).into_iter().map(stored).collect(), (slope, intercept))
    }
    /// One CT Image for each slice.
    fn files(&self) -> Vec<Vec<u8>> {
        (0..self.at_mm.len())
            .map(|n| {
                let (stored, (slope, intercept)) = self.stored(n);
                let mut o = self.object(uids::CT_IMAGE_STORAGE, &format!("2.25.77{n}"));
                put(&mut o, tags::INSTANCE_NUMBER, VR::IS, &(n + 1).to_string());
                put(&mut o, tags::IMAGE_POSITION_PATIENT, VR::DS, &decimals(&self.position(n).0.to_array()));
                put(&mut o, tags::IMAGE_ORIENTATION_PATIENT, VR::DS, &self.orientation());
                put(&mut o, tags::PIXEL_SPACING, VR::DS, &decimals(&self.spacing_mm));
                if let Some(thickness) = self.thickness_mm {
                    put(&mut o, tags::SLICE_THICKNESS, VR::DS, &decimals(&[thickness]));
                }
                put(&mut o, tags::RESCALE_SLOPE, VR::DS, &decimals(&[slope]));
                put(&mut o, tags::RESCALE_INTERCEPT, VR::DS, &decimals(&[intercept]));
                file(o, uids::CT_IMAGE_STORAGE, &format!("2.25.77{n}"), stored)
            })
            .collect()
    }
    /// All slices as frames of one Enhanced CT Image, the last acquired first.
    fn enhanced(&self) -> Vec<Vec<u8>> {
        let mut o = self.object(uids::ENHANCED_CT_IMAGE_STORAGE, "2.25.78");
        put(&mut o, tags::NUMBER_OF_FRAMES, VR::IS, &self.at_mm.len().to_string());
        let shared = item(|shared| {
            group(shared, tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT, &self.orientation());
            let measures = item(|measures| {
                if let Some(thickness) = self.thickness_mm {
                    put(measures, tags::SLICE_THICKNESS, VR::DS, &decimals(&[thickness]));
                }
                put(measures, tags::PIXEL_SPACING, VR::DS, &decimals(&self.spacing_mm));
            });
            sequence(shared, tags::PIXEL_MEASURES_SEQUENCE, vec![measures]);
        });
        sequence(&mut o, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared]);
        let (mut pixels, mut frames) = (Vec::new(), Vec::new());
        for n in (0..self.at_mm.len()).rev() {
            let (stored, (slope, intercept)) = self.stored(n);
            pixels.extend(stored);
            frames.push(item(|frame| {
                let place = decimals(&self.position(n).0.to_array());
                group(frame, tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT, &place);
                let scale = item(|scale| {
                    put(scale, tags::RESCALE_INTERCEPT, VR::DS, &decimals(&[intercept]));
                    put(scale, tags::RESCALE_SLOPE, VR::DS, &decimals(&[slope]));
                });
                sequence(frame, tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, vec![scale]);
            }));
        }
        sequence(&mut o, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames);
        vec![file(o, uids::ENHANCED_CT_IMAGE_STORAGE, "2.25.78", pixels)]
    }
    fn orientation(&self) -> String {
        decimals(&self.directions.iter().flat_map(|d| d.0.to_array()).collect::<Vec<_>>())
    }
    fn object(&self, class: &str, instance: &str) -> InMemDicomObject {
        let mut o = InMemDicomObject::new_empty();
        put(&mut o, tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL");
        put(&mut o, tags::SOP_CLASS_UID, VR::UI, class);
        put(&mut o, tags::SOP_INSTANCE_UID, VR::UI, instance);
        put(&mut o, tags::MODALITY, VR::CS, "CT");
        put(&mut o, tags::STUDY_INSTANCE_UID, VR::UI, "2.25.70");
        put(&mut o, tags::SERIES_INSTANCE_UID, VR::UI, "2.25.71");
        put(&mut o, tags::FRAME_OF_REFERENCE_UID, VR::UI, "2.25.72");
        put(&mut o, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
        let [rows, columns] = self.size();
        for (tag, value) in [
            (tags::SAMPLES_PER_PIXEL, 1),
            (tags::ROWS, rows as u16),
            (tags::COLUMNS, columns as u16),
            (tags::BITS_ALLOCATED, 16),
            (tags::BITS_STORED, 16),
            (tags::HIGH_BIT, 15),
            (tags::PIXEL_REPRESENTATION, 1),
        ] {
            o.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
        }
        o
    }
}

fn put(o: &mut InMemDicomObject, tag: Tag, vr: VR, value: &str) {
    o.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
}

fn item(fill: impl FnOnce(&mut InMemDicomObject)) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    fill(&mut item);
    item
}

fn sequence(o: &mut InMemDicomObject, tag: Tag, items: Vec<InMemDicomObject>) {
    o.put(DataElement::new(tag, VR::SQ, Value::from(DataSetSequence::new(items, Length::UNDEFINED))));
}

/// A functional group of one decimal attribute.
fn group(o: &mut InMemDicomObject, sequence_tag: Tag, tag: Tag, value: &str) {
    sequence(o, sequence_tag, vec![item(|inner| put(inner, tag, VR::DS, value))]);
}

/// Decimal strings as scanners write them: at most 16 characters.
fn decimals(values: &[f64]) -> String {
    values.iter().map(|v| format!("{v:.9}").chars().take(16).collect::<String>()).collect::<Vec<_>>().join("\\")
}

fn file(mut o: InMemDicomObject, class: &str, instance: &str, pixels: Vec<i16>) -> Vec<u8> {
    let words: Vec<u16> = pixels.into_iter().map(|v| v as u16).collect();
    o.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(words.into())));
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(instance)
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let mut bytes = Vec::new();
    o.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}

fn open(files: &[Vec<u8>]) -> (Series, StackPlan, CtVolume) {
    let series = group_into_series(files.iter().map(|f| read_header(f).unwrap()).collect()).remove(0);
    let by_uid: BTreeMap<String, &Vec<u8>> =
        files.iter().map(|f| (read_header(f).unwrap().sop_instance_uid, f)).collect();
    let plan = plan_stack(&series).unwrap();
    let (mut volume, mut assembly) = (CtVolume::empty(plan.grid).unwrap(), Assembly::default());
    for (instance, header) in series.instances.iter().enumerate() {
        let frames: Vec<usize> = (0..header.pixels.as_ref().unwrap().frames).collect();
        for (frame, decoded) in
            decode_frames(by_uid[&header.sop_instance_uid], &frames).unwrap().into_iter().enumerate()
        {
            for (k, hu) in assembly.arrive(&plan, SliceSource { instance, frame }, decoded.unwrap().hu) {
                volume.set_slice(k, hu).unwrap();
            }
        }
    }
    (series, plan, volume)
}

fn measured_ml(volume: &CtVolume) -> f64 {
    volume.grid().millilitres(volume.values().filter(|hu| *hu >= -500).count() as u64)
}

/// Measures, prints a line of the table, and gives the plan and the error.
fn measure(name: &str, files: &[Vec<u8>]) -> (StackPlan, f64) {
    let (_, plan, volume) = open(files);
    let ml = measured_ml(&volume);
    let error = ml / true_ml() - 1.0;
    let marks: Vec<String> = plan
        .findings
        .iter()
        .map(|f| format!("{f:?}").split([' ', '{']).next().unwrap_or_default().to_owned())
        .collect();
    println!("| {name} | {:.2} | {ml:.2} | {:+.2} % | {} |", true_ml(), 100.0 * error, marks.join(", "));
    (plan, error)
}

#[test]
fn the_volume_of_an_ellipsoid_is_right_however_it_was_scanned() {
    println!("| scan | true ml | measured ml | error | findings |\n|---|---|---|---|---|");
    let axial = || Scan::axial(even(2.0));
    let coronal = Scan {
        directions: [vector([1.0, 0.0, 0.0]), vector([0.0, 0.0, -1.0])],
        stacking: vector([0.0, 1.0, 0.0]),
        ..axial()
    };
    let sagittal = Scan {
        directions: [vector([0.0, 1.0, 0.0]), vector([0.0, 0.0, -1.0])],
        stacking: vector([1.0, 0.0, 0.0]),
        ..axial()
    };
    let scans = [
        ("axial, 0.8 × 0.8 × 2 mm", axial()),
        ("gantry tilt 14°", Scan::tilted(14.0, 2.0)),
        ("gantry tilt −14°", Scan::tilted(-14.0, 2.0)),
        ("gantry tilt 30°", Scan::tilted(30.0, 3.0)),
        ("anisotropic, 0.5 × 0.9 × 5 mm", Scan { spacing_mm: [0.5, 0.9], ..Scan::axial(even(5.0)) }),
        ("pixels 0.6 × 1.3 mm", Scan { spacing_mm: [0.6, 1.3], ..axial() }),
        ("coronal", coronal),
        ("sagittal", sagittal),
        ("rescale differs by slice", Scan { rescale: vec![(1.0, -1024.0), (0.5, -1000.0), (2.0, 40.0)], ..axial() }),
        ("overlapping slices", Scan { thickness_mm: Some(4.0), ..axial() }),
        ("uneven distances, 1.0–3.5 mm", Scan::axial(uneven(1.0, 3.5))),
        ("uneven distances and tilt 14°", Scan { at_mm: uneven(1.0, 3.0), ..Scan::tilted(14.0, 2.0) }),
        ("2 mm, then 5 mm", {
            let mut at: Vec<f64> = (0..40).map(|n| -70.0 + f64::from(n) * 2.0).collect();
            at.extend((1..=12).map(|n| 8.0 + f64::from(n) * 5.1));
            Scan::axial(at)
        }),
    ];
    for (name, scan) in scans {
        let mut files = scan.files();
        let (plan, error) = measure(name, &files);
        assert!(error.abs() <= ALLOWED, "{name}: {error}");
        let uneven = name.contains("uneven") || name.contains("then");
        let resampled = plan.findings.iter().any(|f| matches!(f, GeometryFinding::ResampledSpacing { .. }));
        assert_eq!(resampled, uneven, "{name}: {:?}", plan.findings);
        assert_eq!(
            plan.findings.iter().any(|f| f.severity() == Severity::Warning),
            uneven,
            "{name}: {:?}",
            plan.findings
        );
        files.reverse();
        let (_, again, _) = open(&files);
        assert_eq!(again, plan, "{name}: files in reverse");
        let (frames, error) = measure(&format!("{name}, enhanced"), &scan.enhanced());
        assert!(error.abs() <= ALLOWED, "{name}, enhanced: {error}");
        assert_eq!((frames.grid, frames.findings), (plan.grid, plan.findings), "{name}, enhanced");
    }
}

#[test]
fn every_order_of_axes_gives_the_same_volume() {
    let axes: Vec<[f64; 3]> = (0..6)
        .map(|n| {
            let mut axis = [0.0; 3];
            axis[n / 2] = if n % 2 == 0 { 1.0 } else { -1.0 };
            axis
        })
        .collect();
    let (mut seen, mut worst) = (0, 0f64);
    for row in &axes {
        for column in axes.iter().filter(|c| vector(**c).dot(vector(*row)) == 0.0) {
            let [row, column] = [row, column].map(|a| vector(*a));
            let scan = Scan {
                directions: [row, column],
                stacking: row.cross(column),
                spacing_mm: [1.1, 0.9],
                ..Scan::axial(even(3.0))
            };
            // Table in, or table out: the numbers run against the normal.
            let backwards = Scan { stacking: row.cross(column) * -1.0, ..scan.clone() };
            for (way, scan) in [("", scan), (", against the normal", backwards)] {
                let name = format!("rows {:?}, columns {:?}{way}", row.0.to_array(), column.0.to_array());
                let (_, plan, volume) = open(&scan.files());
                let error = measured_ml(&volume) / true_ml() - 1.0;
                assert!(error.abs() <= ALLOWED && plan.findings.is_empty(), "{name}: {error} {:?}", plan.findings);
                worst = worst.max(error.abs());
                seen += 1;
            }
        }
    }
    println!(
        "| {seen} orders and directions of axes, 1.1 × 0.9 × 3 mm | {:.2} | | at most {:.2} % | |",
        true_ml(),
        100.0 * worst
    );
    assert_eq!(seen, 48);
}

#[test]
fn where_slices_are_missing_the_number_is_marked() {
    let scan = Scan::axial(even(2.0));
    let mut files = scan.files();
    let gone: Vec<usize> = (30..34).collect();
    let missing_ml: f64 = gone
        .iter()
        .map(|n| scan.hu(*n).iter().filter(|hu| **hu >= -500.0).count() as f64 * 0.8 * 0.8 * 2.0 / 1000.0)
        .sum();
    files.drain(30..34);
    let (plan, error) = measure("four slices missing", &files);
    assert!(plan.findings.contains(&GeometryFinding::MissingSlices { slices: gone }));
    assert_eq!(plan.findings.iter().map(GeometryFinding::severity).max(), Some(Severity::Warning));
    // What is there is right, and what is not there is not made up.
    assert!((error + missing_ml / true_ml()).abs() <= ALLOWED, "{error}");
}

#[test]
fn a_segmentation_of_computed_slices_names_the_images_they_come_from() {
    let files = Scan { spacing_mm: [2.5, 2.5], ..Scan::axial(uneven(2.0, 6.0)) }.files();
    let (series, plan, volume) = open(&files);
    let mut document = Document::empty(plan.grid).unwrap();
    let segment = document.new_segment(SegmentMeaning::Lesion, String::new(), Origin::Manual).unwrap();
    let (number, [ni, nj, nk]) = (segment.number, plan.grid.size());
    document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, &volume).unwrap();
    document.edit_voxels(Layer::Findings, &volume, |editor| {
        for (k, j) in (0..nk).flat_map(|k| (0..nj).map(move |j| (k, j))) {
            editor.set_span(k, j, 0, ni, |offset, _| (volume.at_offset(offset) >= -500).then_some(number));
        }
    });
    let source: Vec<_> =
        plan.slices.iter().map(|s| s.and_then(|s| series.instances[s.instance].of_frame(s.frame))).collect();
    let quality_notes = plan.findings.iter().map(|f| format!("{f:?}")).collect();
    let image = |s: &SliceSource| series.instances[s.instance].of_frame(s.frame).unwrap();
    let images =
        |b: &Blend| if b.below == b.above { vec![image(&b.below)] } else { vec![image(&b.below), image(&b.above)] };
    let context = ExportContext {
        source,
        computed: plan.blends.iter().map(|b| (b.k, images(b))).collect(),
        filing: Default::default(),
        reader: "Reader^".into(),
        reading_id: "uneven".into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes,
    };
    let export = seg::write(&document, &context, None).unwrap();
    assert_eq!(export.notes, []);
    let path = validators::scratch("geometry_phantom", export.object.file_name());
    std::fs::write(&path, export.object.bytes()).unwrap();
    validators::assert_conforms(&path);
    assert!(String::from_utf8_lossy(export.object.bytes()).contains("Geometry of the source CT: ResampledSpacing"));
    let read = SegmentationObject::read(export.object.bytes()).unwrap();
    let mut computed = 0;
    for frame in &read.frames {
        let z = frame.plane.position.unwrap().0.z;
        let at = |s: &SourceImage| {
            let i = series.instances.iter().find(|i| i.sop_instance_uid == s.sop_instance_uid).unwrap();
            i.plane.position.unwrap().0.z
        };
        match &frame.sources[..] {
            [own] => assert!(own.may_lie_there && (at(own) - z).abs() < 0.03, "{z}"),
            [below, above] => {
                assert!(!below.may_lie_there && !above.may_lie_there && at(below) < z && z < at(above), "{z}");
                computed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(computed > 10, "{computed} of {}", read.frames.len());
    let incoming = read_segmentation(export.object.bytes(), &plan.grid, &context.source).unwrap();
    assert_eq!(incoming.segments[0].voxel_count(), document.voxel_count(number));
}

#[test]
fn a_frame_has_its_own_rescale() {
    let scan = Scan { rescale: vec![(1.0, -1024.0), (0.5, -1000.0)], ..Scan::axial(even(20.0)) };
    let enhanced = &scan.enhanced()[0];
    for (n, file) in scan.files().iter().enumerate() {
        let frame = scan.at_mm.len() - 1 - n;
        assert_eq!(decode_frame(enhanced, frame).unwrap(), decode_frame(file, 0).unwrap());
    }
}

#[test]
fn what_no_functional_group_says_stands_in_the_data_set() {
    let scan = Scan { thickness_mm: Some(18.0), ..Scan::axial(even(20.0)) };
    let enhanced = scan.enhanced().remove(0);
    let mut o = from_reader(&enhanced[..]).unwrap();
    o.remove_element(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
    let frames = o.take_element(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).unwrap().into_value().into_items().unwrap();
    let bare = frames.into_iter().map(|mut frame| {
        frame.remove_element(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
        frame
    });
    sequence(&mut o, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, bare.collect());
    put(&mut o, tags::IMAGE_ORIENTATION_PATIENT, VR::DS, &scan.orientation());
    put(&mut o, tags::PIXEL_SPACING, VR::DS, &decimals(&scan.spacing_mm));
    put(&mut o, tags::SLICE_THICKNESS, VR::DS, "18");
    put(&mut o, tags::RESCALE_INTERCEPT, VR::DS, "-1024");
    put(&mut o, tags::RESCALE_SLOPE, VR::DS, "1");
    put(&mut o, tags::RESCALE_TYPE, VR::LO, "HU");
    let mut bytes = Vec::new();
    o.write_all(&mut bytes).unwrap();
    let (mut expected, found) = (read_header(&enhanced).unwrap().frames, read_header(&bytes).unwrap().frames);
    expected.iter_mut().for_each(|frame| frame.rescale_type = "HU".into());
    assert_eq!(found, expected);
    assert_eq!(decode_frame(&bytes, 3).unwrap(), decode_frame(&enhanced, 3).unwrap());
}

/// A file that counts the bytes read of it.
struct Counted {
    bytes: Vec<u8>,
    read: Arc<AtomicU64>,
}

impl FileSource for Counted {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        let end = (offset + length).min(self.size());
        self.read.fetch_add(end - offset, Ordering::Relaxed);
        Ok(self.bytes[offset as usize..end as usize].to_vec())
    }
}

struct Quiet;
impl Progress for Quiet {
    fn report(&mut self, _fraction: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}
impl Listener for Quiet {
    fn part(&mut self, _part: JobOutput) {}
}

#[test]
fn of_a_large_multi_frame_file_only_the_frames_asked_for_are_read() {
    let scan = Scan { rescale: vec![(1.0, -1024.0), (0.5, -1000.0)], ..Scan::axial(even(2.0)) };
    let bytes = scan.enhanced().remove(0);
    let read = Arc::new(AtomicU64::new(0));
    let file = Counted { bytes: bytes.clone(), read: read.clone() };
    let input = JobInput { files: vec![Box::new(file)], ..JobInput::default() };
    let frames = vec![7, 30, 1000];
    let done = run(&Job::DecodeFrames { frames }, input, &mut Quiet).unwrap();
    let JobFacts::Frames { errors, .. } = done.facts else { panic!("{:?}", done.facts) };
    assert_eq!(errors.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true]);
    for (payload, frame) in done.payloads.iter().zip([7, 30]) {
        assert_eq!(*payload, Payload::Hu(decode_frame(&bytes, frame).unwrap().hu));
    }
    let read = read.load(Ordering::Relaxed);
    assert!(read < bytes.len() as u64 / 4, "{read} of {}", bytes.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Two kernels, two acquisitions and a localiser in one series: the same stacks and plans in any order of files.
    #[test]
    fn stacks_do_not_depend_on_the_order_of_files(order in Just((0..45usize).collect::<Vec<_>>()).prop_shuffle()) {
        let file = read_header(&Scan::axial(vec![0.0]).files()[0]).unwrap();
        let instances: Vec<_> = (0..45usize)
            .map(|n| {
                let mut i = file.clone();
                i.sop_instance_uid = format!("2.25.{n}");
                i.instance_number = Some(n as i32 % 11);
                i.acquisition.number = Some(1 + n as i32 / 22);
                i.acquisition.kernel = if n % 2 == 0 { "B30f".into() } else { "B70f".into() };
                i.plane.position = Some(PatientPoint::new(0.0, 0.0, ((n % 22) / 2) as f64 * 2.5));
                if n == 44 {
                    i.image_type = vec!["ORIGINAL".into(), "PRIMARY".into(), "LOCALIZER".into()];
                }
                i
            })
            .collect();
        let plans = |instances: Vec<_>| {
            let series = group_into_series(instances).remove(0);
            let uid = |s: &SliceSource| series.instances[s.instance].sop_instance_uid.clone();
            stacks(&series)
                .iter()
                .map(|s| {
                    let plan = s.plan(&series).unwrap();
                    let slices: Vec<_> = plan.slices.iter().map(|s| s.as_ref().map(uid)).collect();
                    (s.traits.clone(), slices, plan.grid, plan.findings)
                })
                .collect::<Vec<_>>()
        };
        let expected = plans(instances.clone());
        prop_assert_eq!(expected.len(), 5);
        prop_assert!(expected[..4].iter().all(|(_, slices, ..)| slices.len() == 11));
        prop_assert_eq!(plans(order.iter().map(|n| instances[*n].clone()).collect()), expected);
    }
}
