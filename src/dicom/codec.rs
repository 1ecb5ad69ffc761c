//! Compressed frames → samples, one codec per function.
//!
//! What a stream says about itself is compared with the header before its decoder allocates anything.

use super::{DicomError, PixelFormat, jpeg_lossless, jpeg_ls, jpeg_stream, jpeg12};
use jpeg_decoder::{Decoder, PixelFormat as JpegPixels};
use jxl::api::{
    Endianness, Event, JxlBitDepth, JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer,
    JxlPixelFormat, ProfileLevel,
};

/// Decoded samples, row by row.
pub(super) enum Samples {
    /// Words as PS3.5 8.1.1 stores them, sign and position of the value still to be interpreted.
    Stored(Vec<u16>),
    /// Values.
    Values(Vec<i32>),
}

/// A decoder of one frame.
pub(super) type Decode = fn(&[u8], &PixelFormat) -> Result<Samples, DicomError>;

/// RLE Lossless (PS3.5 annex G): one segment of PackBits per byte of a sample, the most significant first.
pub(super) fn rle(data: &[u8], format: &PixelFormat) -> Result<Samples, DicomError> {
    let word = |n: usize| data.get(4 * n..).and_then(|d| d.first_chunk()).map(|b| u32::from_le_bytes(*b) as usize);
    let segments = usize::from(format.bits_allocated / 8).clamp(1, 2);
    if word(0) != Some(segments) {
        return Err(damaged("the RLE header does not have one segment per byte of a pixel"));
    }
    let pixels = format.rows * format.columns;
    let plane = |n: usize| {
        let begin = word(n + 1).unwrap_or(0);
        let end = if n + 1 < segments { word(n + 2).unwrap_or(0) } else { data.len() };
        let segment =
            data.get(begin..end).filter(|_| begin >= 64).ok_or_else(|| damaged("an RLE segment is missing"))?;
        // Two bytes become 128 at most: what cannot be whole is refused before memory is taken for it.
        if segment.len() < pixels / 64 {
            return Err(damaged("an RLE segment ends too early"));
        }
        let mut bytes = vec![0; pixels];
        unpack_bits(segment, &mut bytes).ok_or_else(|| damaged("an RLE segment ends too early"))?;
        Ok(bytes)
    };
    let words = match segments {
        1 => plane(0)?.into_iter().map(u16::from).collect(),
        _ => plane(0)?.into_iter().zip(plane(1)?).map(|(high, low)| u16::from_be_bytes([high, low])).collect(),
    };
    Ok(Samples::Stored(words))
}

/// PackBits of one byte plane; `None` if the segment holds fewer bytes than the plane.
fn unpack_bits(segment: &[u8], plane: &mut [u8]) -> Option<()> {
    let (mut rest, mut left) = (segment, plane);
    while !left.is_empty() {
        let (&control, tail) = rest.split_first()?;
        match control {
            0..=127 => {
                let count = usize::from(control) + 1;
                let (filled, after) = left.split_at_mut(count.min(left.len()));
                filled.copy_from_slice(tail.get(..filled.len())?);
                rest = tail.get(count..).unwrap_or(&[]);
                left = after;
            }
            128 => rest = tail,
            129.. => {
                let (&byte, tail) = tail.split_first()?;
                let (filled, after) = left.split_at_mut((257 - usize::from(control)).min(left.len()));
                filled.fill(byte);
                rest = tail;
                left = after;
            }
        }
    }
    Some(())
}

/// JPEG: 8-bit baseline, 8 and 12-bit extended, 2 to 16-bit lossless.
pub(super) fn jpeg(data: &[u8], format: &PixelFormat) -> Result<Samples, DicomError> {
    match jpeg_stream::process(data) {
        Some((0xC3, _)) => return jpeg_lossless::decode(data, format).map(Samples::Stored),
        Some((0xC1, 12)) => return jpeg12::decode(data, format).map(Samples::Stored),
        _ => {}
    }
    let failed = |error: jpeg_decoder::Error| match error {
        jpeg_decoder::Error::Unsupported(what) => {
            DicomError::UnsupportedPixels { reason: format!("this form of JPEG: {what:?}") }
        }
        other => damaged(&other.to_string()),
    };
    let pixels = format.rows * format.columns;
    let mut decoder = Decoder::new(data);
    decoder.set_max_decoding_buffer_size(pixels.saturating_mul(2));
    decoder.read_info().map_err(failed)?;
    let info = decoder.info().ok_or_else(|| damaged("the JPEG stream has no frame header"))?;
    same_size(usize::from(info.height), usize::from(info.width), format)?;
    if !matches!(info.pixel_format, JpegPixels::L8 | JpegPixels::L16) {
        return Err(DicomError::UnsupportedPixels { reason: "colour JPEG".into() });
    }
    let bytes = decoder.decode().map_err(failed)?;
    let words: Vec<u16> = match info.pixel_format {
        JpegPixels::L8 => bytes.into_iter().map(u16::from).collect(),
        _ => bytes.as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b)).collect(),
    };
    Ok(Samples::Stored(words))
}

/// JPEG-LS, lossless and near-lossless.
pub(super) fn jpeg_ls(data: &[u8], format: &PixelFormat) -> Result<Samples, DicomError> {
    jpeg_ls::decode(data, format).map(Samples::Stored)
}

/// JPEG 2000 and High-Throughput JPEG 2000.
pub(super) fn jpeg_2000(data: &[u8], format: &PixelFormat) -> Result<Samples, DicomError> {
    check_siz(data, format)?;
    let image = jpeg2k::Image::from_bytes(data).map_err(|error| damaged(&error.to_string()))?;
    let [component] = image.components() else {
        return Err(DicomError::UnsupportedPixels { reason: "colour JPEG 2000".into() });
    };
    same_size(component.height() as usize, component.width() as usize, format)?;
    let values = component.data();
    // Some writers put two's complement words into an unsigned stream: the header's sign then counts (PS3.5 8.2.4). A signed
    // stream speaks for itself.
    if format.signed && !component.is_signed() {
        let above = 32 - component.precision().clamp(1, 32);
        return Ok(Samples::Values(values.iter().map(|v| v << above >> above).collect()));
    }
    Ok(Samples::Values(values.to_vec()))
}

/// JPEG XL: lossless, lossy, and a JPEG stream packed anew (PS3.5 8.2.17).
pub(super) fn jpeg_xl(data: &[u8], format: &PixelFormat) -> Result<Samples, DicomError> {
    let failed = |error: jxl::error::Error| match error {
        jxl::error::Error::NotGrayscale => DicomError::UnsupportedPixels { reason: "colour JPEG XL".into() },
        other => damaged(&other.to_string()),
    };
    let mut options = JxlDecoderOptions::default();
    options.adjust_orientation = false;
    options.max_profile_level = ProfileLevel::Main10;
    // The decoder counts three channels and at least sixteen columns, and refuses what reaches the limit.
    options.sample_limit = Some(format.rows * format.columns.max(16) * 3 + 1);
    let mut decoder = JxlDecoder::new(options);
    let mut rest = data;
    let mut words: Vec<u16> = Vec::new();
    loop {
        let row = format.columns * 2;
        let mut picture = match words.is_empty() {
            true => None,
            false => Some([JxlOutputBuffer::new(bytemuck::cast_slice_mut(&mut words), format.rows, row)]),
        };
        let buffers = picture.as_mut().map(|p| &mut p[..]);
        match decoder.process(&mut rest, buffers, None).map_err(failed)? {
            Event::BasicInfo => {
                let info = decoder.basic_info().ok_or_else(|| damaged("the JPEG XL stream has no header"))?;
                let (columns, rows) = info.size;
                same_size(rows, columns, format)?;
                let bit_depth = match info.bit_depth {
                    JxlBitDepth::Int { bits_per_sample: bits @ 1..=16 } => bits as u8,
                    _ => {
                        return Err(DicomError::UnsupportedPixels {
                            reason: "JPEG XL of other than whole numbers of up to 16 bits".into(),
                        });
                    }
                };
                if !info.extra_channels.is_empty() {
                    return Err(DicomError::UnsupportedPixels { reason: "JPEG XL with extra channels".into() });
                }
                let values = JxlDataFormat::U16 { endianness: Endianness::native(), bit_depth };
                let grey = JxlPixelFormat {
                    color_type: JxlColorType::Grayscale,
                    color_data_format: Some(values),
                    extra_channel_format: Vec::new(),
                };
                decoder.set_pixel_format(grey).map_err(failed)?;
                words = vec![0; rows * columns];
            }
            Event::FrameHeader => {}
            Event::FrameComplete { .. } | Event::Complete => return Ok(Samples::Stored(words)),
            Event::NeedMoreInput { .. } => return Err(damaged("the JPEG XL stream ends too early")),
        }
    }
}

/// Compares the image and tile size marker (ISO/IEC 15444-1 A.5.1) with the header.
fn check_siz(data: &[u8], format: &PixelFormat) -> Result<(), DicomError> {
    const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
    // A few writers wrap the stream in a JP2 file, whose boxes come first.
    let start =
        data.windows(4).take(4096).position(|w| w == START).ok_or_else(|| damaged("there is no JPEG 2000 stream"))?;
    let siz = data.get(start + 4..).and_then(|d| d.first_chunk::<39>()).ok_or_else(|| damaged("the stream is cut"))?;
    let word = |at: usize| u32::from_be_bytes([siz[at], siz[at + 1], siz[at + 2], siz[at + 3]]);
    let [width, height, left, top, tile_width, tile_height] = [4, 8, 12, 16, 20, 24].map(word);
    let components = u16::from_be_bytes([siz[36], siz[37]]);
    let precision = (siz[38] & 0x7F) + 1;
    if components != 1 {
        return Err(DicomError::UnsupportedPixels { reason: "colour JPEG 2000".into() });
    }
    if precision > 16 {
        return Err(DicomError::UnsupportedPixels { reason: format!("JPEG 2000 with {precision} bits") });
    }
    same_size(height.saturating_sub(top) as usize, width.saturating_sub(left) as usize, format)?;
    let tiles = |size: u32, tile: u32| u64::from(size.div_ceil(tile.max(1)));
    if tile_width == 0 || tile_height == 0 || tiles(width, tile_width) * tiles(height, tile_height) > 65_535 {
        return Err(damaged("the tiles of the JPEG 2000 stream are senseless"));
    }
    Ok(())
}

/// Refuses a stream of another size than the header says.
pub(super) fn same_size(rows: usize, columns: usize, format: &PixelFormat) -> Result<(), DicomError> {
    if (rows, columns) == (format.rows, format.columns) {
        return Ok(());
    }
    let reason = format!("the stream has {rows} × {columns} pixels, the header {} × {}", format.rows, format.columns);
    Err(DicomError::PixelData { reason })
}

fn damaged(reason: &str) -> DicomError {
    DicomError::PixelData { reason: reason.into() }
}
