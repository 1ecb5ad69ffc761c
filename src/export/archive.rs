//! ZIP archives whose entries are stored as they are (APPNOTE.TXT 6.3.10, 4.3): written byte for byte the same each time, and read
//! back only if they are exactly that. What is in them, pictures and run lengths, becomes hardly smaller.

use super::ExportError;
use std::collections::BTreeSet;

/// The first of January 1980, midnight: archives have no time of their own.
const DOS_DATE: u16 = 0x21;

/// An archive that holds these files. All bear the earliest date that the format knows.
///
/// # Errors
/// [`ExportError::Unwritable`] if two files have one name, a name is not ASCII, or it would be larger than 4 GiB.
pub fn stored(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, ExportError> {
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| *name).collect();
    if names.len() < files.len() || !names.iter().all(|name| name.is_ascii()) {
        return Err(ExportError::Unwritable("names of files that no archive can hold".to_owned()));
    }
    write(files).ok_or_else(|| ExportError::Unwritable("it is larger than 4 GiB".to_owned()))
}

fn write(files: &[(&str, Vec<u8>)]) -> Option<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let length = |n: usize| u32::try_from(n).ok().filter(|n| *n < u32::MAX);
    for (name, bytes) in files {
        let (at, size) = (length(out.len())?, length(bytes.len())?);
        let mut fields = Vec::new();
        // Version 1.0; no flags; stored; time and date; CRC-32; size twice; length of the name; no extra field.
        for short in [10, 0, 0, 0, DOS_DATE] {
            fields.extend_from_slice(&short.to_le_bytes());
        }
        for long in [crc32fast::hash(bytes), size, size] {
            fields.extend_from_slice(&long.to_le_bytes());
        }
        fields.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
        fields.extend_from_slice(&[0; 2]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&fields);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
        // Made by version 1.0; then the same; no comment, first disk, no attributes, where it begins.
        directory.extend_from_slice(b"PK\x01\x02\x0a\x00");
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (at, size, count) = (length(out.len())?, length(directory.len())?, u16::try_from(files.len()).ok()?);
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    length(out.len()).map(|_| out)
}

/// The entries of an archive that [`stored`] wrote; `None` for any other, be it by one byte.
pub(super) fn read(archive: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut rest = archive;
    while let Some(fields) = rest.strip_prefix(b"PK\x03\x04") {
        let number = |at: usize| fields.get(at..at + 4)?.first_chunk().map(|b| u32::from_le_bytes(*b) as usize);
        let (size, name) = (number(14)?, number(22)? & 0xFFFF);
        let (name, after) = fields.get(26..)?.split_at_checked(name)?;
        let (bytes, after) = after.split_at_checked(size)?;
        files.push((String::from_utf8(name.to_vec()).ok()?, bytes.to_vec()));
        rest = after;
    }
    let named: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    (write(&named)? == archive).then_some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let files = [("a.json", b"{}".to_vec()), ("b.runs", vec![0, 255, 7]), ("empty", Vec::new())];
        let archive = stored(&files).unwrap();
        assert_eq!(archive, stored(&files).unwrap());
        assert!(stored(&[("a", vec![]), ("a", vec![])]).is_err() && stored(&[("é", vec![])]).is_err());
        let read_again = read(&archive).unwrap();
        assert!(read_again.iter().zip(&files).all(|(a, b)| a.0 == b.0 && a.1 == b.1) && read_again.len() == 3);
        for at in 0..archive.len() {
            let mut other = archive.clone();
            other[at] ^= 1;
            // Changed bytes of an entry no longer fit its checksum; all else is fixed.
            assert_eq!(read(&other), None, "{at}");
            assert_eq!(read(&archive[..at]), None, "{at}");
        }
        assert_eq!(read(&[archive, vec![0]].concat()), None);
    }
}
