//! A frame of a file → Hounsfield units.

use super::codec::{self, Samples};
use super::data_set::PixelData;
use super::header::read_opened;
use super::modality::{StoredBits, hu_from_stored};
use super::part10::{DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, inflate, open};
use super::{DicomError, PixelFormat};
use std::borrow::Cow;

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
const RLE: &str = "1.2.840.10008.1.2.5";

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
    let opened = open(file)?;
    let (instance, at) = read_opened(&opened)?;
    let compression = Compression::of(&instance.transfer_syntax_uid)
        .ok_or_else(|| DicomError::UnsupportedTransferSyntax { uid: instance.transfer_syntax_uid.clone() })?;
    let format = instance.pixels.as_ref().ok_or_else(|| damaged("the object has no pixels"))?;
    check(format)?;
    if frame >= format.frames {
        return Err(DicomError::NoSuchFrame { frame, frames: format.frames });
    }
    let pixel_data = opened.elements_at(at).pixel_data()?.ok_or_else(|| damaged("there are no pixel data"))?;
    let data = frame_bytes(pixel_data, format, frame)?;
    let hu = match compression {
        Compression::None => native(&data, format, opened.encoding.big_endian)?,
        Compression::Deflated => native(&inflate(&data)?, format, false)?,
        Compression::Codec(decode) => match decode(&data, format)? {
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
enum Compression {
    None,
    Deflated,
    Codec(codec::Decode),
}

impl Compression {
    fn of(transfer_syntax: &str) -> Option<Self> {
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
            _ => return None,
        })
    }
}

/// Refuses what is not CT as this product reads it.
fn check(format: &PixelFormat) -> Result<(), DicomError> {
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

/// The bytes of one frame: a part of native Pixel Data, or its fragments joined.
fn frame_bytes<'a>(pixel_data: PixelData<'a>, format: &PixelFormat, frame: usize) -> Result<Cow<'a, [u8]>, DicomError> {
    match pixel_data {
        PixelData::Native { bytes, cut } => {
            let length = format.rows * format.columns * usize::from(format.bits_allocated / 8);
            let begin = frame.saturating_mul(length);
            match bytes.get(begin..begin.saturating_add(length)) {
                Some(part) => Ok(Cow::Borrowed(part)),
                None if cut => Err(damaged("the file ends within the pixel data")),
                None => Err(damaged("the pixel data are shorter than rows × columns × frames")),
            }
        }
        PixelData::Encapsulated(items) => {
            let (table, fragments) = items.split_first().ok_or_else(|| damaged("there are no fragments"))?;
            match frame_fragments(table, fragments, format.frames, frame)? {
                [] => Err(damaged("the frame has no fragment")),
                [one] => Ok(Cow::Borrowed(one)),
                several => Ok(Cow::Owned(several.concat())),
            }
        }
    }
}

/// The fragments of one frame (PS3.5 A.4): all of a single frame; else by the offset table, one each, or by the markers with which
/// JPEG and JPEG 2000 streams begin.
fn frame_fragments<'f, 'a>(
    table: &[u8],
    fragments: &'f [&'a [u8]],
    frames: usize,
    frame: usize,
) -> Result<&'f [&'a [u8]], DicomError> {
    if frames == 1 {
        return Ok(fragments);
    }
    let offsets: Vec<usize> = table.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b) as usize).collect();
    let starts: Vec<usize> = if offsets.len() == frames {
        let mut places = vec![0];
        for fragment in fragments {
            places.push(places.last().map_or(0, |at| at + 8 + fragment.len()));
        }
        offsets.iter().filter_map(|offset| places.binary_search(offset).ok()).collect()
    } else if fragments.len() == frames {
        (0..frames).collect()
    } else {
        let begins = |f: &&[u8]| f.starts_with(&[0xFF, 0xD8, 0xFF]) || f.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]);
        fragments.iter().enumerate().filter(|(_, f)| begins(f)).map(|(n, _)| n).collect()
    };
    if starts.len() != frames {
        return Err(damaged("the fragments cannot be told apart by frame"));
    }
    let end = starts.get(frame + 1).copied().unwrap_or(fragments.len());
    fragments.get(starts[frame]..end).ok_or_else(|| damaged("the offset table is not in order"))
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
