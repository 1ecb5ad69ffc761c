//! Frames of a compressed multi-frame file, each decoded from its own fragments: a job reads what it decodes, not the whole file.

use super::decode::{
    Compression, DecodedFrame, ExtendedTable, Fragment, FramePlaces, basic_table, begins_stream, check, decoded,
    extended_table,
};
use super::header::read_opened;
use super::part10::open;
use super::{DicomError, Instance};

/// Bytes read at once where an item is looked for: its head, and those that follow if it is short.
const WINDOW: u64 = 512;
/// Fragments of a file that are looked at; with more, the file is read whole.
const MOST_FRAGMENTS: usize = 1 << 16;
/// Item, and Sequence Delimitation Item, little endian as all encapsulated syntaxes are.
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];

/// Where the frames of a file begin, as far as its header tells.
pub struct EncapsulatedFrames {
    instance: Instance,
    compression: Compression,
    /// Offset of the first fragment's item in the file.
    begin: u64,
    /// Bytes of the file.
    size: u64,
    /// Where frames begin, from `begin`.
    offsets: Vec<u64>,
    /// Whether those are of all frames, from the first on in order.
    is_sound: bool,
    extended: ExtendedTable,
}

/// A fragment in the file.
struct Place {
    /// Offset of its first byte.
    at: u64,
    fragment: Fragment,
}

impl EncapsulatedFrames {
    /// From the beginning of a file of `size` bytes; `None` where it does not hold several compressed frames.
    ///
    /// # Errors
    /// What [`DicomError::asks_for_more`] when more of the file is needed; what else is wrong with the header or its pixel description.
    pub fn of(head: &[u8], size: u64) -> Result<Option<Self>, DicomError> {
        let opened = open(head)?;
        let (instance, at) = read_opened(&opened)?;
        let Some(format) = instance.pixels.as_ref().filter(|p| p.frames > 1) else { return Ok(None) };
        check(format)?;
        let Some(compression) = Compression::of(&instance.transfer_syntax_uid) else { return Ok(None) };
        let Some(first) = opened.elements_at(at).first_item()? else { return Ok(None) };
        let truncated = || DicomError::Truncated { at: head.len() };
        let (tag, length) = item(head.get(first..).unwrap_or_default()).ok_or_else(truncated)?;
        if tag != ITEM {
            return Ok(None);
        }
        let end = first.saturating_add(8).saturating_add(length as usize);
        let table = head.get(first + 8..end).ok_or_else(truncated)?;
        let extended = extended_table(&opened)?.unwrap_or_default();
        let offsets = if extended.offsets.is_empty() { basic_table(table) } else { extended.offsets.clone() };
        let is_whole = offsets.len() == format.frames && offsets.first() == Some(&0);
        let is_sound = is_whole && offsets.is_sorted_by(|a, b| a < b);
        Ok(Some(Self { instance, compression, begin: end as u64, size, offsets, is_sound, extended }))
    }

    /// Decodes frames; `read` gives bytes of the file from an offset. `None` where the fragments are not laid out as they should:
    /// what can be made of such a file is for [`super::decode_frames`] to find out.
    ///
    /// # Errors
    /// Those of `read`; what is wrong with one frame stands in its place.
    pub fn decode<E>(
        &self,
        frames: &[usize],
        read: &mut dyn FnMut(u64, u64) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Vec<Result<DecodedFrame, DicomError>>>, E> {
        let count = self.instance.pixels.as_ref().map_or(0, |p| p.frames);
        let mut all: Option<(Vec<Place>, FramePlaces)> = None;
        let mut results = Vec::with_capacity(frames.len());
        for frame in frames {
            let Some(format) = self.instance.pixels_of(*frame) else {
                results.push(Err(DicomError::NoSuchFrame { frame: *frame, frames: count }));
                continue;
            };
            let own = self.by_table(*frame, read)?;
            if own.is_none() && all.is_none() {
                let Some(found) = self.fragments(self.begin, self.size, read)? else { return Ok(None) };
                let facts: Vec<Fragment> = found.iter().map(|p| Fragment { ..p.fragment }).collect();
                let Ok(places) = FramePlaces::of(&self.offsets, &facts, count) else { return Ok(None) };
                all = Some((found, places));
            }
            let own = match (&own, &all) {
                (Some(own), _) => &own[..],
                (None, Some((all, places))) => {
                    let Ok(range) = places.of_frame(*frame) else { return Ok(None) };
                    all.get(range).unwrap_or_default()
                }
                (None, None) => return Ok(None),
            };
            let (Some(first), Some(last)) = (own.first(), own.last()) else { return Ok(None) };
            let bytes = read(first.at, last.at + last.fragment.length - first.at)?;
            let mut data = Vec::with_capacity(bytes.len());
            for place in own {
                let begin = (place.at - first.at) as usize;
                data.extend(bytes.get(begin..begin + place.fragment.length as usize).unwrap_or_default());
            }
            if let ([_], Some(length)) = (own, self.extended.lengths.get(*frame)) {
                data.truncate(usize::try_from(*length).unwrap_or(usize::MAX));
            }
            results.push(decoded(self.compression, &data, &format, false));
        }
        Ok(Some(results))
    }

    /// The fragments of a frame where the offset table says, if items lie there and fill the frame; `None` otherwise.
    fn by_table<E>(
        &self,
        frame: usize,
        read: &mut dyn FnMut(u64, u64) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Vec<Place>>, E> {
        if !self.is_sound {
            return Ok(None);
        }
        let place = |n: usize| self.offsets.get(n).map(|offset| self.begin.saturating_add(*offset));
        let Some(begin) = place(frame) else { return Ok(None) };
        self.fragments(begin, place(frame + 1).unwrap_or(self.size), read)
    }

    /// The fragments from the item at `begin` up to `end`, or up to the end of Pixel Data where `end` is that of the file. `None`
    /// where something else than items lies there, or an item reaches beyond.
    fn fragments<E>(
        &self,
        begin: u64,
        end: u64,
        read: &mut dyn FnMut(u64, u64) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Vec<Place>>, E> {
        let (mut places, mut at) = (Vec::new(), begin);
        let (mut window, mut window_at) = (Vec::new(), begin);
        while at < end {
            // The head of the item, and the bytes with which a stream may begin.
            let inside = at.checked_sub(window_at).filter(|n| n + 12 <= window.len() as u64);
            let inside = if let Some(inside) = inside {
                inside as usize
            } else {
                (window, window_at) = (read(at, WINDOW.min(self.size.saturating_sub(at)))?, at);
                0
            };
            let bytes = window.get(inside..).unwrap_or_default();
            let Some((tag, length)) = item(bytes) else { return Ok(None) };
            if tag != ITEM {
                // The end of Pixel Data is the end of its last frame, and of no other.
                return Ok((tag == [0xFE, 0xFF, 0xDD, 0xE0] && end == self.size).then_some(places));
            }
            let after = at + 8 + u64::from(length);
            if after > end || places.len() == MOST_FRAGMENTS {
                return Ok(None);
            }
            let begins = begins_stream(bytes.get(8..).unwrap_or_default());
            places.push(Place { at: at + 8, fragment: Fragment { length: length.into(), begins } });
            at = after;
        }
        Ok(Some(places))
    }
}

/// Tag and length of an item.
fn item(bytes: &[u8]) -> Option<([u8; 4], u32)> {
    let (tag, rest) = bytes.split_first_chunk::<4>()?;
    Some((*tag, u32::from_le_bytes(*rest.first_chunk::<4>()?)))
}
