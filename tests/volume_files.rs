//! NIfTI, MetaImage and NRRD: every voxel has the value, and lies in the patient, where two other readers put it; what cannot be
//! opened is refused with the field that says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use flate2::Compression;
use flate2::write::GzEncoder;
use glam::{DMat3, DQuat, DVec3};
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
use hilum::import::{GeometryFinding, VolumeFileError};
use hilum::volume::CtVolume;
use proptest::prelude::*;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

mod files;
#[path = "validators/mod.rs"]
mod validators;
use files::{header, nifti, voxels};
use validators::{ask_highdicom, must_be_complete, scratch};

/// What a volume file holds, opened like the page opens it; its voxels may be in another file of the folder.
fn open(path: &Path) -> CtVolume {
    let bytes = std::fs::read(path).unwrap();
    let header = header(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let data = header.data_file.as_ref().map(|name| std::fs::read(path.with_file_name(name)).unwrap());
    let (volume, report) = voxels(&header, data.as_ref().unwrap_or(&bytes), 1 << 12);
    report.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(volume.is_complete(), "{}", path.display());
    volume
}

/// Compares with what the second readers say of a file.
fn check(path: &Path, said: &Value) {
    let volume = open(path);
    let grid = volume.grid();
    let name = path.display();
    let mut size = grid.size();
    let mut stored: Vec<usize> =
        said["size"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    size.sort_unstable();
    stored.sort_unstable();
    assert_eq!(size.as_slice(), stored, "{name}");
    let [a, b, c] = grid.directions().map(|d| d.0);
    assert!(
        a.x > 0.0 && b.y > 0.0 && c.z > 0.0,
        "{name}: columns run to the left, rows to the back, slices to the head"
    );
    assert!(DMat3::from_cols(a, b, c).determinant() > 0.0, "{name}");
    let samples = said["samples"].as_array().unwrap();
    assert!(samples.len() > 50);
    for sample in samples {
        let [x, y, z, value] = [0, 1, 2, 3].map(|n| sample[n].as_f64().unwrap());
        let p = PatientPoint::new(x, y, z);
        let v = grid.voxel_at(p).unwrap_or_else(|| panic!("{name}: {p:?} is outside"));
        let apart = grid.patient_from_voxel(v.centre()).distance(p);
        assert!(apart < 0.01, "{name}: {v:?} lies {apart} mm from where the others put it");
        let hu = f64::from(volume.at(v).unwrap());
        assert!((hu - value).abs() <= 0.501, "{name}: {hu} HU at {v:?}, the others read {value}");
    }
}

fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(!must_be_complete(), "test data {} are absent", path.display());
    println!("SKIPPED: test data {} are absent", path.display());
    None
}

#[test]
fn files_of_other_writers_are_read_as_other_readers_read_them() {
    let folder = scratch("volume_files", "written");
    let Some(said) = ask_highdicom("second_reader.py", [Path::new("write"), &folder]) else { return };
    let files = said["files"].as_object().unwrap();
    assert!(files.len() > 60, "{} files", files.len());
    for (name, said) in files {
        check(&folder.join(name), said);
    }
}

#[test]
fn real_volumes_are_read_as_other_readers_read_them() {
    for name in [
        "totalseg-example/example_ct.nii.gz",
        "totalseg-example/example_ct_sm.nii.gz",
        "dicom2nifti-failing/sliceincrement/002_ground_truth.nii.gz",
        "dicom2nifti-failing/sliceincrement/002_ground_truth_reoriented.nii.gz",
        "conformance/dcmqi/segmentations/liver_seg.nrrd",
        "conformance/dcmqi/segmentations/24x38x3/nrrd/label.nrrd",
    ] {
        let Some(path) = data(name) else { return };
        let Some(said) = ask_highdicom("second_reader.py", [Path::new("read"), &path]) else { return };
        check(&path, &said["files"][path.file_name().unwrap().to_str().unwrap()]);
    }
}

#[test]
fn labels_are_told_from_hu() {
    let size = [16, 16, 6];
    let told = |value: &dyn Fn(usize) -> i16| {
        let values: Vec<i16> = (0..16 * 16 * 6).map(value).collect();
        header(&nifti(size, DVec3::ZERO, [DVec3::X, DVec3::Y, DVec3::Z], &values)).unwrap().labels
    };
    let piece = |n: usize| (n / 256 + usize::from(n % 16 > 7)) as i16;
    assert_eq!(told(&piece).as_deref(), Some("0, 1, 2, 3, 4, 5, …"));
    assert_eq!(told(&|n| 255 * i16::from(n % 16 > 7)).as_deref(), Some("0, 255"), "a mask");
    assert_eq!(told(&|n| piece(n) - 1), None, "a value below 0");
    assert_eq!(told(&|n| 300 * i16::from(n % 16 > 7)), None, "a value above 255");
    assert_eq!(told(&|_| 0), None, "nothing at all is no label either");
    assert_eq!(told(&|n| (n * 7919 % 13) as i16), None, "noise of few values");
    assert_eq!(told(&|n| 40 + piece(n)), None, "soft tissue alone");
    // The planes of this one are no slices; its values are the same.
    let values: Vec<i16> = (0..16 * 16 * 6).map(piece).collect();
    let turned = header(&nifti(size, DVec3::ZERO, [DVec3::Z, DVec3::X, DVec3::Y], &values)).unwrap();
    assert!(!turned.planes_are_slices() && turned.labels.is_some());
    // A file that says what it is.
    let mut says = nifti(size, DVec3::ZERO, [DVec3::X, DVec3::Y, DVec3::Z], &vec![-3; 16 * 16 * 6]);
    says[68..70].copy_from_slice(&1002i16.to_le_bytes());
    assert_eq!(header(&says).unwrap().labels.as_deref(), Some("intent_code 1002"));
    for (name, is_map) in [
        ("totalseg-example/example_ct.nii.gz", false),
        ("dicom2nifti-failing/sliceincrement/002_ground_truth.nii.gz", false),
        ("conformance/dcmqi/segmentations/liver_seg.nrrd", true),
        ("conformance/dcmqi/segmentations/24x38x3/nrrd/label.nrrd", true),
    ] {
        let Some(path) = data(name) else { return };
        assert_eq!(header(&std::fs::read(path).unwrap()).unwrap().labels.is_some(), is_map, "{name}");
    }
}

/// A phantom in the patient: size, origin and steps of its grid, in the patient's order.
fn small() -> Grid {
    let steps = [[0.7, 0.0, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 2.5]].map(|[x, y, z]| PatientVector::new(x, y, z));
    Grid::new([4, 5, 6], PatientPoint::new(-12.0, -34.5, 200.0), steps).unwrap()
}

/// Its HU: all different.
fn hu_at(v: VoxelIndex) -> i16 {
    (v.i + 10 * v.j + 100 * v.k) as i16 - 1000
}

/// The phantom with its axes in another order and direction: sizes, origin, steps, and values from the fastest axis on.
struct Stored {
    size: [usize; 3],
    origin: DVec3,
    steps: [DVec3; 3],
    values: Vec<i16>,
}

fn stored(grid: &Grid, order: [usize; 3], reversed: [bool; 3]) -> Stored {
    let size = order.map(|a| grid.size()[a]);
    let mut first = [0; 3];
    for n in 0..3 {
        first[order[n]] = if reversed[n] { size[n] - 1 } else { 0 };
    }
    let origin = grid.patient_from_voxel(VoxelIndex::new(first[0], first[1], first[2]).centre()).0;
    let steps = [0, 1, 2].map(|n: usize| grid.step(order[n]).0 * if reversed[n] { -1.0 } else { 1.0 });
    let mut values = Vec::new();
    for c in 0..size[2] {
        for b in 0..size[1] {
            for a in 0..size[0] {
                let mut v = [0; 3];
                for (n, at) in [a, b, c].into_iter().enumerate() {
                    v[order[n]] = if reversed[n] { size[n] - 1 - at } else { at };
                }
                values.push(hu_at(VoxelIndex::new(v[0], v[1], v[2])));
            }
        }
    }
    Stored { size, origin, steps, values }
}

impl Stored {
    fn bytes(&self) -> Vec<u8> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn nifti(&self) -> Vec<u8> {
        nifti(self.size, self.origin, self.steps, &self.values)
    }

    fn metaimage(&self) -> Vec<u8> {
        let [a, b, c] = self.size;
        let unit = self.steps.map(|s| s.normalize());
        let list = |v: DVec3| format!("{} {} {}", v.x, v.y, v.z);
        let mut file = format!(
            "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n\
             TransformMatrix = {} {} {}\nOffset = {}\nElementSpacing = {} {} {}\nDimSize = {a} {b} {c}\n\
             ElementType = MET_SHORT\nElementDataFile = LOCAL\n",
            list(unit[0]),
            list(unit[1]),
            list(unit[2]),
            list(self.origin),
            self.steps[0].length(),
            self.steps[1].length(),
            self.steps[2].length(),
        )
        .into_bytes();
        file.extend(self.bytes());
        file
    }

    fn nrrd(&self) -> Vec<u8> {
        let [a, b, c] = self.size;
        let ras = |v: DVec3| format!("({},{},{})", -v.x, -v.y, v.z);
        let [u, v, w] = self.steps.map(ras);
        let mut file = format!(
            "NRRD0004\n# a comment\ntype: short\ndimension: 3\nspace: right-anterior-superior\nsizes: {a} {b} {c}\n\
             space directions: {u} {v} {w}\nkinds: domain domain domain\nendian: little\nencoding: raw\n\
             space origin: {}\nnote:=of nobody\n\n",
            ras(self.origin)
        )
        .into_bytes();
        file.extend(self.bytes());
        file
    }
}

/// The volume of a file that holds header and voxels.
fn volume_of(file: &[u8]) -> CtVolume {
    let (volume, report) = voxels(&header(file).unwrap(), file, 64);
    report.unwrap();
    volume
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]];

#[test]
fn every_axis_order_and_direction_is_the_same_patient() {
    let grid = small();
    for order in ORDERS {
        for flips in 0..8 {
            let stored = stored(&grid, order, [flips & 1 > 0, flips & 2 > 0, flips & 4 > 0]);
            for (format, file) in
                [("NIfTI", stored.nifti()), ("MetaImage", stored.metaimage()), ("NRRD", stored.nrrd())]
            {
                let volume = volume_of(&file);
                let what = format!("{format} {order:?} {flips:03b}");
                assert!(volume.grid().same_space(&grid, 1e-4), "{what}: {:?}", volume.grid());
                for offset in 0..grid.voxel_count() {
                    let v = grid.index_at(offset);
                    assert_eq!(volume.at(v), Some(hu_at(v)), "{what} {v:?}");
                }
            }
        }
    }
}

proptest! {
    /// However the grid lies in the patient, each value stays where the file puts it.
    #[test]
    fn oblique_volumes_keep_every_voxel_in_its_place(
        x in -1.0..1.0f64, y in -1.0..1.0f64, z in -1.0..1.0f64, angle in -3.1..3.1f64,
        order in 0usize..6, flips in 0usize..8,
    ) {
        let axis = DVec3::new(x, y, z);
        prop_assume!(axis.length() > 0.1);
        let turn = DMat3::from_quat(DQuat::from_axis_angle(axis.normalize(), angle));
        let straight = small();
        let steps = [0, 1, 2].map(|n| PatientVector(turn * straight.step(n).0));
        let grid = Grid::new(straight.size(), straight.origin(), steps).unwrap();
        let stored = stored(&grid, ORDERS[order], [flips & 1 > 0, flips & 2 > 0, flips & 4 > 0]);
        for file in [stored.nifti(), stored.metaimage(), stored.nrrd()] {
            let volume = volume_of(&file);
            let opened = volume.grid();
            prop_assert!(opened.step(0).cross(opened.step(1)).dot(opened.step(2)) > 0.0, "right-handed");
            for offset in 0..grid.voxel_count() {
                let v = grid.index_at(offset);
                let p = grid.patient_from_voxel(v.centre());
                let there = opened.voxel_at(p);
                prop_assert!(there.is_some_and(|t| opened.patient_from_voxel(t.centre()).distance(p) < 1e-3));
                prop_assert_eq!(there.and_then(|t| volume.at(t)), Some(hu_at(v)));
            }
        }
    }

    /// Whatever bytes stand in a header, nothing stops and nothing large is allocated.
    #[test]
    fn damaged_headers_are_refused_or_read(at in 0usize..352, byte in any::<u8>(), cut in 0usize..800, format in 0usize..3) {
        let stored = stored(&small(), [0, 1, 2], [false; 3]);
        let mut file = [stored.nifti(), stored.metaimage(), stored.nrrd()][format].clone();
        file[at] = byte;
        file.truncate(file.len() - cut.min(file.len()));
        if let Ok(hilum::jobs::Found::Volume(header)) = files::scan(&file)
            && header.grid.voxel_count() < 10_000
        {
            let (volume, report) = voxels(&header, &file, 64);
            prop_assert!(report.is_err() || volume.is_complete());
        }
    }
}

/// A NIfTI file of the small phantom with other bytes at some places.
fn nifti_with(changes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut file = stored(&small(), [0, 1, 2], [false; 3]).nifti();
    for (at, bytes) in changes {
        file[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    file
}

fn bad(field: &str, found: &str) -> VolumeFileError {
    VolumeFileError::BadValue { field: field.into(), found: found.into() }
}

fn unsupported(field: &str, found: &str) -> VolumeFileError {
    VolumeFileError::Unsupported { field: field.into(), found: found.into() }
}

/// A MetaImage or NRRD file of the small phantom with another text in its header.
fn text(from: &str, to: &str, nrrd: bool) -> Vec<u8> {
    let stored = stored(&small(), [0, 1, 2], [false; 3]);
    replaced(&if nrrd { stored.nrrd() } else { stored.metaimage() }, from, to)
}

fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = file.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat()
}

#[test]
fn what_cannot_be_opened_is_refused_with_its_field() {
    let two = 2i16.to_le_bytes();
    let four = 4i16.to_le_bytes();
    let large = 20_000i16.to_le_bytes();
    let nothing = 0i16.to_le_bytes();
    let cases: [(&str, Vec<u8>, VolumeFileError); 10] = [
        ("4D", nifti_with(&[(40, &four), (48, &two)]), VolumeFileError::SeveralVolumes { count: 2 }),
        ("2D", nifti_with(&[(40, &two)]), bad("dim[0]", "2")),
        ("no rows", nifti_with(&[(44, &nothing)]), bad("dim[2]", "0")),
        ("RGB", nifti_with(&[(70, &128i16.to_le_bytes())]), unsupported("datatype", "128")),
        (
            "huge",
            nifti_with(&[(42, &large), (44, &large), (46, &large)]),
            VolumeFileError::TooLarge { voxels: 8_000_000_000_000, limit: 1 << 29 },
        ),
        (
            "long",
            nifti_with(&[(42, &large), (44, &1i16.to_le_bytes()), (46, &1i16.to_le_bytes())]),
            unsupported("size", "20000"),
        ),
        ("flat", nifti_with(&[(280, &[0; 16])]), bad("sform and qform", "")),
        ("data in the header", nifti_with(&[(108, &12f32.to_le_bytes())]), bad("vox_offset", "12")),
        ("pair of files", nifti_with(&[(344, b"ni1\0")]), unsupported("magic", "ni1 (header and image in two files)")),
        (
            "too short",
            nifti_with(&[]).split_off(0)[..500].to_vec(),
            VolumeFileError::Truncated { found: 500, needed: 592 },
        ),
    ];
    for (what, file, expected) in cases {
        let error = header(&file).unwrap_err();
        match (&error, &expected) {
            (VolumeFileError::BadValue { field, .. }, VolumeFileError::BadValue { field: other, found })
                if found.is_empty() =>
            {
                assert_eq!(field, other, "{what}");
            }
            _ => assert_eq!(error, expected, "{what}"),
        }
    }
    let cases = [
        (text("MET_SHORT", "MET_SHORT_ARRAY", false), unsupported("ElementType", "MET_SHORT_ARRAY")),
        (text("NDims = 3", "NDims = 2", false), unsupported("NDims", "2")),
        (text("DimSize = 4 5 6", "DimSize = 4 5", false), bad("DimSize", "4 5")),
        (text("BinaryData = True", "BinaryData = False", false), unsupported("BinaryData", "False")),
        (text("= LOCAL", "= LIST", false), unsupported("ElementDataFile", "LIST")),
        (text("Offset", "Comment", false), VolumeFileError::Missing { field: String::new() }),
        (text("DimSize = 4 5 6", "DimSize = 4 5 60", false), VolumeFileError::Truncated { found: 0, needed: 0 }),
        (text("encoding: raw", "encoding: bzip2", true), unsupported("encoding", "bzip2")),
        (text("endian: little\n", "", true), VolumeFileError::Missing { field: "endian".into() }),
        (text("sizes: 4 5 6", "sizes: 4 5", true), bad("dimension", "3")),
        (text("space directions: (", "space directions: ((", true), bad("space directions", "")),
        (text("type: short", "type: block", true), unsupported("type", "block")),
        (text("sizes: 4 5 6", "sizes: 1 1 536870912", true), unsupported("size", "536870912")),
        (text("\n\n", "\n", true), VolumeFileError::Missing { field: String::new() }),
    ];
    for (n, (file, expected)) in cases.into_iter().enumerate() {
        let found = header(&file);
        match (found, expected) {
            // Without an offset the corner lies at the origin.
            (Ok(header), VolumeFileError::Missing { .. }) if n == 5 => assert_eq!(header.grid.origin().0, DVec3::ZERO),
            (Err(VolumeFileError::Truncated { found, needed }), VolumeFileError::Truncated { .. }) => {
                assert!(found < needed, "case {n}");
            }
            (Err(VolumeFileError::BadValue { field, .. }), VolumeFileError::BadValue { field: other, found })
                if found.is_empty() =>
            {
                assert_eq!(field, other, "case {n}");
            }
            (Err(VolumeFileError::Missing { .. }), VolumeFileError::Missing { field }) if field.is_empty() => {}
            (found, expected) => assert_eq!(found.map(|_| ()), Err(expected), "case {n}"),
        }
    }
}

#[test]
fn sizes_that_overflow_are_not_taken_for_one_volume() {
    let file = text("dimension: 3\n", "dimension: 5\n", true);
    let file = replaced(&file, "sizes: 4 5 6", "sizes: 4294967296 4294967296 4 5 6");
    let file = replaced(&file, "space directions: (", "space directions: none none (");
    assert_eq!(header(&file).map(|_| ()), Err(VolumeFileError::SeveralVolumes { count: 1 << 53 }));
}

#[test]
fn a_small_compressed_file_is_not_believed_to_hold_much() {
    let size = [8192i16, 8192, 8].map(i16::to_le_bytes);
    let plain = nifti_with(&[
        (42, &size[0]),
        (44, &size[1]),
        (46, &size[2]),
        (70, &64i16.to_le_bytes()),
        (72, &64i16.to_le_bytes()),
    ]);
    let file = gzipped(&plain);
    assert!(file.len() < 1000, "{}", file.len());
    let refused = header(&file);
    assert!(matches!(refused, Err(VolumeFileError::Truncated { .. })), "{refused:?}");
    // As much as can be compressed is read.
    let zeros = [&nifti_with(&[])[..352], &[0; 240]].concat();
    assert!(volume_of(&gzipped(&zeros)).is_complete());
}

#[test]
fn unusual_headers_that_are_sound_are_read() {
    let stored = stored(&small(), [0, 1, 2], [false; 3]);
    let four = 4i16.to_le_bytes();
    let extended = [&nifti_with(&[(108, &400f32.to_le_bytes())])[..352], &[7; 48][..], &stored.bytes()[..]].concat();
    let header_of = |file: &[u8]| String::from_utf8(file[..file.len() - stored.bytes().len()].to_vec()).unwrap();
    let crlf = |file: Vec<u8>| [header_of(&file).replace('\n', "\r\n").as_bytes(), &stored.bytes()].concat();
    let centimetres = text("endian", "space units: \"cm\" \"cm\" \"cm\"\nendian", true);
    let four_axes = header_of(&stored.nrrd())
        .replace("dimension: 3", "dimension: 4")
        .replace("sizes: 4", "sizes: 1 4")
        .replace("directions: ", "directions: none ")
        .replace("kinds: ", "kinds: vector ");
    let four_axes = [four_axes.as_bytes(), &stored.bytes()].concat();
    let cases = [
        ("four axes, one volume", nifti_with(&[(40, &four)])),
        ("offset 0", nifti_with(&[(108, &[0; 4])])),
        ("an extension", extended),
        ("no scaling", nifti_with(&[(112, &[0; 4])])),
        (
            "voxels at the end",
            text("ElementDataFile = LOCAL\n", "HeaderSize = -1\nElementDataFile = LOCAL\nnoise", false),
        ),
        ("as Windows writes", crlf(stored.metaimage())),
        ("as Windows writes", crlf(stored.nrrd())),
        ("voxels at the end", text("raw\n", "raw\nbyte skip: -1\n", true)),
        ("an axis that is none in space", four_axes),
    ];
    for (what, file) in cases {
        let volume = volume_of(&file);
        assert!(volume.grid().same_space(&small(), 1e-4), "{what}");
        for offset in 0..volume.grid().voxel_count() {
            let v = volume.grid().index_at(offset);
            assert_eq!(volume.at(v), Some(hu_at(v)), "{what} {v:?}");
        }
    }
    let spacing = header(&centimetres).unwrap().grid.spacing_mm();
    assert!((spacing[2] - 25.0).abs() < 1e-9, "{spacing:?}");
}

#[test]
fn what_the_header_leaves_open_is_said() {
    let findings = |file: &[u8]| header(file).unwrap().findings;
    let sound = nifti_with(&[]);
    assert_eq!(findings(&sound), [GeometryFinding::NotDicom]);
    let without = nifti_with(&[(254, &[0, 0])]);
    assert_eq!(findings(&without), [GeometryFinding::NotDicom, GeometryFinding::AssumedOrientation]);
    // A qform beside the sform: the identity, at the origin.
    let both = nifti_with(&[(252, &[1, 0])]);
    let [GeometryFinding::NotDicom, GeometryFinding::OrientationsDisagree { largest_mm }] = findings(&both)[..] else {
        panic!("{:?}", findings(&both))
    };
    assert!((150.0..400.0).contains(&largest_mm), "{largest_mm}");
    assert!(header(&both).unwrap().grid.same_space(&small(), 1e-4), "the sform goes first");
}

#[test]
fn values_that_are_changed_are_counted() {
    // Values of 32 bits with a fraction: 240 voxels would be too few bytes as they are.
    let mut file = nifti_with(&[(70, &16i16.to_le_bytes())]);
    file.truncate(352);
    let values = |n: usize| match n {
        0 => f32::NAN,
        1 => 1e9,
        2 => -1e9,
        3 => 12.4,
        4 => -12.6,
        5 => -999.999_9,
        _ => -1000.0,
    };
    file.extend((0..120).flat_map(|n| values(n).to_le_bytes()));
    let (volume, report) = voxels(&header(&file).unwrap(), &file, 64);
    let at = |n| volume.at_offset(n);
    assert_eq!([at(0), at(1), at(2), at(3), at(4), at(5), at(6)], [-1024, i16::MAX, i16::MIN, 12, -13, -1000, -1000]);
    assert_eq!(report.unwrap().findings(), [GeometryFinding::ValuesChanged { rounded: 2, clamped: 3 }]);

    let scaled = nifti_with(&[(112, &2f32.to_le_bytes()), (116, &2000f32.to_le_bytes())]);
    let (volume, report) = voxels(&header(&scaled).unwrap(), &scaled, 64);
    assert_eq!(volume.at(VoxelIndex::new(3, 2, 1)), Some(2 * (123 - 1000) + 2000));
    let no_air = GeometryFinding::NoAir { smallest_hu: 0, largest_hu: 2 * 543 };
    assert_eq!(report.unwrap().findings(), [no_air]);
}

fn gzipped(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_compressed_volume_that_ends_early_gives_the_slices_it_has() {
    let plain = nifti_with(&[]);
    let file = gzipped(&plain[..plain.len() - 50]);
    let (volume, report) = voxels(&header(&file).unwrap(), &file, 64);
    assert_eq!(volume.loaded_count(), 4);
    assert!(matches!(report, Err(VolumeFileError::Truncated { .. })));
    let (volume, report) = voxels(&header(&file).unwrap(), &file[..file.len() - 30], 64);
    assert!(volume.loaded_count() < 6);
    assert!(matches!(report, Err(VolumeFileError::Truncated { .. } | VolumeFileError::Damaged { .. })), "{report:?}");
}

#[test]
fn equal_headers_are_not_taken_for_equal_files() {
    let one = nifti_with(&[]);
    let mut other = one.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(header(&one).unwrap().stand_in_uid("a"), header(&one).unwrap().stand_in_uid("b"));
    assert_ne!(header(&one).unwrap().stand_in_uid("a"), header(&other).unwrap().stand_in_uid("a"));
}
