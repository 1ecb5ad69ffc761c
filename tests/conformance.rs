//! Every public file of three folders of the test data: it opens, or it is refused with its reason. What came of it is
//! `docs/conformance.md`: with `HILUM_WRITE_DOCS=1` this test writes that page, otherwise it fails where the page says something
//! else.
//!
//! The files are no part of the project: `HILUM_TEST_DATA`, by default `../shared/data`. Where they are absent the test says that
//! it is skipped; with `CI=true` their absence is a failure.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::dicom::{DicomError, Instance, decode_frame, group_into_series, read_header};
use hilum::import::{FileKind, VolumeFileError, VolumeFormat, plan_stack};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "files/mod.rs"]
mod opened_files;
mod validators;

const FOLDERS: [&str; 3] = ["conformance", "dicom2nifti-failing", "fuzz-pwnlab-v3"];

/// Transfer syntaxes by UID, with their names, as PS3.6 annex A has them; the last word says whether they are read.
const SYNTAXES: [(&str, &str, bool); 30] = [
    ("1.2.840.10008.1.2", "Implicit VR Little Endian", true),
    ("1.2.840.10008.1.2.1", "Explicit VR Little Endian", true),
    ("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", true),
    ("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", true),
    ("1.2.840.10008.1.2.2", "Explicit VR Big Endian (retired)", true),
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline, 8 bit", true),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended, 8 and 12 bit", true),
    ("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (retired)", false),
    ("1.2.840.10008.1.2.4.55", "JPEG Full Progression (retired)", false),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless", true),
    ("1.2.840.10008.1.2.4.70", "JPEG Lossless, first-order prediction", true),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", true),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", true),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", true),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000", true),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Multi-component Lossless", false),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Multi-component", false),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced", false),
    ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", false),
    ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile", false),
    ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile", false),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", true),
    ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", true),
    ("1.2.840.10008.1.2.4.112", "JPEG XL", true),
    ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless", true),
    ("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 Lossless, RPCL", true),
    ("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", true),
    ("1.2.840.10008.1.2.5", "RLE Lossless", true),
    ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", true),
    ("1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced", false),
];

/// Files of one reason that the page names.
const MOST_NAMED: usize = 12;

/// A file whose HU must be those of another, from `conformance/` on, within a number of HU.
struct Equal {
    truth: &'static str,
    file: &'static str,
    within_hu: i32,
    /// What is taken from the HU first: some lossy files lost their Rescale Intercept.
    offset_hu: i32,
}

const fn equal(truth: &'static str, file: &'static str, within_hu: i32) -> Equal {
    Equal { truth, file, within_hu, offset_hu: 0 }
}

const CT: &str = "cornerstone/CTImage.dcm";
const CT1: &str = "dicomparser/encapsulated/single-frame/CT1_UNC.explicit_little_endian.dcm";
const CT12: &str = "dicomparser/encapsulated/multi-frame/CT0012.explicit_little_endian.dcm";
const MR: &str = "dcmqa-ts/1.dcm";
const MR_SMALL: &str = "pydicom/test_files/MR_small.dcm";
const EMRI: &str = "pydicom-data/emri_small.dcm";

#[rustfmt::skip]
const EQUALS: [Equal; 48] = [
    equal(CT, "cornerstone/CTImage.dcm_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm", 0),
    // Squeezed into 12 bits (a step is 2 HU) and lossy: libjpeg-turbo's values are off by 36, too.
    equal(CT, "cornerstone/CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm", 36),
    equal(CT, "cornerstone/CTImage.dcm_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm", 1),
    equal(CT, "cornerstone/CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm", 0),
    equal(CT, "cornerstone/CTImage.dcm_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm", 5),
    equal(CT, "cornerstone/CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm", 0),
    equal(CT1, "dicomparser/CT1_UNC.explicit_little_endian.dcm", 0),
    equal(CT1, "dicomparser/CT1_UNC.implicit_little_endian.dcm", 0),
    equal(CT1, "dicomparser/CT1_UNC.explicit_big_endian.dcm", 0),
    equal(CT1, "dicomparser/encapsulated/single-frame/CT1_UNC.fragmented_no_bot_jpeg_ls.80.dcm", 0),
    equal(CT1, "dicomparser/encapsulated/single-frame/CT1_UNC.fragmented_bot_jpeg_ls.80.dcm", 0),
    equal(CT1, "dicomparser/encapsulated/single-frame/CT1_UNC.not_fragmented_no_bot_jpeg_ls.80.dcm", 0),
    equal(CT1, "dicomparser/encapsulated/single-frame/CT1_UNC.not_fragmented_bot_jpeg_ls.80.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_lossless.57.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_lossless.70.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_ls.80.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_ls.81.dcm", 3),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.not_fragmented_no_bot_jpeg_ls.80.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.not_fragmented_bot_jpeg_ls.80.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.not_fragmented_no_bot_rle.dcm", 0),
    equal(CT12, "dicomparser/encapsulated/multi-frame/CT0012.not_fragmented_bot_rle.dcm", 0),
    Equal { truth: CT12, file: "dicomparser/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm", within_hu: 14, offset_hu: 1024 },
    equal(MR, "dcmqa-ts/2.dcm", 0),
    equal(MR, "dcmqa-ts/3.dcm", 0),
    equal(MR, "dcmqa-ts/4.dcm", 0),
    equal(MR, "dcmqa-ts/5.dcm", 0),
    equal(MR, "dcmqa-ts/6.dcm", 0),
    equal(MR, "dcmqa-ts/7.dcm", 0),
    equal(MR, "dcmqa-ts/8.dcm", 0),
    equal(MR, "dcmqa-ts/9.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_RLE.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_bigendian.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_expb.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_implicit.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_jp2klossless.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_jpeg_ls_lossless.dcm", 0),
    equal(MR_SMALL, "pydicom/test_files/MR_small_padded.dcm", 0),
    equal(EMRI, "pydicom-data/emri_small_RLE.dcm", 0),
    equal(EMRI, "pydicom-data/emri_small_big_endian.dcm", 0),
    equal(EMRI, "pydicom-data/emri_small_jpeg_2k_lossless.dcm", 0),
    equal(EMRI, "pydicom-data/emri_small_jpeg_2k_lossless_too_short.dcm", 0),
    equal(EMRI, "pydicom-data/emri_small_jpeg_ls_lossless.dcm", 0),
];

/// A CT in JPEG Baseline, whose eight bits no other file has: its values are within one of those of libjpeg-turbo, which pydicom asks.
const JPEG: &str = "cornerstone/CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm";

/// Codestreams, their values, and whether those have a sign.
const HIGH_THROUGHPUT: [(&str, &str, bool); 2] = [
    ("htj2k-codecs/openjphjs/test/fixtures/j2c/CT1.j2c", "htj2k-codecs/openjphjs/test/fixtures/raw/CT1.RAW", true),
    ("htj2k-codecs/openjphjs/test/fixtures/j2c/CT2.j2c", "htj2k-codecs/openjphjs/test/fixtures/raw/CT2.RAW", false),
];

fn data() -> Option<PathBuf> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if FOLDERS.iter().all(|folder| root.join(folder).exists()) {
        return Some(root);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "test data {} are absent", root.display());
    println!("SKIPPED: test data {} are absent", root.display());
    None
}

/// All files below a folder of the root, by their names from there, in order.
fn files(root: &Path, folder: &str) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![root.join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The HU of all frames of a file.
fn hu(file: &[u8]) -> Result<Vec<i16>, DicomError> {
    let frames = read_header(file)?.pixels.map_or(1, |p| p.frames);
    let frames: Result<Vec<_>, _> = (0..frames).map(|n| decode_frame(file, n)).collect();
    Ok(frames?.into_iter().flat_map(|f| f.hu).collect())
}

/// A CT file of 512 × 512 pixels of 16 bits around an encapsulated stream.
fn around(stream: &[u8], transfer_syntax: &str, signed: bool) -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let mut element = |group: u16, element: u16, vr: &[u8; 2], value: &[u8]| {
        file.extend([group.to_le_bytes(), element.to_le_bytes(), *vr, (value.len() as u16).to_le_bytes()].concat());
        file.extend(value);
    };
    element(2, 0x10, b"UI", transfer_syntax.as_bytes());
    element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0");
    element(8, 0x18, b"UI", b"2.25.18\0");
    for (tag, value) in
        [(2, 1u16), (0x10, 512), (0x11, 512), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, signed.into())]
    {
        element(0x28, tag, b"US", &value.to_le_bytes());
    }
    file.extend(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\x00\xE0");
    file.extend((stream.len() as u32).to_le_bytes());
    file.extend(stream);
    file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    file
}

/// What came of a file.
enum Outcome {
    /// Header and pixels.
    Decoded(Instance),
    /// The header; the object has no pixels.
    HeaderOnly,
    /// The header; a segmentation, whose frames are read by another door.
    Segmentation,
    /// The header; the pixels are refused.
    PixelsRefused(Instance, DicomError),
    /// A NIfTI, MetaImage or NRRD file, all its slices read.
    Volume(VolumeFormat),
    /// Such a file, refused.
    VolumeRefused(VolumeFileError),
    /// Not opened.
    Refused(DicomError),
}

fn outcome(bytes: &[u8]) -> Outcome {
    if FileKind::of(bytes) == FileKind::Volume {
        return match opened_files::header(bytes) {
            Ok(header) => match opened_files::voxels(&header, bytes, 1 << 20) {
                (volume, Ok(_)) => {
                    assert!(volume.is_complete(), "no slice is missing without a word");
                    Outcome::Volume(header.format)
                }
                (_, Err(error)) => Outcome::VolumeRefused(error),
            },
            Err(error) => Outcome::VolumeRefused(error),
        };
    }
    let instance = match read_header(bytes) {
        Ok(instance) => instance,
        Err(error) => return Outcome::Refused(error),
    };
    if instance.sop_class_uid.starts_with("1.2.840.10008.5.1.4.1.1.66.") {
        return Outcome::Segmentation;
    }
    let Some(pixels) = &instance.pixels else { return Outcome::HeaderOnly };
    // A few frames of a long file say what all would.
    for n in 0..pixels.frames.min(3) {
        match decode_frame(bytes, n) {
            Ok(frame) => assert_eq!(frame.hu.len(), frame.rows * frame.columns),
            Err(error) => return Outcome::PixelsRefused(instance, error),
        }
    }
    Outcome::Decoded(instance)
}

#[test]
fn every_file_opens_or_is_refused_with_its_reason() {
    let Some(root) = data() else { return };
    let mut page = String::from(
        "# Conformance\n\nWritten by `tests/conformance.rs` from public test files (`HILUM_WRITE_DOCS=1 cargo nextest run --test \
         conformance`); the test fails\nwhen this page and the program differ.\n\n",
    );
    let mut by_syntax: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut unsupported: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut refusals: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut opened, mut headers, mut segmentations, mut all) = (0, 0, 0, 0);
    let mut volumes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut instances = Vec::new();
    for name in FOLDERS.iter().flat_map(|folder| files(&root, folder)) {
        let bytes = std::fs::read(root.join(&name)).unwrap();
        all += 1;
        let refused = match outcome(&bytes) {
            Outcome::Decoded(instance) => {
                opened += 1;
                by_syntax.entry(instance.transfer_syntax_uid.clone()).or_default().push(name);
                instances.push(instance);
                continue;
            }
            Outcome::HeaderOnly => {
                headers += 1;
                continue;
            }
            Outcome::Segmentation => {
                segmentations += 1;
                continue;
            }
            Outcome::Volume(format) => {
                volumes.entry(format!("{format:?}")).or_default().push(name);
                continue;
            }
            Outcome::VolumeRefused(error) => {
                refusals.entry(format!("volume file: {error}")).or_default().push(name);
                continue;
            }
            Outcome::PixelsRefused(instance, error) => {
                if matches!(error, DicomError::UnsupportedTransferSyntax { .. }) {
                    unsupported.entry(instance.transfer_syntax_uid).or_default().push(name.clone());
                }
                error
            }
            Outcome::Refused(error) => error,
        };
        refusals.entry(refused.to_string()).or_default().push(name);
    }
    for series in group_into_series(instances) {
        let _ = plan_stack(&series).is_ok();
    }
    let mut proofs: BTreeMap<String, (i32, &str)> = BTreeMap::new();
    let read = |name: &str| std::fs::read(root.join("conformance").join(name)).unwrap();
    for Equal { truth, file, within_hu, offset_hu } in &EQUALS {
        let bytes = read(file);
        let (truth, found) = (hu(&read(truth)).unwrap(), hu(&bytes).unwrap());
        assert_eq!(truth.len(), found.len(), "{file}");
        let difference = truth.iter().zip(&found).map(|(a, b)| (i32::from(*a) + offset_hu - i32::from(*b)).abs()).max();
        assert!(difference.unwrap() <= *within_hu, "{file}: off by {difference:?} HU");
        let proof = proofs.entry(read_header(&bytes).unwrap().transfer_syntax_uid).or_insert((*within_hu, *file));
        if *within_hu < proof.0 {
            *proof = (*within_hu, *file);
        }
    }
    // Codestreams with raw truth beside them, put into files made here.
    for (stream, truth, signed) in HIGH_THROUGHPUT {
        let truth: Vec<i16> = read(truth).as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
        for uid in ["1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"] {
            assert!(hu(&around(&read(stream), uid, signed)).unwrap() == truth, "{stream}");
            proofs.insert(uid.into(), (0, stream));
        }
    }
    let path = root.join("conformance").join(JPEG);
    if let Some(theirs) = validators::ask_highdicom("pixels.py", [&path, &path]) {
        let theirs: Vec<i32> = serde_json::from_value(theirs["files"][0].clone()).unwrap();
        let bytes = read(JPEG);
        let pixels = read_header(&bytes).unwrap().pixels.unwrap();
        let (slope, intercept) = (pixels.rescale_slope.unwrap_or(1.0), pixels.rescale_intercept.unwrap_or(0.0));
        let ours = hu(&bytes).unwrap();
        assert_eq!(ours.len(), theirs.len());
        let grey = |hu: i16| ((f64::from(hu) - intercept) / slope).round() as i32;
        let off = ours.iter().zip(&theirs).map(|(hu, theirs)| (grey(*hu) - theirs).abs()).max();
        assert!(off <= Some(1), "{JPEG}: off by {off:?}");
    }
    page.push_str("## Transfer syntaxes\n\n| UID | name | read | files decoded | proof: HU equal to those of an uncompressed file |\n|---|---|---|---|---|\n");
    for (uid, name, read) in SYNTAXES {
        let decoded = by_syntax.get(uid).map_or(0, Vec::len);
        assert!(read || decoded == 0, "{name} is read");
        assert!(!(read && unsupported.contains_key(uid)), "{name} is not read: {:?}", unsupported.get(uid));
        let proof = match proofs.get(uid) {
            Some((0, file)) => format!("exactly: `{file}`"),
            Some((within, file)) => format!("within {within} HU (lossy): `{file}`"),
            None if uid == "1.2.840.10008.1.2.4.50" => {
                format!("within 1 grey level of what libjpeg-turbo makes of it (lossy): `{JPEG}`")
            }
            None if matches!(uid, "1.2.840.10008.1.2.4.111" | "1.2.840.10008.1.2.4.112") => {
                "within 1 of what libjxl makes of a stream (lossy): `tests/worker_decoders.rs`".into()
            }
            None if read => {
                by_syntax.get(uid).map_or("none among these files".into(), |f| format!("decoded only: `{}`", f[0]))
            }
            None => unsupported.get(uid).map_or("refused by its UID".into(), |f| format!("refused: `{}`", f[0])),
        };
        let read = if read { "yes" } else { "no" };
        writeln!(page, "| {uid} | {name} | {read} | {decoded} | {proof} |").unwrap();
    }
    page.push_str("\n## Other formats\n\n| format | read | files opened | proof |\n|---|---|---|---|\n");
    let readers = "values and places equal to those that SimpleITK and nibabel read: `tests/volume_files.rs`";
    let first =
        |format: &str| volumes.get(format).map_or("none of these".to_owned(), |f| format!("{}: `{}`", f.len(), f[0]));
    for (format, what, proof) in [
        ("Nifti", "NIfTI-1 and NIfTI-2 in one file, also gzipped; one volume of whole numbers or fractions", readers),
        ("MetaImage", "MetaImage, voxels in the same or another file, also compressed", readers),
        ("Nrrd", "NRRD, voxels in the same or another file, raw or gzipped", readers),
        ("Zip", "ZIP archives of any of these, stored or deflated, one inside another", "`tests/archives.rs`"),
    ] {
        writeln!(page, "| {what} | yes | {} | {proof} |", first(format)).unwrap();
    }
    let volumes: usize = volumes.values().map(Vec::len).sum();
    writeln!(
        page,
        "\n## All files\n\n{all} files: {opened} decoded, {headers} objects without pixels, {segmentations} segmentations (their \
         frames are read when they are put\non a CT), {volumes} volumes of other formats, {} set aside or refused:\n\n| what is said | files |\n|---|---|",
        all - opened - headers - segmentations - volumes
    )
    .unwrap();
    for (reason, files) in &refusals {
        // A reason names its attribute, or says that there is no data set to name one of.
        let whole = [
            "not a DICOM file",
            "volume file: ",
            "a DICOMDIR",
            "the file ends too early, at byte",
            "the data set is malformed at",
        ];
        assert!(reason.contains(",0") || whole.iter().any(|w| reason.starts_with(w)), "{reason}: {files:?}");
        let mut names: Vec<_> = files.iter().take(MOST_NAMED).map(|f| format!("`{f}`")).collect();
        if files.len() > MOST_NAMED {
            names.push(format!("and {} more", files.len() - MOST_NAMED));
        }
        writeln!(page, "| {} | {} |", reason.replace('|', "\\|"), names.join("<br>")).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    if std::env::var_os("HILUM_WRITE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let differs = committed.lines().zip(page.lines()).find(|(a, b)| a != b);
        assert!(
            committed == page,
            "docs/conformance.md says something else; HILUM_WRITE_DOCS=1 writes it. First: {differs:#?}"
        );
    }
}
