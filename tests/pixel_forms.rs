//! Every form in which a file may hold its pixels gives the same HU: bits, signs, encodings, fragments, offset tables. The files
//! are made here, byte by byte, so that no library's habits are in them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::dicom::{DecodedFrame, DicomError, decode_frame};

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const BIG: &str = "1.2.840.10008.1.2.2";
const ENCAPSULATED: &str = "1.2.840.10008.1.2.1.98";
const DEFLATED_FRAMES: &str = "1.2.840.10008.1.2.8.1";
const RLE: &str = "1.2.840.10008.1.2.5";

/// Of a CT file, what a test may want to change.
#[derive(Clone)]
struct Form {
    syntax: &'static str,
    rows: u16,
    columns: u16,
    frames: usize,
    photometric: &'static [u8],
    allocated: u16,
    stored: u16,
    high_bit: u16,
    signed: bool,
    slope: &'static [u8],
    intercept: &'static [u8],
    /// Extended Offset Table, and the lengths.
    extended: Option<[Vec<u64>; 2]>,
}

const FORM: Form = Form {
    syntax: EXPLICIT,
    rows: 3,
    columns: 5,
    frames: 1,
    photometric: b"MONOCHROME2 ",
    allocated: 16,
    stored: 16,
    high_bit: 15,
    signed: false,
    slope: b"1 ",
    intercept: b"0 ",
    extended: None,
};

/// What stands in Pixel Data.
enum Pixels {
    Native(Vec<u8>),
    /// Basic Offset Table, and the items.
    Items(Vec<u32>, Vec<Vec<u8>>),
}

fn file(form: &Form, pixels: &Pixels) -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\0\x10\0UI");
    let uid = [form.syntax.as_bytes(), if form.syntax.len() % 2 == 1 { b"\0" } else { b"" }].concat();
    file.extend((uid.len() as u16).to_le_bytes());
    file.extend(uid);
    let big = form.syntax == BIG;
    let word = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let long = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut element = |group: u16, element: u16, vr: &[u8; 2], value: &[u8]| {
        file.extend([word(group), word(element)].concat());
        if form.syntax == IMPLICIT {
            file.extend(long(value.len() as u32));
        } else if vr == b"OV" {
            file.extend([&vr[..], &[0, 0], &long(value.len() as u32)].concat());
        } else {
            file.extend([*vr, word(value.len() as u16)].concat());
        }
        file.extend(value);
    };
    element(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0");
    element(0x0008, 0x0018, b"UI", b"2.25.1\0\0");
    element(0x0028, 0x0002, b"US", &word(1));
    element(0x0028, 0x0004, b"CS", form.photometric);
    element(0x0028, 0x0008, b"IS", format!("{:2}", form.frames).as_bytes());
    for (tag, value) in [
        (0x0010, form.rows),
        (0x0011, form.columns),
        (0x0100, form.allocated),
        (0x0101, form.stored),
        (0x0102, form.high_bit),
        (0x0103, form.signed.into()),
    ] {
        element(0x0028, tag, b"US", &word(value));
    }
    element(0x0028, 0x1052, b"DS", form.intercept);
    element(0x0028, 0x1053, b"DS", form.slope);
    for (tag, table) in form.extended.iter().flatten().enumerate() {
        let bytes: Vec<u8> = table.iter().flat_map(|n| n.to_le_bytes()).collect();
        element(0x7FE0, tag as u16 + 1, b"OV", &bytes);
    }
    file.extend([word(0x7FE0), word(0x0010)].concat());
    if form.syntax != IMPLICIT {
        file.extend(if form.allocated == 8 { b"OB\0\0" } else { b"OW\0\0" });
    }
    match pixels {
        Pixels::Native(bytes) => {
            file.extend(long((bytes.len() as u32).next_multiple_of(2)));
            file.extend(bytes);
            file.extend(vec![0; bytes.len() % 2]);
        }
        Pixels::Items(table, items) => {
            file.extend(u32::MAX.to_le_bytes());
            let table = table.iter().flat_map(|n| n.to_le_bytes()).collect();
            for item in std::iter::once(&table).chain(items) {
                file.extend(b"\xFE\xFF\x00\xE0");
                file.extend((item.len() as u32).next_multiple_of(2).to_le_bytes());
                file.extend(item);
                file.extend(vec![0; item.len() % 2]);
            }
            file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
        }
    }
    file
}

fn hu(form: &Form, pixels: &Pixels, frame: usize) -> Vec<i16> {
    let DecodedFrame { rows, columns, hu } = decode_frame(&file(form, pixels), frame).unwrap();
    assert_eq!((rows, columns), (form.rows.into(), form.columns.into()));
    hu
}

/// Bytes of words in the order of a syntax.
fn bytes(form: &Form, words: &[u16]) -> Vec<u8> {
    match (form.allocated, form.syntax) {
        (8, _) => words.iter().map(|w| *w as u8).collect(),
        (_, BIG) => words.iter().flat_map(|w| w.to_be_bytes()).collect(),
        _ => words.iter().flat_map(|w| w.to_le_bytes()).collect(),
    }
}

/// An RLE frame of literal runs; segments are padded to even lengths.
fn rle(form: &Form, words: &[u16]) -> Vec<u8> {
    let planes: Vec<Vec<u8>> = if form.allocated == 8 {
        vec![words.iter().map(|w| *w as u8).collect()]
    } else {
        vec![words.iter().map(|w| (w >> 8) as u8).collect(), words.iter().map(|w| *w as u8).collect()]
    };
    let segments: Vec<Vec<u8>> = planes
        .iter()
        .map(|plane| {
            let mut segment: Vec<u8> = plane.chunks(128).flat_map(|c| [&[c.len() as u8 - 1], c].concat()).collect();
            segment.resize(segment.len().next_multiple_of(2), 0);
            segment
        })
        .collect();
    let mut header = [0u32; 16];
    header[0] = segments.len() as u32;
    let mut at = 64;
    for (n, segment) in segments.iter().enumerate() {
        header[n + 1] = at;
        at += segment.len() as u32;
    }
    [header.iter().flat_map(|n| n.to_le_bytes()).collect(), segments.concat()].concat()
}

/// A deflated stream of one stored block (RFC 1951 3.2.4).
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u16;
    [&[1], &length.to_le_bytes()[..], &(!length).to_le_bytes()[..], bytes].concat()
}

#[test]
fn bits_and_signs_in_every_encoding() {
    let cases = [
        (8, 8, 7, false),
        (8, 8, 7, true),
        (8, 7, 7, false),
        (16, 8, 7, false),
        (16, 10, 9, true),
        (16, 12, 11, false),
        (16, 12, 11, true),
        (16, 12, 13, true),
        (16, 12, 15, false),
        (16, 16, 15, false),
        (16, 16, 15, true),
    ];
    for (allocated, stored, high_bit, signed) in cases {
        let form = Form { allocated, stored, high_bit, signed, ..FORM };
        let (low, high) =
            if signed { (-(1i32 << (stored - 1)), (1 << (stored - 1)) - 1) } else { (0, (1 << stored) - 1) };
        let values: Vec<i32> = (0..15).map(|n| low + (high - low) * n / 14).collect();
        let expected: Vec<i16> = values.iter().map(|v| (*v).min(32_767) as i16).collect();
        let shift = high_bit + 1 - stored;
        let mask = ((1u32 << stored) - 1) as u16;
        // Overlays once lay in the bits that are free: they must not show.
        let free = if allocated == 8 { 0x00FF } else { 0xFFFF } & !(mask << shift);
        for rubbish in [0, free] {
            let words: Vec<u16> = values.iter().map(|v| (*v as u16 & mask) << shift | rubbish).collect();
            for syntax in [IMPLICIT, EXPLICIT, BIG, ENCAPSULATED, DEFLATED_FRAMES, RLE] {
                let form = Form { syntax, ..form.clone() };
                let pixels = match syntax {
                    IMPLICIT | EXPLICIT | BIG => Pixels::Native(bytes(&form, &words)),
                    ENCAPSULATED => Pixels::Items(vec![], vec![bytes(&form, &words)]),
                    DEFLATED_FRAMES => Pixels::Items(vec![], vec![deflated(&bytes(&form, &words))]),
                    _ => Pixels::Items(vec![], vec![rle(&form, &words)]),
                };
                let found = hu(&form, &pixels, 0);
                assert_eq!(found, expected, "{allocated}, {stored}, {high_bit}, {signed}, {syntax}, {rubbish:x}");
            }
        }
    }
}

#[test]
fn dark_on_light_changes_no_hu() {
    let words: Vec<u16> = (0..15).map(|n| n * 200).collect();
    let form = Form { intercept: b"-1024 ", ..FORM };
    let pixels = Pixels::Native(bytes(&form, &words));
    let inverted = Form { photometric: b"MONOCHROME1 ", ..form.clone() };
    assert_eq!(hu(&inverted, &pixels, 0), hu(&form, &pixels, 0));
    assert_eq!(hu(&form, &pixels, 0)[10], 976);
}

/// Frames of one word each, that differ.
fn frames(form: &Form, count: u16) -> (Vec<Vec<u8>>, Vec<Vec<i16>>) {
    let words = |n: u16| -> Vec<u16> { (0..form.rows * form.columns).map(|p| (n * 100 + p) & 0xFF).collect() };
    let streams = (0..count).map(|n| rle(form, &words(n))).collect();
    (streams, (0..count).map(|n| words(n).iter().map(|w| *w as i16).collect()).collect())
}

#[test]
fn frames_are_found_by_each_kind_of_table() {
    let form = Form { syntax: RLE, frames: 3, allocated: 8, stored: 8, high_bit: 7, ..FORM };
    let (streams, expected) = frames(&form, 3);
    // Each stream in pieces: two, one, three.
    let cut = |n: usize, at: &[usize]| -> Vec<Vec<u8>> {
        let ends = at.iter().copied().chain([streams[n].len()]);
        ends.scan(0, |begin, end| Some(streams[n][std::mem::replace(begin, end)..end].to_vec())).collect()
    };
    let pieces = [cut(0, &[64]), cut(1, &[]), cut(2, &[10, 70])].concat();
    let mut places = vec![0u32];
    for piece in &pieces {
        places.push(places.last().unwrap() + 8 + piece.len() as u32);
    }
    let table = vec![places[0], places[2], places[3]];
    let wide: Vec<u64> = table.iter().map(|n| u64::from(*n)).collect();
    let lengths: Vec<u64> = streams.iter().map(|s| s.len() as u64).collect();
    let extended = Form { extended: Some([wide, lengths]), ..form };
    for (n, expected) in expected.iter().enumerate() {
        let whole = Pixels::Items(vec![], streams.clone());
        assert_eq!(hu(&form, &whole, n), *expected, "one fragment each");
        let wrong = Pixels::Items(vec![0, 1, 2], streams.clone());
        assert_eq!(hu(&form, &wrong, n), *expected, "a table that is wrong and not needed");
        let basic = Pixels::Items(table.clone(), pieces.clone());
        assert_eq!(hu(&form, &basic, n), *expected, "basic offset table");
        let none = Pixels::Items(vec![], pieces.clone());
        assert_eq!(hu(&extended, &none, n), *expected, "extended offset table");
        let untold = decode_frame(&file(&form, &none), n);
        assert!(matches!(untold, Err(DicomError::PixelData { .. })), "nothing tells the frames apart");
    }
    let backwards = Pixels::Items(vec![places[3], places[2], places[0]], pieces);
    assert!(decode_frame(&file(&form, &backwards), 1).is_err(), "a table that runs backwards");
}

#[test]
fn odd_lengths_are_filled_and_not_read() {
    // 15 bytes, and one more that is not theirs.
    let form = Form { allocated: 8, stored: 8, high_bit: 7, frames: 2, ..FORM };
    let values: Vec<u8> = (0..30).collect();
    let expected: Vec<i16> = (15..30).collect();
    assert_eq!(hu(&form, &Pixels::Native(values.clone()), 1), expected);
    let items = Form { syntax: ENCAPSULATED, ..form };
    let halves = vec![values[..15].to_vec(), values[15..].to_vec()];
    assert_eq!(hu(&items, &Pixels::Items(vec![], halves.clone()), 1), expected);
    let extended = Form { extended: Some([vec![0, 24], vec![15, 15]]), ..items };
    assert_eq!(hu(&extended, &Pixels::Items(vec![], halves), 1), expected);
}

#[test]
fn what_is_not_read_is_refused_by_its_uid() {
    for syntax in [
        "1.2.840.10008.1.2.4.53",
        "1.2.840.10008.1.2.4.55",
        "1.2.840.10008.1.2.4.92",
        "1.2.840.10008.1.2.4.94",
        "1.2.840.10008.1.2.4.100",
        "1.2.840.10008.1.2.4.102",
        "1.2.840.10008.1.2.4.107",
        "1.2.3.4",
    ] {
        let form = Form { syntax, ..FORM };
        let refused = decode_frame(&file(&form, &Pixels::Items(vec![], vec![vec![0; 64]])), 0);
        assert_eq!(refused, Err(DicomError::UnsupportedTransferSyntax { uid: syntax.into() }));
    }
}
