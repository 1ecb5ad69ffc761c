//! Finding the data set in a file: preamble, file meta information, transfer syntax (PS3.10 chapter 7).

use super::data_set::{Elements, Encoding, Tag};
use super::{DicomError, Quantity};
use dicom_encoding::Codec;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use std::borrow::Cow;
use std::io::Read;

/// Implicit VR Little Endian.
pub(super) const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian.
pub(super) const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
/// Explicit VR Big Endian (retired).
pub(super) const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";
/// Deflated Explicit VR Little Endian.
pub(super) const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

/// Whether a transfer syntax stores pixels as they are, so that a file's bytes are its pixels.
pub fn is_uncompressed(transfer_syntax_uid: &str) -> bool {
    matches!(transfer_syntax_uid, IMPLICIT_LITTLE | EXPLICIT_LITTLE | EXPLICIT_BIG)
}

const MEDIA_STORAGE_SOP_CLASS: Tag = (0x0002, 0x0002);
const MEDIA_STORAGE_SOP_INSTANCE: Tag = (0x0002, 0x0003);
const TRANSFER_SYNTAX: Tag = (0x0002, 0x0010);
/// Media Storage Directory Storage.
const DIRECTORY: &str = "1.2.840.10008.1.3.10";
/// Most bytes a deflated data set may become, whatever its header says.
const MOST_INFLATED: u64 = 1 << 30;
/// The beginnings of a deflated data set that are inflated to see how large its pixels are.
const DESCRIPTIONS: [u64; 2] = [1 << 20, 32 << 20];
/// Bytes that may stand beside the pixels, and for each frame.
const BESIDE_PIXELS: u64 = 16 << 20;
const BESIDE_FRAME: u64 = 16 << 10;

/// What the file meta information says; empty text where it does not.
#[derive(Default)]
pub(super) struct Meta {
    /// Whether the file says that it is DICOM.
    pub(super) is_part_10: bool,
    pub(super) transfer_syntax: String,
    pub(super) sop_class: String,
    pub(super) sop_instance: String,
}

/// A file whose data set has been found.
pub(super) struct Opened<'a> {
    pub(super) meta: Meta,
    pub(super) encoding: Encoding,
    /// The bytes that hold the data set: of the file, or inflated.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Offset of its first element.
    pub(super) start: usize,
}

impl Opened<'_> {
    pub(super) fn elements(&self) -> Elements<'_> {
        self.elements_at(self.start)
    }
    pub(super) fn elements_at(&self, at: usize) -> Elements<'_> {
        Elements::new(&self.bytes, at, self.encoding)
    }
}

/// Finds the data set of a Part 10 file, of one without preamble, or of a bare data set.
pub(super) fn open(file: &[u8]) -> Result<Opened<'_>, DicomError> {
    if file.get(128..132) == Some(b"DICM") {
        return with_meta(file, 132);
    }
    let Some(head) = file.first_chunk::<8>() else { return Err(DicomError::NotDicom) };
    let explicit = head[4].is_ascii_uppercase() && head[5].is_ascii_uppercase();
    let bare = |encoding, uid: &str| {
        let meta = Meta { transfer_syntax: uid.into(), ..Meta::default() };
        Ok(Opened { meta, encoding, bytes: Cow::Borrowed(file), start: 0 })
    };
    match (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]])) {
        (0x0002, 0..=0x0102) if explicit => with_meta(file, 0),
        (0x0008, 0..=0x0018) if explicit => bare(Encoding::EXPLICIT_LITTLE, EXPLICIT_LITTLE),
        (0x0008, 0..=0x0018) if u32::from_le_bytes([head[4], head[5], head[6], head[7]]) < 1024 => {
            bare(Encoding::IMPLICIT_LITTLE, IMPLICIT_LITTLE)
        }
        (0x0800, _) if explicit && head[2] == 0 && head[3] <= 0x18 => bare(Encoding::EXPLICIT_BIG, EXPLICIT_BIG),
        _ => Err(DicomError::NotDicom),
    }
}

/// The file meta information at an offset, and where the data set begins.
pub(super) fn read_meta(file: &[u8], at: usize) -> Result<(Meta, usize), DicomError> {
    // The meta group is explicit little endian whatever follows, and ends where another group begins: its length element is
    // often wrong or absent.
    let mut walk = Elements::new(file, at, Encoding::EXPLICIT_LITTLE);
    let mut meta = Meta { is_part_10: true, ..Meta::default() };
    while walk.peek_tag().is_some_and(|tag| tag.0 == 0x0002) {
        let Some(element) = walk.next()? else { break };
        match element.tag {
            TRANSFER_SYNTAX => meta.transfer_syntax = uid(element.value),
            MEDIA_STORAGE_SOP_CLASS => meta.sop_class = uid(element.value),
            MEDIA_STORAGE_SOP_INSTANCE => meta.sop_instance = uid(element.value),
            _ => {}
        }
    }
    Ok((meta, walk.at()))
}

/// How the elements of a data set in a transfer syntax are encoded, once inflated.
pub(super) fn encoding_of(transfer_syntax: &str) -> Encoding {
    match transfer_syntax {
        IMPLICIT_LITTLE => Encoding::IMPLICIT_LITTLE,
        EXPLICIT_BIG => Encoding::EXPLICIT_BIG,
        _ => Encoding::EXPLICIT_LITTLE,
    }
}

fn with_meta(file: &[u8], at: usize) -> Result<Opened<'_>, DicomError> {
    let (mut meta, start) = read_meta(file, at)?;
    if meta.sop_class == DIRECTORY {
        return Err(DicomError::Directory);
    }
    let rest = file.get(start..).unwrap_or(&[]);
    if rest.is_empty() {
        return Err(DicomError::Truncated { at: file.len() });
    }
    if meta.transfer_syntax.is_empty() {
        meta.transfer_syntax = guess(rest).ok_or(DicomError::NotDicom)?.into();
    }
    let encoding = encoding_of(&meta.transfer_syntax);
    if meta.transfer_syntax == DEFLATED {
        let mut limit = None;
        for description in DESCRIPTIONS {
            if limit.is_none() {
                limit = most_inflated(&inflate(rest, description)?);
            }
        }
        // Where not even so much describes pixels, there are none.
        let limit = limit.unwrap_or(2 * DESCRIPTIONS[1]);
        let inflated = inflate(rest, limit + 1)?;
        if inflated.len() as u64 > limit {
            return Err(DicomError::TooLarge { what: Quantity::DataSet, found: inflated.len() as u64, limit });
        }
        return Ok(Opened { meta, encoding, bytes: Cow::Owned(inflated), start: 0 });
    }
    Ok(Opened { meta, encoding, bytes: Cow::Borrowed(file), start })
}

/// Most bytes that a deflated data set can need, by what its beginning says of its pixels; `None` if it ends before that.
fn most_inflated(beginning: &[u8]) -> Option<u64> {
    let mut walk = Elements::new(beginning, 0, Encoding::EXPLICIT_LITTLE);
    let (mut pixels, mut bits, mut frames) = (1u64, 16, 1u64);
    while walk.peek_tag()? <= (0x0028, 0x0100) {
        let element = walk.next().ok()??;
        let number = element.value.first_chunk().map_or(0, |b| u64::from(u16::from_le_bytes(*b)));
        match element.tag {
            (0x0028, 0x0002 | 0x0010 | 0x0011) => pixels = pixels.saturating_mul(number.max(1)),
            (0x0028, 0x0008) => {
                let text = String::from_utf8_lossy(element.value);
                frames = text.trim_matches(['\0', ' ']).parse().unwrap_or(1);
            }
            (0x0028, 0x0100) => bits = number.max(1),
            _ => {}
        }
    }
    let of_frames = pixels.saturating_mul(bits).div_ceil(8).saturating_add(BESIDE_FRAME).saturating_mul(frames);
    Some(of_frames.saturating_add(BESIDE_PIXELS).min(MOST_INFLATED))
}

/// The encoding of a data set whose meta information does not name it.
fn guess(data_set: &[u8]) -> Option<&'static str> {
    let head = data_set.first_chunk::<6>()?;
    let explicit = head[4].is_ascii_uppercase() && head[5].is_ascii_uppercase();
    Some(match (explicit, head[0]) {
        (true, 0) => EXPLICIT_BIG,
        (true, _) => EXPLICIT_LITTLE,
        (false, _) => IMPLICIT_LITTLE,
    })
}

/// Raw deflate → bytes, the first `limit` of them. The beginning of a deflated stream gives the beginning of its content.
pub(super) fn inflate(deflated: &[u8], limit: u64) -> Result<Vec<u8>, DicomError> {
    let syntax = TransferSyntaxRegistry.get(DEFLATED);
    let Some(Codec::Dataset(Some(adapter))) = syntax.map(|s| s.codec()) else {
        return Err(DicomError::UnsupportedTransferSyntax { uid: DEFLATED.into() });
    };
    let mut inflated = Vec::new();
    match adapter.adapt_reader(Box::new(deflated)).take(limit).read_to_end(&mut inflated) {
        Err(error) if inflated.is_empty() => {
            Err(DicomError::Malformed { at: 0, reason: format!("the deflated data set cannot be inflated: {error}") })
        }
        _ => Ok(inflated),
    }
}

/// A UID without its padding.
pub(super) fn uid(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.trim_matches(['\0', ' ']).into()
}
