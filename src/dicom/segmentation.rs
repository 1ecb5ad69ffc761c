//! DICOM Segmentation objects (PS3.3 A.51 and C.8.20) as stored: segments, frames, and runs of set pixels.

use super::data_set::{Elements, Encoding, PixelData, Tag};
use super::error::Attribute;
use super::header::Attributes;
use super::instance::ImagePlane;
use super::part10::open;
use super::{DicomError, PixelFormat};
use crate::geometry::{PatientPoint, PatientVector};

/// Segmentation Storage.
const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";
/// Label Map Segmentation Storage.
const LABEL_MAP_SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.7";

/// A coded concept as found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Code Value.
    pub value: String,
    /// Coding Scheme Designator.
    pub scheme: String,
    /// Code Meaning.
    pub meaning: String,
}

/// What the pixels of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentationKind {
    /// One bit: in the segment or not.
    Binary,
    /// A probability or occupancy, of this maximum.
    Fractional {
        /// Maximum Fractional Value.
        maximum: u16,
    },
    /// The number of the segment.
    LabelMap,
}

/// An item of the Segment Sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentDescription {
    /// Segment Number.
    pub number: u16,
    /// Segment Label.
    pub label: String,
    /// Segmented Property Category.
    pub category: Code,
    /// Segmented Property Type.
    pub property_type: Code,
    /// Segmented Property Type Modifiers.
    pub modifiers: Vec<Code>,
    /// Anatomic Region, for a type that is no place itself.
    pub region: Code,
    /// Recommended Display CIELab Value.
    pub cielab: Option<[u16; 3]>,
}

/// Where a frame lies and whose pixels it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentationFrame {
    /// Referenced Segment Number; `None` in a label map.
    pub segment_number: Option<u16>,
    /// Plane Position, Plane Orientation and Pixel Measures, as far as they are given.
    pub plane: ImagePlane,
    /// Spacing Between Slices.
    pub between_slices_mm: Option<f64>,
    /// Its source images.
    pub sources: Vec<SourceImage>,
}

/// An image that a frame was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceImage {
    /// Its SOP Instance UID.
    pub sop_instance_uid: String,
    /// Referenced Frame Number, from 1; `None` where the whole object is named.
    pub frame_number: Option<u32>,
    /// Whether the frame may lie where this image does: Spatial Locations Preserved does not say NO.
    pub may_lie_there: bool,
}

/// A segmentation as stored, its pixels uncompressed.
#[derive(Clone, Debug)]
pub struct SegmentationObject {
    /// Height of a frame.
    pub rows: usize,
    /// Width of a frame.
    pub columns: usize,
    /// What its pixels say.
    pub kind: SegmentationKind,
    /// Frame of Reference UID.
    pub frame_of_reference_uid: Option<String>,
    /// Its segments, in the order of the file.
    pub segments: Vec<SegmentDescription>,
    /// Its frames.
    pub frames: Vec<SegmentationFrame>,
    pixels: Pixels,
}

#[derive(Clone, Debug)]
struct Pixels {
    /// Whether a pixel takes two bytes.
    wide: bool,
    /// Pixel Padding Value: no segment (in label maps).
    padding: Option<u16>,
    encoding: Encoding,
    /// All frames, without padding between them.
    bytes: Vec<u8>,
}

impl SegmentationObject {
    /// Reads a segmentation whose frames are not compressed; a deflated file is read, too. `native_segmentation`, where the decoders
    /// are, makes such a file of one with compressed frames.
    ///
    /// # Errors
    /// [`DicomError`]: not a segmentation, of a whole-slide image (tiled), of compressed frames, or contradicting itself.
    pub fn read(bytes: &[u8]) -> Result<Self, DicomError> {
        let opened = open(bytes)?;
        let mut walk = opened.elements();
        let (a, format, kind) = header(&mut walk)?;
        let frames = frames(&a, format.frames, kind == SegmentationKind::LabelMap)?;
        let segments = a.items((0x0062, 0x0002))?.iter().map(description).collect::<Result<_, _>>()?;
        let swapped = opened.encoding.big_endian && opened.bytes.get(walk.at() + 4..walk.at() + 6) == Some(b"OW");
        let PixelData::Native { bytes, .. } = walk.pixel_data()?.ok_or_else(DicomError::no_pixel_data)? else {
            return Err(DicomError::UnsupportedTransferSyntax { uid: opened.meta.transfer_syntax });
        };
        let bits = (format.rows * format.columns * usize::from(format.bits_allocated)).checked_mul(format.frames);
        if bits.is_none_or(|bits| bytes.len() < bits.div_ceil(8)) {
            return Err(DicomError::PixelData { reason: "it ends before the last frame".into() });
        }
        let mut bytes = bytes.to_vec();
        // Words of big endian files hold the bytes of narrower pixels in reverse (PS3.5 8.1.1).
        if swapped && format.bits_allocated <= 8 {
            bytes.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        }
        Ok(Self {
            rows: format.rows,
            columns: format.columns,
            kind,
            frame_of_reference_uid: Some(a.uid((0x0020, 0x0052))).filter(|uid| !uid.is_empty()),
            segments,
            frames,
            pixels: Pixels {
                wide: format.bits_allocated == 16,
                padding: format.padding.and_then(|[value, _]| u16::try_from(value).ok()),
                encoding: opened.encoding,
                bytes,
            },
        })
    }

    /// Visits the set pixels of a frame as (row, first column, column behind the last, value): 1 in binary segmentations and,
    /// from half the maximum on, in fractional ones; the segment's number in label maps.
    pub fn visit_runs(&self, frame: usize, mut visit: impl FnMut(usize, usize, usize, u16)) {
        let first = frame * self.rows * self.columns;
        let byte = |n: usize| self.pixels.bytes.get(n).copied().unwrap_or(0);
        let value = |n: usize| match (self.kind, self.pixels.wide) {
            (SegmentationKind::Binary, _) => u16::from(byte(n / 8) >> (n % 8) & 1),
            (SegmentationKind::Fractional { maximum }, _) => u16::from(u32::from(byte(n)) * 2 >= u32::from(maximum)),
            (SegmentationKind::LabelMap, false) => u16::from(byte(n)),
            (SegmentationKind::LabelMap, true) => self.pixels.encoding.u16([byte(2 * n), byte(2 * n + 1)]),
        };
        let binary = self.kind == SegmentationKind::Binary;
        let padding = self.pixels.padding.filter(|_| self.kind == SegmentationKind::LabelMap).unwrap_or(0);
        for row in 0..self.rows {
            let start = first + row * self.columns;
            let mut i = 0;
            while i < self.columns {
                if binary && (start + i).is_multiple_of(8) && byte((start + i) / 8) == 0 {
                    i += 8;
                    continue;
                }
                let here = value(start + i);
                let begin = i;
                i += 1;
                while i < self.columns && value(start + i) == here {
                    i += 1;
                }
                if here != 0 && here != padding {
                    visit(row, begin, i, here);
                }
            }
        }
    }
}

/// What stands before the pixels of a segmentation that can be read.
pub(super) fn header<'a>(
    walk: &mut Elements<'a>,
) -> Result<(Attributes<'a>, PixelFormat, SegmentationKind), DicomError> {
    let a = Attributes::before_pixels(walk)?;
    let class = a.uid((0x0008, 0x0016));
    if class != SEGMENTATION && class != LABEL_MAP_SEGMENTATION {
        return Err(a.bad((0x0008, 0x0016), "SOPClassUID"));
    }
    if a.find((0x0048, 0x0007)).is_some() {
        return Err(unsupported("a segmentation of a whole-slide image"));
    }
    let format = a.pixel_format()?.ok_or_else(|| missing((0x0028, 0x0010), "Rows"))?;
    let kind = kind(&a, &format)?;
    Ok((a, format, kind))
}

fn kind(a: &Attributes<'_>, format: &PixelFormat) -> Result<SegmentationKind, DicomError> {
    let kind = match (a.text((0x0062, 0x0001)).as_str(), format.bits_allocated) {
        ("BINARY", 1) => SegmentationKind::Binary,
        ("FRACTIONAL", 8) => {
            let maximum = a.unsigned((0x0062, 0x000E)).unwrap_or(255).clamp(1, 255);
            SegmentationKind::Fractional { maximum: maximum as u16 }
        }
        ("LABELMAP", 8 | 16) => SegmentationKind::LabelMap,
        (kind, bits) => return Err(unsupported(&format!("a segmentation of type {kind:?} with {bits} bits a pixel"))),
    };
    if format.samples_per_pixel == 1 { Ok(kind) } else { Err(unsupported("a segmentation in colour")) }
}

fn frames(a: &Attributes<'_>, count: usize, label_map: bool) -> Result<Vec<SegmentationFrame>, DicomError> {
    let shared = a.items((0x5200, 0x9229))?.into_iter().next();
    let each = a.items((0x5200, 0x9230))?;
    if each.len() != count {
        return Err(a.bad((0x0028, 0x0008), "NumberOfFrames"));
    }
    each.iter().map(|groups| frame(groups, shared.as_ref(), label_map)).collect()
}

/// Reads the functional groups of a frame; what it lacks is shared by all.
fn frame(
    groups: &Attributes<'_>,
    shared: Option<&Attributes<'_>>,
    label_map: bool,
) -> Result<SegmentationFrame, DicomError> {
    let group = |tag: Tag| -> Result<Vec<Attributes<'_>>, DicomError> {
        let own = groups.items(tag)?;
        match shared {
            Some(shared) if own.is_empty() => shared.items(tag),
            _ => Ok(own),
        }
    };
    let numbers = |sequence: Tag, tag: Tag| -> Result<Vec<f64>, DicomError> {
        Ok(group(sequence)?.first().map(|item| item.numbers(tag)).unwrap_or_default())
    };
    let position = match numbers((0x0020, 0x9113), (0x0020, 0x0032))?[..] {
        [x, y, z] => Some(PatientPoint::new(x, y, z)),
        _ => None,
    };
    let directions = match numbers((0x0020, 0x9116), (0x0020, 0x0037))?[..] {
        [rx, ry, rz, cx, cy, cz] => Some([PatientVector::new(rx, ry, rz), PatientVector::new(cx, cy, cz)]),
        _ => None,
    };
    let pixel_spacing_mm = match numbers((0x0028, 0x9110), (0x0028, 0x0030))?[..] {
        [rows, columns] if rows > 0.0 && columns > 0.0 => Some([rows, columns]),
        _ => None,
    };
    let slice_thickness_mm = numbers((0x0028, 0x9110), (0x0018, 0x0050))?.first().copied();
    let between_slices_mm = numbers((0x0028, 0x9110), (0x0018, 0x0088))?.first().copied();
    let segment = group((0x0062, 0x000A))?.first().and_then(|item| item.unsigned((0x0062, 0x000B)));
    let segment_number = segment.and_then(|n| u16::try_from(n).ok());
    if segment_number.is_none() && !label_map {
        return Err(missing((0x0062, 0x000B), "ReferencedSegmentNumber"));
    }
    let mut sources = Vec::new();
    for derivation in group((0x0008, 0x9124))? {
        for image in derivation.items((0x0008, 0x2112))? {
            let sop_instance_uid = image.uid((0x0008, 0x1155));
            let numbers = image.numbers((0x0008, 0x1160));
            let may_lie_there = image.text((0x0028, 0x135A)) != "NO";
            let named =
                |frame_number| SourceImage { sop_instance_uid: sop_instance_uid.clone(), frame_number, may_lie_there };
            if numbers.is_empty() {
                sources.push(named(None));
            }
            sources.extend(numbers.iter().map(|n| named(Some(*n as u32))));
        }
    }
    sources.retain(|source| !source.sop_instance_uid.is_empty());
    let plane = ImagePlane { position, directions, pixel_spacing_mm, slice_thickness_mm };
    let segment_number = segment_number.filter(|_| !label_map);
    Ok(SegmentationFrame { segment_number, plane, between_slices_mm, sources })
}

fn description(item: &Attributes<'_>) -> Result<SegmentDescription, DicomError> {
    let number = item.unsigned((0x0062, 0x0004)).and_then(|n| u16::try_from(n).ok());
    let kind = item.items((0x0062, 0x000F))?.into_iter().next();
    let modifiers = kind.as_ref().map(|kind| kind.items((0x0062, 0x0011))).transpose()?.unwrap_or_default();
    let category = item.items((0x0062, 0x0003))?;
    Ok(SegmentDescription {
        number: number.ok_or_else(|| missing((0x0062, 0x0004), "SegmentNumber"))?,
        label: item.text((0x0062, 0x0005)),
        category: category.first().map(code).unwrap_or_default(),
        property_type: kind.as_ref().map(code).unwrap_or_default(),
        modifiers: modifiers.iter().map(code).collect(),
        region: item.items((0x0008, 0x2218))?.first().map(code).unwrap_or_default(),
        cielab: item.three_unsigned((0x0062, 0x000D)),
    })
}

pub(super) fn code(item: &Attributes<'_>) -> Code {
    let short = item.text((0x0008, 0x0100));
    let value = if short.is_empty() { item.text((0x0008, 0x0119)) } else { short };
    Code { value, scheme: item.text((0x0008, 0x0102)), meaning: item.text((0x0008, 0x0104)) }
}

fn missing(tag: Tag, name: &str) -> DicomError {
    DicomError::MissingAttribute { attribute: Attribute::new(tag, name) }
}

fn unsupported(what: &str) -> DicomError {
    DicomError::UnsupportedPixels { reason: what.into() }
}
