//! Segmentations with compressed frames → the same with native pixels: the page, which reads segmentations, has no decoders.

use super::codec::{Decode, Samples};
use super::data_set::{Encoding, PixelData};
use super::decode::{Compression, EncapsulatedPixels, RLE, plausible};
use super::part10::{EXPLICIT_LITTLE, inflate, open};
use super::segmentation::{SegmentationKind, header};
use super::{DicomError, PixelFormat, Quantity};

/// Most bytes that the pixels of a segmentation become: the bits of 32-bit WebAssembly's words can count them.
const MOST_BYTES: u64 = (1 << 29) - 1;
/// JPEG Baseline, Extended, and a JPEG stream packed anew: always lossy.
const LOSSY: [&str; 3] = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.111"];
/// JPEG-LS, JPEG 2000, High-Throughput JPEG 2000 and JPEG XL where they may lose: Lossy Image Compression says whether they did. With any
/// other stream it says so of the CT.
const MAY_LOSE: [&str; 4] =
    ["1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.112"];

/// A segmentation with compressed frames as a file whose pixels are native, in explicit VR little endian (PS3.5 A.2); what comes after
/// the pixels is left out. `None` for all other files, and where the header cannot be read: [`super::SegmentationObject::read`] says why.
///
/// # Errors
/// [`DicomError::UnsupportedTransferSyntax`]; [`DicomError::LossyLabels`];
/// [`DicomError::TooLarge`]; [`DicomError::PixelData`] for damaged or contradictory pixel data.
pub fn native_segmentation(file: &[u8]) -> Result<Option<Vec<u8>>, DicomError> {
    let opened = open(file)?;
    let mut walk = opened.elements();
    let Ok((a, format, kind)) = header(&mut walk) else { return Ok(None) };
    let before = opened.bytes.get(opened.start..walk.at()).unwrap_or_default();
    let Some(PixelData::Encapsulated(items)) = walk.pixel_data()? else { return Ok(None) };
    let uid = opened.meta.transfer_syntax.as_str();
    let unsupported = || DicomError::UnsupportedTransferSyntax { uid: uid.into() };
    let compression = Compression::of(uid).ok_or_else(unsupported)?;
    if opened.encoding != Encoding::EXPLICIT_LITTLE {
        return Err(unsupported());
    }
    let is_lossy = LOSSY.contains(&uid) || MAY_LOSE.contains(&uid) && a.text((0x0028, 0x2110)) == "01";
    if is_lossy && !matches!(kind, SegmentationKind::Fractional { .. }) {
        return Err(DicomError::LossyLabels { uid: uid.into() });
    }
    let pixels = format.rows as u64 * format.columns as u64 * format.frames as u64;
    let bytes = (pixels * u64::from(format.bits_allocated)).div_ceil(8);
    if bytes > MOST_BYTES {
        return Err(DicomError::TooLarge { what: Quantity::Segmentation, found: bytes, limit: MOST_BYTES });
    }
    let pixels = EncapsulatedPixels::of(&items, &opened, format.frames)?;
    let length = bytes.next_multiple_of(2) as usize;
    let mut written = Written { file: head(before, length), bits: 0 };
    let end = written.file.len() + length;
    for frame in 0..format.frames {
        written.add(&values(uid, compression, &pixels.frame(frame)?, &format)?, format.bits_allocated)?;
    }
    written.file.resize(end, 0);
    Ok(Some(written.file))
}

/// The pixels of a frame as stored.
fn values(uid: &str, compression: Compression, data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let count = format.rows * format.columns;
    let length = (count * usize::from(format.bits_allocated)).div_ceil(8);
    match compression {
        Compression::None => unpacked(data, format),
        Compression::Deflated => unpacked(&inflate(data, length as u64)?, format),
        Compression::Codec(decode) => {
            let whole = decoded(decode, data, format);
            // Of bits, some writers compress one byte a pixel (PS3.5 G.2), others the bytes that eight share.
            if whole.is_err() && uid == RLE && format.bits_allocated == 1 {
                let bytes = PixelFormat { rows: 1, columns: length, bits_allocated: 8, ..format.clone() };
                let bytes: Vec<u8> = decoded(decode, data, &bytes)?.into_iter().map(|word| word as u8).collect();
                return unpacked(&bytes, format);
            }
            whole
        }
    }
}

fn decoded(decode: Decode, data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let values = match decode(plausible(data, format)?, format)? {
        Samples::Stored(words) => words,
        Samples::Values(values) => values.into_iter().map(|v| v.clamp(0, u16::MAX.into()) as u16).collect(),
    };
    if values.len() == format.rows * format.columns {
        Ok(values)
    } else {
        Err(damaged("a frame has not rows × columns pixels"))
    }
}

/// The pixels of a frame that is not compressed.
fn unpacked(data: &[u8], format: &PixelFormat) -> Result<Vec<u16>, DicomError> {
    let count = format.rows * format.columns;
    let length = (count * usize::from(format.bits_allocated)).div_ceil(8);
    let data = data.get(..length).ok_or_else(|| damaged("it ends before the last frame"))?;
    Ok(match format.bits_allocated {
        1 => (0..count).map(|n| u16::from(data[n / 8] >> (n % 8) & 1)).collect(),
        8 => data.iter().map(|b| u16::from(*b)).collect(),
        _ => data.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect(),
    })
}

/// A file up to the last frame that it has so far.
struct Written {
    file: Vec<u8>,
    /// Pixels of one bit so far: their frames do not begin at whole bytes (PS3.5 8.1.1).
    bits: usize,
}

impl Written {
    fn add(&mut self, values: &[u16], bits_allocated: u16) -> Result<(), DicomError> {
        for value in values {
            match bits_allocated {
                1 => {
                    if self.bits.is_multiple_of(8) {
                        self.file.push(0);
                    }
                    if let Some(last) = self.file.last_mut() {
                        *last |= u8::from(*value != 0) << (self.bits % 8);
                    }
                    self.bits += 1;
                }
                8 => {
                    let byte = u8::try_from(*value).ok();
                    self.file.push(byte.ok_or_else(|| damaged("a value has more bits than BitsAllocated"))?);
                }
                _ => self.file.extend(value.to_le_bytes()),
            }
        }
        Ok(())
    }
}

/// A file up to its pixels, of so many bytes, after the elements before them.
fn head(before: &[u8], length: usize) -> Vec<u8> {
    let uid = EXPLICIT_LITTLE.as_bytes();
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\0\x10\0UI");
    file.extend((uid.len() as u16 + 1).to_le_bytes());
    file.extend([uid, b"\0", before, b"\xE0\x7F\x10\0OW\0\0"].concat());
    file.extend((length as u32).to_le_bytes());
    file
}

fn damaged(reason: &str) -> DicomError {
    DicomError::PixelData { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rle_of_bits_is_read_packed_and_one_byte_a_pixel() {
        let format = PixelFormat { bits_allocated: 1, ..crate::dicom::jpeg_stream::format(3, 5) };
        let pixels = [1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1];
        let stream = |bytes: &[u8]| {
            let mut stream: Vec<u8> = [1u32, 64].iter().flat_map(|n| n.to_le_bytes()).collect();
            stream.resize(64, 0);
            stream.push(bytes.len() as u8 - 1);
            stream.extend(bytes);
            stream
        };
        let rle = Compression::of(RLE).unwrap();
        let read = |bytes: &[u8]| values(RLE, rle, &stream(bytes), &format);
        assert_eq!(read(&pixels.map(|p| p as u8)).unwrap(), pixels);
        assert_eq!(read(&[0b0101_1001, 0b0100_0111]).unwrap(), pixels);
        assert!(matches!(read(&[0b0101_1001]), Err(DicomError::PixelData { .. })));
    }

    /// Work that grew with the square of the frames would not end here.
    #[test]
    fn a_label_map_of_a_hundred_thousand_frames_becomes_native() {
        const FRAMES: u32 = 100_000;
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        let mut element = |group: u16, element: u16, vr: &[u8; 2], value: &[u8]| {
            file.extend([group.to_le_bytes(), element.to_le_bytes(), *vr, (value.len() as u16).to_le_bytes()].concat());
            file.extend(value);
        };
        element(0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1.98");
        element(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.66.7");
        element(0x0008, 0x0018, b"UI", b"2.25.1\0\0");
        element(0x0028, 0x0002, b"US", &[1, 0]);
        element(0x0028, 0x0008, b"IS", FRAMES.to_string().as_bytes());
        for (tag, value) in [(0x10, 1u16), (0x11, 2), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0)] {
            element(0x0028, tag, b"US", &value.to_le_bytes());
        }
        element(0x0062, 0x0001, b"CS", b"LABELMAP");
        file.extend(b"\xE0\x7F\x10\0OW\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\0\0\0\0");
        for n in 0..FRAMES {
            file.extend(b"\xFE\xFF\0\xE0\x04\0\0\0");
            file.extend(n.to_le_bytes());
        }
        file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
        let native = native_segmentation(&file).unwrap().unwrap();
        let (_, pixels) = native.split_at(native.len() - 4 * FRAMES as usize);
        assert!((0..FRAMES).flat_map(u32::to_le_bytes).eq(pixels.iter().copied()));
    }
}
