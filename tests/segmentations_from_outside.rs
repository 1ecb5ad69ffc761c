//! Segmentations that other programs wrote: read with the voxels others see, or refused with the reason.
//!
//! The numbers were counted with pydicom 3.0.2 on the files of `conformance/` in `HILUM_TEST_DATA`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::annotation::{Document, SegmentMeaning};
use hilum::dicom::{DicomError, Instance, SegmentationObject, group_into_series, read_header};
use hilum::geometry::Grid;
use hilum::import::{
    Collision, SegmentationError, SegmentationNote, plan_stack, read_segmentation, segmentation_edits,
};
use hilum::volume::CtVolume;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
        let object = SegmentationObject::read(&std::fs::read(folder.join(name)).unwrap()).expect(name);
        assert_eq!(counts(&object), expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    let Some(folder) = conformance() else { return };
    let read = |name: &str| SegmentationObject::read(&std::fs::read(folder.join(name)).unwrap()).map(|_| ());
    for (name, uid) in [
        ("pydicom-data/liver_rle.dcm", "1.2.840.10008.1.2.5"),
        ("pydicom-data/liver_nonbyte_aligned_rle.dcm", "1.2.840.10008.1.2.5"),
        ("pydicom-data/liver_j2k.dcm", "1.2.840.10008.1.2.4.90"),
        ("pydicom-data/liver_nonbyte_aligned_j2k.dcm", "1.2.840.10008.1.2.4.90"),
    ] {
        assert_eq!(read(name), Err(DicomError::UnsupportedTransferSyntax { uid: uid.into() }), "{name}");
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
        let object = SegmentationObject::read(&bytes).unwrap();
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
