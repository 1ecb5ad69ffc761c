//! A frame of a file → Hounsfield units.

use super::codec::{self, Samples};
use super::data_set::PixelData;
use super::header::read_opened;
use super::modality::{StoredBits, hu_from_stored};
use super::part10::{DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Opened, inflate, open};
use super::{DicomError, PixelFormat};
use std::borrow::Cow;
use std::ops::Range;

/// A decoded frame: `rows × columns` values in HU, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedFrame {
    /// Image height.
    pub rows: usize,
    /// Image width.
    pub columns: usize,
    /// HU, row-major.
    pub hu: Vec<i16>,
}

/// Deflated Image Frame Compression.
const DEFLATED_FRAME: &str = "1.2.840.10008.1.2.8.1";
/// Encapsulated Uncompressed Explicit VR Little Endian.
const ENCAPSULATED: &str = "1.2.840.10008.1.2.1.98";
/// RLE Lossless.
pub(super) const RLE: &str = "1.2.840.10008.1.2.5";

/// Pixels of the largest frame that CT has: 2048 × 2048.
const LARGEST_CT: usize = 1 << 22;

/// Decodes frame `frame` (from 0) of a whole file to HU: stored value × Rescale Slope + Rescale Intercept, rounded to the nearest
/// whole HU and limited to what 16 bits hold.
///
/// Pixels that carry the Pixel Padding Value, where that lies outside the range of tissue, become −1024 HU. MONOCHROME1 changes
/// how values are shown, not what they are (PS3.3 C.7.6.3.1.2): HU are the same.
///
/// # Errors
/// [`DicomError`]: the header's errors; [`DicomError::UnsupportedTransferSyntax`]; [`DicomError::UnsupportedPixels`] for colour or
/// other than 8 and 16 bits; [`DicomError::NoSuchFrame`]; [`DicomError::PixelData`] for damaged or contradictory pixel data.
pub fn decode_frame(file: &[u8], frame: usize) -> Result<DecodedFrame, DicomError> {
    let decoded = decode_frames(file, &[frame])?.pop();
    decoded.unwrap_or_else(|| Err(damaged("there is no frame")))
}

/// Decodes several frames of a whole file as [`decode_frame`] does, each with its own rescale, reading the header once. A frame
/// that cannot be decoded does not hold up the others.
///
/// # Errors
/// What is wrong with all frames; what is wrong with one of them stands in its place.
pub fn decode_frames(file: &[u8], frames: &[usize]) -> Result<Vec<Result<DecodedFrame, DicomError>>, DicomError> {
    let opened = open(file)?;
    let (instance, at) = read_opened(&opened)?;
    let compression = Compression::of(&instance.transfer_syntax_uid)
        .ok_or_else(|| DicomError::UnsupportedTransferSyntax { uid: instance.transfer_syntax_uid.clone() })?;
    let format = instance.pixels.as_ref().ok_or_else(|| damaged("the object has no pixels"))?;
    check(format)?;
    let count = format.frames;
    let pixel_data = opened.elements_at(at).pixel_data()?.ok_or_else(|| damaged("there are no pixel data"))?;
    let big_endian = opened.encoding.big_endian;
    let format =
        |frame: &usize| instance.pixels_of(*frame).ok_or(DicomError::NoSuchFrame { frame: *frame, frames: count });
    match &pixel_data {
        PixelData::Encapsulated(items) => {
            let pixels = EncapsulatedPixels::of(items, &opened, count)?;
            let decode = |frame| {
                let format = format(frame)?;
                decoded(compression, &pixels.frame(*frame)?, &format, big_endian)
            };
            Ok(frames.iter().map(decode).collect())
        }
        PixelData::Native { bytes, cut, of_words } => {
            let decode = |frame| {
                let format = format(frame)?;
                let data = if *of_words && big_endian && format.bits_allocated == 8 {
                    Cow::Owned(frame_of_words(bytes, &format, *frame)?)
                } else {
                    Cow::Borrowed(native_frame(bytes, *cut, &format, *frame)?)
                };
                decoded(compression, &data, &format, big_endian)
            };
            Ok(frames.iter().map(decode).collect())
        }
    }
}

/// The bytes of a frame → HU.
pub(super) fn decoded(
    compression: Compression,
    data: &[u8],
    format: &PixelFormat,
    big_endian: bool,
) -> Result<DecodedFrame, DicomError> {
    let hu = match compression {
        Compression::None => native(data, format, big_endian)?,
        Compression::Deflated => {
            let length = format.rows * format.columns * usize::from(format.bits_allocated / 8);
            native(&inflate(data, length as u64)?, format, false)?
        }
        Compression::Codec(decode) => match decode(plausible(data, format)?, format)? {
            Samples::Stored(words) => StoredBits::of(format).hu(words.into_iter(), format)?,
            // The stream has at most 16 bits; lossy compression may overshoot a little.
            Samples::Values(values) => {
                hu_from_stored(values.into_iter().map(|v| v.clamp(-(1 << 16), 1 << 16)), format)?
            }
        },
    };
    if hu.len() != format.rows * format.columns {
        return Err(damaged("the frame has not rows × columns pixels"));
    }
    Ok(DecodedFrame { rows: format.rows, columns: format.columns, hu })
}

/// What stands between the bytes of a frame and its pixels.
#[derive(Clone, Copy)]
pub(super) enum Compression {
    None,
    Deflated,
    Codec(codec::Decode),
}

impl Compression {
    pub(super) fn of(transfer_syntax: &str) -> Option<Self> {
        Some(match transfer_syntax {
            IMPLICIT_LITTLE | EXPLICIT_LITTLE | EXPLICIT_BIG | DEFLATED | ENCAPSULATED => Self::None,
            DEFLATED_FRAME => Self::Deflated,
            RLE => Self::Codec(codec::rle),
            // JPEG Baseline, Extended, Lossless (any predictor), Lossless SV1.
            "1.2.840.10008.1.2.4.50"
            | "1.2.840.10008.1.2.4.51"
            | "1.2.840.10008.1.2.4.57"
            | "1.2.840.10008.1.2.4.70" => Self::Codec(codec::jpeg),
            "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => Self::Codec(codec::jpeg_ls),
            // JPEG 2000 and High-Throughput JPEG 2000.
            "1.2.840.10008.1.2.4.90"
            | "1.2.840.10008.1.2.4.91"
            | "1.2.840.10008.1.2.4.201"
            | "1.2.840.10008.1.2.4.202"
            | "1.2.840.10008.1.2.4.203" => Self::Codec(codec::jpeg_2000),
            // JPEG XL: lossless, a JPEG stream packed anew, any.
            "1.2.840.10008.1.2.4.110" | "1.2.840.10008.1.2.4.111" | "1.2.840.10008.1.2.4.112" => {
                Self::Codec(codec::jpeg_xl)
            }
            _ => return None,
        })
    }
}

/// Refuses a stream so short that no real image is in it, before memory is taken for what its header claims. Frames as large as CT
/// has them may be of one value and therefore of any length.
pub(super) fn plausible<'a>(data: &'a [u8], format: &PixelFormat) -> Result<&'a [u8], DicomError> {
    let pixels = format.rows * format.columns;
    if pixels > LARGEST_CT && data.len() < pixels / 1024 {
        return Err(damaged("the stream is too short for so many pixels"));
    }
    Ok(data)
}

/// Refuses what is not CT as this product reads it.
pub(super) fn check(format: &PixelFormat) -> Result<(), DicomError> {
    let unsupported = |reason: String| Err(DicomError::UnsupportedPixels { reason });
    let PixelFormat { bits_allocated, bits_stored, high_bit, .. } = *format;
    if format.samples_per_pixel != 1 {
        return unsupported(format!("SamplesPerPixel (0028,0002) is {}", format.samples_per_pixel));
    }
    if !format.photometric.starts_with("MONOCHROME") && !format.photometric.is_empty() {
        // A code string has 16 characters at most (PS3.5 6.2).
        let code: String = format.photometric.chars().take(16).collect();
        return unsupported(format!("PhotometricInterpretation (0028,0004) is {code}"));
    }
    if bits_allocated != 8 && bits_allocated != 16 {
        return unsupported(format!("BitsAllocated (0028,0100) is {bits_allocated}"));
    }
    if bits_stored == 0 || high_bit >= bits_allocated || high_bit + 1 < bits_stored {
        return unsupported(format!(
            "BitsStored (0028,0101) is {bits_stored}, HighBit (0028,0102) {high_bit} of {bits_allocated} bits"
        ));
    }
    Ok(())
}

/// One frame of native Pixel Data.
fn native_frame<'a>(bytes: &'a [u8], cut: bool, format: &PixelFormat, frame: usize) -> Result<&'a [u8], DicomError> {
    let length = format.rows * format.columns * usize::from(format.bits_allocated / 8);
    let begin = frame.saturating_mul(length);
    let reason = || {
        if cut {
            "the file ends within the pixel data"
        } else {
            "the pixel data are shorter than rows × columns × frames"
        }
    };
    bytes.get(begin..begin.saturating_add(length)).ok_or_else(|| damaged(reason()))
}

/// One frame of bytes that stand within big-endian words (PS3.5 8.1.1 and A.3): the first pixel is the low byte of the first word,
/// which comes second.
fn frame_of_words(bytes: &[u8], format: &PixelFormat, frame: usize) -> Result<Vec<u8>, DicomError> {
    let length = format.rows * format.columns;
    let begin = frame.saturating_mul(length);
    let pixels: Option<Vec<u8>> = (begin..begin.saturating_add(length)).map(|n| bytes.get(n ^ 1).copied()).collect();
    pixels.ok_or_else(|| damaged("the pixel data are shorter than rows × columns × frames"))
}

/// Where each frame begins and how long it is (PS3.3 C.7.6.3.1.8): offsets from the first fragment's item, lengths without
/// padding.
#[derive(Default)]
pub(super) struct ExtendedTable {
    pub(super) offsets: Vec<u64>,
    pub(super) lengths: Vec<u64>,
}

/// The Extended Offset Table, which stands before Pixel Data.
pub(super) fn extended_table(opened: &Opened<'_>) -> Result<Option<ExtendedTable>, DicomError> {
    let numbers = |value: &[u8]| value.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
    let mut table = ExtendedTable::default();
    let mut walk = opened.elements();
    while let Some(element) = walk.before_pixels()? {
        match element.tag {
            (0x7FE0, 0x0001) => table.offsets = numbers(element.value),
            (0x7FE0, 0x0002) => table.lengths = numbers(element.value),
            _ => {}
        }
    }
    Ok(Some(table).filter(|t| !t.offsets.is_empty()))
}

/// Encapsulated Pixel Data, and which of its fragments each frame has.
pub(super) struct EncapsulatedPixels<'p, 'a> {
    fragments: &'p [&'a [u8]],
    places: FramePlaces,
    /// Lengths of the frames without padding, where the Extended Offset Table says them.
    lengths: Vec<u64>,
}

impl<'p, 'a> EncapsulatedPixels<'p, 'a> {
    /// The first item holds the Basic Offset Table.
    pub(super) fn of(items: &'p [&'a [u8]], opened: &Opened<'_>, frames: usize) -> Result<Self, DicomError> {
        let (table, fragments) = items.split_first().ok_or_else(|| damaged("there are no fragments"))?;
        let extended = if frames > 1 { extended_table(opened)? } else { None };
        let ExtendedTable { offsets, lengths } =
            extended.unwrap_or_else(|| ExtendedTable { offsets: basic_table(table), lengths: Vec::new() });
        let facts = fragments.iter().map(|f| Fragment { length: f.len() as u64, begins: begins_stream(f) });
        let places = FramePlaces::of(&offsets, &facts.collect::<Vec<_>>(), frames)?;
        Ok(Self { fragments, places, lengths })
    }

    /// One frame: its fragments joined.
    pub(super) fn frame(&self, frame: usize) -> Result<Cow<'a, [u8]>, DicomError> {
        let data = match self.fragments.get(self.places.of_frame(frame)?).unwrap_or_default() {
            [] => return Err(damaged("the frame has no fragment")),
            [one] => Cow::Borrowed(*one),
            several => Cow::Owned(several.concat()),
        };
        let length = self.lengths.get(frame).and_then(|l| usize::try_from(*l).ok());
        Ok(match (data, length) {
            (Cow::Borrowed(data), Some(length)) => Cow::Borrowed(data.get(..length).unwrap_or(data)),
            (data, _) => data,
        })
    }
}

/// The Basic Offset Table (PS3.5 A.4): where frames begin, from the first fragment's item.
pub(super) fn basic_table(item: &[u8]) -> Vec<u64> {
    item.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b).into()).collect()
}

/// What tells fragments apart.
pub(super) struct Fragment {
    pub(super) length: u64,
    /// Whether a JPEG or JPEG 2000 stream begins with it.
    pub(super) begins: bool,
}

/// Whether a fragment is the first of a JPEG or JPEG 2000 stream.
pub(super) fn begins_stream(fragment: &[u8]) -> bool {
    fragment.starts_with(&[0xFF, 0xD8, 0xFF]) || fragment.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
}

/// The fragments of each frame (PS3.5 A.4): all of a single frame; else one each, by the offset table, or by the markers with which
/// JPEG and JPEG 2000 streams begin.
pub(super) struct FramePlaces {
    /// The first fragment of each frame.
    starts: Vec<usize>,
    /// How many fragments there are.
    fragments: usize,
}

impl FramePlaces {
    pub(super) fn of(offsets: &[u64], fragments: &[Fragment], frames: usize) -> Result<Self, DicomError> {
        // One each: a table could say nothing else, and some say it wrongly.
        let starts: Vec<usize> = if frames == 1 {
            vec![0]
        } else if fragments.len() == frames {
            (0..frames).collect()
        } else if offsets.len() == frames {
            let mut places = vec![0];
            for fragment in fragments {
                places.push(places.last().map_or(0, |at| at + 8 + fragment.length));
            }
            offsets.iter().filter_map(|offset| places.binary_search(offset).ok()).collect()
        } else {
            fragments.iter().enumerate().filter(|(_, f)| f.begins).map(|(n, _)| n).collect()
        };
        if starts.len() != frames {
            return Err(damaged("the fragments cannot be told apart by frame"));
        }
        Ok(Self { starts, fragments: fragments.len() })
    }

    pub(super) fn of_frame(&self, frame: usize) -> Result<Range<usize>, DicomError> {
        let no_such = DicomError::NoSuchFrame { frame, frames: self.starts.len() };
        let begin = self.starts.get(frame).copied().ok_or(no_such)?;
        let end = self.starts.get(frame + 1).copied().unwrap_or(self.fragments);
        if begin <= end { Ok(begin..end) } else { Err(damaged("the offset table is not in order")) }
    }
}

/// Uncompressed pixels → HU.
fn native(bytes: &[u8], format: &PixelFormat, big_endian: bool) -> Result<Vec<i16>, DicomError> {
    let bits = StoredBits::of(format);
    let pixels = format.rows * format.columns;
    if format.bits_allocated == 8 {
        let bytes = bytes.get(..pixels).ok_or_else(|| damaged("the frame is too short"))?;
        return bits.hu(bytes.iter().map(|b| u16::from(*b)), format);
    }
    let words = bytes.as_chunks::<2>().0.get(..pixels).ok_or_else(|| damaged("the frame is too short"))?;
    if big_endian {
        bits.hu(words.iter().map(|w| u16::from_be_bytes(*w)), format)
    } else {
        bits.hu(words.iter().map(|w| u16::from_le_bytes(*w)), format)
    }
}

fn damaged(reason: &str) -> DicomError {
    DicomError::PixelData { reason: reason.into() }
}
