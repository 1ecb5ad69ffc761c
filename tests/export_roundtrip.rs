//! Document → DICOM SEG and SR → read again: the same voxels, the same numbers, and the judgement of outside validators.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::annotation::{Document, Edit, Layer, Origin, Segment, SegmentMeaning};
use hilum::dicom::{Instance, LossyCompression};
use hilum::export::campaign;
use hilum::export::{ExportContext, ExportError, ExportNote, Outbound, OutboundObject, PreviewValue, WholeCt, seg, sr};
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex, VoxelPoint};
use hilum::import::{
    Collision, SegmentIn, SegmentationError, SegmentationIn, SegmentationNote, read_segmentation, segmentation_edits,
};
use hilum::volume::CtVolume;
use proptest::prelude::*;

mod small_ct;
use small_ct::{add, campaign, context, document, grid, proposed, volume};
#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, assert_conforms, scratch};

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

/// The values of an attribute, wherever it stands.
fn values(object: &OutboundObject, keyword: &str) -> Vec<String> {
    let lines = object.preview().unwrap();
    lines.iter().filter(|l| l.keyword == keyword).map(|l| l.value.to_string()).collect()
}

#[test]
fn numbers_pixels_and_words_of_our_own_are_no_leak() {
    let grid = grid([130, 11, 5]);
    let volume = volume(grid);
    let mut document = document(&volume);
    let lung = document.segments()[0].clone();
    let origin = Origin::Proposed {
        algorithm: "Hilum lungs by threshold and closing".into(),
        version: "1".into(),
        parameters: "air_below_hu=-500; lungs_at_least_ml=500".into(),
        edited: false,
    };
    let edit = Edit::Segment { number: 1, after: Some(Segment { origin, ..lung.clone() }), before: Some(lung) };
    document.apply(&edit, &volume).unwrap();
    // Pixels are the last element of a segmentation.
    let plain = seg::write(&document, &context(&grid), None).unwrap().object;
    let byte = plain.bytes().iter().rev().find(|byte| **byte >= 100).unwrap().to_string();
    for (id, description, name) in [
        (byte.as_str(), "LUNGS", "Lung^Wei"),
        ("1500", "CT Chest", "Container"),
        ("130", "Hilum lungs by threshold and closing", "Position"),
        ("2x", "Right Lung", "Ground"),
        ("LN-1", "Consortium", "Measurement"),
    ] {
        let mut context = context(&grid);
        for slice in context.source.iter_mut().flatten() {
            (slice.patient.id, slice.study.id) = (id.into(), "S-9".into());
            (slice.series.description, slice.patient.name) = (description.into(), name.into());
        }
        let context = campaign::context(&context, &campaign(), "R07").unwrap();
        let segmentation = seg::write(&document, &context, None).unwrap();
        sr::write_report(&document, Some(&segmentation), &context, &[], &WholeCt::of(&document)).unwrap();
        // The name is found all the same where it does not belong.
        let family = name.split('^').next().unwrap();
        for leak in [family.to_owned(), format!("seen with {name}")] {
            let context = ExportContext { software_version: leak.clone(), ..context.clone() };
            let is_own = ["Position", "Measurement"].contains(&leak.as_str());
            assert_eq!(seg::write(&document, &context, None).is_err(), !is_own, "{leak}");
        }
    }
}

#[test]
fn an_archive_gets_its_identifiers_whole_and_a_campaign_no_issuer() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let mut context = context(&grid);
    for slice in context.source.iter_mut().flatten() {
        slice.study.accession_number = "ACCESSION-2026-000123456".into();
        slice.study.id = "STUDY-2026-000123456".into();
        slice.patient.id_issuer = "Hospital of the North".into();
    }
    let object = seg::write(&document(&volume), &context, None).unwrap().object;
    assert_eq!(values(&object, "AccessionNumber"), ["ACCESSION-2026-000123456"]);
    assert_eq!(values(&object, "StudyID"), ["STUDY-2026-000123456"]);
    assert_eq!(values(&object, "IssuerOfPatientID"), ["Hospital of the North"]);
    conforms(object.bytes(), "long-identifiers.dcm");
    let context = campaign::context(&context, &campaign(), "R07").unwrap();
    let object = seg::write(&document(&volume), &context, None).unwrap().object;
    assert!(values(&object, "IssuerOfPatientID").is_empty());
    let leaking = ExportContext { quality_notes: vec!["seen at Hospital of the North".into()], ..context };
    assert!(matches!(seg::write(&document(&volume), &leaking, None), Err(ExportError::Refused { .. })));
}

#[test]
fn marks_on_a_ct_that_lost_something_say_so() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let mut context = context(&grid);
    let lossy = |context: &ExportContext| {
        let object = seg::write(&document(&volume), context, None).unwrap().object;
        conforms(object.bytes(), "lossy.dcm");
        ["LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"]
            .map(|keyword| values(&object, keyword).concat())
    };
    assert_eq!(lossy(&context), ["00", "", ""]);
    let methods = vec!["ISO_10918_1".into(), "ISO_15444_1".into()];
    context.source[2].as_mut().unwrap().lossy = Some(LossyCompression { ratios: vec![8.5, 2.0], methods });
    assert_eq!(lossy(&context), ["01", "8.5\\2", "ISO_10918_1\\ISO_15444_1"]);
    let of_campaign = |context: &ExportContext| campaign::context(context, &campaign(), "R07").unwrap();
    assert_eq!(lossy(&of_campaign(&context)), lossy(&context));
    // What is no term of DICOM may be a name.
    let methods = vec!["ISO_10918_1".into(), "DUPONT_JEAN".into()];
    context.source[2].as_mut().unwrap().lossy = Some(LossyCompression { ratios: vec![8.5, 2.0], methods });
    let mut leaking = of_campaign(&context);
    assert_eq!(lossy(&leaking), ["01", "8.5\\2", ""]);
    leaking.source[2].as_mut().unwrap().lossy.clone_from(&context.source[2].as_ref().unwrap().lossy);
    assert!(matches!(seg::write(&document(&volume), &leaking, None), Err(ExportError::Refused { .. })));
}

#[test]
fn a_segment_is_tracked_from_when_it_was_made_whatever_it_is_called() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let context = context(&grid);
    let tracked = |change: fn(Segment) -> Segment| {
        let mut document = document(&volume);
        let before = document.segment(3).unwrap().clone();
        let edit = Edit::Segment { number: 3, after: Some(change(before.clone())), before: Some(before) };
        document.apply(&edit, &volume).unwrap();
        seg::write(&document, &context, None).unwrap().segments[2].tracking_uid.clone()
    };
    let as_made = tracked(|segment| segment);
    assert_eq!(tracked(|s| Segment { meaning: SegmentMeaning::Consolidation, ..s }), as_made);
    // The number given again, for another lesion.
    assert_ne!(tracked(|s| Segment { made_at: "20261123101501".into(), ..s }), as_made);
}

#[test]
fn dcmqi_reads_every_voxel_where_it_is_and_every_group() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let (document, context) = (document(&volume), context(&grid));
    let segmentation = seg::write(&document, &context, None).unwrap();
    let report = sr::write(&document, &segmentation, &context).unwrap();
    let [seg_path, sr_path] =
        [("dcmqi-seg.dcm", segmentation.object.bytes()), ("dcmqi-sr.dcm", report.bytes())].map(|(name, bytes)| {
            let path = scratch("export_roundtrip", name);
            std::fs::write(&path, bytes).unwrap();
            path
        });
    let Some(seen) = ask_highdicom("check_dcmqi.py", [&seg_path, &sr_path]) else { return };
    for (segment, exported) in document.segments().iter().zip(&segmentation.segments) {
        let number = exported.segment_number.to_string();
        let places: Vec<[f64; 3]> = serde_json::from_value(seen["segments"][&number].clone()).unwrap();
        let mut found = Vec::new();
        for [x, y, z] in places {
            let at = PatientPoint::new(x, y, z);
            let voxel = grid.voxel_at(at).unwrap();
            assert!(grid.patient_from_voxel(voxel.centre()).distance(at) <= 0.01);
            found.push(grid.offset(voxel));
        }
        found.sort_unstable();
        let labels = document.layer(segment.layer).to_vec();
        let own: Vec<usize> = (0..).zip(&labels).filter(|(_, l)| **l == segment.number).map(|(n, _)| n).collect();
        assert_eq!(found, own, "segment {number}");
    }
    let groups: Vec<&str> = seen["groups"].as_array().unwrap().iter().map(|g| g.as_str().unwrap()).collect();
    assert!(segmentation.segments.iter().all(|s| groups.contains(&s.tracking_id.as_str())), "{groups:?}");
}

#[test]
fn labels_of_a_layer_come_back_voxel_by_voxel() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let (document, context) = (document(&volume), context(&grid));
    for layer in Layer::ALL {
        let export = seg::write_label_map(&document, &context, layer).unwrap();
        assert_eq!(export.object, seg::write_label_map(&document, &context, layer).unwrap().object);
        let expected: Vec<u64> =
            document.segments().iter().filter(|s| s.layer == layer).map(|s| document.voxel_count(s.number)).collect();
        assert_eq!(export.segments.iter().map(|s| s.voxels).collect::<Vec<_>>(), expected);
        let (incoming, again) = reread(export.object.bytes(), &volume, &context.source);
        assert_eq!(incoming.notes, []);
        // Numbers begin anew in each object.
        let first = document.segments().iter().find(|s| s.layer == layer).unwrap().number;
        let own: Vec<u8> = document.layer(layer).to_vec().iter().map(|l| l.saturating_sub(first - 1)).collect();
        assert_eq!(again.layer(layer).to_vec(), own);
    }
    let empty = Document::empty(grid).unwrap();
    assert_eq!(seg::write_label_map(&empty, &context, Layer::Anatomy).unwrap_err(), ExportError::Empty);
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
fn opacities_that_were_looked_for_and_not_found_come_back_empty() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let mut document = Document::empty(grid).unwrap();
    add(&mut document, &volume, SegmentMeaning::LeftLung, proposed(), |v| v.i > 6);
    add(&mut document, &volume, SegmentMeaning::GroundGlass, proposed(), |_| false);
    let context = context(&grid);
    assert_eq!(seg::write(&document, &context, Some(&[2])).unwrap_err(), ExportError::Empty, "no frame at all");
    add(&mut document, &volume, SegmentMeaning::Consolidation, Origin::Manual, |v| v.i == 9);
    add(&mut document, &volume, SegmentMeaning::Nodule, Origin::Manual, |_| false);
    let export = seg::write(&document, &context, None).unwrap();
    assert_eq!(export.notes, [ExportNote::EmptySegment(4)], "nobody says that there is no nodule");
    assert_eq!(
        export.segments.iter().map(|s| (s.voxels > 0, s.frames)).collect::<Vec<_>>(),
        [(true, 5), (false, 0), (true, 5)]
    );
    conforms(export.object.bytes(), "none-found.dcm");
    let report = sr::write(&document, &export, &context).unwrap();
    conforms(report.bytes(), "none-found-sr.dcm");
    let [seg_path, sr_path] = ["none-found.dcm", "none-found-sr.dcm"].map(|name| scratch("export_roundtrip", name));
    if let Some(judged) = ask_highdicom("check_sr.py", [&sr_path, &seg_path]) {
        let groups = judged["groups"].as_array().unwrap();
        let volumes: Vec<f64> = groups.iter().map(|g| g["measurements"]["Volume"]["value"].as_f64().unwrap()).collect();
        assert_eq!((groups[1]["finding"].as_str(), volumes[1]), (Some("Ground glass opacity"), 0.0), "{groups:?}");
        assert!(volumes.len() == 3 && volumes[0] > 0.0 && volumes[2] > 0.0, "{volumes:?}");
    }
    if let Some(seen) = ask_highdicom("check_dcmqi.py", [&seg_path, &sr_path]) {
        assert!(seen["segments"].get("2").is_none() && seen["segments"].get("3").is_some());
    }
    let labels = Layer::ALL.map(|layer| seg::write_label_map(&document, &context, layer).unwrap());
    let [_, findings] = labels;
    let kept = [(SegmentMeaning::GroundGlass, 0), (SegmentMeaning::Consolidation, document.voxel_count(3))];
    for (bytes, from) in [(export.object.bytes(), 1), (findings.object.bytes(), 0)] {
        let (incoming, again) = reread(bytes, &volume, &context.source);
        assert_eq!(incoming.notes, []);
        let counts = again.segments()[from..].iter().map(|s| (s.meaning, again.voxel_count(s.number)));
        assert_eq!(counts.collect::<Vec<_>>(), kept);
        assert!(again.was_searched());
    }
    // Voxels that lie outside another grid are lost on the way to it: that is not none.
    let mut document = Document::empty(grid).unwrap();
    add(&mut document, &volume, SegmentMeaning::LeftLung, proposed(), |v| v.i > 6);
    add(&mut document, &volume, SegmentMeaning::GroundGlass, proposed(), |v| v.k == 0);
    let bytes = seg::write(&document, &context, None).unwrap().object.bytes().to_vec();
    let part = Grid::new(
        [14, 11, 3],
        grid.patient_from_voxel(VoxelPoint::new(0.0, 0.0, 2.0)),
        [0, 1, 2].map(|a| grid.step(a)),
    );
    let part = part.unwrap();
    let read = read_segmentation(&bytes, &part, &small_ct::context(&part).source).unwrap();
    assert_eq!(read.segments.iter().map(|s| s.meaning).collect::<Vec<_>>(), [Some(SegmentMeaning::LeftLung)]);
    assert!(read.notes.contains(&SegmentationNote::EmptySegment(2)), "{:?}", read.notes);
}

#[test]
fn a_campaign_is_not_told_what_a_site_calls_its_model() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let mut document = Document::empty(grid).unwrap();
    let model = |parameters: &str| Origin::Proposed {
        algorithm: "model Hilum of Dr Dupont".into(),
        version: "0.1.0".into(),
        parameters: parameters.into(),
        edited: false,
    };
    add(&mut document, &volume, SegmentMeaning::Lesion, model("labels=not dupont,lesion; overlap=0.5"), |v| v.i > 6);
    add(&mut document, &volume, SegmentMeaning::GroundGlass, model("labels=rest,ground-glass"), |v| v.i < 3);
    let hospital = context(&grid);
    let campaign = campaign::context(&hospital, &campaign(), "R07").unwrap();
    let written = |context: &ExportContext| {
        let segmentation = seg::write(&document, context, None).unwrap();
        let report = sr::write_report(&document, Some(&segmentation), context, &[], &WholeCt::of(&document)).unwrap();
        [segmentation.object, report]
    };
    for object in written(&hospital) {
        assert!(object.bytes().windows(6).any(|w| w == b"Dupont"), "the hospital knows its model");
    }
    for (n, object) in written(&campaign).iter().enumerate() {
        conforms(object.bytes(), &format!("model-{n}.dcm"));
        assert!(!object.bytes().to_ascii_lowercase().windows(6).any(|w| w == b"dupont"));
    }
    let [segmentation, _] = written(&campaign);
    assert_eq!(values(&segmentation, "AlgorithmName"), ["Model of the site"; 2]);
    let told = values(&segmentation, "AlgorithmParameters");
    assert!(told.iter().all(|t| t.len() == 71 && t.starts_with("sha256=")) && told[0] != told[1], "{told:?}");
    let meanings = values(&segmentation, "CodeMeaning");
    assert!(meanings.contains(&"Artificial Intelligence".to_owned()), "{meanings:?}");
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

    let none = vec![None; 5];
    assert_eq!(read(volume.grid(), &none), Err(SegmentationError::OtherFrameOfReference));
}

#[test]
fn a_segmentation_on_another_grid_is_resampled_and_that_is_said() {
    let size = [13, 11, 5];
    let (own, volume) = (grid(size), volume(grid(size)));
    let (document, known) = (document(&volume), context(&grid(size)));
    let bytes = seg::write(&document, &known, None).unwrap().object.bytes().to_vec();
    let of = |to: Grid| {
        let read = read_segmentation(&bytes, &to, &context(&to).source).unwrap();
        let note = read.notes.iter().find_map(|n| match n {
            SegmentationNote::Resampled { off_percent, .. } => *off_percent,
            _ => None,
        });
        (read, note)
    };
    // More columns, and slices that begin one higher: the voxels are where they were in the patient.
    let wide =
        Grid::new([17, 11, 4], own.patient_from_voxel(VoxelPoint::new(-2.0, 0.0, 1.0)), [0, 1, 2].map(|a| own.step(a)));
    let (read, note) = of(wide.unwrap());
    assert!(note.is_some());
    let left = read.segments.iter().find(|s| s.meaning == Some(SegmentMeaning::LeftLung)).unwrap();
    assert_eq!(left.voxel_count(), document.voxel_count(2) / 5 * 4);
    assert!(left.spans.iter().all(|s| (s.i_begin, s.i_end) == (9, 15)));
    // Half the slices' distance, turned a quarter, another pixel: the same place in the patient, as the nearest voxel has it.
    let turned = [own.step(1) * 0.5, own.step(0) * -0.5, own.step(2) * 0.5];
    let corner = own.patient_from_voxel(VoxelPoint::new(12.25, -0.25, -0.25));
    let (read, note) = of(Grid::new([22, 26, 10], corner, turned).unwrap());
    assert!(note.unwrap() < 1e-9, "eight small voxels for each: {note:?}");
    for (segment, written) in read.segments.iter().zip(document.segments()) {
        assert_eq!(segment.voxel_count(), 8 * document.voxel_count(written.number));
    }
    // Where nothing of it reaches, that is said.
    let far =
        Grid::new(size, own.origin() + PatientVector::new(500.0, 0.0, 0.3), [0, 1, 2].map(|a| own.step(a))).unwrap();
    assert_eq!(read_segmentation(&bytes, &far, &context(&far).source), Err(SegmentationError::Empty));
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
