//! What a DICOMDIR lists, held against the files of its medium; what is missing is said, and marks the CT that it is missing from.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may stop, and says what it skips")]

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use hilum::dicom::{DicomError, ListedFile, read_directory, read_header};
use hilum::import::GeometryFinding;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

mod files;
#[allow(dead_code, reason = "only the folder is asked for")]
mod real;
mod tab;
use tab::{Origin, Tab, ct, noise};

/// The files listed, each found at its path below the folder, with the UIDs of its own header.
fn check(folder: &Path, name: &str) -> Vec<ListedFile> {
    let listed = read_directory(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    for file in &listed {
        let header = read_header(&std::fs::read(folder.join(&file.path)).unwrap()).unwrap();
        assert_eq!((&header.sop_instance_uid, &header.series.instance_uid), (&file.sop_instance_uid, &file.series_uid));
    }
    listed
}

#[test]
fn listed_files_are_those_of_the_medium_however_the_index_is_written() {
    let Some(folder) = real::data("conformance/pydicom/test_files/dicomdirtests") else { return };
    let whole = check(&folder, "DICOMDIR");
    // As many as pydicom lists.
    assert_eq!(whole.len(), 31);
    let sorted = |mut files: Vec<ListedFile>| {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    };
    let whole = sorted(whole);
    for name in ["DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-reordered"] {
        assert_eq!(sorted(check(&folder, name)), whole, "{name}");
    }
    // The record that its offsets begin with was taken out: files are known, but not to which series they belong.
    let headless = sorted(read_directory(&std::fs::read(folder.join("DICOMDIR-nopatient")).unwrap()).unwrap());
    assert!(headless.iter().map(|f| &f.path).eq(whole.iter().map(|f| &f.path)));
    // Its last record says that it is longer than the file.
    let cut = read_directory(&std::fs::read(folder.join("DICOMDIR-nooffset")).unwrap());
    assert_eq!(cut, Err(DicomError::Truncated { at: 10696 }));
    assert_eq!(read_directory(&std::fs::read(folder.join("DICOMDIR-empty.dcm")).unwrap()), Ok(Vec::new()));
    // Its files are headers alone.
    let tiny = folder.join("TINY_ALPHA");
    let listed = read_directory(&std::fs::read(tiny.join("DICOMDIR")).unwrap()).unwrap();
    assert_eq!(listed.iter().filter(|f| tiny.join(&f.path).is_file()).count(), 50);
}

#[test]
fn a_cut_index_is_an_error_and_offsets_in_a_circle_end() {
    let bytes = dicomdir(&[("2.25.51.2", "2.25.51.3.1", "A")]);
    for length in [140, bytes.len() / 2, bytes.len() - 20] {
        let error = read_directory(&bytes[..length]).unwrap_err();
        assert!(matches!(error, DicomError::Truncated { .. } | DicomError::Malformed { .. }), "{length}: {error}");
    }
    // The first record's own offset as its next and its lower record.
    let listed = read_directory(&bytes).unwrap();
    let mut circle = bytes;
    let item = find(&circle, &[0xFE, 0xFF, 0x00, 0xE0]) as u32;
    for tag in [[0x04, 0, 0, 0x12], [0x04, 0, 0, 0x14], [0x04, 0, 0x20, 0x14]] {
        let at = find(&circle, &tag) + 8;
        circle[at..at + 4].copy_from_slice(&item.to_le_bytes());
    }
    assert_eq!(read_directory(&circle), Ok(listed));
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|w| w == part).unwrap()
}

/// A DICOMDIR without offsets: series, SOP instance and name of each file.
fn dicomdir(files: &[(&str, &str, &str)]) -> Vec<u8> {
    let record = |kind: &str, more: &[(Tag, VR, &str)]| {
        let mut o = InMemDicomObject::new_empty();
        for tag in [tags::OFFSET_OF_THE_NEXT_DIRECTORY_RECORD, tags::OFFSET_OF_REFERENCED_LOWER_LEVEL_DIRECTORY_ENTITY]
        {
            o.put(DataElement::new(tag, VR::UL, PrimitiveValue::from(0u32)));
        }
        o.put(DataElement::new(tags::RECORD_IN_USE_FLAG, VR::US, PrimitiveValue::from(0xFFFFu16)));
        o.put(DataElement::new(tags::DIRECTORY_RECORD_TYPE, VR::CS, PrimitiveValue::from(kind)));
        for (tag, vr, value) in more {
            o.put(DataElement::new(*tag, *vr, PrimitiveValue::from(*value)));
        }
        o
    };
    let mut records = Vec::new();
    for (series, instance, name) in files {
        records.push(record("SERIES", &[(tags::SERIES_INSTANCE_UID, VR::UI, series)]));
        let of_image = [
            (tags::REFERENCED_FILE_ID, VR::CS, *name),
            (tags::REFERENCED_SOP_CLASS_UID_IN_FILE, VR::UI, uids::CT_IMAGE_STORAGE),
            (tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE, VR::UI, *instance),
        ];
        records.push(record("IMAGE", &of_image));
    }
    let mut o = InMemDicomObject::new_empty();
    let root = tags::OFFSET_OF_THE_FIRST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY;
    o.put(DataElement::new(root, VR::UL, PrimitiveValue::from(0u32)));
    o.put(DataElement::new(tags::DIRECTORY_RECORD_SEQUENCE, VR::SQ, DataSetSequence::from(records)));
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .media_storage_sop_class_uid(uids::MEDIA_STORAGE_DIRECTORY_STORAGE)
        .media_storage_sop_instance_uid("2.25.51.9");
    let mut bytes = Vec::new();
    o.with_exact_meta(meta.build().unwrap()).write_all(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_slice_that_the_medium_should_hold_and_does_not_is_said() {
    let whole = ct("2.25.51", &noise(5));
    let names: Vec<String> = (1..=whole.len()).map(|k| format!("2.25.51.3.{k}")).collect();
    let listed: Vec<_> = names.iter().map(|uid| ("2.25.51.2", uid.as_str(), "CT\\IM")).collect();
    let index = dicomdir(&listed);
    let opens = |slices: &[Vec<u8>]| {
        let mut tab = Tab::open(&Rc::new(RefCell::new(Origin::default())), 1);
        tab.opens(&[slices, std::slice::from_ref(&index)].concat());
        tab
    };
    let findings = |tab: &Tab| tab.session.case().unwrap().plan.findings.clone();
    // The last slices: without the index nothing tells that they are missing.
    let mut tab = opens(&whole[..whole.len() - 2]);
    assert_eq!(findings(&tab), [GeometryFinding::PartOfSeries { images: whole.len() - 2, of: whole.len() }]);
    let said = tab.session.view_model().problems;
    assert_eq!(said.len(), 1, "{said:?}");
    let why = "the DICOMDIR lists 10 files; 2 of them were not found or not read, such as CT/IM";
    assert!(format!("{said:?}").contains(why), "{said:?}");
    // They come after all.
    tab.opens(&whole[whole.len() - 2..]);
    assert_eq!(findings(&tab), []);
    let tab = opens(&whole);
    assert_eq!(findings(&tab), []);
    let view = tab.session.view_model();
    assert_eq!((view.problems.len(), view.notice.as_deref()), (0, Some("The DICOMDIR lists 10 files: all were read.")));
}

#[test]
fn texts_longer_than_their_kind_allows_are_not_multiplied() {
    let endless = "1".repeat(60_000);
    let records = [
        (endless.as_str(), "2.25.51.3.1", "A"),
        ("2.25.51.2", endless.as_str(), "B"),
        ("2.25.51.2", "2.25.51.3.3", "C"),
    ];
    let listed = read_directory(&dicomdir(&records)).unwrap();
    let said: Vec<_> = listed.iter().map(|f| (f.path.as_str(), f.series_uid.as_str())).collect();
    assert_eq!(said, [("A", ""), ("C", "2.25.51.2")]);
}
