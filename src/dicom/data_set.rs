//! A walk over the encoded elements of a data set (PS3.5 chapter 7), without copying and without trusting a length.
//!
//! Only what the reading of CT needs: top-level values, the items of a sequence, and where Pixel Data begins. It allocates nothing
//! by a declared length, so a header that claims four gigabytes costs nothing, and it works on the first bytes of a file.

use super::DicomError;

/// Group and element number.
pub(super) type Tag = (u16, u16);

/// Pixel Data.
pub(super) const PIXEL_DATA: Tag = (0x7FE0, 0x0010);
const ITEM: Tag = (0xFFFE, 0xE000);
const ITEM_END: Tag = (0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = (0xFFFE, 0xE0DD);
const UNDEFINED: u32 = u32::MAX;
/// Sequences nested deeper than this are refused: no real object comes near.
const DEEPEST: usize = 32;

/// How elements are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) explicit: bool,
    pub(super) big_endian: bool,
}

impl Encoding {
    pub(super) const EXPLICIT_LITTLE: Self = Self { explicit: true, big_endian: false };
    pub(super) const IMPLICIT_LITTLE: Self = Self { explicit: false, big_endian: false };
    pub(super) const EXPLICIT_BIG: Self = Self { explicit: true, big_endian: true };

    pub(super) fn u16(self, b: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
    }
    pub(super) fn u32(self, b: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }
}

/// An element: its value, or where its items begin if its length is undefined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    /// The value; with an undefined length everything from its first item to the end of its delimiter.
    pub(super) value: &'a [u8],
    /// Encoding of what is inside a sequence.
    pub(super) inside: Encoding,
}

/// The value of Pixel Data.
#[derive(Debug)]
pub(super) enum PixelData<'a> {
    /// Pixels as they are, and whether the file ends before they do.
    Native {
        bytes: &'a [u8],
        #[cfg_attr(not(feature = "codecs"), expect(dead_code, reason = "asked by the decoder of frames alone"))]
        cut: bool,
        /// Whether their VR is OW: bytes then stand within words of 16 bits, in the order of the transfer syntax.
        #[cfg_attr(not(feature = "codecs"), expect(dead_code, reason = "asked by the decoder of frames alone"))]
        of_words: bool,
    },
    /// Items: the Basic Offset Table, then fragments (PS3.5 A.4).
    Encapsulated(
        #[cfg_attr(not(feature = "codecs"), expect(dead_code, reason = "asked by the decoder of frames alone"))]
        Vec<&'a [u8]>,
    ),
}

struct Head {
    tag: Tag,
    vr: Option<[u8; 2]>,
    length: u32,
}

/// The elements of a data set one after the other.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
    encoding: Encoding,
}

impl<'a> Elements<'a> {
    /// Elements from offset `at` of `bytes`.
    pub(super) fn new(bytes: &'a [u8], at: usize, encoding: Encoding) -> Self {
        Self { bytes, at, encoding }
    }
    /// How they are encoded.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }
    /// Offset of the next element.
    pub(super) fn at(&self) -> usize {
        self.at
    }
    /// The tag of the next element; `None` at the end.
    pub(super) fn peek_tag(&self) -> Option<Tag> {
        let group = self.encoding.u16(self.array(self.at).ok()?);
        let element = self.encoding.u16(self.array(self.at + 2).ok()?);
        Some((group, element))
    }
    /// The next element before Pixel Data; `None` at the end or there.
    pub(super) fn before_pixels(&mut self) -> Result<Option<Element<'a>>, DicomError> {
        match self.peek_tag() {
            Some(tag) if tag == PIXEL_DATA => Ok(None),
            _ => self.next(),
        }
    }
    /// The next element; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, DicomError> {
        // Some writers fill the end of the file; fewer than eight bytes, or zeros, hold no element.
        if self.bytes.len().saturating_sub(self.at) < 8 {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            return if rest.iter().all(|b| *b == 0) { Ok(None) } else { Err(self.truncated()) };
        }
        let head = self.head()?;
        let at = self.at;
        let mut inside = self.encoding;
        // PS3.5 6.2.2: an unknown value of undefined length is a sequence in implicit little endian.
        if head.vr == Some(*b"UN") && head.length == UNDEFINED {
            inside = Encoding::IMPLICIT_LITTLE;
        }
        if head.length == UNDEFINED {
            if head.tag == PIXEL_DATA {
                self.skip_fragments()?;
            } else {
                self.at = end_of_items(self.bytes, at, inside, DEEPEST)?;
            }
        } else {
            self.at = self.end(head.length)?;
        }
        let value = self.bytes.get(at..self.at).ok_or_else(|| self.truncated())?;
        Ok(Some(Element { tag: head.tag, value, inside }))
    }

    /// Pixel Data, if it is the next element. A missing end is the caller's to judge: slices of a cut file may still be whole.
    pub(super) fn pixel_data(&mut self) -> Result<Option<PixelData<'a>>, DicomError> {
        if self.peek_tag() != Some(PIXEL_DATA) {
            return Ok(None);
        }
        let head = self.head()?;
        if head.length != UNDEFINED {
            let end = self.at.saturating_add(head.length as usize);
            let bytes = self.bytes.get(self.at..end.min(self.bytes.len())).unwrap_or(&[]);
            let (cut, of_words) = (end > self.bytes.len(), head.vr == Some(*b"OW"));
            return Ok(Some(PixelData::Native { bytes, cut, of_words }));
        }
        let mut items = Vec::new();
        while self.peek_tag() == Some(ITEM) {
            let length = self.encoding.u32(self.array(self.at + 4)?) as usize;
            let begin = self.at + 8;
            self.at = begin.saturating_add(length).min(self.bytes.len());
            items.push(self.bytes.get(begin..self.at).unwrap_or(&[]));
        }
        Ok(Some(PixelData::Encapsulated(items)))
    }

    /// Offset of the first item of encapsulated Pixel Data, if that is the next element.
    #[cfg(feature = "codecs")]
    pub(super) fn first_item(&mut self) -> Result<Option<usize>, DicomError> {
        if self.peek_tag() != Some(PIXEL_DATA) {
            return Ok(None);
        }
        let head = self.head()?;
        Ok((head.length == UNDEFINED).then_some(self.at))
    }

    fn skip_fragments(&mut self) -> Result<(), DicomError> {
        loop {
            let (tag, length) = (self.peek_tag().ok_or_else(|| self.truncated())?, self.array(self.at + 4)?);
            let length = self.encoding.u32(length);
            self.at += 8;
            match tag {
                ITEM => self.at = self.end(length)?,
                SEQUENCE_END => return Ok(()),
                _ => return Err(self.malformed("a fragment is expected in Pixel Data")),
            }
        }
    }

    fn head(&mut self) -> Result<Head, DicomError> {
        let group = self.encoding.u16(self.array(self.at)?);
        let element = self.encoding.u16(self.array(self.at + 2)?);
        let tag = (group, element);
        let vr: [u8; 2] = self.array(self.at + 4)?;
        let known = vr.iter().all(u8::is_ascii_uppercase);
        if group == 0xFFFE || !self.encoding.explicit || !known {
            // A writer that fell back to implicit encoding within an explicit data set is read as it wrote.
            let length = self.encoding.u32(self.array(self.at + 4)?);
            if self.encoding.explicit && group != 0xFFFE && length as usize > self.bytes.len() {
                return Err(self.malformed("a value representation is expected"));
            }
            self.at += 8;
            return Ok(Head { tag, vr: None, length });
        }
        let long = matches!(
            &vr,
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV"
        );
        let length = if long {
            let length = self.encoding.u32(self.array(self.at + 8)?);
            self.at += 12;
            length
        } else {
            let length = u32::from(self.encoding.u16(self.array(self.at + 6)?));
            self.at += 8;
            length
        };
        Ok(Head { tag, vr: Some(vr), length })
    }

    fn end(&self, length: u32) -> Result<usize, DicomError> {
        self.at.checked_add(length as usize).filter(|end| *end <= self.bytes.len()).ok_or_else(|| self.truncated())
    }
    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], DicomError> {
        let bytes = self.bytes.get(at..).and_then(|b| b.first_chunk::<N>());
        bytes.copied().ok_or_else(|| self.truncated())
    }
    fn truncated(&self) -> DicomError {
        DicomError::Truncated { at: self.bytes.len() }
    }
    fn malformed(&self, reason: &str) -> DicomError {
        DicomError::Malformed { at: self.at, reason: reason.into() }
    }
}

/// The items of a sequence element, each to be read as [`Elements`].
pub(super) fn items<'a>(sequence: &Element<'a>) -> Result<Vec<Elements<'a>>, DicomError> {
    let mut walk = Elements::new(sequence.value, 0, sequence.inside);
    let mut found = Vec::new();
    while walk.at + 8 <= sequence.value.len() {
        let head = walk.head()?;
        match head.tag {
            ITEM => {
                let begin = walk.at;
                let (content_end, end) = if head.length == UNDEFINED {
                    let end = end_of_item(sequence.value, begin, sequence.inside, DEEPEST)?;
                    (end - 8, end)
                } else {
                    let end = walk.end(head.length)?;
                    (end, end)
                };
                let content = sequence.value.get(..content_end).ok_or_else(|| walk.truncated())?;
                found.push(Elements::new(content, begin, sequence.inside));
                walk.at = end;
            }
            SEQUENCE_END => break,
            _ => return Err(walk.malformed("an item is expected in a sequence")),
        }
    }
    Ok(found)
}

/// Offset behind the delimiter of a sequence of undefined length whose first item is at `at`.
fn end_of_items(bytes: &[u8], at: usize, encoding: Encoding, depth: usize) -> Result<usize, DicomError> {
    let mut walk = Elements::new(bytes, at, encoding);
    loop {
        let head = walk.head()?;
        match head.tag {
            ITEM if head.length == UNDEFINED => walk.at = end_of_item(bytes, walk.at, encoding, depth)?,
            ITEM => walk.at = walk.end(head.length)?,
            SEQUENCE_END => return Ok(walk.at),
            _ => return Err(walk.malformed("an item is expected in a sequence")),
        }
    }
}

/// Offset behind the delimiter of an item of undefined length whose first element is at `at`.
fn end_of_item(bytes: &[u8], at: usize, encoding: Encoding, depth: usize) -> Result<usize, DicomError> {
    let mut walk = Elements::new(bytes, at, encoding);
    if depth == 0 {
        return Err(walk.malformed("sequences are nested too deeply"));
    }
    loop {
        let head = walk.head()?;
        if head.tag == ITEM_END {
            return Ok(walk.at);
        }
        walk.at = if head.length == UNDEFINED {
            let inside = if head.vr == Some(*b"UN") { Encoding::IMPLICIT_LITTLE } else { encoding };
            end_of_items(bytes, walk.at, inside, depth - 1)?
        } else {
            walk.end(head.length)?
        };
    }
}
