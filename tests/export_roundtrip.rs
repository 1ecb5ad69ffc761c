//! Document → DICOM SEG and SR → read again: the same voxels, the same numbers, and the judgement of outside validators.

use hilum::annotation::{Document, Edit, Origin, SegmentMeaning};
use hilum::dicom::{Acquisition, ImagePlane, Instance, PatientModule, PixelFormat, SeriesModule, StudyModule};
use hilum::export::{ExportContext, ExportError, seg, sr};
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
use hilum::volume::CtVolume;
use ndarray::Array3;
use std::path::PathBuf;
use std::process::Command;

fn grid(size: [usize; 3]) -> Grid {
    let steps = [[0.75, 0.0, 0.0], [0.0, 0.75, 0.0], [0.0, 0.0, 2.5]].map(|[x, y, z]| PatientVector::new(x, y, z));
    Grid::new(size, PatientPoint::new(-120.5, -95.25, 310.0), steps).unwrap()
}

fn slice(grid: &Grid, k: usize) -> Instance {
    let [columns, rows, _] = grid.size();
    let [row_mm, column_mm] = [grid.spacing_mm()[1], grid.spacing_mm()[0]];
    let [across, down, _] = grid.directions();
    Instance {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".into(),
        sop_instance_uid: format!("1.2.3.4.{}", k + 1),
        transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
        image_type: vec!["ORIGINAL".into(), "PRIMARY".into(), "AXIAL".into()],
        instance_number: Some(k as i32 + 1),
        patient: PatientModule {
            name: "Müller^Zoé".into(),
            id: "P-1".into(),
            birth_date: "19600101".into(),
            sex: "F".into(),
        },
        study: StudyModule {
            instance_uid: "1.2.3".into(),
            date: "20200401".into(),
            time: "101500".into(),
            description: "Thorax sans injection".into(),
            id: "S1".into(),
            accession_number: "A1".into(),
            referring_physician: "Martin^Paul".into(),
        },
        series: SeriesModule {
            instance_uid: "1.2.3.4".into(),
            number: Some(3),
            description: "lung".into(),
            modality: "CT".into(),
            body_part: "CHEST".into(),
            frame_of_reference_uid: Some("1.2.3.5".into()),
            manufacturer: "Maker".into(),
            model: "Model".into(),
        },
        acquisition: Acquisition::default(),
        plane: ImagePlane {
            position: Some(grid.patient_from_voxel(VoxelIndex::new(0, 0, k).centre())),
            directions: Some([across, down]),
            pixel_spacing_mm: Some([row_mm, column_mm]),
            slice_thickness_mm: Some(2.5),
        },
        pixels: Some(PixelFormat {
            rows,
            columns,
            frames: 1,
            samples_per_pixel: 1,
            photometric: "MONOCHROME2".into(),
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            signed: false,
            rescale_slope: Some(1.0),
            rescale_intercept: Some(-1024.0),
            padding: None,
        }),
        windows: vec![],
    }
}

fn context(grid: &Grid) -> ExportContext {
    ExportContext {
        source: (0..grid.size()[2]).map(|k| Some(slice(grid, k))).collect(),
        reader: "Reader01".into(),
        reading_id: "reading 1".into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes: vec!["Slices 3 and 4 are missing.".into()],
    }
}

fn volume(grid: Grid) -> CtVolume {
    let [ni, nj, nk] = grid.size();
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| (i * 7 + j * 3 + k) as i16 - 900);
    CtVolume::from_array(grid, hu).unwrap()
}

/// A segment with the given voxels, added to the document.
fn add(
    document: &mut Document,
    volume: &CtVolume,
    meaning: SegmentMeaning,
    origin: Origin,
    inside: impl Fn(VoxelIndex) -> bool,
) -> u8 {
    let segment = document.new_segment(meaning, String::new(), origin).unwrap();
    let (number, layer) = (segment.number, segment.layer);
    document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, volume).unwrap();
    let grid = *document.grid();
    let [ni, nj, nk] = grid.size();
    document.edit_voxels(layer, volume, |editor| {
        for k in 0..nk {
            for j in 0..nj {
                editor.set_span(k, j, 0, ni, |offset, _| inside(grid.index_at(offset)).then_some(number));
            }
        }
    });
    number
}

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

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("export_roundtrip");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Asks dciodvfy about a file. Without dicom3tools it says so; in continuous integration that is a failure.
fn conforms(bytes: &[u8], name: &str) {
    let path = scratch(name);
    std::fs::write(&path, bytes).unwrap();
    let Ok(output) = Command::new("dciodvfy").arg(&path).output() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "dciodvfy (dicom3tools) is needed");
        println!("skipped: dciodvfy (dicom3tools) is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    // It knows no private coding scheme, not even one the object identifies as PS3.3 C.12.1.1 asks.
    let known = |line: &str| line.contains("Unrecognized defined term <99HILUM>");
    let complaint = |line: &&str| (line.starts_with("Error") || line.starts_with("Warning")) && !known(line);
    assert_eq!(said.lines().filter(complaint).collect::<Vec<_>>(), Vec::<&str>::new(), "{name}");
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
    let report = sr::write(&document, &context, &segmentation, &segments, &whole_ct).unwrap();
    assert_eq!(report, sr::write(&document, &context, &segmentation, &segments, &whole_ct).unwrap());
    conforms(report.bytes(), "sr.dcm");

    let nan = [sr::Measurement::volume_ml(f64::NAN)];
    let refused = sr::write(&document, &context, &segmentation, &segments, &nan);
    assert_eq!(refused, Err(ExportError::NotANumber { concept: "Volume" }));
    let only_lungs = seg::write(&document, &context, Some(&[1, 2])).unwrap();
    let refused = sr::write(&document, &context, &only_lungs, &segments, &[]);
    assert_eq!(refused, Err(ExportError::NotInSegmentation(3)));
}
