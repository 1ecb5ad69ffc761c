//! A label map as NIfTI-1 (`.nii`): one byte a voxel, the affine in `sform`.
//!
//! NIfTI-1 Data Format, <https://nifti.nimh.nih.gov/nifti-1>. Coordinates are RAS there: x and y change sign.

use super::ExportError;
use crate::geometry::Grid;
#[cfg(feature = "codecs")]
use std::io::Write;

/// Bytes before the voxels.
const HEAD: usize = 352;

/// Header and labels, `[k, j, i]`, uncompressed. The affine holds sheared grids too, as readers that know `sform` alone take them.
///
/// # Errors
/// [`ExportError::Unwritable`] if the labels are not of the size of the grid, or an axis is longer than the format counts.
pub fn label_map(grid: &Grid, labels: &[u8]) -> Result<Vec<u8>, ExportError> {
    if labels.len() != grid.voxel_count() {
        return Err(ExportError::Unwritable("the labels are not of the size of the grid".to_owned()));
    }
    let mut size = [0i16; 3];
    for (short, n) in size.iter_mut().zip(grid.size()) {
        *short = i16::try_from(n).map_err(|_too_long| ExportError::Unwritable(format!("{n} voxels along an axis")))?;
    }
    let mut out = vec![0u8; HEAD];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &348i32.to_le_bytes());
    let dim = [3, size[0], size[1], size[2], 1, 1, 1, 1];
    for (n, value) in dim.iter().enumerate() {
        put(40 + 2 * n, &value.to_le_bytes());
    }
    // intent_code: labels; datatype: unsigned char of 8 bits.
    put(68, &1002i16.to_le_bytes());
    put(70, &2i16.to_le_bytes());
    put(72, &8i16.to_le_bytes());
    let [i, j, k] = grid.spacing_mm();
    for (n, value) in [1.0, i, j, k].iter().enumerate() {
        put(76 + 4 * n, &(*value as f32).to_le_bytes());
    }
    put(108, &(HEAD as f32).to_le_bytes());
    put(112, &1f32.to_le_bytes());
    // Millimetres.
    put(123, &[2]);
    put(148, b"Hilum");
    // sform: coordinates of the scanner.
    put(254, &1i16.to_le_bytes());
    let columns = [grid.step(0), grid.step(1), grid.step(2)].map(|v| v.0.to_array());
    let origin = grid.origin().0.to_array();
    for row in 0..3 {
        let sign = if row < 2 { -1.0 } else { 1.0 };
        let values = [columns[0][row], columns[1][row], columns[2][row], origin[row]];
        for (n, value) in values.iter().enumerate() {
            put(280 + 16 * row + 4 * n, &((value * sign) as f32).to_le_bytes());
        }
    }
    put(344, b"n+1\0");
    out.extend_from_slice(labels);
    Ok(out)
}

/// The same, compressed (`.nii.gz`).
///
/// # Errors
/// As for [`label_map`].
#[cfg(feature = "codecs")]
pub fn packed(grid: &Grid, labels: &[u8]) -> Result<Vec<u8>, ExportError> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = packed.write_all(&label_map(grid, labels)?).and_then(|()| packed.finish());
    written.map_err(|e| ExportError::Unwritable(e.to_string()))
}
