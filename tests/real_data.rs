//! Real files, public and de-identified, that are no part of the project: `HILUM_TEST_DATA`, by default `../shared/data`.
//!
//! Where they are absent each test says that it is skipped; with `CI=true` their absence is a failure.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::dicom::{DicomError, Instance, Series, SeriesKind, decode_frame, group_into_series, read_header};
use hilum::geometry::VoxelPoint;
use hilum::import::{GeometryFinding, Severity, StackPlan, StackTrait, plan_stack, stacks};
use std::path::{Path, PathBuf};

/// A folder or file of the test data, or `None` with a word on the terminal.
fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "test data {} are absent", path.display());
    println!("SKIPPED: test data {} are absent", path.display());
    None
}

/// All files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The header as the page reads it: of the first 64 KiB, of all if that is too little.
fn header(bytes: &[u8]) -> Result<Instance, DicomError> {
    match read_header(&bytes[..bytes.len().min(1 << 16)]) {
        Err(DicomError::Truncated { .. }) => read_header(bytes),
        other => other,
    }
}

/// The series of a folder, with the file of each instance by SOP Instance UID.
fn open(folder: &Path) -> (Vec<Series>, std::collections::BTreeMap<String, PathBuf>) {
    let (mut instances, mut places) = (Vec::new(), std::collections::BTreeMap::new());
    for path in files(folder) {
        if let Ok(instance) = header(&std::fs::read(&path).unwrap()) {
            places.insert(instance.sop_instance_uid.clone(), path);
            instances.push(instance);
        }
    }
    (group_into_series(instances), places)
}

/// Checks that every slice lies in the grid where its Image Position says.
fn check_positions(series: &Series, plan: &StackPlan) {
    let normal = plan.grid.step(0).cross(plan.grid.step(1));
    assert!(normal.dot(plan.grid.step(2)) > 0.0, "the grid is right-handed");
    for (k, slice) in plan.slices.iter().enumerate() {
        let Some(source) = slice else { continue };
        let position = series.instances[source.instance].plane.position.unwrap();
        let grid = plan.grid.patient_from_voxel(VoxelPoint::new(0.0, 0.0, k as f64));
        assert!(position.distance(grid) < 0.01, "slice {k}: {position:?} against {grid:?}");
    }
}

/// One CT series: its plan, and the share of air (−1024…−900), lung (−950…−700) and soft tissue (−100…100) in its middle slice.
fn chest(name: &str, size: [usize; 3], spacing_mm: [f64; 3]) -> Option<(Series, StackPlan)> {
    let folder = data(name)?;
    let (all, places) = open(&folder);
    let series = all.into_iter().find(|s| s.kind == SeriesKind::CtVolume).unwrap();
    let plan = plan_stack(&series).unwrap();
    assert_eq!(plan.grid.size(), size);
    for (found, expected) in plan.grid.spacing_mm().into_iter().zip(spacing_mm) {
        assert!((found - expected).abs() < 1e-4, "{found} against {expected}");
    }
    check_positions(&series, &plan);
    assert!(plan.grid.step(2).0.z > 0.0, "slices ascend to the head");
    let source = plan.slices[size[2] / 2].unwrap();
    let file = std::fs::read(&places[&series.instances[source.instance].sop_instance_uid]).unwrap();
    let frame = decode_frame(&file, source.frame).unwrap();
    assert_eq!((frame.columns, frame.rows, frame.hu.len()), (size[0], size[1], size[0] * size[1]));
    let share = |low: i16, high: i16| {
        frame.hu.iter().filter(|hu| (low..=high).contains(*hu)).count() as f64 / frame.hu.len() as f64
    };
    assert!(
        share(-1024, -900) > 0.1 && share(-100, 100) > 0.1,
        "{name}: air {}, tissue {}",
        share(-1024, -900),
        share(-100, 100)
    );
    Some((series, plan))
}

#[test]
fn an_uncompressed_chest_ct() {
    let Some((series, plan)) = chest("lungdx-a0001-B", [512, 512, 64], [0.841_797, 0.841_797, 5.0]) else { return };
    assert_eq!(plan.findings, []);
    let windows: Vec<_> = series.instances.iter().flat_map(|i| &i.windows).map(|w| (w.centre_hu, w.width_hu)).collect();
    assert_eq!(windows.len(), 2 * 64);
    assert!(windows.contains(&(60.0, 350.0)), "{windows:?}");
}

#[test]
fn a_jpeg_ls_chest_ct() {
    let Some((_, plan)) = chest("nlst-101287", [512, 512, 143], [0.54, 0.54, 2.0]) else { return };
    assert_eq!(plan.findings, []);
}

#[test]
fn a_chest_ct_with_a_frame_of_reference_per_slice() {
    let Some((series, plan)) = chest("lidc-0001", [512, 512, 133], [0.703_125, 0.703_125, 2.5]) else { return };
    assert_eq!(plan.findings, [GeometryFinding::MixedFrameOfReference { count: 133 }]);
    assert!(plan.findings.iter().all(|f| f.severity() == Severity::Note));
    assert_eq!(series.instances[0].pixels.as_ref().unwrap().padding, Some([-2000, -2000]));
    // Outside the field of view this archive stores −1024, which is not its padding value: it stays what it is.
    let file = std::fs::read(data("lidc-0001/000040.dcm").unwrap()).unwrap();
    assert_eq!(decode_frame(&file, 0).unwrap().hu[0], -2048);
}

#[test]
fn a_jpeg_2000_body_ct_with_emptied_uids() {
    let Some((series, plan)) = chest("totalseg-example/example_ct_dicom", [512, 512, 20], [0.976_562, 0.976_562, 2.0])
    else {
        return;
    };
    assert!(series.uid.starts_with("2.25.") && series.instances[0].series.instance_uid.is_empty());
    assert_eq!(plan.findings, [GeometryFinding::ThicknessNotSpacing { thickness_mm: 3.0, spacing_mm: 2.0 }]);
}

#[test]
fn odd_geometry_is_told() {
    let Some(folder) = data("dicom2nifti-failing") else { return };
    let plan = |name: &str| {
        let (all, _) = open(&folder.join(name));
        assert_eq!(all.len(), 1, "{name}");
        let plan = plan_stack(&all[0]).unwrap();
        check_positions(&all[0], &plan);
        plan
    };
    let tilted = plan("gantrytilting/001");
    assert!(matches!(tilted.findings[..], [GeometryFinding::GantryTilt { degrees }] if (degrees - 14.0).abs() < 0.01));
    // The couch moved 5 mm between slices; across the slices that is less.
    let volume = tilted.grid.voxel_volume_mm3() / (0.417_968_75 * 0.417_968_75);
    assert!((volume - 5.0 * 14f64.to_radians().cos()).abs() < 1e-6, "{volume}");
    let gap = plan("sliceincrement/001");
    assert_eq!((gap.slices.len(), &gap.findings[0]), (5, &GeometryFinding::MissingSlices { slices: vec![3] }));
    // Slice 4 of five is absent, of a series tilted by 15.5°.
    let tilted_gap = plan("sliceincrement/002");
    assert_eq!(
        (tilted_gap.slices.len(), &tilted_gap.findings[0]),
        (5, &GeometryFinding::MissingSlices { slices: vec![3] })
    );
    assert!(matches!(tilted_gap.findings[1], GeometryFinding::GantryTilt { degrees } if (degrees - 15.5).abs() < 0.01));
    // Four images of one place, taken while waiting for the contrast agent: four acquisitions of one slice each.
    let (heap, _) = open(&folder.join("notavolume/001"));
    let all = stacks(&heap[0]);
    let traits: Vec<_> = all.iter().map(|s| s.traits[0].clone()).collect();
    assert_eq!(traits, [12, 13, 14, 15].map(StackTrait::Acquisition));
    let findings = all[0].plan(&heap[0]).unwrap().findings;
    let expected = [
        GeometryFinding::OtherStacks { images: 3, stacks: 3 },
        GeometryFinding::SingleSlice,
        GeometryFinding::AssumedSpacing { spacing_mm: 1.0 },
    ];
    assert_eq!(findings, expected);
}

#[test]
fn frames_of_an_enhanced_ct_are_slices() {
    let Some(folder) = data("conformance") else { return };
    // Places, spacing and HU as pydicom reads them.
    for (file, size, spacing_mm, frames) in [
        (
            "dicomparser/encapsulated/multi-frame/CT0012.explicit_little_endian.dcm",
            [512, 512, 2],
            [0.388_672, 0.388_672, 10.0],
            [0, 1],
        ),
        (
            "dicomparser/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_ls.80.dcm",
            [512, 512, 2],
            [0.388_672, 0.388_672, 10.0],
            [0, 1],
        ),
        ("pydicom-data/eCT_Supplemental.dcm", [512, 512, 2], [0.388_672, 0.388_672, 10.0], [0, 1]),
        ("dcmqi/segmentations/24x38x3/multiframe/mf.dcm", [24, 38, 3], [0.7, 0.7, 2.5], [0, 1]),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let instance = header(&bytes).unwrap();
        assert_eq!(instance.frames.len(), size[2], "{file}");
        let series = group_into_series(vec![instance]);
        assert_eq!(series[0].kind, SeriesKind::CtVolume, "{file}");
        let plan = plan_stack(&series[0]).unwrap();
        assert_eq!(plan.grid.size(), size, "{file}");
        for (found, expected) in plan.grid.spacing_mm().iter().zip(spacing_mm) {
            assert!((found - expected).abs() < 1e-6, "{file}: {:?}", plan.grid.spacing_mm());
        }
        for (k, source) in plan.slices.iter().enumerate() {
            let source = source.unwrap();
            let own = series[0].instances[0].of_frame(source.frame).unwrap();
            let grid = plan.grid.patient_from_voxel(VoxelPoint::new(0.0, 0.0, k as f64));
            assert!(own.plane.position.unwrap().distance(grid) < 1e-6);
            let frame = decode_frame(&bytes, source.frame).unwrap();
            assert_eq!((frame.columns, frame.rows), (size[0], size[1]));
        }
        let ascends = plan.slices[0].unwrap().frame;
        println!("{file}: first slice is frame {ascends}, {:?}", plan.findings);
        let together = hilum::dicom::decode_frames(&bytes, &frames).unwrap();
        for (n, frame) in frames.iter().zip(together) {
            assert_eq!(frame.unwrap(), decode_frame(&bytes, *n).unwrap());
        }
    }
}

#[test]
fn oblique_and_single_slices_keep_their_plane() {
    let Some(folder) = data("nysbu-slices") else { return };
    let (all, _) = open(&folder);
    let plans: Vec<_> = all.iter().filter(|s| s.kind == SeriesKind::CtVolume).map(|s| plan_stack(s).unwrap()).collect();
    assert_eq!(plans.len(), 6);
    assert!(plans.iter().all(|p| p.findings.contains(&GeometryFinding::SingleSlice)));
    let along = |axis: usize| plans.iter().filter(|p| p.grid.step(2).0.abs().max_position() == axis).count();
    assert_eq!([along(0), along(1), along(2)], [2, 2, 2], "sagittal, coronal, axial");
}

/// HU of all frames of a file.
fn decoded(path: &Path) -> Result<Vec<i16>, DicomError> {
    let bytes = std::fs::read(path).unwrap();
    let frames = header(&bytes)?.pixels.map_or(1, |p| p.frames);
    Ok((0..frames)
        .map(|n| decode_frame(&bytes, n))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flat_map(|f| f.hu)
        .collect())
}

#[test]
fn signed_words_in_an_unsigned_jpeg_2000_stream() {
    let Some(file) = data("conformance/pydicom/test_files/J2K_pixelrep_mismatch.dcm") else { return };
    let hu = decoded(&file).unwrap();
    assert_eq!(hu[0], -2000);
}

#[test]
fn names_in_other_scripts() {
    let Some(folder) = data("conformance/pydicom/charset_files") else { return };
    for (file, name) in [
        ("chrFren.dcm", "Buc^Jérôme"),
        ("chrGerm.dcm", "Äneas^Rüdiger"),
        ("chrGreek.dcm", "Διονυσιος"),
        ("chrRuss.dcm", "Люкceмбypг"),
        ("chrX1.dcm", "Wang^XiaoDong=王^小東="),
        ("chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("chrKoreanMulti.dcm", "김희중"),
    ] {
        let found = header(&std::fs::read(folder.join(file)).unwrap()).unwrap().patient.name;
        assert_eq!(found, name, "{file}");
    }
}

/// Every file there is, also the malformed: header, series, plan and pixels either come out or are refused with a reason.
#[test]
fn nothing_stops_the_program() {
    let mut opened = 0;
    for name in ["conformance", "fuzz-pwnlab-v3", "dicom2nifti-failing"] {
        let Some(folder) = data(name) else { continue };
        let mut instances = Vec::new();
        for path in files(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            match header(&bytes) {
                Ok(instance) => {
                    if instance.pixels.is_some()
                        && let Err(error) = decode_frame(&bytes, 0)
                    {
                        assert!(!error.to_string().is_empty());
                    }
                    opened += 1;
                    instances.push(instance);
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
            // Cut files: at any length it is an error or a value.
            for part in 1..24 {
                let cut = &bytes[..bytes.len() * part / 24];
                if read_header(cut).is_ok() {
                    let _ = decode_frame(cut, 0).is_ok();
                }
            }
        }
        for series in group_into_series(instances) {
            let _ = plan_stack(&series).is_ok();
        }
    }
    assert!(opened == 0 || opened > 200, "{opened} opened");
}

/// What an independent reader says of every file it can open.
#[test]
fn headers_agree_with_another_reader() {
    use dicom_core::{Tag, VR};
    use dicom_object::{InMemDicomObject, OpenFileOptions};
    const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
    let mut compared = 0;
    for name in ["conformance", "lidc-0001", "lungdx-a0001-B", "nlst-101287", "nysbu-slices", "dicom2nifti-failing"] {
        let Some(folder) = data(name) else { continue };
        for path in files(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            let (Ok(ours), Ok(theirs)) =
                (header(&bytes), OpenFileOptions::new().read_until(PIXEL_DATA).from_reader(&bytes[..]))
            else {
                continue;
            };
            let object: &InMemDicomObject = &theirs;
            let place = path.display().to_string();
            let same = |ours: &str, group: u16, element: u16| {
                let found = object.element_opt(Tag(group, element)).ok().flatten();
                let text = found.filter(|e| !matches!(e.vr(), VR::UN | VR::OB)).map(|e| e.to_str().unwrap_or_default());
                // The other reader leaves code extensions undecoded (PS3.3 C.12.1.1.2).
                if let Some(text) = text.filter(|t| !t.contains('\u{1b}')) {
                    assert_eq!(ours, text.trim_matches([' ', '\0']), "{place}");
                }
            };
            assert_eq!(ours.transfer_syntax_uid, theirs.meta().transfer_syntax().trim_end_matches('\0'), "{place}");
            same(&ours.patient.name, 0x0010, 0x0010);
            same(&ours.patient.id, 0x0010, 0x0020);
            same(&ours.study.instance_uid, 0x0020, 0x000D);
            same(&ours.series.instance_uid, 0x0020, 0x000E);
            same(&ours.series.description, 0x0008, 0x103E);
            same(&ours.acquisition.kernel, 0x0018, 0x1210);
            let same_numbers = |ours: &[f64], group: u16, element: u16| {
                let found = object.element_opt(Tag(group, element)).ok().flatten();
                if found.is_none_or(|e| !matches!(e.vr(), VR::UN | VR::OB)) {
                    let theirs = found.and_then(|e| e.to_multi_float64().ok()).unwrap_or_default();
                    assert_eq!(ours, theirs, "{place}: ({group:04x},{element:04x})");
                }
            };
            same_numbers(&ours.plane.position.map(|p| p.0.to_array().to_vec()).unwrap_or_default(), 0x0020, 0x0032);
            same_numbers(ours.plane.pixel_spacing_mm.as_ref().map_or(&[], |s| &s[..]), 0x0028, 0x0030);
            if let Some(pixels) = &ours.pixels {
                same_numbers(&[pixels.rows as f64], 0x0028, 0x0010);
                same_numbers(&[pixels.columns as f64], 0x0028, 0x0011);
                same_numbers(pixels.rescale_intercept.as_slice(), 0x0028, 0x1052);
                same_numbers(pixels.rescale_slope.as_slice(), 0x0028, 0x1053);
            }
            compared += 1;
        }
    }
    assert!(compared == 0 || compared > 500, "{compared} compared");
}
