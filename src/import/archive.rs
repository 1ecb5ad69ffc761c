//! ZIP archives: what is inside, judged by its directory before anything is unpacked; and single entries, read where they lie.
//!
//! Nothing is unpacked but the entry that is read. What a directory declares is not believed: memory grows with what really comes
//! out, never past what was declared.

#[cfg(feature = "codecs")]
use flate2::{Crc, read::DeflateDecoder};
use serde::{Deserialize, Serialize};
#[cfg(feature = "codecs")]
use std::io::{Read, Seek, SeekFrom};
#[cfg(feature = "codecs")]
use zip::{CompressionMethod, ZipArchive, read::ZipFileEntry, result::ZipError};

/// Most entries an archive may have.
pub const MOST_ENTRIES: u64 = 20_000;
/// Most bytes one entry may become.
pub const MOST_ENTRY_BYTES: u64 = 1 << 30;
/// Most bytes that the archives opened together may become.
pub const MOST_UNPACKED_BYTES: u64 = 4 << 30;
/// An entry of this many bytes or more that packs them more tightly than [`MOST_RATIO`] is a bomb, no image.
#[cfg(feature = "codecs")]
const SURELY_LARGE: u64 = 64 << 20;
#[cfg(feature = "codecs")]
const MOST_RATIO: u64 = 250;

/// Where an entry lies in its archive, and what it declares to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPlace {
    /// Offset of its local header.
    pub header: u64,
    /// Bytes it takes in the archive, without the header.
    pub packed: u64,
    /// Bytes it becomes.
    pub bytes: u64,
    /// Their CRC-32.
    pub crc32: u32,
    /// Whether it is deflated, or else stored as it is.
    pub deflated: bool,
}

/// An entry that may be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveEntry {
    /// Its path in the archive, folders parted by `/`.
    pub path: String,
    /// Where it lies.
    pub place: EntryPlace,
}

/// The directory of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveContents {
    /// What may be unpacked, in the order of the directory. Folders and the notes that operating systems leave are not among it.
    pub entries: Vec<ArchiveEntry>,
    /// What may not: path and reason.
    pub refused: Vec<(String, ArchiveError)>,
}

/// Why an archive or an entry of it is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ArchiveError {
    /// It ends early, or its structure or checksum is wrong.
    #[error("the archive is damaged: {reason}")]
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// The entry needs a password.
    #[error("it is encrypted")]
    Encrypted,
    /// The entry is compressed in a way that is not read.
    #[error("the compression method {method} is not supported")]
    Method {
        /// Its name or number.
        method: String,
    },
    /// The entry is a link to another.
    #[error("it is a link")]
    Link,
    /// More than the product unpacks.
    #[error("too large: {bytes} bytes unpacked, at most {limit}")]
    TooLarge {
        /// Bytes declared.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// More entries than the product unpacks.
    #[error("the archive has {count} entries; at most {limit} are read")]
    TooManyEntries {
        /// How many.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// Compressed more tightly than any image.
    #[error("one byte would become {ratio}: no image packs so tightly")]
    Ratio {
        /// Bytes unpacked per byte packed.
        ratio: u64,
    },
    /// What came out has another size than was declared.
    #[error("its size is not the {declared} bytes that the archive declares")]
    OtherSize {
        /// Bytes declared.
        declared: u64,
    },
    /// Several entries of one path: only the last can be told apart.
    #[error("{count} entries have the path of another")]
    RepeatedPaths {
        /// How many are hidden.
        count: u64,
    },
    /// An archive in an archive in an archive.
    #[error("archives are opened one inside another, not deeper")]
    TooDeep,
}

/// Reads the directory of an archive.
///
/// # Errors
/// [`ArchiveError`] when there is none that can be read, or when it has too many entries. What is wrong with single entries is
/// told in the contents.
#[cfg(feature = "codecs")]
pub fn archive_contents(mut source: impl Read + Seek) -> Result<ArchiveContents, ArchiveError> {
    let declared = declared_entries(&mut source).map_err(|e| damaged(&e))?;
    let count = declared.ok_or_else(|| ArchiveError::Damaged { reason: "no central directory".to_owned() })?;
    if count > MOST_ENTRIES {
        return Err(ArchiveError::TooManyEntries { count: count.min(1 << 53), limit: MOST_ENTRIES });
    }
    let length = source.seek(SeekFrom::End(0)).map_err(|e| damaged(&e))?;
    let archive = ZipArchive::new(source).map_err(|e| reason(&e))?;
    let mut contents = ArchiveContents::default();
    for index in 0..archive.len() {
        match archive.by_index_data(index) {
            Ok(entry) => {
                let path = path(&entry);
                if entry.is_dir() || is_clutter(&path) {
                    continue;
                }
                match judge(&entry, length) {
                    Ok(place) => contents.entries.push(ArchiveEntry { path, place }),
                    Err(error) => contents.refused.push((path, error)),
                }
            }
            Err(error) => contents.refused.push((format!("#{}", index + 1), reason(&error))),
        }
    }
    let hidden = count.saturating_sub(archive.len() as u64);
    if hidden > 0 {
        contents.refused.push((String::new(), ArchiveError::RepeatedPaths { count: hidden }));
    }
    Ok(contents)
}

/// Unpacks an entry: all of it, size and checksum verified; or its first `only` bytes, unverified.
///
/// # Errors
/// [`ArchiveError`] when it is not what its directory declares.
#[cfg(feature = "codecs")]
pub fn read_entry(
    mut source: impl Read + Seek,
    place: &EntryPlace,
    only: Option<u64>,
) -> Result<Vec<u8>, ArchiveError> {
    let wrong = |reason: &str| ArchiveError::Damaged { reason: reason.to_owned() };
    source.seek(SeekFrom::Start(place.header)).map_err(|e| damaged(&e))?;
    // APPNOTE 4.3.7: the name and the extra fields, whose lengths end the header, lie before the data.
    let mut header = [0; LOCAL_HEADER as usize];
    source.read_exact(&mut header).map_err(|e| damaged(&e))?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(wrong("an entry has no header"));
    }
    let [name, extra] = [26, 28].map(|at: usize| i64::from(u16::from_le_bytes([header[at], header[at + 1]])));
    source.seek(SeekFrom::Current(name + extra)).map_err(|e| damaged(&e))?;
    let packed = source.take(place.packed);
    let mut stream: Box<dyn Read> =
        if place.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
    let mut bytes = Vec::new();
    if let Some(only) = only.filter(|only| *only < place.bytes) {
        (&mut stream).take(only).read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
        return Ok(bytes);
    }
    // One byte more than declared is asked for, so that a lie shows.
    (&mut stream).take(place.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
    if bytes.len() as u64 != place.bytes {
        return Err(ArchiveError::OtherSize { declared: place.bytes });
    }
    let mut crc = Crc::new();
    crc.update(&bytes);
    if crc.sum() == place.crc32 { Ok(bytes) } else { Err(wrong("the checksum is wrong")) }
}

/// Bytes of a local header before name and extra fields.
#[cfg(feature = "codecs")]
const LOCAL_HEADER: u64 = 30;

#[cfg(feature = "codecs")]
impl EntryPlace {
    /// About where the entry ends in its archive: name and extra fields are seldom longer.
    pub fn likely_end(&self) -> u64 {
        self.header + LOCAL_HEADER + 1024 + self.packed
    }
}

/// Whether an entry may be unpacked, by what the directory says of it.
#[cfg(feature = "codecs")]
fn judge(entry: &ZipFileEntry<'_>, length: u64) -> Result<EntryPlace, ArchiveError> {
    // What crosses to the page must be a number that JavaScript holds exactly.
    let (bytes, packed) = (entry.size().min(1 << 53), entry.compressed_size());
    let ratio = bytes / packed.max(1);
    let method = entry.compression();
    if entry.encrypted() {
        Err(ArchiveError::Encrypted)
    } else if entry.is_symlink() {
        Err(ArchiveError::Link)
    } else if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
        Err(ArchiveError::Method { method: method.to_string() })
    } else if bytes > MOST_ENTRY_BYTES {
        Err(ArchiveError::TooLarge { bytes, limit: MOST_ENTRY_BYTES })
    } else if bytes >= SURELY_LARGE && ratio > MOST_RATIO {
        Err(ArchiveError::Ratio { ratio })
    } else if entry.header_start().saturating_add(packed) > length {
        Err(ArchiveError::Damaged { reason: "an entry lies beyond its end".to_owned() })
    } else {
        let deflated = method == CompressionMethod::Deflated;
        Ok(EntryPlace { header: entry.header_start(), packed, bytes, crc32: entry.crc32(), deflated })
    }
}

#[cfg(feature = "codecs")]
fn path(entry: &ZipFileEntry<'_>) -> String {
    let name = entry.name().unwrap_or_else(|_encoding| String::from_utf8_lossy(entry.name_raw()));
    name.replace('\\', "/")
}

/// Notes that operating systems leave.
#[cfg(feature = "codecs")]
fn is_clutter(path: &str) -> bool {
    path.ends_with('/')
        || path.split('/').any(|part| part == "__MACOSX")
        || path.rsplit('/').next().is_some_and(|name| matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini"))
}

#[cfg(feature = "codecs")]
fn damaged(error: &std::io::Error) -> ArchiveError {
    ArchiveError::Damaged { reason: error.to_string() }
}

#[cfg(feature = "codecs")]
fn reason(error: &ZipError) -> ArchiveError {
    match error {
        ZipError::CompressionMethodNotSupported(method) => ArchiveError::Method { method: method.to_string() },
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ArchiveError::Encrypted,
        other => ArchiveError::Damaged { reason: other.to_string() },
    }
}

/// How many entries the end of the archive declares (APPNOTE 4.3.14 and 4.3.16), read before anything is allocated for them.
#[cfg(feature = "codecs")]
fn declared_entries(source: &mut (impl Read + Seek)) -> std::io::Result<Option<u64>> {
    /// The end record and the longest comment.
    const LONGEST_END: u64 = 22 + 65_535;
    let length = source.seek(SeekFrom::End(0))?;
    let begin = length.saturating_sub(LONGEST_END + 20);
    source.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    source.by_ref().take(length - begin).read_to_end(&mut tail)?;
    let Some(at) = tail.windows(4).rposition(|w| w == b"PK\x05\x06") else { return Ok(None) };
    let Some(count) = tail.get(at + 10..).and_then(|b| b.first_chunk::<2>()) else { return Ok(None) };
    let count = u64::from(u16::from_le_bytes(*count));
    let locator = at.checked_sub(20).and_then(|l| tail.get(l..at)).filter(|l| l.starts_with(b"PK\x06\x07"));
    let Some(place) = locator.and_then(|l| l.get(8..)).and_then(|b| b.first_chunk::<8>()) else {
        return Ok(Some(count));
    };
    source.seek(SeekFrom::Start(u64::from_le_bytes(*place)))?;
    let mut record = Vec::new();
    source.take(56).read_to_end(&mut record)?;
    let large = record.get(32..).filter(|_| record.starts_with(b"PK\x06\x06")).and_then(|b| b.first_chunk::<8>());
    Ok(Some(large.map_or(count, |n| u64::from_le_bytes(*n))))
}
