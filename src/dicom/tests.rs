//! Files made here: every encoding gives the same instance and the same HU, and what is damaged is refused.

use super::*;
use crate::geometry::PatientPoint;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use proptest::prelude::*;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const ROWS: usize = 3;
const COLUMNS: usize = 4;
/// Stored values; HU are these − 1024.
const STORED: [u16; ROWS * COLUMNS] = [0, 24, 1024, 1064, 2000, 4095, 424, 1, 1023, 1025, 3000, 124];

/// A CT image with awkward but legal values.
fn object() -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    let mut put = |group: u16, element: u16, vr: VR, value: &str| {
        object.put(DataElement::new(Tag(group, element), vr, PrimitiveValue::from(value)));
    };
    put(0x0008, 0x0005, VR::CS, "ISO_IR 192");
    put(0x0008, 0x0008, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL");
    put(0x0008, 0x0016, VR::UI, "1.2.840.10008.5.1.4.1.1.2");
    put(0x0008, 0x0018, VR::UI, "2.25.33");
    put(0x0008, 0x0060, VR::CS, "CT");
    put(0x0010, 0x0010, VR::PN, "Lefèvre^Zoé");
    put(0x0018, 0x0050, VR::DS, " 2.5 ");
    put(0x0018, 0x1210, VR::SH, "B31f");
    put(0x0020, 0x000D, VR::UI, "2.25.1");
    put(0x0020, 0x000E, VR::UI, "2.25.2");
    put(0x0020, 0x0013, VR::IS, "+7 ");
    put(0x0020, 0x0032, VR::DS, "-1.25e2\\ 30\\-7.5 ");
    put(0x0020, 0x0037, VR::DS, "1\\0\\0\\0\\1\\0");
    put(0x0028, 0x0004, VR::CS, "MONOCHROME2");
    put(0x0028, 0x0030, VR::DS, "0.8\\0.7");
    put(0x0028, 0x1050, VR::DS, "-0600\\40");
    put(0x0028, 0x1051, VR::DS, "1600\\400");
    put(0x0028, 0x1052, VR::DS, "-1024");
    put(0x0028, 0x1053, VR::DS, "1");
    for (element, value) in
        [(0x02, 1), (0x10, ROWS as u16), (0x11, COLUMNS as u16), (0x100, 16), (0x101, 12), (0x102, 11), (0x103, 0)]
    {
        object.put(DataElement::new(Tag(0x0028, element), VR::US, PrimitiveValue::from(value)));
    }
    // Sequences within sequences, before and after what is wanted.
    let mut inner = InMemDicomObject::new_empty();
    inner.put(DataElement::new(Tag(0x0020, 0x0013), VR::IS, PrimitiveValue::from("99")));
    let mut outer = InMemDicomObject::new_empty();
    outer.put(DataElement::new(Tag(0x0008, 0x1140), VR::SQ, DataSetSequence::from(vec![inner.clone(), inner])));
    object.put(DataElement::new(Tag(0x0008, 0x1111), VR::SQ, DataSetSequence::from(vec![outer])));
    object.put(DataElement::new(Tag(0x7FE0, 0x0010), VR::OW, PrimitiveValue::U16(STORED.to_vec().into())));
    object
}

fn file(transfer_syntax: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new().transfer_syntax(transfer_syntax);
    let mut bytes = Vec::new();
    object().with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}

/// Offset of the data set in a Part 10 file.
fn data_set_at(file: &[u8]) -> usize {
    144 + u32::from_le_bytes(*file[140..].first_chunk().unwrap()) as usize
}

fn hu() -> Vec<i16> {
    STORED.iter().map(|v| *v as i16 - 1024).collect()
}

#[test]
fn the_attributes_are_read_as_stored() {
    let instance = read_header(&file(EXPLICIT)).unwrap();
    assert_eq!(instance.patient.name, "Lefèvre^Zoé");
    assert_eq!(instance.image_type, ["ORIGINAL", "PRIMARY", "AXIAL"]);
    assert_eq!(instance.instance_number, Some(7));
    assert_eq!(instance.plane.position, Some(PatientPoint::new(-125.0, 30.0, -7.5)));
    assert_eq!(instance.plane.pixel_spacing_mm, Some([0.8, 0.7]));
    assert_eq!(instance.plane.slice_thickness_mm, Some(2.5));
    let windows: Vec<_> = instance.windows.iter().map(|w| (w.centre_hu, w.width_hu, w.function)).collect();
    let function = VoiLutFunction::Linear;
    assert_eq!(windows, [(-600.0, 1600.0, function), (40.0, 400.0, function)]);
    assert!(instance.is_ct_slice());
}

#[test]
fn windows_come_with_their_function_and_only_widths_it_allows() {
    let windows = |function: &str, widths: &str| {
        let mut object = object();
        object.put(DataElement::new(Tag(0x0028, 0x1056), VR::CS, PrimitiveValue::from(function)));
        object.put(DataElement::new(Tag(0x0028, 0x1051), VR::DS, PrimitiveValue::from(widths)));
        let mut bytes = Vec::new();
        object.with_meta(FileMetaTableBuilder::new().transfer_syntax(EXPLICIT)).unwrap().write_all(&mut bytes).unwrap();
        let windows = read_header(&bytes).unwrap().windows;
        windows.iter().map(|w| (w.width_hu, w.function)).collect::<Vec<_>>()
    };
    use VoiLutFunction::{Linear, LinearExact, Sigmoid};
    assert_eq!(windows("SIGMOID ", "1600\\0.5 "), [(1600.0, Sigmoid), (0.5, Sigmoid)]);
    assert_eq!(windows("LINEAR_EXACT", "1600\\0"), [(1600.0, LinearExact)]);
    assert_eq!(windows("LINEAR", "0.5\\1 "), [(1.0, Linear)]);
    assert_eq!(windows("OTHER ", "400 "), [(400.0, Linear)], "what is unknown is the default");
}

#[test]
fn every_encoding_gives_the_same() {
    let expected = read_header(&file(EXPLICIT)).unwrap();
    for syntax in [EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"] {
        let bytes = file(syntax);
        let instance = read_header(&bytes).unwrap();
        assert_eq!(instance.transfer_syntax_uid, syntax);
        assert_eq!(Instance { transfer_syntax_uid: EXPLICIT.into(), ..instance }, expected, "{syntax}");
        let frame = decode_frame(&bytes, 0).unwrap();
        assert_eq!((frame.rows, frame.columns, frame.hu), (ROWS, COLUMNS, hu()), "{syntax}");
        assert_eq!(decode_frame(&bytes, 1), Err(DicomError::NoSuchFrame { frame: 1, frames: 1 }));
    }
}

#[test]
fn a_file_may_lack_preamble_meta_information_or_both() {
    for syntax in [EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"] {
        let bytes = file(syntax);
        let bare = decode_frame(&bytes[data_set_at(&bytes)..], 0);
        assert_eq!(bare.unwrap().hu, hu(), "{syntax}");
    }
    assert_eq!(decode_frame(&file(EXPLICIT)[128 + 4..], 0).unwrap().hu, hu());
    for other in [&b""[..], b"%PDF-1.7 of no use", &[0; 400], b"PK\x03\x04 a zip"] {
        assert_eq!(read_header(other), Err(DicomError::NotDicom));
    }
}

#[test]
fn a_cut_file_asks_for_more() {
    let bytes = file(EXPLICIT);
    let pixels = bytes.len() - 2 * STORED.len() - 12;
    for length in 132..pixels {
        let cut = read_header(&bytes[..length]);
        let asks = cut.as_ref().is_err_and(|e| e.asks_for_more() || *e == DicomError::NotDicom);
        assert!(asks, "{length}: {cut:?}");
    }
    let absent = read_header(&bytes[..pixels]).unwrap_err();
    assert_eq!(absent.to_string(), "PixelData (7FE0,0010) is missing");
    assert!(read_header(&bytes[..pixels + 4]).is_ok(), "the header suffices");
    assert!(matches!(decode_frame(&bytes[..bytes.len() - 1], 0), Err(DicomError::PixelData { .. })));
}

#[test]
fn declared_lengths_are_not_believed() {
    let bytes = file(EXPLICIT);
    let mut long = bytes.clone();
    let at = bytes.len() - 2 * STORED.len() - 4;
    long[at..at + 4].copy_from_slice(&0xFFFF_FFFEu32.to_le_bytes());
    assert_eq!(decode_frame(&long, 0).unwrap().hu, hu(), "the pixels are there");
    // Nested beyond any sense: items of undefined length, each with a sequence of undefined length.
    let mut deep = bytes[..data_set_at(&bytes)].to_vec();
    for _ in 0..10_000 {
        deep.extend(b"\x08\x00\x40\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
    }
    assert!(matches!(read_header(&deep), Err(DicomError::Malformed { .. })));
}

#[test]
fn sequences_of_undefined_length_are_passed_over() {
    let bytes = file(EXPLICIT);
    let start = data_set_at(&bytes);
    let mut with = bytes[..start].to_vec();
    // An unknown sequence in implicit little endian within explicit (PS3.5 6.2.2), with an item of undefined length.
    with.extend(b"\x07\x00\x10\x00UN\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
    with.extend(b"\x08\x00\x18\x00\x04\x00\x00\x009.9\0");
    with.extend(b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0");
    with.extend(&bytes[start..]);
    assert_eq!(read_header(&with).unwrap().sop_instance_uid, "2.25.33");
    assert_eq!(decode_frame(&with, 0).unwrap().hu, hu());
}

#[test]
fn rle_planes_are_joined() {
    // Two segments: high bytes as one run and literals, low bytes as literals.
    let high: Vec<u8> = STORED.iter().map(|v| (v >> 8) as u8).collect();
    let low: Vec<u8> = STORED.iter().map(|v| *v as u8).collect();
    let literal = |bytes: &[u8]| [&[bytes.len() as u8 - 1], bytes].concat();
    let high = [vec![255, 0], literal(&high[2..])].concat();
    let mut stream = Vec::new();
    for word in [2, 64, 64 + high.len() as u32].into_iter().chain([0; 13]) {
        stream.extend(word.to_le_bytes());
    }
    stream.extend(high);
    stream.extend([128]);
    stream.extend(literal(&low));
    let format = read_header(&file(EXPLICIT)).unwrap().pixels.unwrap();
    let Ok(codec::Samples::Stored(words)) = codec::rle(&stream, &format) else { panic!("RLE is refused") };
    assert_eq!(words, STORED);
    stream.truncate(stream.len() - 3);
    assert!(codec::rle(&stream, &format).is_err());
}

#[test]
fn what_is_no_ct_is_refused_with_its_reason() {
    let with = |element: u16, value: u16| {
        let mut changed = object();
        changed.put(DataElement::new(Tag(0x0028, element), VR::US, PrimitiveValue::from(value)));
        let mut bytes = Vec::new();
        changed
            .with_meta(FileMetaTableBuilder::new().transfer_syntax(EXPLICIT))
            .unwrap()
            .write_all(&mut bytes)
            .unwrap();
        decode_frame(&bytes, 0)
    };
    for (element, value) in [(0x02, 3), (0x100, 32), (0x101, 17), (0x102, 16), (0x101, 13)] {
        let refused = with(element, value);
        assert!(matches!(refused, Err(DicomError::UnsupportedPixels { .. })), "{element:x}={value}: {refused:?}");
    }
    assert!(matches!(with(0x10, 60_000), Err(DicomError::PixelData { .. })));
}

#[test]
fn grouping_does_not_depend_on_the_order_and_keeps_each_instance_once() {
    let base = read_header(&file(EXPLICIT)).unwrap();
    let make = |uid: &str, series: &str, number: i32| {
        let mut i = base.clone();
        (i.sop_instance_uid, i.series.instance_uid, i.instance_number) = (uid.into(), series.into(), Some(number));
        i
    };
    let mut report = make("2.25.90", "2.25.9", 1);
    (report.sop_class_uid, report.pixels) = ("1.2.840.10008.5.1.4.1.1.88.33".into(), None);
    let mut scout = make("2.25.80", "2.25.8", 1);
    scout.image_type = vec!["ORIGINAL".into(), "PRIMARY".into(), "LOCALIZER".into()];
    let all =
        vec![report, make("2.25.3", "2.25.2", 3), scout, make("2.25.4", "2.25.2", 1), make("2.25.3", "2.25.2", 3)];
    let forward = group_into_series(all.clone());
    assert_eq!(forward, group_into_series(all.into_iter().rev().collect()));
    let kinds: Vec<_> = forward.iter().map(|s| (s.kind, s.instances.len())).collect();
    assert_eq!(kinds, [(SeriesKind::CtVolume, 2), (SeriesKind::Localiser, 1), (SeriesKind::Report, 1)]);
    assert_eq!(forward[0].instances[0].sop_instance_uid, "2.25.4");
}

#[test]
fn no_error_tells_a_name() {
    let mut named = object();
    named.put(DataElement::new(Tag(0x0020, 0x0032), VR::DS, PrimitiveValue::from("1\\2")));
    let mut bytes = Vec::new();
    named.with_meta(FileMetaTableBuilder::new().transfer_syntax(EXPLICIT)).unwrap().write_all(&mut bytes).unwrap();
    let error = read_header(&bytes).unwrap_err();
    assert_eq!(error.to_string(), r#"ImagePositionPatient (0020,0032) has the unusable value "1\\2""#);
    let json = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<DicomError>(&json).unwrap(), error);
}

proptest! {
    /// Damaged bytes anywhere: a value or an error, in every encoding.
    #[test]
    fn damage_is_survived(syntax in 0usize..4, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let syntax = [EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"][syntax];
        let mut bytes = file(syntax);
        for (at, value) in hits {
            let at = 132 + at.index(bytes.len() - 132);
            bytes[at] = value;
        }
        if let Ok(frame) = decode_frame(&bytes, 0) {
            prop_assert_eq!(frame.hu.len(), frame.rows * frame.columns);
        }
    }

    /// Bytes of no sense given to each codec: an error or samples, never a stop.
    #[test]
    fn codecs_survive_nonsense(mut noise in prop::collection::vec(any::<u8>(), 0..300), head in 0usize..4) {
        let format = read_header(&file(EXPLICIT)).unwrap().pixels.unwrap();
        let heads: [&[u8]; 4] = [b"", b"\xFF\xD8\xFF\xC3\x00\x0B\x10\x00\x03\x00\x04\x01\x01\x11\x00", b"\xFF\xD8\xFF\xF7\x00\x0B\x10\x00\x03\x00\x04\x01\x01\x11\x00\xFF\xDA\x00\x08\x01\x01\x00\x00\x00\x00", b"\x02\0\0\0\x40\0\0\0\x50\0\0\0"];
        noise.splice(0..0, heads[head].iter().copied());
        for decode in [codec::rle, codec::jpeg, codec::jpeg_ls, codec::jpeg_2000] {
            let _ = decode(&noise, &format).is_ok();
        }
    }
}
