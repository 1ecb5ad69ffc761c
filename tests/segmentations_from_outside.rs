//! Segmentations that other programs wrote: read with the voxels others see, or refused with the reason.
//!
//! The numbers were counted with pydicom 3.0.2 on the files of `conformance/` in `HILUM_TEST_DATA`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use hilum::annotation::{Document, Layer, SegmentMeaning};
use hilum::dicom::{DicomError, Instance, SegmentationObject, group_into_series, native_segmentation, read_header};
use hilum::geometry::Grid;
use hilum::import::{
    Collision, SegmentationError, SegmentationNote, plan_stack, read_segmentation, segmentation_edits,
};
use hilum::session::{Action, Command, PaneId, Tool};
use hilum::volume::CtVolume;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod files;
mod tab;
mod validators;
use tab::Tab;
use validators::{ask_highdicom, scratch};

fn conformance() -> Option<PathBuf> {
    let data = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = data.join("conformance");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is needed when CI=true", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

/// As the worker hands it to the page, and as that reads it.
fn object(file: &[u8]) -> Result<SegmentationObject, DicomError> {
    let native = native_segmentation(file)?;
    SegmentationObject::read(native.as_deref().unwrap_or(file))
}

/// Row, first column, column behind the last, and value.
type Run = (usize, usize, usize, u16);

/// Each frame's segment and runs.
fn runs(object: &SegmentationObject) -> Vec<(Option<u16>, Vec<Run>)> {
    let of_frame = |(n, frame): (usize, &hilum::dicom::SegmentationFrame)| {
        let mut runs = Vec::new();
        object.visit_runs(n, |row, begin, end, value| runs.push((row, begin, end, value)));
        (frame.segment_number, runs)
    };
    object.frames.iter().enumerate().map(of_frame).collect()
}

/// Set pixels of each segment.
fn counts(object: &SegmentationObject) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for (n, frame) in object.frames.iter().enumerate() {
        object.visit_runs(n, |_, begin, end, value| {
            *counts.entry(frame.segment_number.unwrap_or(value)).or_default() += end - begin;
        });
    }
    counts
}

#[test]
fn pixels_are_those_that_others_read() {
    let Some(folder) = conformance() else { return };
    let liver: &[(u16, usize)] = &[(1, 107_098)];
    let expected: [(&str, &[(u16, usize)]); 18] = [
        ("dcmqi/segmentations/23x38x3/seg/label.seg", &[(1, 322)]),
        ("dcmqi/segmentations/24x38x3/seg/label.seg", &[(1, 315)]),
        ("dcmqi/segmentations/liver.dcm", liver),
        ("dcmqi/segmentations/partial_overlaps.dcm", &[(1, 9602), (2, 11_888), (3, 10_743), (4, 6693), (5, 4713)]),
        ("dcmqi/segmentations/sparse-labelmap-noppv.dcm", &[(1, 630)]),
        ("dcmqi/segmentations/sparse-labelmap-ppv5.dcm", &[(1, 630)]),
        ("dcmqi/sr-example/seg.dcm", &[(1, 795)]),
        ("highdicom/seg_image_cr_binary.dcm", &[(1, 151)]),
        ("highdicom/seg_image_ct_binary.dcm", &[(1, 638)]),
        ("highdicom/seg_image_ct_binary_fractional.dcm", &[(1, 638)]),
        ("highdicom/seg_image_ct_binary_overlap.dcm", &[(1, 64), (2, 16)]),
        ("highdicom/seg_image_ct_binary_single_frame.dcm", &[(1, 1832)]),
        ("highdicom/seg_image_ct_true_fractional.dcm", &[(1, 638)]),
        ("pydicom-data/liver.dcm", liver),
        ("pydicom-data/liver_expb.dcm", liver),
        ("pydicom-data/liver_nonbyte_aligned.dcm", liver),
        ("pydicom-data/liver_deflate.dcm", liver),
        ("pydicom-data/liver_nonbyte_aligned_deflate.dcm", liver),
    ];
    for (name, expected) in expected {
        let object = object(&std::fs::read(folder.join(name)).unwrap()).expect(name);
        assert_eq!(counts(&object), expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn compressed_frames_hold_the_pixels_of_their_uncompressed_twin() {
    let Some(folder) = conformance() else { return };
    let read = |name: &str| object(&std::fs::read(folder.join("pydicom-data").join(name)).unwrap()).expect(name);
    for twin in ["liver", "liver_nonbyte_aligned"] {
        let whole = runs(&read(&format!("{twin}.dcm")));
        assert_eq!(whole.len(), 3);
        for form in ["rle", "j2k", "deflate"] {
            let name = format!("{twin}_{form}.dcm");
            assert_eq!(runs(&read(&name)), whole, "{name}");
            // A CT that lost something makes no lossy stream of its segmentation.
            let mut file = std::fs::read(folder.join("pydicom-data").join(&name)).unwrap();
            let said = [0x28, 0x00, 0x10, 0x21, b'C', b'S', 2, 0, b'0', b'0'];
            let at = file.windows(said.len()).position(|w| w == said).expect("(0028,2110) is there");
            file[at + 9] = b'1';
            assert_eq!(runs(&object(&file).expect(&name)), whole, "{name}");
        }
    }
}

/// What others compressed (RLE, deflated, JPEG-LS, JPEG 2000): label maps and probabilities are those of the file it was made of. With
/// loss, probabilities alone are read.
#[test]
fn label_maps_and_probabilities_come_through_every_codec() {
    let Some(folder) = conformance() else { return };
    for (name, is_label_map) in [
        ("dcmqi/segmentations/sparse-labelmap-noppv.dcm", true),
        ("highdicom/seg_image_ct_binary_fractional.dcm", false),
    ] {
        let (path, to) = (folder.join(name), scratch("compressed_segmentations", ""));
        let Some(made) = ask_highdicom("compress_seg.py", [&path, &to]) else { return };
        let whole = object(&std::fs::read(path).unwrap()).unwrap();
        let made = made["files"].as_object().unwrap();
        assert_eq!(made.len(), 6);
        for (encoder, uid) in made {
            let is_lossy = [".50", ".91"].iter().any(|end| uid.as_str().unwrap().ends_with(end));
            match object(&std::fs::read(to.join(format!("{encoder}.dcm"))).unwrap()) {
                Ok(read) if !is_lossy => assert_eq!(runs(&read), runs(&whole), "{name}: {encoder}"),
                Ok(read) if !is_label_map => {
                    let (seen, was) = (counts(&read)[&1], counts(&whole)[&1]);
                    assert!(seen.abs_diff(was) <= 4, "{encoder}: {seen} of {was}");
                }
                Err(DicomError::LossyLabels { uid: of }) if is_lossy && is_label_map => assert_eq!(of, *uid),
                other => panic!("{name}: {encoder}: {other:?}"),
            }
        }
    }
}

/// The worker has the decoders, the page has none: what a reader opens goes through both.
#[test]
fn a_reader_opens_a_compressed_segmentation() {
    let files = tab::ct("1.2.826.0.1.3680043.10.511", &tab::noise(1));
    let opened = || {
        let mut tab = Tab::open(&Default::default(), 1);
        tab.opens(&files);
        tab
    };
    let mut tab = opened();
    tab.does(Command::AddSegment(SegmentMeaning::RightLung));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    tab.acts(Action::ExportLabelMaps);
    let path = scratch("compressed_reading", "labels.dcm");
    std::fs::write(&path, &tab.downloads[0].1).unwrap();
    let to = scratch("compressed_reading", "");
    if let Some(made) = ask_highdicom("compress_seg.py", [&path, &to]) {
        for encoder in made["files"].as_object().unwrap().keys().filter(|e| *e != "jpeg" && *e != "jpeg_2000_lossy") {
            let mut other = opened();
            other.opens(&[std::fs::read(to.join(format!("{encoder}.dcm"))).unwrap()]);
            assert_eq!(other.session.view_model().problems, [], "{encoder}");
            assert!(other.said().3[1].0 > 0 && other.said().0 == tab.said().0, "{encoder}: voxel by voxel");
        }
        // With loss: refused, and why.
        let mut other = opened();
        other.opens(&[std::fs::read(to.join("jpeg.dcm")).unwrap()]);
        let problem = other.session.view_model().problems.remove(0).1;
        assert!(problem.contains("(0002,0010) 1.2.840.10008.1.2.4.50"), "{problem}");
    }
}

/// A label map of 16 bits, made of one that is written here with 8: each label times `factor`, and each segment
/// parted into so many.
fn widened(file: &[u8], factor: u16, times: u16) -> Vec<u8> {
    let mut object = dicom_object::from_reader(&file[128..]).unwrap();
    for (tag, value) in [(tags::BITS_ALLOCATED, 16u16), (tags::BITS_STORED, 16), (tags::HIGH_BIT, 15)] {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let count: usize = [tags::ROWS, tags::COLUMNS, tags::NUMBER_OF_FRAMES]
        .into_iter()
        .map(|tag| object.element(tag).unwrap().to_int::<usize>().unwrap())
        .product();
    let labels = object.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap().into_owned();
    // Each of a segment's pixels belongs to one of those it becomes, in turn.
    let mut turn = (0..times).cycle();
    let mut wide = |label: &u8| if *label == 0 { 0 } else { u16::from(*label) * factor + turn.next().unwrap_or(0) };
    let wide = labels[..count].iter().map(&mut wide).collect();
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(wide)));
    let described: Vec<_> = object.element(tags::SEGMENT_SEQUENCE).unwrap().items().unwrap().to_vec();
    let described: Vec<_> = (0..times)
        .flat_map(|n| described.iter().map(move |item| (n, item)))
        .map(|(n, item)| {
            let mut item = item.clone();
            let number = item.element(tags::SEGMENT_NUMBER).unwrap().to_int::<u16>().unwrap() * factor + n;
            item.put(DataElement::new(tags::SEGMENT_NUMBER, VR::US, PrimitiveValue::from(number)));
            item
        })
        .collect();
    object.put(DataElement::new(tags::SEGMENT_SEQUENCE, VR::SQ, DataSetSequence::from(described)));
    let mut bytes = Vec::new();
    object.write_all(&mut bytes).unwrap();
    bytes
}

/// Labels of more than eight bits are those of their segments, whatever compresses them; more segments than a reading holds are refused
/// whole, and the page says so.
#[test]
fn label_maps_of_sixteen_bits_open_with_the_right_labels() {
    let files = tab::ct("1.2.826.0.1.3680043.10.512", &tab::noise(2));
    let opened = || {
        let mut tab = Tab::open(&Default::default(), 2);
        tab.opens(&files);
        tab
    };
    let mut tab = opened();
    for (meaning, y) in [(SegmentMeaning::GroundGlass, 30.0), (SegmentMeaning::Consolidation, 60.0)] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[(25.0, y), (75.0, y), (75.0, y + 8.0), (25.0, y + 8.0)]);
    }
    tab.acts(Action::ExportLabelMaps);
    let narrow = tab.downloads[0].1.clone();
    let drawn = &tab.session.case().unwrap().document;
    // Labels 1 and 2 become 700 and 1400.
    let wide = widened(&narrow, 700, 1);
    let path = scratch("wide_labels", "labels.dcm");
    std::fs::write(&path, &wide).unwrap();
    let mut forms = vec![("uncompressed".to_owned(), wide)];
    if let Some(made) = ask_highdicom("compress_seg.py", [&path, &scratch("wide_labels", "")]) {
        let made = made["files"].as_object().unwrap();
        assert_eq!(made.len(), 4);
        forms.extend(
            made.keys()
                .map(|name| (name.clone(), std::fs::read(scratch("wide_labels", &format!("{name}.dcm"))).unwrap())),
        );
    }
    for (form, bytes) in forms {
        assert_eq!(counts(&object(&bytes).unwrap()).into_keys().collect::<Vec<_>>(), [700, 1400], "{form}");
        let mut other = opened();
        other.opens(&[bytes]);
        assert_eq!(other.session.view_model().problems, [], "{form}");
        let read = &other.session.case().unwrap().document;
        for (mine, theirs) in drawn.segments().iter().zip(read.segments()) {
            assert_eq!(
                (mine.meaning, drawn.voxel_count(mine.number)),
                (theirs.meaning, read.voxel_count(theirs.number)),
                "{form}"
            );
        }
        assert_eq!(read.layer(Layer::Findings).to_vec(), drawn.layer(Layer::Findings).to_vec(), "{form}");
    }
    let many = widened(&narrow, 700, 140);
    assert_eq!(counts(&object(&many).unwrap()).len(), 280);
    let mut other = opened();
    other.opens(&[many]);
    assert!(other.session.case().unwrap().document.segments().is_empty());
    let problem = other.session.view_model().problems.remove(0).1;
    assert!(problem.contains("255 segments at most"), "{problem}");
}

/// The frames of a file and their pixels in the opposite order.
fn reversed(file: &[u8]) -> Vec<u8> {
    let mut object = dicom_object::from_reader(&file[128..]).unwrap();
    let number = |tag| object.element(tag).unwrap().to_int::<usize>().unwrap();
    let bits = number(tags::ROWS) * number(tags::COLUMNS) * number(tags::BITS_ALLOCATED);
    let count = number(tags::NUMBER_OF_FRAMES);
    let stored = object.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap().into_owned();
    let mut pixels = vec![0u8; stored.len()];
    for n in 0..bits * count {
        let from = (count - 1 - n / bits) * bits + n % bits;
        pixels[n / 8] |= (stored[from / 8] >> (from % 8) & 1) << (n % 8);
    }
    let frames = object.element(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).unwrap().items().unwrap();
    let frames: Vec<_> = frames.iter().rev().cloned().collect();
    let frames = DataSetSequence::from(frames);
    object.put(DataElement::new(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, VR::SQ, frames));
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::from(pixels)));
    let mut bytes = Vec::new();
    object.write_all(&mut bytes).unwrap();
    bytes
}

#[test]
fn frames_lie_where_they_say_in_whatever_order_they_come() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("dcmqi/segmentations");
    for (ct_folder, name) in [
        ("ct-3slice", "partial_overlaps.dcm"),
        ("23x38x3/image", "23x38x3/seg/label.seg"),
        ("24x38x3/image", "sparse-labelmap-noppv.dcm"),
    ] {
        let (grid, source) = ct(&folder.join(ct_folder));
        let file = std::fs::read(folder.join(name)).unwrap();
        let turned = reversed(&file);
        let (as_is, other) = (object(&file).unwrap(), object(&turned).unwrap());
        assert!(runs(&as_is).iter().eq(runs(&other).iter().rev()), "{name}");
        assert!(as_is.frames != other.frames && as_is.frames.iter().eq(other.frames.iter().rev()), "{name}");
        let voxels = |file: &[u8]| {
            let read = read_segmentation(file, &grid, &source).unwrap();
            read.segments.into_iter().map(|s| (s.label, s.spans)).collect::<Vec<_>>()
        };
        assert!(voxels(&file) == voxels(&turned), "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    let Some(folder) = conformance() else { return };
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let read = |name: &str| object(&bytes(name)).map(|_| ());
    // Another transfer syntax in the place of RLE: one that is not read, and one with loss.
    let (rle, at) = (bytes("pydicom-data/liver_rle.dcm"), b"1.2.840.10008.1.2.5\0");
    let at = rle.windows(at.len()).position(|w| w == at).unwrap();
    let named = |uid: &[u8]| {
        let mut file = rle[..at - 2].to_vec();
        file.extend([&(uid.len() as u16).to_le_bytes(), uid, &rle[at + 20..]].concat());
        object(&file).map(|_| ())
    };
    let uid = "1.2.840.10008.1.2.4.92".to_owned();
    assert_eq!(named(uid.as_bytes()), Err(DicomError::UnsupportedTransferSyntax { uid }));
    let refused = named(b"1.2.840.10008.1.2.4.50").unwrap_err();
    assert!(refused.to_string().contains("TransferSyntaxUID (0002,0010) 1.2.840.10008.1.2.4.50"), "{refused}");
    // What is not there, and what contradicts the header.
    for end in (rle.len() - 2000..rle.len() - 200).step_by(100) {
        assert!(matches!(object(&rle[..end]), Err(DicomError::PixelData { .. })), "{end}");
    }
    let mut other = rle.clone();
    let rows = rle.windows(6).position(|w| w == b"\x28\0\x10\0US").unwrap() + 8;
    other[rows..rows + 2].copy_from_slice(&1024u16.to_le_bytes());
    assert!(matches!(object(&other), Err(DicomError::PixelData { .. })));
    let frames = rle.windows(8).position(|w| w == b"\x28\0\x08\0IS\x02\0").unwrap() + 8;
    other[frames..frames + 2].copy_from_slice(b"99");
    other[rows..rows + 2].copy_from_slice(&8192u16.to_le_bytes());
    let columns = rle.windows(6).position(|w| w == b"\x28\0\x11\0US").unwrap() + 8;
    other[columns..columns + 2].copy_from_slice(&8192u16.to_le_bytes());
    assert!(matches!(object(&other), Err(DicomError::TooLarge { .. })));
    // Segmentations that are not compressed, and images, are not made anew.
    for name in ["pydicom-data/liver.dcm", "highdicom/ct_image.dcm", "pydicom-data/emri_small_RLE.dcm"] {
        assert_eq!(native_segmentation(&bytes(name)), Ok(None), "{name}");
    }
    for name in ["seg_image_sm_control.dcm", "seg_image_sm_control_labelmap.dcm", "seg_image_sm_dots_tiled_full.dcm"] {
        let refused = read(&format!("highdicom/{name}"));
        assert!(matches!(refused, Err(DicomError::UnsupportedPixels { .. })), "{name}: {refused:?}");
    }
    // One frame, three descriptions of frames.
    assert!(matches!(read("pydicom/test_files/liver_1frame.dcm"), Err(DicomError::BadValue { .. })));
    assert!(matches!(read("highdicom/ct_image.dcm"), Err(DicomError::BadValue { .. })));
}

/// The CT in a folder, as the page would lay it out.
fn ct(folder: &Path) -> (Grid, Vec<Option<Instance>>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let headers = paths.iter().filter_map(|path| read_header(&std::fs::read(path).unwrap()).ok());
    let series = group_into_series(headers.collect());
    let series = series.iter().max_by_key(|s| s.instances.len()).unwrap();
    let plan = plan_stack(series).unwrap();
    let source = plan.slices.iter().map(|s| s.map(|s| series.instances[s.instance].clone())).collect();
    (plan.grid, source)
}

#[test]
fn segmentations_lie_on_their_ct() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("dcmqi/segmentations");
    let on = |ct_folder: &str, name: &str| {
        let (grid, source) = ct(&folder.join(ct_folder));
        read_segmentation(&std::fs::read(folder.join(name)).unwrap(), &grid, &source)
    };
    let liver = on("ct-3slice", "liver.dcm").unwrap();
    assert_eq!(liver.segments.len(), 1);
    assert_eq!((liver.segments[0].label.as_str(), liver.segments[0].voxel_count()), ("Liver", 107_098));
    let coded = SegmentationNote::NoMeaning { segment_number: 1, coded: "Liver".into() };
    assert_eq!((liver.notes.as_slice(), liver.segments[0].meaning), ([coded].as_slice(), None));
    let (grid, _) = ct(&folder.join("ct-3slice"));
    let (mut document, volume) = (Document::empty(grid).unwrap(), CtVolume::empty(grid).unwrap());
    let refused = segmentation_edits(&liver, Collision::KeepExisting, &mut document, &volume);
    assert_eq!(refused, Err(SegmentationError::NoMeaning { coded: "Liver".into() }));

    let overlaps = on("ct-3slice", "partial_overlaps.dcm").unwrap();
    let voxels: Vec<u64> = overlaps.segments.iter().map(|s| s.voxel_count()).collect();
    assert_eq!(voxels, [9602, 11_888, 10_743, 6693, 4713]);
    // GREEN is coded as tissue, LIGHT_BLUE as an abnormal structure (edema), the others as vessels.
    assert_eq!(overlaps.notes[0], SegmentationNote::TakenForLesion { segment_number: 1, coded: "Tissue".into() });
    let (edits, _) = segmentation_edits(&overlaps, Collision::KeepExisting, &mut document, &volume).unwrap();
    assert_eq!((edits.len(), document.voxel_count(1)), (4, 9602));
    let looks: Vec<_> = document.segments().iter().map(|s| (s.meaning, s.name.as_str())).collect();
    assert_eq!(looks, [(SegmentMeaning::Lesion, "GREEN"), (SegmentMeaning::Lesion, "LIGHT_BLUE")]);

    for (ct_folder, name, expected) in [
        ("23x38x3/image", "23x38x3/seg/label.seg", 322),
        ("24x38x3/image", "24x38x3/seg/label.seg", 315),
        ("24x38x3/image", "sparse-labelmap-noppv.dcm", 630),
        ("24x38x3/image", "sparse-labelmap-ppv5.dcm", 630),
    ] {
        let read = on(ct_folder, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.segments.iter().map(|s| s.voxel_count()).collect::<Vec<_>>(), [expected], "{name}");
    }
    for other in ["ct-3slice", "23x38x3/image"] {
        assert_eq!(on(other, "24x38x3/seg/label.seg"), Err(SegmentationError::OtherFrameOfReference), "{other}");
    }
}

#[test]
fn damage_never_stops_the_program() {
    let Some(folder) = conformance() else { return };
    let (grid, source) = ct(&folder.join("dcmqi/segmentations/24x38x3/image"));
    let whole = std::fs::read(folder.join("dcmqi/segmentations/24x38x3/seg/label.seg")).unwrap();
    let mut refused = 0;
    for end in (0..whole.len()).step_by(7) {
        refused += usize::from(read_segmentation(&whole[..end], &grid, &source).is_err());
    }
    assert_eq!(refused, whole.len().div_ceil(7));
    // Every byte of the header in turn, with a value that makes lengths long and text strange.
    for at in 0..whole.len() {
        for value in [0x00, 0xFF, whole[at] ^ 0x20] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            if let Ok(read) = read_segmentation(&damaged, &grid, &source) {
                assert!(read.segments.iter().all(|s| s.spans.iter().all(|s| s.k < 3 && s.j < 38 && s.i_end <= 24)));
            }
        }
    }
}

/// Segmentations of highdicom on a grid of half their pixels, in their frame of reference: four voxels for each of theirs, whether they
/// are binary or fractional, and also where most planes between the first and the last were left out for being empty.
#[test]
fn segmentations_on_another_grid_are_resampled() {
    let Some(folder) = conformance() else { return };
    let (_, instances) = ct(&folder.join("dcmqi/segmentations/24x38x3/image"));
    for (name, expected) in [
        ("seg_image_ct_binary.dcm", vec![638]),
        ("seg_image_ct_binary_fractional.dcm", vec![638]),
        ("seg_image_ct_true_fractional.dcm", vec![638]),
        ("seg_image_ct_binary_overlap.dcm", vec![64, 16]),
    ] {
        let bytes = std::fs::read(folder.join("highdicom").join(name)).unwrap();
        let object = object(&bytes).unwrap();
        let plane = &object.frames[0].plane;
        let ([across, down], [row_mm, column_mm]) = (plane.directions.unwrap(), plane.pixel_spacing_mm.unwrap());
        let steps = [across * (column_mm / 2.0), down * (row_mm / 2.0), across.cross(down) * 1.25];
        let lowest =
            object.frames.iter().filter_map(|f| f.plane.position).min_by(|a, b| a.0.z.total_cmp(&b.0.z)).unwrap();
        let origin = lowest + steps[0] * -0.5 + steps[1] * -0.5 + steps[2] * -1.0;
        let grid = Grid::new([32, 32, 170], origin, steps).unwrap();
        let mut image = instances[0].clone().unwrap();
        image.series.frame_of_reference_uid = object.frame_of_reference_uid.clone();
        let mut source = vec![None; 170];
        source[0] = Some(image);
        let read = read_segmentation(&bytes, &grid, &source).unwrap_or_else(|error| panic!("{name}: {error}"));
        let off = read.notes.iter().find_map(|n| match n {
            SegmentationNote::Resampled { off_percent, .. } => *off_percent,
            _ => None,
        });
        assert!(off.is_some_and(|off| off < 0.01), "{name}: {:?}", read.notes);
        let voxels: Vec<u64> = read.segments.iter().map(|s| s.voxel_count() / 4).collect();
        assert_eq!(voxels, expected, "{name}");
    }
    // And on its own image, pixel by pixel.
    let image = std::fs::read(folder.join("highdicom/ct_image.dcm")).unwrap();
    let series = group_into_series(vec![read_header(&image).unwrap()]).remove(0);
    let plan = plan_stack(&series).unwrap();
    let bytes = std::fs::read(folder.join("highdicom/seg_image_ct_binary_single_frame.dcm")).unwrap();
    let read = read_segmentation(&bytes, &plan.grid, &[Some(series.instances[0].clone())]).unwrap();
    assert_eq!(read.segments[0].voxel_count(), 1832);
    assert!(!read.notes.iter().any(|n| matches!(n, SegmentationNote::Resampled { .. })));
}

#[test]
fn fluid_is_told_apart_by_where_it_lies() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&tab::ct("1.2.826.0.1.3680043.10.511", &tab::noise(1)));
    tab.does(Command::AddSegment(SegmentMeaning::PleuralEffusion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    tab.acts(Action::ExportSeg);
    let own = tab.downloads.remove(0).1;
    let case = tab.session.case().unwrap();
    let source: Vec<_> = (0..tab::SIZE[2]).map(|k| case.image(k)).collect();
    let meaning = |kind: &[u8; 8], region: &[u8; 8]| {
        let mut bytes = own.clone();
        for (from, to) in [(b"60046008", kind), (b"3120008 ", region)] {
            let places: Vec<usize> = (0..bytes.len() - 8).filter(|n| bytes[*n..n + 8] == *from).collect();
            assert!(!places.is_empty());
            places.iter().for_each(|n| bytes[*n..n + 8].copy_from_slice(to));
        }
        read_segmentation(&bytes, &case.plan.grid, &source).unwrap().segments[0].meaning
    };
    assert_eq!(meaning(b"60046008", b"3120008 "), Some(SegmentMeaning::PleuralEffusion), "our own");
    assert_eq!(meaning(b"41699000", b"91381003"), Some(SegmentMeaning::PleuralEffusion), "as TotalSegmentator has it");
    assert_eq!(meaning(b"41699000", b"76848001"), Some(SegmentMeaning::PericardialEffusion));
    assert_ne!(meaning(b"41699000", b"10200004"), Some(SegmentMeaning::PleuralEffusion), "fluid about the liver");
}
