//! What is done with bytes from outside, one function for each door. The fuzzer calls these; `tests/regressions.rs` replays with
//! them what once broke something.

use hilum::analysis::Progress;
use hilum::annotation::{Bundle, CtIdentity, Manifest, Reading};
use hilum::dicom::{
    DecodedFrame, EncapsulatedFrames, Instance, JsonDataSet, Multipart, MultipartError, Part, SegmentationObject,
    StructureSet, decode_frame, group_into_series, instances_path, is_uid, native_segmentation, read_header, series,
    series_path, studies,
};
use hilum::export::{Audience, OutboundObject};
use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::import::{SegmentationIn, Span, plan_stack, read_segmentation, read_structure_set};
use hilum::jobs::{
    Along, EntrySource, FileSource, Found, Job, JobError, JobFacts, JobInput, JobOutput, Listener, Payload, run,
};
use hilum::volume::{CtVolume, LabelDelta};
use std::collections::BTreeMap;

/// What is done with bytes.
pub type Door = fn(&[u8]);

/// The doors by name.
pub const TARGETS: [(&str, Door); 14] = [
    ("dicom_header", dicom_header),
    ("dicom_frame", dicom_frame),
    ("rle", rle),
    ("jpeg", jpeg),
    ("jpeg_12", jpeg_12),
    ("jpeg_ls", jpeg_ls),
    ("jpeg_2000", jpeg_2000),
    ("jpeg_xl", jpeg_xl),
    ("segmentation", segmentation),
    ("structure_set", structure_set),
    ("bundle", bundle),
    ("any_file", any_file),
    ("multipart", multipart),
    ("qido", qido),
];

/// Frames larger than this are left to the limits that `read_header` has: here they would only take time.
const MOST_PIXELS: usize = 1 << 18;

/// The header of a whole or cut file, and the plan of a series of it.
pub fn dicom_header(data: &[u8]) {
    if let Ok(instance) = read_header(data) {
        for series in group_into_series(vec![instance.clone(), instance]) {
            let _ = plan_stack(&series).is_ok();
        }
    }
}

/// A whole file: its first and its last frame; compressed ones also from their own bytes.
pub fn dicom_frame(data: &[u8]) {
    let Ok(Instance { pixels: Some(pixels), .. }) = read_header(data) else { return };
    if pixels.rows * pixels.columns > MOST_PIXELS {
        return;
    }
    let frames = [0, pixels.frames - 1, pixels.frames];
    for n in frames {
        whole(decode_frame(data, n));
    }
    if let Ok(Some(compressed)) = EncapsulatedFrames::of(data, data.len() as u64) {
        let mut read = |at: u64, length: u64| -> Result<Vec<u8>, JobError> {
            Ok(data.iter().skip(at as usize).take(length as usize).copied().collect())
        };
        for decoded in compressed.decode(&frames, &mut read).ok().flatten().into_iter().flatten() {
            whole(decoded);
        }
    }
}

/// An RLE frame of 16 columns, its height and bits given by the first bytes.
pub fn rle(data: &[u8]) {
    let Some(([rows, bits], stream)) = data.split_first_chunk() else { return };
    decode(stream, "1.2.840.10008.1.2.5", [u16::from(*rows), 16], 8 + (u16::from(*bits) & 1) * 8);
}

/// A JPEG stream: 8 bit or lossless.
pub fn jpeg(data: &[u8]) {
    if let Some(size) = size_after(data, |marker| matches!(marker, 0xC0..=0xC3 | 0xC5..=0xC7)) {
        decode(data, "1.2.840.10008.1.2.4.70", size, 16);
    }
}

/// A JPEG stream with 12 bits: the bytes begin behind the start of the frame header, so that no other decoder gets them.
pub fn jpeg_12(data: &[u8]) {
    let Some(([rows, columns], rest)) = data.split_first_chunk() else { return };
    let size = [u16::from(*rows), u16::from(*columns)];
    let mut stream = vec![0xFF, 0xD8, 0xFF, 0xC1, 0, 11, 12, 0, *rows, 0, *columns, 1, 1, 0x11, 0];
    stream.extend(rest);
    decode(&stream, "1.2.840.10008.1.2.4.51", size, 16);
}

/// A JPEG-LS stream.
pub fn jpeg_ls(data: &[u8]) {
    if let Some(size) = size_after(data, |marker| marker == 0xF7) {
        decode(data, "1.2.840.10008.1.2.4.80", size, 16);
    }
}

/// A JPEG 2000 or HTJ2K stream.
pub fn jpeg_2000(data: &[u8]) {
    let Some(siz) = data.windows(4).position(|w| w == [0xFF, 0x4F, 0xFF, 0x51]) else { return };
    let word = |at: usize| data.get(siz + at..).and_then(|d| d.first_chunk()).map(|b| u32::from_be_bytes(*b));
    let (Some(width), Some(height), Some(left), Some(top)) = (word(8), word(12), word(16), word(20)) else { return };
    let size = [height.wrapping_sub(top), width.wrapping_sub(left)].map(u16::try_from);
    if let [Ok(rows), Ok(columns)] = size {
        decode(data, "1.2.840.10008.1.2.4.90", [rows, columns], 16);
    }
}

/// A JPEG XL stream of 16 × 16 pixels, bare or in boxes: of other sizes nothing but the header is read.
pub fn jpeg_xl(data: &[u8]) {
    decode(data, "1.2.840.10008.1.2.4.110", [16, 16], 16);
}

fn small_grid() -> Option<Grid> {
    let origin = PatientPoint::new(0.0, 0.0, 0.0);
    let steps =
        [PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.0, 1.0, 0.0), PatientVector::new(0.0, 0.0, 1.0)];
    Grid::new([16, 16, 4], origin, steps)
}

/// An image in a frame of reference.
fn image_in(frame_of_reference: Option<String>) -> Option<Instance> {
    let mut image = read_header(&around(&[], "1.2.840.10008.1.2.5", [16, 16], 16)).ok()?;
    image.series.frame_of_reference_uid = frame_of_reference;
    Some(image)
}

/// A segmentation put on a CT in its frame of reference; compressed frames are decoded first.
pub fn segmentation(data: &[u8]) {
    let native = native_segmentation(data).ok().flatten();
    let data = native.as_deref().unwrap_or(data);
    let Some(grid) = small_grid() else { return };
    let reference = SegmentationObject::read(data).ok().and_then(|object| object.frame_of_reference_uid);
    let source = [image_in(reference), None, None, None];
    if let Ok(read) = read_segmentation(data, &grid, &source) {
        on_the_grid(&read);
    }
}

/// A structure set put on a CT in the frame of reference of its first region.
pub fn structure_set(data: &[u8]) {
    let (Some(grid), Ok(set)) = (small_grid(), StructureSet::read(data)) else { return };
    let reference = set.rois.first().map(|roi| roi.frame_of_reference_uid.clone());
    if let Ok(read) = read_structure_set(data, &grid, &[image_in(reference), None, None, None]) {
        on_the_grid(&read);
    }
}

fn on_the_grid(read: &SegmentationIn) {
    let inside = |s: &Span| s.k < 4 && s.j < 16 && s.i_begin < s.i_end && s.i_end <= 16;
    assert!(read.segments.iter().flat_map(|s| &s.spans).all(inside), "voxels outside the grid");
}

/// A bundle: an archive, as it comes; and, so that hashes do not end it at once, the parts of one: half of the bytes each for what is
/// marked and for its voxels.
pub fn bundle(data: &[u8]) {
    for audience in [Audience::Hospital, Audience::Campaign] {
        if let Ok(object) = OutboundObject::kept(data.to_vec(), audience) {
            assert!(object.preview().is_ok(), "what may leave can be shown");
        }
    }
    let scan = Job::Scan { along: Along::Nothing };
    if let Ok(JobOutput { facts: JobFacts::Headers { headers, .. }, .. }) = job(data, &scan)
        && let Some(Ok(Found::Archive(contents))) = headers.into_iter().next()
    {
        let entries = contents.entries.into_iter().take(5).map(|e| (e.path, e.place)).collect();
        if let Ok(JobOutput { facts: JobFacts::Files(names), payloads }) = job(data, &Job::ReadEntries { entries }) {
            let bytes = payloads.into_iter().filter_map(|p| if let Payload::Bytes(b) = p { Some(b) } else { None });
            let _ = Bundle::read(&names.into_iter().zip(bytes).collect()).is_ok();
        }
    }
    let (reading, labels) = data.split_at(data.len() / 2);
    let (Some(grid), Ok(reading)) = (small_grid(), serde_json::from_slice::<Reading>(reading)) else { return };
    let Ok(runs) = postcard::from_bytes::<LabelDelta>(labels) else { return };
    let ct = CtIdentity {
        size: [16, 16, 4],
        steps: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        images: vec![Vec::new(); 4],
        ..CtIdentity::default()
    };
    let manifest = Manifest { ct, ..Manifest::current() };
    let made = Bundle { manifest, reading, labels: [LabelDelta::default(), runs] };
    let Ok(files) = made.files(Vec::new()) else { return };
    let files: BTreeMap<String, Vec<u8>> = files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
    if let (Ok(read), Some(volume)) = (Bundle::read(&files), CtVolume::empty(grid))
        && let Ok(document) = read.document(grid, &volume)
    {
        assert_eq!(document.problems(&volume), Vec::<String>::new());
    }
}

/// Any file, as workers read it: DICOM, an archive and what is in it, a volume file and its voxels.
pub fn any_file(data: &[u8]) {
    for along in [Along::Nothing, Along::Uncompressed] {
        let Ok(JobOutput { facts: JobFacts::Headers { headers, .. }, .. }) = job(data, &Job::Scan { along }) else {
            return;
        };
        for found in headers.into_iter().flatten() {
            match found {
                Found::Archive(contents) => {
                    for entry in contents.entries {
                        let source = EntrySource::new(Box::new(Bytes(data.to_vec())), entry.place);
                        let _ = source.read(0, source.size()).is_ok();
                    }
                }
                Found::Volume(header) if header.grid.voxel_count() <= MOST_PIXELS => {
                    for planes in header.slabs(1 << 16) {
                        let _ = job(data, &Job::DecodeVolume { header: header.clone(), planes }).is_ok();
                    }
                }
                _ => {}
            }
        }
    }
}

/// An answer of a DICOMweb server with boundary `b`, in one piece and in pieces as long as the first byte says: the parts are the
/// same, and none is longer than what came.
pub fn multipart(data: &[u8]) {
    let Some((length, body)) = data.split_first() else { return };
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| -> (Vec<Part>, Result<(), MultipartError>) {
        let mut parts = Vec::new();
        let Ok(mut reader) = Multipart::new("multipart/related; boundary=b") else { return (parts, Ok(())) };
        for piece in pieces {
            match reader.push(piece) {
                Ok(more) => parts.extend(more),
                Err(error) => return (parts, Err(error)),
            }
        }
        let end = reader.finish();
        (parts, end)
    };
    let (whole, end) = read(&mut std::iter::once(body));
    let (pieces, end_of_pieces) = read(&mut body.chunks(usize::from(*length).max(1)));
    // Parts of one push that ends in an error are not given out.
    assert!(pieces.starts_with(&whole) && end == end_of_pieces, "the pieces change what is read");
    assert!(pieces.iter().map(|p| p.bytes.len()).sum::<usize>() <= body.len(), "parts hold more than came");
}

/// An answer to a search, in JSON: no address is made of what is no UID.
pub fn qido(data: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Vec<JsonDataSet>>(data) else { return };
    for study in studies(&answer) {
        assert!(is_uid(&study.uid) && series_path(&study.uid, "CT").is_some(), "{study:?}");
        for one in series(&answer, &study.uid) {
            assert!(is_uid(&one.uid) && instances_path(&one).is_some(), "{one:?}");
        }
    }
}

fn job(data: &[u8], job: &Job) -> Result<JobOutput, JobError> {
    run(job, JobInput { files: vec![Box::new(Bytes(data.to_vec()))], ..JobInput::default() }, &mut Unheard)
}

struct Bytes(Vec<u8>);

impl FileSource for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        let end = offset.saturating_add(length).min(self.size());
        Ok(self.0[offset.min(end) as usize..end as usize].to_vec())
    }
}

struct Unheard;

impl Progress for Unheard {
    fn report(&mut self, _fraction: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl Listener for Unheard {
    fn part(&mut self, _part: JobOutput) {}
}

/// Rows and columns of the first JPEG frame header.
fn size_after(data: &[u8], is_header: fn(u8) -> bool) -> Option<[u16; 2]> {
    let at = data.windows(2).position(|w| w[0] == 0xFF && is_header(w[1]))?;
    let size: &[u8; 4] = data.get(at + 5..)?.first_chunk()?;
    Some([u16::from_be_bytes([size[0], size[1]]), u16::from_be_bytes([size[2], size[3]])])
}

fn decode(stream: &[u8], transfer_syntax: &str, size: [u16; 2], bits: u16) {
    if usize::from(size[0]) * usize::from(size[1]) <= MOST_PIXELS {
        whole(decode_frame(&around(stream, transfer_syntax, size, bits), 0));
    }
}

fn whole<E>(frame: Result<DecodedFrame, E>) {
    assert!(frame.map_or(true, |f| f.hu.len() == f.rows * f.columns), "a frame has another number of pixels");
}

/// A CT file around one compressed frame; it is signed if the stream's length is odd.
pub fn around(stream: &[u8], transfer_syntax: &str, [rows, columns]: [u16; 2], bits: u16) -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let mut element = |group: u16, element: u16, vr: &[u8; 2], value: &[u8]| {
        file.extend([group.to_le_bytes(), element.to_le_bytes(), *vr, (value.len() as u16).to_le_bytes()].concat());
        file.extend(value);
    };
    element(2, 0x10, b"UI", transfer_syntax.as_bytes());
    element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0");
    element(8, 0x18, b"UI", b"2.25.18\0");
    let signed = (stream.len() % 2) as u16;
    for (tag, value) in
        [(2, 1), (0x10, rows), (0x11, columns), (0x100, bits), (0x101, bits), (0x102, bits - 1), (0x103, signed)]
    {
        element(0x28, tag, b"US", &value.to_le_bytes());
    }
    file.extend(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\x00\xE0");
    file.extend((stream.len() as u32).to_le_bytes());
    file.extend(stream);
    file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    file
}
