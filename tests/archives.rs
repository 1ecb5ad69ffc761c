//! ZIP archives: what is inside comes out to the byte; what lies about itself, is locked or broken is told and stops nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::import::{
    ArchiveContents, ArchiveEntry, ArchiveError, MOST_ENTRIES, MOST_ENTRY_BYTES, archive_contents, read_entry,
};
use hilum::jobs::{EntrySource, FileSource, Found, Job, JobError, Payload};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

mod files;
use files::{Bytes, job_on_source, scan};

fn zipped(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (path, bytes) in entries {
        if path.ends_with('/') {
            writer.add_directory(*path, options).unwrap();
        } else {
            writer.start_file(*path, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn contents(file: &[u8]) -> Result<ArchiveContents, ArchiveError> {
    match scan(file) {
        Ok(Found::Archive(contents)) => Ok(contents),
        Err(JobError::Archive(error)) => Err(error),
        other => panic!("no archive: {other:?}"),
    }
}

/// All entries that the directory lets through, read as the page's files are.
fn unpacked(file: &[u8]) -> Vec<(String, Result<Vec<u8>, ArchiveError>)> {
    let read = |entry: ArchiveEntry| {
        let source = EntrySource::new(Box::new(Bytes(file.to_vec())), entry.place);
        assert_eq!(source.size(), entry.place.bytes);
        let bytes = match job_on_source(Box::new(source), &Job::ReadFile).1 {
            Ok(output) => match output.payloads.into_iter().next() {
                Some(Payload::Bytes(bytes)) => Ok(bytes),
                other => panic!("{other:?}"),
            },
            Err(JobError::Archive(error)) => Err(error),
            Err(other) => panic!("{other}"),
        };
        (entry.path, bytes)
    };
    contents(file).unwrap().entries.into_iter().map(read).collect()
}

/// The place of `n`-th record with this signature.
fn record(file: &[u8], signature: &[u8; 4], n: usize) -> usize {
    file.windows(4).enumerate().filter(|(_, w)| w == signature).nth(n).unwrap().0
}

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";

/// The archive with other bytes in both records of its `n`-th entry, at these offsets.
fn patched(file: &[u8], n: usize, at_central: usize, at_local: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for (signature, at) in [(CENTRAL, at_central), (LOCAL, at_local)] {
        let at = record(&file, signature, n) + at;
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
    file
}

const THREE: [(&str, &[u8]); 3] =
    [("one", b"the first entry"), ("folder/two", b"the second entry"), ("folder/deeper/three", b"the third entry")];

#[test]
fn entries_come_out_to_the_byte_and_clutter_stays_inside() {
    let noise: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut entries = THREE.to_vec();
    entries.extend([
        ("folder/", &b""[..]),
        ("folder/empty", b""),
        ("folder/large", &noise),
        ("__MACOSX/folder/._two", b"clutter"),
        ("folder/.DS_Store", b"clutter"),
        ("dossier/thoracique é", b"in UTF-8"),
    ]);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let file = zipped(&entries, method);
        let mut wanted: Vec<_> = entries.clone();
        wanted.retain(|(path, bytes)| !path.ends_with('/') && *bytes != b"clutter");
        let out = unpacked(&file);
        assert_eq!(out.len(), wanted.len());
        for ((path, bytes), (wanted_path, wanted)) in out.iter().zip(wanted) {
            assert_eq!(path, wanted_path);
            assert_eq!(bytes.as_deref(), Ok(wanted), "{path}");
        }
    }
    assert_eq!(contents(&zipped(&[], CompressionMethod::Stored)).unwrap(), ArchiveContents::default());
}

#[test]
fn an_entry_that_cannot_be_unpacked_is_told_and_the_others_come_out() {
    let file = zipped(&THREE, CompressionMethod::Deflated);
    let refused = |file: &[u8]| contents(file).unwrap().refused;
    // General purpose flag: encrypted.
    let locked = patched(&file, 1, 8, 6, &[1, 0]);
    assert_eq!(refused(&locked), [("folder/two".to_owned(), ArchiveError::Encrypted)]);
    // LZMA.
    let other = patched(&file, 1, 10, 8, &[14, 0]);
    let [(path, ArchiveError::Method { .. })] = &refused(&other)[..] else { panic!("{:?}", refused(&other)) };
    assert_eq!(path, "folder/two");
    // 2 GiB declared.
    let large = patched(&file, 1, 24, 22, &(2u32 << 30).to_le_bytes());
    let expected = ArchiveError::TooLarge { bytes: 2 << 30, limit: MOST_ENTRY_BYTES };
    assert_eq!(refused(&large), [("folder/two".to_owned(), expected)]);
    for file in [&locked, &other, &large] {
        let paths: Vec<_> = unpacked(file).into_iter().map(|(path, bytes)| (path, bytes.is_ok())).collect();
        assert_eq!(paths, [("one".to_owned(), true), ("folder/deeper/three".to_owned(), true)]);
    }
    // Declared smaller and larger than it is; another checksum; damaged in the stream.
    let smaller = patched(&file, 1, 24, 22, &3u32.to_le_bytes());
    let larger = patched(&file, 1, 24, 22, &40_000_000u32.to_le_bytes());
    let checksum = patched(&file, 1, 16, 14, &[1, 2, 3, 4]);
    let mut stream = file;
    let at = record(&stream, LOCAL, 1) + 30 + "folder/two".len();
    stream[at..at + 4].copy_from_slice(&[0xff; 4]);
    for file in [&smaller, &larger, &checksum, &stream] {
        let out = unpacked(file);
        assert_eq!(out.iter().map(|(_, bytes)| bytes.is_ok()).collect::<Vec<_>>(), [true, false, true], "{out:?}");
        assert!(matches!(out[1].1, Err(ArchiveError::Damaged { .. } | ArchiveError::OtherSize { .. })), "{out:?}");
    }
}

#[test]
fn bombs_are_told_by_what_they_declare() {
    let zeros = vec![0; 100 << 20];
    let file = zipped(&[("zeros", &zeros), ("one", b"an entry")], CompressionMethod::Deflated);
    assert!(file.len() < 1 << 20);
    let contents = contents(&file).unwrap();
    assert_eq!(contents.entries.len(), 1);
    assert!(
        matches!(&contents.refused[..], [(path, ArchiveError::Ratio { ratio })] if path == "zeros" && *ratio > 500)
    );
    // A place that declares less than comes out gives no more than that.
    let mut place =
        archive_contents(Cursor::new(&zipped(&[("zeros", &zeros)], CompressionMethod::Stored))).unwrap().entries[0]
            .place;
    let packed = file.len() as u64;
    (place.header, place.packed, place.bytes, place.deflated) = (0, packed, 1000, true);
    assert_eq!(read_entry(Cursor::new(&file), &place, None), Err(ArchiveError::OtherSize { declared: 1000 }));
    assert_eq!(read_entry(Cursor::new(&file), &place, Some(100)), Ok(vec![0; 100]));
}

#[test]
fn a_part_of_an_entry_is_read_without_the_rest() {
    let noise: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let file = zipped(&[("first", &noise[..7]), ("noise", &noise)], method);
        let place = contents(&file).unwrap().entries[1].place;
        let source = EntrySource::new(Box::new(Bytes(file)), place);
        for (begin, length) in [(0, 10), (0, 2_000_000), (2_999_990, 100), (5, 70_000), (0, 5_000_000), (4_000_000, 1)]
        {
            let end = (begin + length).min(noise.len());
            let wanted = noise.get(begin..end).unwrap_or_default();
            assert!(source.read(begin as u64, length as u64).unwrap() == wanted, "{length} from {begin}");
        }
    }
}

#[test]
fn an_archive_without_its_end_or_with_too_many_entries_is_refused() {
    let file = zipped(&THREE, CompressionMethod::Deflated);
    for length in [30, 80, file.len() - 60, file.len() - 1] {
        assert!(matches!(contents(&file[..length]), Err(ArchiveError::Damaged { .. })), "{length} bytes");
    }
    // The end record declares more entries than there can be.
    let mut many = file;
    let end = record(&many, b"PK\x05\x06", 0);
    many[end + 8..end + 12].copy_from_slice(&[0xff, 0xfe, 0xff, 0xfe]);
    assert_eq!(contents(&many), Err(ArchiveError::TooManyEntries { count: 0xfeff, limit: MOST_ENTRIES }));
    // Two entries of one path.
    let twice = zipped(&[("a1", b"first"), ("a2", b"second")], CompressionMethod::Stored);
    let twice = patched(&twice, 1, 46, 30, b"a1");
    let contents = contents(&twice).unwrap();
    assert_eq!(contents.refused, [(String::new(), ArchiveError::RepeatedPaths { count: 1 })]);
}

proptest! {
    /// Whatever byte is wrong, nothing stops and nothing large is allocated.
    #[test]
    fn damaged_archives_are_refused_or_read(at in 0usize..460, byte in any::<u8>(), cut in 0usize..40) {
        let mut file = zipped(&THREE, CompressionMethod::Deflated);
        file.truncate(file.len() - cut);
        let at = at.min(file.len() - 1).max(4);
        file[at] = byte;
        if contents(&file).is_ok() {
            prop_assert!(unpacked(&file).len() <= 3);
        }
    }
}
