//! Files read by ranges, and as streams that hold one block at a time.

use super::{EntryPlace, JobError};
use crate::import::read_entry;
use std::cell::OnceCell;
use std::io::{Error, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

/// A file that can be read piece by piece without being held in memory.
pub trait FileSource {
    /// Bytes.
    fn size(&self) -> u64;
    /// `length` bytes from `offset`; fewer only where the file ends.
    ///
    /// # Errors
    /// [`JobError::Unreadable`] when the file is gone or may not be read any more.
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError>;
}

/// An entry of an archive as a file of its own. It is unpacked when it is read, once; its beginning alone, where no more is asked.
pub struct EntrySource {
    archive: Box<dyn FileSource>,
    place: EntryPlace,
    content: OnceCell<Result<Vec<u8>, JobError>>,
}

impl EntrySource {
    /// The entry at a place of an archive.
    pub fn new(archive: Box<dyn FileSource>, place: EntryPlace) -> Self {
        Self { archive, place, content: OnceCell::new() }
    }
    fn stream(&self) -> Stream<'_> {
        let mut stream = Stream::new(self.archive.as_ref());
        (stream.begin, stream.likely_end) = (self.place.header, self.place.likely_end());
        stream
    }
}

impl FileSource for EntrySource {
    fn size(&self) -> u64 {
        self.place.bytes
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        if offset == 0 && length < self.size() && self.content.get().is_none() {
            return Ok(read_entry(self.stream(), &self.place, Some(length))?);
        }
        let content = self.content.get_or_init(|| Ok(read_entry(self.stream(), &self.place, None)?));
        let content = content.as_ref().map_err(Clone::clone)?;
        let end = offset.saturating_add(length).min(self.size());
        Ok(content.get(offset as usize..end as usize).unwrap_or(&[]).to_vec())
    }
}

/// A file as a stream that can be read from any place.
pub(super) struct Stream<'a> {
    source: &'a dyn FileSource,
    at: u64,
    /// The bytes from `block_at`, a multiple of [`BLOCK`] after `begin`.
    block: Vec<u8>,
    block_at: u64,
    begin: u64,
    /// Beyond this nothing will be read, as far as is known.
    likely_end: u64,
}

/// Bytes fetched at once: few calls into the browser, little memory.
const BLOCK: u64 = 1 << 20;
/// Bytes fetched at least, where more may follow after all.
const SHORTEST: u64 = 1 << 16;

impl<'a> Stream<'a> {
    pub(super) fn new(source: &'a dyn FileSource) -> Self {
        Self { source, at: 0, block: Vec::new(), block_at: 0, begin: 0, likely_end: u64::MAX }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, out: &mut [u8]) -> IoResult<usize> {
        if self.at >= self.source.size() || out.is_empty() {
            return Ok(0);
        }
        let inside = self.at.checked_sub(self.block_at).filter(|n| *n < self.block.len() as u64);
        let inside = if let Some(inside) = inside {
            inside
        } else {
            let begin = if self.at < self.begin { 0 } else { self.begin };
            self.block_at = begin + (self.at - begin) / BLOCK * BLOCK;
            let length = self.likely_end.saturating_sub(self.block_at).max(self.at - self.block_at + SHORTEST);
            self.block = self.source.read(self.block_at, length.min(BLOCK)).map_err(Error::other)?;
            self.at - self.block_at
        };
        let available = self.block.get(inside as usize..).unwrap_or(&[]);
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Stream<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "a place before the beginning"))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counted(u64);
    impl FileSource for Counted {
        fn size(&self) -> u64 {
            self.0
        }
        fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
            Ok((offset..(offset + length).min(self.0)).map(|n| (n % 251) as u8).collect())
        }
    }

    #[test]
    fn it_reads_across_blocks_from_any_place() {
        let file = Counted(2 * BLOCK + 1234);
        let mut stream = Stream::new(&file);
        for (begin, length) in [(BLOCK - 7, 20), (0, 3), (2 * BLOCK - 1, 2 * BLOCK as usize), (5, BLOCK as usize + 9)] {
            stream.seek(SeekFrom::Start(begin)).unwrap();
            let mut bytes = Vec::new();
            (&mut stream).take(length as u64).read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, file.read(begin, length as u64).unwrap(), "{length} from {begin}");
        }
        assert_eq!(stream.seek(SeekFrom::End(-4)).unwrap(), 2 * BLOCK + 1230);
        let mut rest = Vec::new();
        assert_eq!(stream.read_to_end(&mut rest).unwrap(), 4);
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
        assert!(stream.seek(SeekFrom::Start(0)).is_ok() && stream.seek(SeekFrom::Current(-1)).is_err());
    }
}
