//! Document → DICOM SEG and SR → read again: the same voxels, the same numbers, and the judgement of outside validators.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::annotation::{Document, Layer, Origin, SegmentMeaning};
use hilum::dicom::Instance;
use hilum::export::{ExportContext, ExportError, ExportNote, Outbound, PreviewValue, seg, sr};
use hilum::geometry::{Grid, PatientVector, VoxelIndex};
use hilum::import::{
    Collision, SegmentIn, SegmentationError, SegmentationIn, SegmentationNote, read_segmentation, segmentation_edits,
};
use hilum::volume::CtVolume;
use proptest::prelude::*;

mod small_ct;
use small_ct::{add, context, grid, volume};
#[path = "validators/mod.rs"]
mod validators;
use validators::{assert_conforms, scratch};

fn proposed() -> Origin {
    Origin::Proposed {
        algorithm: "lungs by threshold".into(),
        version: "1".into(),
        parameters: "threshold_hu=-400; closing_mm=10".into(),
        edited: false,
    }
}

/// Both lungs and two findings that overlap the left one.
fn document(volume: &CtVolume) -> Document {
    let mut document = Document::empty(*volume.grid()).unwrap();
    add(&mut document, volume, SegmentMeaning::RightLung, proposed(), |v| v.i < 5 && v.k > 0);
    add(&mut document, volume, SegmentMeaning::LeftLung, proposed(), |v| v.i > 6);
    add(&mut document, volume, SegmentMeaning::GroundGlass, Origin::Manual, |v| v.i > 7 && v.j % 2 == 0 && v.k == 2);
    add(&mut document, volume, SegmentMeaning::Consolidation, Origin::Manual, |v| v.i == 9 && v.j % 2 == 1);
    document
}

fn conforms(bytes: &[u8], name: &str) {
    let path = scratch("export_roundtrip", name);
    std::fs::write(&path, bytes).unwrap();
    assert_conforms(&path);
}

#[test]
fn a_segmentation_conforms_and_is_stable() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let document = document(&volume);
    let context = context(&grid);
    let export = seg::write(&document, &context, None).unwrap();
    assert_eq!(export.notes, []);
    assert_eq!(export.segments.iter().map(|s| s.frames).collect::<Vec<_>>(), [4, 5, 1, 5]);
    assert_eq!(export.object, seg::write(&document, &context, None).unwrap().object);
    let later = ExportContext { time: "101501".into(), ..context };
    let again = seg::write(&document, &later, None).unwrap();
    assert_ne!(export.object.sop_instance_uid(), again.object.sop_instance_uid());
    assert_eq!(export.segments, again.segments);
    conforms(export.object.bytes(), "seg.dcm");
}

#[test]
fn a_report_conforms_and_is_stable() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let document = document(&volume);
    let context = context(&grid);
    let segmentation = seg::write(&document, &context, None).unwrap();
    let segments = sr::measure(&document, &segmentation);
    assert_eq!(segments.len(), 4);
    let whole_ct = [sr::Measurement::volume_ml(5123.4), sr::Measurement::involvement_percent(12.5)];
    let report = sr::write_measured(&document, Some(&segmentation), &context, &segments, &whole_ct, &[]).unwrap();
    assert_eq!(
        report,
        sr::write_measured(&document, Some(&segmentation), &context, &segments, &whole_ct, &[]).unwrap()
    );
    conforms(report.bytes(), "sr.dcm");

    let nan = [sr::Measurement::volume_ml(f64::NAN)];
    let refused = sr::write_measured(&document, Some(&segmentation), &context, &segments, &nan, &[]);
    assert_eq!(refused, Err(ExportError::NotANumber { concept: "Volume" }));
    let only_lungs = seg::write(&document, &context, Some(&[1, 2])).unwrap();
    let refused = sr::write_measured(&document, Some(&only_lungs), &context, &segments, &[], &[]);
    assert_eq!(refused, Err(ExportError::NotInSegmentation(3)));
}

/// Reads a segmentation onto an empty document on the same CT.
fn reread(bytes: &[u8], volume: &CtVolume, source: &[Option<Instance>]) -> (SegmentationIn, Document) {
    let incoming = read_segmentation(bytes, volume.grid(), source).unwrap();
    let mut document = Document::empty(*volume.grid()).unwrap();
    let (edits, notes) = segmentation_edits(&incoming, Collision::KeepExisting, &mut document, volume).unwrap();
    assert_eq!((edits.len(), notes), (2 * incoming.segments.len(), vec![]));
    assert_eq!(document.problems(volume), Vec::<String>::new());
    (incoming, document)
}

#[test]
fn a_segmentation_read_again_has_the_same_voxels_and_looks() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let document = document(&volume);
    let mut context = context(&grid);
    context.source[2] = None;
    let export = seg::write(&document, &context, None).unwrap();
    assert_eq!(export.notes, [ExportNote::NoSourceSlice(2)]);
    let (incoming, again) = reread(export.object.bytes(), &volume, &context.source);
    assert_eq!(incoming.notes, []);
    for layer in Layer::ALL {
        assert_eq!(again.layer(layer).to_vec(), document.layer(layer).to_vec());
    }
    for (a, b) in again.segments().iter().zip(document.segments()) {
        assert_eq!((a.number, a.meaning, a.colour), (b.number, b.meaning, b.colour));
    }
    let left = &again.segments()[1];
    assert_eq!((left.name.as_str(), &left.origin), ("Left Lung", &Origin::Imported));
}

#[test]
fn a_segmentation_of_another_ct_is_refused() {
    let size = [13, 11, 5];
    let volume = volume(grid(size));
    let context = context(volume.grid());
    let bytes = seg::write(&document(&volume), &context, None).unwrap().object.bytes().to_vec();
    let read = |grid: &Grid, source: &[Option<Instance>]| read_segmentation(&bytes, grid, source).map(|_| ());

    let change = |change: &dyn Fn(usize, &mut Instance)| {
        let mut source = context.source.clone();
        source.iter_mut().flatten().enumerate().for_each(|(k, slice)| change(k, slice));
        source
    };
    let other_reference = change(&|_, slice| {
        slice.series.frame_of_reference_uid = Some("9.9".into());
        slice.sop_instance_uid.push_str(".9");
    });
    assert_eq!(read(volume.grid(), &other_reference), Err(SegmentationError::OtherFrameOfReference));
    let other_slices = change(&|_, slice| slice.sop_instance_uid.push_str(".9"));
    assert_eq!(read(volume.grid(), &other_slices), Ok(()));
    let swapped = change(&|k, slice| slice.sop_instance_uid = format!("1.2.3.4.{}", 5 - k));
    let refused = Err(SegmentationError::Contradiction { frame: 1, named: 3, found: 1 });
    assert_eq!(read(volume.grid(), &swapped), refused);

    let wide = grid([14, 11, 5]);
    let refused = SegmentationError::OtherSize { columns: 13, rows: 11, ct_columns: 14, ct_rows: 11 };
    assert_eq!(read(&wide, &context.source), Err(refused));
    let steps = [0, 1, 2].map(|axis| grid(size).step(axis) * if axis == 0 { 1.01 } else { 1.0 });
    let stretched = Grid::new(size, grid(size).origin(), steps).unwrap();
    assert_eq!(read(&stretched, &context.source), Err(SegmentationError::OtherPlane { frame: 1 }));
    let none = vec![None; 5];
    assert_eq!(read(volume.grid(), &none), Err(SegmentationError::OtherFrameOfReference));
    let between = change(&|_, slice| {
        slice.sop_instance_uid.push_str(".9");
        slice.plane.position = slice.plane.position.map(|p| p + PatientVector::new(0.0, 0.0, 1.0));
    });
    assert_eq!(read(volume.grid(), &between), Err(SegmentationError::BetweenSlices { frame: 1 }));
}

#[test]
fn a_ct_that_is_not_that_of_the_document_is_refused() {
    let volume = volume(grid([13, 11, 5]));
    let document = document(&volume);
    let full = context(volume.grid());
    let mut short = full.clone();
    short.source.pop();
    assert!(matches!(seg::write(&document, &short, None), Err(ExportError::SourceMismatch { .. })));
    let mut nameless = full.clone();
    nameless.source.iter_mut().flatten().for_each(|slice| slice.study.instance_uid.clear());
    let missing = ExportError::MissingUid { name: "Study Instance UID" };
    assert_eq!(seg::write(&document, &nameless, None).unwrap_err(), missing);
    let nothing = ExportContext { source: vec![None; 5], ..full.clone() };
    assert_eq!(seg::write(&document, &nothing, None).unwrap_err(), ExportError::NoSource);
    assert_eq!(seg::write(&document, &full, Some(&[9])).unwrap_err(), ExportError::NoSuchSegment(9));
    let empty = Document::empty(*volume.grid()).unwrap();
    assert_eq!(seg::write(&empty, &full, None).unwrap_err(), ExportError::Empty);
    let wide = context(&grid([14, 11, 5]));
    assert!(matches!(seg::write(&document, &wide, None), Err(ExportError::SourceMismatch { .. })));
}

#[test]
fn segments_meet_and_nothing_is_lost_silently() {
    let volume = volume(grid([13, 11, 5]));
    let mut document = document(&volume);
    let context = context(volume.grid());
    let bytes = seg::write(&document, &context, None).unwrap().object.bytes().to_vec();
    let incoming = read_segmentation(&bytes, volume.grid(), &context.source).unwrap();
    let before = document.clone();
    let voxels: u64 = incoming.segments.iter().map(SegmentIn::voxel_count).sum();
    let (edits, notes) = segmentation_edits(&incoming, Collision::Overwrite, &mut document, &volume).unwrap();
    assert_eq!(notes, [SegmentationNote::Overlap { voxels }]);
    assert_eq!([1, 5].map(|n| document.voxel_count(n)), [0, before.voxel_count(1)]);
    for edit in edits.iter().rev() {
        document.apply(&edit.inverse(), &volume).unwrap();
    }
    assert_eq!(document.segments(), before.segments());
    let (_, notes) = segmentation_edits(&incoming, Collision::KeepExisting, &mut document, &volume).unwrap();
    assert_eq!(notes, [SegmentationNote::Overlap { voxels }]);
    assert_eq!([1, 5].map(|n| document.voxel_count(n)), [before.voxel_count(1), 0]);
    assert_eq!(document.problems(&volume), Vec::<String>::new());
}

#[test]
fn what_will_leave_is_shown_attribute_by_attribute() {
    let volume = volume(grid([13, 11, 5]));
    let document = document(&volume);
    let context = context(volume.grid());
    let segmentation = seg::write(&document, &context, None).unwrap();
    let lines = segmentation.object.preview().unwrap();
    let text = |keyword: &str| {
        let line = lines.iter().find(|l| l.keyword == keyword).unwrap();
        (line.depth, line.value.to_string())
    };
    assert_eq!(text("PatientName"), (0, "Müller^Zoé".into()));
    assert_eq!(text("TransferSyntaxUID"), (0, "1.2.840.10008.1.2.1".into()));
    assert_eq!(text("SegmentLabel"), (1, "Right Lung".into()));
    assert_eq!(text("ImagePositionPatient"), (2, "-120.5\\-95.25\\312.5".into()));
    assert_eq!(text("DimensionIndexPointer"), (1, "(0062,000B)".into()));
    assert_eq!(lines.iter().filter(|l| matches!(l.value, PreviewValue::SegmentBits(_))).count(), 1);
    // Every element of the file is a line: those the encoder wrote into it are those shown.
    assert!(lines.iter().all(|l| !l.keyword.is_empty()));
    let report = sr::write(&document, &segmentation, &context).unwrap();
    let outbound = Outbound::stow(&[segmentation.object.clone(), report.clone()]).unwrap();
    let uids: Vec<&str> = outbound.contents().iter().map(|(_, uid)| uid.as_str()).collect();
    assert_eq!(uids, [segmentation.object.sop_instance_uid(), report.sop_instance_uid()]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_shape_survives(
        size in [1usize..20, 1usize..20, 1usize..7],
        seeds in prop::collection::vec((0usize..SegmentMeaning::ALL.len(), any::<u64>(), 0usize..7), 1..6),
    ) {
        let volume = volume(grid(size));
        let mut document = Document::empty(*volume.grid()).unwrap();
        for (meaning, seed, k) in seeds {
            // Sparse noise on one slice and a solid block on the next.
            let noise = |v: VoxelIndex| seed.rotate_left((v.i * 5 + v.j * 11) as u32).is_multiple_of(3);
            add(&mut document, &volume, SegmentMeaning::ALL[meaning], Origin::Manual, |v| {
                (v.k == k && noise(v)) || (v.k == k + 1 && v.i >= size[0] / 2)
            });
        }
        let context = context(volume.grid());
        match seg::write(&document, &context, None) {
            Err(error) => {
                prop_assert_eq!(error, ExportError::Empty);
                prop_assert!(document.segments().iter().all(|s| document.voxel_count(s.number) == 0));
            }
            Ok(export) => {
                let incoming = read_segmentation(export.object.bytes(), volume.grid(), &context.source).unwrap();
                prop_assert_eq!(incoming.segments.len(), export.segments.len());
                for (read, written) in incoming.segments.iter().zip(&export.segments) {
                    prop_assert_eq!(read.voxel_count(), written.voxels);
                    let labels = document.layer(read.layer().unwrap()).to_vec();
                    for span in &read.spans {
                        for i in span.i_begin..span.i_end {
                            let offset = volume.grid().offset(VoxelIndex::new(i, span.j, span.k));
                            prop_assert_eq!(labels[offset], written.document_number);
                        }
                    }
                }
            }
        }
    }
}
