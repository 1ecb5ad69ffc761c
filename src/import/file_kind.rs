//! What a file is, by its first bytes; and the headers of those that are no DICOM.

use super::metaimage::{is_metaimage, read_metaimage};
use super::nifti::{is_nifti, read_nifti};
use super::nrrd::{is_nrrd, read_nrrd};
use super::volume_file::{VolumeFile, VolumeFileError};
use flate2::bufread::MultiGzDecoder;
use std::io::Read;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// DICOM, or nothing that is known.
    Dicom,
    /// A ZIP archive.
    Archive,
    /// NIfTI, MetaImage or NRRD.
    Volume,
}

/// Bytes of a gzipped file that are inflated to see its header.
const INFLATED_HEAD: u64 = 4096;

impl FileKind {
    /// By the first bytes: 16 KiB are enough.
    pub fn of(head: &[u8]) -> Self {
        if head.get(128..132) == Some(b"DICM") {
            // The preamble before it may hold anything (PS3.10 7.1).
            Self::Dicom
        } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Self::Archive
        } else if is_nrrd(head) || is_metaimage(head) || is_nifti(head) || is_gzipped_nifti(head) {
            Self::Volume
        } else {
            Self::Dicom
        }
    }
}

/// Reads the header of a volume file from its first bytes; `whole`: they are all of it. `Ok(None)`: more of them are needed.
///
/// # Errors
/// See [`VolumeFileError`].
pub fn read_volume_header(head: &[u8], whole: bool) -> Result<Option<VolumeFile>, VolumeFileError> {
    let ended = |read: Option<VolumeFile>| match read {
        None if whole => Err(VolumeFileError::missing("ElementDataFile")),
        read => Ok(read),
    };
    if is_nrrd(head) {
        read_nrrd(head, whole)
    } else if is_metaimage(head) {
        read_metaimage(head).and_then(ended)
    } else if is_nifti(head) {
        read_nifti(head, false).map(Some)
    } else {
        read_nifti(&inflated_head(head), true).map(Some)
    }
}

fn is_gzipped_nifti(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b, 8]) && is_nifti(&inflated_head(head))
}

/// The beginning of what a gzipped beginning holds; it ends where the stream is damaged.
fn inflated_head(head: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    if let Err(error) = MultiGzDecoder::new(head).take(INFLATED_HEAD).read_to_end(&mut inflated) {
        log::debug!("the beginning of a gzipped file: {error}");
    }
    inflated
}
