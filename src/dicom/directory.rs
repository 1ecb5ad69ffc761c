//! A DICOMDIR: the index that a medium carries of its files (PS3.3 Annex F, PS3.10 8.6). It tells which of them are not there.

use super::DicomError;
use super::data_set::{Element, Tag, items};
use super::part10::{encoding_of, read_meta, uid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of a DICOMDIR that is read: some hundred thousand records.
pub const MOST_DIRECTORY_BYTES: u64 = 128 << 20;

/// A file that a DICOMDIR lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Referenced File ID: folders and name below the DICOMDIR, parted by `/`.
    pub path: String,
    /// Referenced SOP Instance UID in File.
    pub sop_instance_uid: String,
    /// Series Instance UID of the record above it; empty where there is none.
    pub series_uid: String,
}

/// Bytes of the longest UID (PS3.5 9.1); longer ones name nothing.
const LONGEST_UID: usize = 64;
/// Bytes of the longest File ID that is read: some writers pass the 8 × 8 characters of PS3.10 8.2.
const LONGEST_PATH: usize = 1024;
const FIRST_ROOT_RECORD: Tag = (0x0004, 0x1200);
const DIRECTORY_RECORDS: Tag = (0x0004, 0x1220);
const NEXT_RECORD: Tag = (0x0004, 0x1400);
const RECORD_IN_USE: Tag = (0x0004, 0x1410);
const LOWER_RECORD: Tag = (0x0004, 0x1420);
const REFERENCED_FILE_ID: Tag = (0x0004, 0x1500);
const REFERENCED_SOP_INSTANCE: Tag = (0x0004, 0x1511);
const SERIES_INSTANCE_UID: Tag = (0x0020, 0x000E);

#[derive(Default)]
struct Record {
    /// Offsets of other records in the file; 0 for none.
    next: u32,
    lower: u32,
    is_in_use: bool,
    path: String,
    sop_instance_uid: String,
    series_uid: String,
}

/// The instances that a whole DICOMDIR lists, in its order: each record in use that names a file and a SOP instance. Records that no
/// offset leads to (some writers leave the offsets out) belong to the last series before them.
///
/// # Errors
/// [`DicomError::Truncated`], [`DicomError::Malformed`]; [`DicomError::NotDicom`] for a file without file meta information.
pub fn read_directory(file: &[u8]) -> Result<Vec<ListedFile>, DicomError> {
    let at = if file.get(128..132) == Some(b"DICM") { 132 } else { 0 };
    let (meta, start) = read_meta(file, at)?;
    let encoding = encoding_of(&meta.transfer_syntax);
    let mut walk = super::data_set::Elements::new(file, start, encoding);
    let number = |element: &Element<'_>| element.value.first_chunk().map_or(0, |b| element.inside.u32(*b));
    let (mut root, mut records) = (0, BTreeMap::new());
    while let Some(element) = walk.next()? {
        match element.tag {
            FIRST_ROOT_RECORD => root = number(&element),
            DIRECTORY_RECORDS => {
                let begin = walk.at() - element.value.len();
                for mut item in items(&element)? {
                    // Offsets are those of the item's tag, eight bytes before its content.
                    let offset = begin + item.at() - 8;
                    let mut record = Record { is_in_use: true, ..Record::default() };
                    while let Some(element) = item.next()? {
                        match element.tag {
                            NEXT_RECORD => record.next = number(&element),
                            LOWER_RECORD => record.lower = number(&element),
                            // 0 is an inactive record (retired).
                            RECORD_IN_USE => record.is_in_use = element.value.iter().any(|b| *b != 0),
                            REFERENCED_FILE_ID if element.value.len() <= LONGEST_PATH => {
                                record.path = path(element.value);
                            }
                            REFERENCED_SOP_INSTANCE if element.value.len() <= LONGEST_UID => {
                                record.sop_instance_uid = uid(element.value);
                            }
                            SERIES_INSTANCE_UID if element.value.len() <= LONGEST_UID => {
                                record.series_uid = uid(element.value);
                            }
                            _ => {}
                        }
                    }
                    records.insert(offset, record);
                }
            }
            _ => {}
        }
    }
    Ok(listed(root, &records))
}

fn listed(root: u32, records: &BTreeMap<usize, Record>) -> Vec<ListedFile> {
    let (mut series_of, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let mut to_visit = vec![(root, "")];
    while let Some((offset, above)) = to_visit.pop() {
        let offset = offset as usize;
        let Some(record) = records.get(&offset).filter(|_| seen.insert(offset)) else { continue };
        let own = if record.series_uid.is_empty() { above } else { &record.series_uid };
        series_of.insert(offset, own);
        to_visit.extend([(record.next, above), (record.lower, own)]);
    }
    let mut last = "";
    let mut found = Vec::new();
    for (offset, record) in records {
        if !record.series_uid.is_empty() {
            last = &record.series_uid;
        }
        if record.is_in_use && !record.path.is_empty() && !record.sop_instance_uid.is_empty() {
            found.push(ListedFile {
                path: record.path.clone(),
                sop_instance_uid: record.sop_instance_uid.clone(),
                series_uid: (*series_of.get(offset).unwrap_or(&last)).to_owned(),
            });
        }
    }
    found
}

/// File ID components, at most eight of at most eight characters each (PS3.10 8.2), parted by backslashes in the file.
fn path(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.split('\\').map(|part| part.trim_matches(['\0', ' '])).collect::<Vec<_>>().join("/")
}
