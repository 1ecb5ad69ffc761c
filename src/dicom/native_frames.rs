//! Frames of an uncompressed multi-frame file, each decoded from its own bytes: the whole may be larger than a worker's memory.

use super::data_set::PixelData;
use super::decode::{Compression, DecodedFrame, check, decoded};
use super::header::read_opened;
use super::part10::{DEFLATED, open};
use super::{DicomError, Instance, is_uncompressed};

/// Where the frames of a file are, and how to read them.
pub struct NativeFrames {
    instance: Instance,
    /// Offset of the first frame in the file.
    begin: u64,
    big_endian: bool,
}

impl NativeFrames {
    /// From the beginning of a file that is longer than these bytes; `None` where frames do not lie one after the other, as they are.
    ///
    /// # Errors
    /// What [`DicomError::asks_for_more`] when more of the file is needed; what else is wrong with the header or its pixel description.
    pub fn of(head: &[u8]) -> Result<Option<Self>, DicomError> {
        let opened = open(head)?;
        let (instance, at) = read_opened(&opened)?;
        let uid = instance.transfer_syntax_uid.as_str();
        let Some(format) = instance.pixels.as_ref().filter(|_| uid != DEFLATED && is_uncompressed(uid)) else {
            return Ok(None);
        };
        check(format)?;
        Ok(match opened.elements_at(at).pixel_data()? {
            // Bytes swapped within words may stand in the word of another frame.
            Some(PixelData::Native { of_words: true, .. })
                if opened.encoding.big_endian && format.bits_allocated == 8 =>
            {
                None
            }
            Some(PixelData::Native { bytes, cut: true, .. }) => {
                let begin = (head.len() - bytes.len()) as u64;
                Some(Self { begin, big_endian: opened.encoding.big_endian, instance })
            }
            _ => None,
        })
    }
    /// Offset in the file and number of bytes of frame `frame`, from 0.
    ///
    /// # Errors
    /// [`DicomError::NoSuchFrame`].
    pub fn range(&self, frame: usize) -> Result<(u64, u64), DicomError> {
        let frames = self.instance.pixels.as_ref().map_or(0, |p| p.frames);
        let format = self.instance.pixels_of(frame).ok_or(DicomError::NoSuchFrame { frame, frames })?;
        let length = format.rows as u64 * format.columns as u64 * u64::from(format.bits_allocated / 8);
        Ok((self.begin + frame as u64 * length, length))
    }
    /// Decodes frame `frame` from its bytes.
    ///
    /// # Errors
    /// As for [`super::decode_frame`].
    pub fn decode(&self, frame: usize, bytes: &[u8]) -> Result<DecodedFrame, DicomError> {
        let frames = self.instance.pixels.as_ref().map_or(0, |p| p.frames);
        let format = self.instance.pixels_of(frame).ok_or(DicomError::NoSuchFrame { frame, frames })?;
        decoded(Compression::None, bytes, &format, self.big_endian)
    }
}
