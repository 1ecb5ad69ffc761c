//! Every form in which a file may hold its pixels gives the same HU: bits, signs, encodings, fragments, offset tables. The files
//! are made here, byte by byte, so that no library's habits are in them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may stop with its reason")]

use flate2::Compression;
use flate2::write::DeflateEncoder;
use hilum::dicom::{DecodedFrame, DicomError, decode_frame, decode_frames, read_header};
use hilum::jobs::{FileSource, Job, JobError, JobFacts, JobInput, Payload, run};
use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

mod files;
mod validators;
use files::{Bytes, Kept};

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
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
    /// VR of native Pixel Data of 8 bits allocated.
    bytes_vr: &'static [u8; 2],
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
    bytes_vr: b"OB",
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
        file.extend(if form.allocated == 8 { form.bytes_vr } else { b"OW" });
        file.extend([0, 0]);
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

/// Work that grew with the square of the frames would not end here.
#[test]
fn a_hundred_thousand_frames_are_decoded_each_from_its_own_fragments() {
    const FRAMES: usize = 100_000;
    let form = Form { syntax: ENCAPSULATED, frames: FRAMES, rows: 1, columns: 2, signed: true, ..FORM };
    let pixel = |n: usize| (n as i16).to_le_bytes().to_vec();
    let whole = (0..FRAMES).map(|n| [pixel(n), pixel(n + 1)].concat()).collect();
    // Two fragments a frame, which a table tells apart.
    let halves = (0..FRAMES).flat_map(|n| [pixel(n), pixel(n + 1)]).collect();
    let table = (0..FRAMES).map(|n| 20 * n as u32).collect();
    for pixels in [Pixels::Items(vec![], whole), Pixels::Items(table, halves)] {
        let decoded = decode_frames(&file(&form, &pixels), &(0..FRAMES).collect::<Vec<_>>()).unwrap();
        assert_eq!(decoded.len(), FRAMES);
        for (n, frame) in decoded.into_iter().enumerate() {
            assert_eq!(frame.unwrap().hu, [n as i16, (n + 1) as i16], "frame {n}");
        }
    }
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

/// Bytes as they stand in big-endian words.
fn in_big_words(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(2), 0);
    padded.chunks_exact(2).flat_map(|w| [w[1], w[0]]).collect()
}

#[test]
fn eight_bits_in_big_endian_words_are_taken_apart_as_pydicom_does() {
    // Frames of an odd number of pixels: the second begins in the middle of a word.
    let values: Vec<u8> = (0..45).map(|n| n * 5).collect();
    let form = Form { syntax: BIG, allocated: 8, stored: 8, high_bit: 7, frames: 3, ..FORM };
    let words = Form { bytes_vr: b"OW", ..form.clone() };
    let [as_bytes, as_words] = [Pixels::Native(values.clone()), Pixels::Native(in_big_words(&values))];
    for frame in 0..3 {
        let expected: Vec<i16> = values[15 * frame..15 * frame + 15].iter().map(|v| i16::from(*v)).collect();
        assert_eq!(hu(&form, &as_bytes, frame), expected);
        assert_eq!(hu(&words, &as_words, frame), expected);
    }
    let little = Form { syntax: EXPLICIT, bytes_vr: b"OW", ..form.clone() };
    assert_eq!(hu(&little, &as_bytes, 2)[14], 220, "no order of bytes to undo");
    let cut = Pixels::Native(in_big_words(&values)[..44].to_vec());
    assert!(matches!(decode_frame(&file(&words, &cut), 2), Err(DicomError::PixelData { .. })));

    let paths = [("ob.dcm", file(&form, &as_bytes)), ("ow.dcm", file(&words, &as_words))].map(|(name, bytes)| {
        let path = validators::scratch("pixel_forms", name);
        std::fs::write(&path, bytes).unwrap();
        path
    });
    let Some(said) = validators::ask_highdicom("pixels.py", [&paths[0], &paths[1]]) else { return };
    let all: Vec<u64> = values.iter().map(|v| u64::from(*v)).collect();
    for n in 0..2 {
        let theirs: Vec<u64> = said["files"][n].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
        assert_eq!(theirs, all, "pydicom reads the same");
    }
}

/// Counts what is read of a file.
struct Counted(Bytes, Rc<Cell<u64>>);

impl FileSource for Counted {
    fn size(&self) -> u64 {
        self.0.size()
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        let bytes = self.0.read(offset, length)?;
        self.1.set(self.1.get() + bytes.len() as u64);
        Ok(bytes)
    }
}

#[test]
fn of_a_compressed_multi_frame_file_a_job_reads_its_own_frames() {
    const FRAMES: usize = 48;
    const JOBS: usize = 12;
    const WINDOW: u64 = 512;
    let (rows, columns) = (128, 128);
    let form = Form { syntax: RLE, frames: FRAMES, rows, columns, allocated: 8, stored: 8, high_bit: 7, ..FORM };
    let (streams, expected) = frames(&form, FRAMES as u16);
    // The sixth of frames in two pieces, the others in one.
    let pieces: Vec<Vec<u8>> = streams
        .iter()
        .enumerate()
        .flat_map(|(n, s)| if n % 6 == 1 { vec![s[..100].to_vec(), s[100..].to_vec()] } else { vec![s.clone()] })
        .collect();
    let places = |items: &[Vec<u8>]| -> Vec<u32> {
        let ends = items.iter().scan(0, |at, item| Some(std::mem::replace(at, *at + 8 + item.len() as u32)));
        ends.collect()
    };
    let of_frames: Vec<u32> = {
        let firsts = (0..FRAMES).map(|n| n + (n + 4) / 6);
        let all = places(&pieces);
        firsts.map(|n| all[n]).collect()
    };
    let wide: Vec<u64> = of_frames.iter().map(|n| u64::from(*n)).collect();
    let lengths: Vec<u64> = streams.iter().map(|s| s.len() as u64).collect();
    let extended = Form { extended: Some([wide, lengths]), ..form };
    let zeros = vec![0; FRAMES];
    let cases = [
        ("basic offset table", file(&form, &Pixels::Items(of_frames.clone(), pieces.clone()))),
        ("extended offset table", file(&extended, &Pixels::Items(vec![], pieces.clone()))),
        ("no table, one fragment each", file(&form, &Pixels::Items(vec![], streams.clone()))),
        ("a table of zeros, one fragment each", file(&form, &Pixels::Items(zeros, streams))),
    ];
    for (name, bytes) in cases {
        let read = Rc::new(Cell::new(0));
        for job in 0..JOBS {
            let wanted: Vec<usize> = (0..FRAMES).filter(|n| n % JOBS == job).collect();
            let source = Counted(Bytes(bytes.clone()), read.clone());
            let input = JobInput { files: vec![Box::new(source)], ..JobInput::default() };
            let done = run(&Job::DecodeFrames { frames: wanted.clone() }, input, &mut Kept::default()).unwrap();
            let JobFacts::Frames { errors, .. } = done.facts else { panic!("{name}") };
            assert!(errors.iter().all(Option::is_none), "{name}: {errors:?}");
            for (payload, n) in done.payloads.iter().zip(&wanted) {
                assert_eq!(*payload, Payload::Hu(expected[*n].clone()), "{name}, frame {n}");
            }
        }
        let (read, size) = (read.get(), bytes.len() as u64);
        println!("{name}: {JOBS} jobs read {:.2} × the file; whole it would be {JOBS}", read as f64 / size as f64);
        // The fragments once, the header for each job, and a window for each item that is looked for: all of them by each job where
        // no table tells.
        let looked_for = if name.contains("fragment each") { JOBS * FRAMES } else { 2 * FRAMES } as u64;
        assert!(read < size + JOBS as u64 * 16_384 + looked_for * WINDOW, "{name}: {read} of {size}");
    }
    // What is laid out otherwise is read whole, as ever.
    let mut broken = file(&form, &Pixels::Items(of_frames, pieces));
    let end = broken.len() - 8;
    broken.truncate(end);
    let input = JobInput { files: vec![Box::new(Bytes(broken))], ..JobInput::default() };
    let done = run(&Job::DecodeFrames { frames: vec![0, FRAMES - 1] }, input, &mut Kept::default()).unwrap();
    assert_eq!(done.payloads.len(), 2, "the end of the sequence is missing, the frames are not");
}

#[test]
fn a_deflated_file_becomes_no_larger_than_its_pixels_need() {
    let words: Vec<u16> = (0..15).map(|n| n * 200).collect();
    let form = Form { syntax: DEFLATED, ..FORM };
    let plain = file(&Form { syntax: EXPLICIT, ..form.clone() }, &Pixels::Native(bytes(&form, &words)));
    // The data set begins behind the meta group, which differs in its UID alone.
    let uid_length = EXPLICIT.len().next_multiple_of(2);
    let data_set = &plain[128 + 4 + 8 + uid_length..];
    let deflated = |beside: usize| {
        let pixels = data_set.windows(4).position(|w| w == [0xE0, 0x7F, 0x10, 0x00]).unwrap();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&data_set[..pixels]).unwrap();
        encoder.write_all(b"\x29\0\x10\x10OB\0\0").unwrap();
        encoder.write_all(&(beside as u32).to_le_bytes()).unwrap();
        encoder.write_all(&vec![0; beside]).unwrap();
        encoder.write_all(&data_set[pixels..]).unwrap();
        let mut file = vec![0; 128];
        file.extend(b"DICM\x02\0\x10\0UI");
        file.extend((DEFLATED.len().next_multiple_of(2) as u16).to_le_bytes());
        file.extend(DEFLATED.as_bytes());
        file.extend(encoder.finish().unwrap());
        file
    };
    let sound = deflated(1 << 20);
    assert_eq!(decode_frame(&sound, 0).unwrap().hu, words.iter().map(|w| *w as i16).collect::<Vec<_>>());
    let bomb = deflated(24 << 20);
    assert!(bomb.len() < 1 << 20);
    for refused in [decode_frame(&bomb, 0).unwrap_err(), read_header(&bomb).unwrap_err()] {
        assert!(matches!(refused, DicomError::TooLarge { limit, .. } if limit < 17 << 20), "{refused:?}");
    }
}
