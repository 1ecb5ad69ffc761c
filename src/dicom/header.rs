//! The header of a file → [`Instance`].

use super::data_set::{Element, Elements, Encoding, Tag, items};
use super::error::Attribute;
use super::functional_groups;
use super::part10::{Meta, Opened, open, uid};
use super::{
    Acquisition, DicomError, ImagePlane, Instance, LossyCompression, PatientModule, PixelFormat, Quantity,
    SeriesModule, StudyModule, VoiLutFunction, VoiWindow,
};
use crate::geometry::{PatientPoint, PatientVector};
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};
use std::borrow::Cow;

/// Most pixels a frame may have: 8192 × 8192.
const MOST_FRAME_PIXELS: u64 = 1 << 26;
/// Most frames an instance may have.
const MOST_FRAMES: i64 = 1 << 20;

/// Reads the attributes of a file that the product uses, up to Pixel Data.
///
/// `bytes` may be the beginning of the file only; it must reach Pixel Data (64 KiB nearly always do). Part 10 files are read, also
/// those that lack the preamble, the group length or the transfer syntax, and bare data sets that begin with group 0008.
///
/// # Errors
/// What [`DicomError::asks_for_more`] when more of the file is needed, or the file itself ends too early; of a CT image, where Pixel
/// Data does not follow. [`DicomError::NotDicom`], [`DicomError::Directory`], [`DicomError::Malformed`];
/// [`DicomError::MissingAttribute`] without SOP Instance UID;
/// [`DicomError::BadValue`] and [`DicomError::TooLarge`] for a pixel description that cannot be.
pub fn read_header(bytes: &[u8]) -> Result<Instance, DicomError> {
    let opened = open(bytes)?;
    read_opened(&opened).map(|(instance, _)| instance)
}

/// The header, and the offset of Pixel Data's element (the end of the data set if there is none).
pub(super) fn read_opened(opened: &Opened<'_>) -> Result<(Instance, usize), DicomError> {
    let mut walk = opened.elements();
    let attributes = Attributes::before_pixels(&mut walk)?;
    let instance = instance(&attributes, &opened.meta)?;
    let at_pixels = walk.peek_tag() == Some(super::data_set::PIXEL_DATA);
    // The bytes may end between two elements.
    if instance.is_ct_class() && !at_pixels {
        return Err(DicomError::no_pixel_data());
    }
    Ok((instance, walk.at()))
}

fn instance(a: &Attributes<'_>, meta: &Meta) -> Result<Instance, DicomError> {
    let or_meta = |tag: Tag, meta: &str| Some(a.uid(tag)).filter(|u| !u.is_empty()).unwrap_or_else(|| meta.into());
    let sop_class_uid = or_meta((0x0008, 0x0016), &meta.sop_class);
    let sop_instance_uid = or_meta((0x0008, 0x0018), &meta.sop_instance);
    // Nothing that a data set of an object has: bytes that happen to look like elements.
    let unlike_an_object =
        sop_class_uid.is_empty() && sop_instance_uid.is_empty() && a.find((0x0020, 0x000D)).is_none();
    if unlike_an_object && !meta.is_part_10 {
        return Err(DicomError::NotDicom);
    }
    if sop_instance_uid.is_empty() {
        return Err(DicomError::MissingAttribute { attribute: Attribute::new((0x0008, 0x0018), "SOPInstanceUID") });
    }
    let mut instance = Instance {
        sop_class_uid,
        sop_instance_uid,
        transfer_syntax_uid: meta.transfer_syntax.clone(),
        image_type: a.texts((0x0008, 0x0008)),
        instance_number: a.integer((0x0020, 0x0013)),
        patient: PatientModule {
            name: a.text((0x0010, 0x0010)),
            id: a.text((0x0010, 0x0020)),
            id_issuer: a.text((0x0010, 0x0021)),
            birth_date: a.text((0x0010, 0x0030)),
            sex: a.text((0x0010, 0x0040)),
        },
        study: StudyModule {
            instance_uid: a.uid((0x0020, 0x000D)),
            date: a.text((0x0008, 0x0020)),
            time: a.text((0x0008, 0x0030)),
            description: a.text((0x0008, 0x1030)),
            id: a.text((0x0020, 0x0010)),
            accession_number: a.text((0x0008, 0x0050)),
            referring_physician: a.text((0x0008, 0x0090)),
        },
        series: SeriesModule {
            instance_uid: a.uid((0x0020, 0x000E)),
            number: a.integer((0x0020, 0x0011)),
            description: a.text((0x0008, 0x103E)),
            modality: a.text((0x0008, 0x0060)),
            body_part: a.text((0x0018, 0x0015)),
            frame_of_reference_uid: Some(a.uid((0x0020, 0x0052))).filter(|u| !u.is_empty()),
            manufacturer: a.text((0x0008, 0x0070)),
            model: a.text((0x0008, 0x1090)),
        },
        acquisition: Acquisition {
            number: a.integer((0x0020, 0x0012)),
            kernel: a.text((0x0018, 0x1210)),
            kvp: a.numbers((0x0018, 0x0060)).first().copied(),
            contrast_agent: a.text((0x0018, 0x0010)),
            gantry_tilt_degrees: a.numbers((0x0018, 0x1120)).first().copied(),
            temporal_position: a.integer((0x0020, 0x0100)),
            date_time: date_time(a),
            content_time: a.text((0x0008, 0x0033)),
        },
        plane: image_plane(a)?,
        pixels: pixel_format(a)?,
        windows: windows(a),
        frames: Vec::new(),
        lossy: (a.text((0x0028, 0x2110)) == "01")
            .then(|| LossyCompression { ratios: a.numbers((0x0028, 0x2112)), methods: a.texts((0x0028, 0x2114)) }),
        frame_number: None,
    };
    if instance.is_ct_class() {
        functional_groups::read_frames(a, &mut instance)?;
    }
    Ok(instance)
}

/// Acquisition DateTime, or Acquisition Date and Acquisition Time.
fn date_time(a: &Attributes<'_>) -> String {
    let together = a.text((0x0008, 0x002A));
    if together.is_empty() { a.text((0x0008, 0x0022)) + &a.text((0x0008, 0x0032)) } else { together }
}

fn image_plane(a: &Attributes<'_>) -> Result<ImagePlane, DicomError> {
    let position = match a.numbers((0x0020, 0x0032))[..] {
        [] => None,
        [x, y, z] => Some(PatientPoint::new(x, y, z)),
        _ => return Err(a.bad((0x0020, 0x0032), "ImagePositionPatient")),
    };
    let directions = match a.numbers((0x0020, 0x0037))[..] {
        [] => None,
        [rx, ry, rz, cx, cy, cz] => Some([PatientVector::new(rx, ry, rz), PatientVector::new(cx, cy, cz)]),
        _ => return Err(a.bad((0x0020, 0x0037), "ImageOrientationPatient")),
    };
    let pixel_spacing_mm = match a.numbers((0x0028, 0x0030))[..] {
        [] => None,
        [rows, columns] if rows > 0.0 && columns > 0.0 => Some([rows, columns]),
        _ => return Err(a.bad((0x0028, 0x0030), "PixelSpacing")),
    };
    let slice_thickness_mm = a.numbers((0x0018, 0x0050)).first().copied();
    Ok(ImagePlane { position, directions, pixel_spacing_mm, slice_thickness_mm })
}

fn pixel_format(a: &Attributes<'_>) -> Result<Option<PixelFormat>, DicomError> {
    let (Some(rows), Some(columns)) = (a.unsigned((0x0028, 0x0010)), a.unsigned((0x0028, 0x0011))) else {
        return Ok(None);
    };
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    let pixels = u64::from(rows) * u64::from(columns);
    if pixels > MOST_FRAME_PIXELS {
        return Err(DicomError::TooLarge { what: Quantity::Frame, found: pixels, limit: MOST_FRAME_PIXELS });
    }
    let frames = match a.find((0x0028, 0x0008)).filter(|e| !e.value.is_empty()) {
        None => 1,
        Some(_) => match a.integer((0x0028, 0x0008)) {
            Some(n) if n >= 1 && i64::from(n) <= MOST_FRAMES => n as usize,
            _ => return Err(a.bad((0x0028, 0x0008), "NumberOfFrames")),
        },
    };
    let small = |tag: Tag, otherwise: u16| a.unsigned(tag).and_then(|v| u16::try_from(v).ok()).unwrap_or(otherwise);
    let bits_allocated = small((0x0028, 0x0100), 16);
    let bits_stored = small((0x0028, 0x0101), bits_allocated);
    let high_bit = small((0x0028, 0x0102), bits_stored.saturating_sub(1));
    let signed = small((0x0028, 0x0103), 0) == 1;
    let stored = |tag: Tag| a.stored_value(tag, signed);
    let padding = stored((0x0028, 0x0120)).map(|value| {
        let limit = stored((0x0028, 0x0121)).unwrap_or(value);
        [value.min(limit), value.max(limit)]
    });
    Ok(Some(PixelFormat {
        rows: rows as usize,
        columns: columns as usize,
        frames,
        samples_per_pixel: small((0x0028, 0x0002), 1),
        photometric: a.text((0x0028, 0x0004)),
        bits_allocated,
        bits_stored,
        high_bit,
        signed,
        rescale_slope: a.numbers((0x0028, 0x1053)).first().copied(),
        rescale_intercept: a.numbers((0x0028, 0x1052)).first().copied(),
        rescale_type: a.text((0x0028, 0x1054)),
        padding,
    }))
}

pub(super) fn windows(a: &Attributes<'_>) -> Vec<VoiWindow> {
    let explanations = a.texts((0x0028, 0x1055));
    let centres = a.numbers((0x0028, 0x1050));
    let widths = a.numbers((0x0028, 0x1051));
    let function = match a.texts((0x0028, 0x1056)).first().map(String::as_str) {
        Some("LINEAR_EXACT") => VoiLutFunction::LinearExact,
        Some("SIGMOID") => VoiLutFunction::Sigmoid,
        _ => VoiLutFunction::Linear,
    };
    // C.11.2.1.2.1: at least 1; C.11.2.1.3: the other functions take any width above 0.
    let sound = |width: f64| if function == VoiLutFunction::Linear { width >= 1.0 } else { width > 0.0 };
    centres
        .into_iter()
        .zip(widths)
        .enumerate()
        .filter(|(_, (_, width_hu))| sound(*width_hu))
        .map(|(n, (centre_hu, width_hu))| VoiWindow {
            centre_hu,
            width_hu,
            explanation: explanations.get(n).cloned().unwrap_or_default(),
            function,
        })
        .collect()
}

/// The elements of a data set or item by tag, and the character set of their text.
pub(super) struct Attributes<'a> {
    elements: Vec<Element<'a>>,
    encoding: Encoding,
    charset: SpecificCharacterSet,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(elements: Vec<Element<'a>>, encoding: Encoding) -> Self {
        let mut all = Self { elements, encoding, charset: SpecificCharacterSet::ISO_IR_6 };
        all.charset = character_set(&all.texts((0x0008, 0x0005)));
        all
    }
    /// What stands before Pixel Data, where `walk` then is.
    pub(super) fn before_pixels(walk: &mut Elements<'a>) -> Result<Self, DicomError> {
        let mut found = Vec::with_capacity(128);
        while let Some(element) = walk.before_pixels()? {
            // A tag of zero is filling.
            if element.tag == (0, 0) {
                break;
            }
            found.push(element);
        }
        Ok(Self::new(found, walk.encoding()))
    }
    /// The elements of an item of this data set; its text has the character set of the whole.
    pub(super) fn of_item(&self, mut item: Elements<'a>) -> Result<Self, DicomError> {
        let (mut elements, encoding) = (Vec::new(), item.encoding());
        while let Some(element) = item.next()? {
            elements.push(element);
        }
        Ok(Self { elements, encoding, charset: self.charset.clone() })
    }
    /// The items of a sequence; none where it is absent.
    pub(super) fn items(&self, tag: Tag) -> Result<Vec<Self>, DicomError> {
        let Some(sequence) = self.find(tag) else { return Ok(Vec::new()) };
        items(sequence)?.into_iter().map(|item| self.of_item(item)).collect()
    }
    pub(super) fn find(&self, tag: Tag) -> Option<&Element<'a>> {
        self.elements.iter().find(|e| e.tag == tag)
    }
    /// Decoded text without padding; empty where absent.
    pub(super) fn text(&self, tag: Tag) -> String {
        let Some(element) = self.find(tag) else { return String::new() };
        let decoded = self.charset.decode(element.value);
        let text = decoded.unwrap_or_else(|_| String::from_utf8_lossy(element.value).into_owned());
        without_escapes(&text).trim_matches(['\0', ' ']).into()
    }
    pub(super) fn texts(&self, tag: Tag) -> Vec<String> {
        let text = self.text(tag);
        if text.is_empty() { Vec::new() } else { text.split('\\').map(|t| t.trim().into()).collect() }
    }
    pub(super) fn uid(&self, tag: Tag) -> String {
        self.find(tag).map(|e| uid(e.value)).unwrap_or_default()
    }
    /// The numbers of a DS or IS value; what is no finite number ends the list.
    pub(super) fn numbers(&self, tag: Tag) -> Vec<f64> {
        let Some(element) = self.find(tag) else { return Vec::new() };
        String::from_utf8_lossy(element.value)
            .split('\\')
            .map_while(|t| t.trim_matches(['\0', ' ']).parse().ok().filter(|v: &f64| v.is_finite()))
            .collect()
    }
    pub(super) fn integer(&self, tag: Tag) -> Option<i32> {
        let number = self.numbers(tag).first().copied()?;
        (number.abs() <= f64::from(i32::MAX)).then_some(number as i32)
    }
    /// A US or UL value.
    pub(super) fn unsigned(&self, tag: Tag) -> Option<u32> {
        let value = self.find(tag)?.value;
        match value.len() {
            2 => Some(u32::from(self.encoding.u16(*value.first_chunk()?))),
            4.. => Some(self.encoding.u32(*value.first_chunk()?)),
            _ => None,
        }
    }
    /// The three values of a US attribute.
    pub(super) fn three_unsigned(&self, tag: Tag) -> Option<[u16; 3]> {
        let value: &[u8; 6] = self.find(tag)?.value.first_chunk()?;
        Some([0, 2, 4].map(|n| self.encoding.u16([value[n], value[n + 1]])))
    }
    /// The image pixel module; `None` without rows and columns.
    pub(super) fn pixel_format(&self) -> Result<Option<PixelFormat>, DicomError> {
        pixel_format(self)
    }
    /// A US or SS value, signed as the pixels are: writers often name the wrong representation.
    pub(super) fn stored_value(&self, tag: Tag, signed: bool) -> Option<i32> {
        let bits = self.encoding.u16(*self.find(tag)?.value.first_chunk()?);
        Some(if signed { i32::from(bits as i16) } else { i32::from(bits) })
    }
    pub(super) fn bad(&self, tag: Tag, name: &str) -> DicomError {
        let found = self.find(tag).map(|e| String::from_utf8_lossy(e.value).trim().chars().take(80).collect());
        DicomError::BadValue { attribute: Attribute::new(tag, name), found: found.unwrap_or_default() }
    }
}

/// Text without the escape sequences that switch character sets (ISO/IEC 2022), where the decoder left them.
fn without_escapes(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let plain = pieces.map(|piece| {
        let intermediate = piece.bytes().take_while(|b| (0x20..0x30).contains(b)).count();
        piece.get(intermediate + 1..).unwrap_or_default()
    });
    Cow::Owned(std::iter::once(first).chain(plain).collect())
}

/// The character set for text (PS3.3 C.12.1.1.2). With code extensions, the one of the first extension that is known.
fn character_set(codes: &[String]) -> SpecificCharacterSet {
    let known: Vec<_> =
        codes.iter().filter(|c| !c.is_empty()).filter_map(|c| SpecificCharacterSet::from_code(c)).collect();
    known.into_iter().find(|c| *c != SpecificCharacterSet::ISO_IR_6).unwrap_or(SpecificCharacterSet::ISO_IR_6)
}
