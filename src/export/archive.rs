//! Files put together in one ZIP archive, to be saved on this computer.

use super::ExportError;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// An archive that holds these files as they are: what is packed already, pictures, becomes no smaller. All bear the earliest date
/// that the format knows, so that the same files give the same bytes.
///
/// # Errors
/// [`ExportError::Unwritable`] if two files have one name, or an archive cannot hold them.
pub fn stored(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, ExportError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(files.iter().map(|f| f.1.len() + 200).sum())));
    let mut write = || {
        for (name, bytes) in files {
            archive.start_file(*name, options)?;
            archive.write_all(bytes)?;
        }
        Ok::<_, zip::result::ZipError>(())
    };
    let unwritable = |e: zip::result::ZipError| ExportError::Unwritable(e.to_string());
    write().map_err(unwritable)?;
    Ok(archive.finish().map_err(unwritable)?.into_inner())
}
