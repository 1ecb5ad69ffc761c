//! NIfTI headers (NIfTI-1: nifti1.h of the NIfTI data format working group, 2004; NIfTI-2: 2011).
//!
//! Voxel (i, j, k) lies at sform · (i, j, k, 1), or where `sform_code` is 0 at the place that the quaternion gives (qform). Both
//! are RAS: +x to the right, +y to the front; the first two coordinates change sign to become LPS.

use super::GeometryFinding;
use super::stored_axes::StoredVolume;
use super::volume_file::{Compression, VolumeFile, VolumeFileError, VolumeFileError as Error, VolumeFormat, VoxelType};
use crate::geometry::{Grid, PatientPoint, PatientVector};
use glam::{DMat3, DVec3};

/// Length of a NIfTI-1 header, which is also its first number.
const HEADER_1: usize = 348;
/// Length of a NIfTI-2 header, which is also its first number.
const HEADER_2: usize = 540;
/// NIFTI_INTENT_LABEL: each value is an index into a list of labels.
const INTENT_LABEL: i32 = 1002;
/// sform and qform that place a corner farther apart than this are said to disagree.
const SAME_PLACE_MM: f64 = 0.1;

/// Whether a file begins like NIfTI.
pub(super) fn is_nifti(head: &[u8]) -> bool {
    let Some(first) = head.first_chunk::<4>() else { return false };
    let number = |n: usize| u32::from_le_bytes(*first) == n as u32 || u32::from_be_bytes(*first) == n as u32;
    (number(HEADER_1) && matches!(head.get(344..346), Some(b"n+" | b"ni")))
        || (number(HEADER_2) && head.get(4..6) == Some(b"n+"))
}

/// Reads a header from the beginning of the (decompressed) file.
///
/// # Errors
/// [`VolumeFileError`] when it is no single volume of one number per voxel with a place in space.
pub(super) fn read_nifti(head: &[u8], gzipped: bool) -> Result<VolumeFile, VolumeFileError> {
    let first =
        head.first_chunk::<4>().ok_or(Error::Truncated { found: head.len() as u64, needed: HEADER_1 as u64 })?;
    let big_endian = !matches!(u32::from_le_bytes(*first) as usize, HEADER_1 | HEADER_2);
    let second = u32::from_le_bytes(*first) as usize == HEADER_2 || u32::from_be_bytes(*first) as usize == HEADER_2;
    let fields = Fields { bytes: head, big_endian };
    let header = if second { fields.second()? } else { fields.first()? };
    let labels = (header.intent_code == INTENT_LABEL).then(|| format!("intent_code {INTENT_LABEL}"));
    Ok(VolumeFile { labels, ..header.stored(big_endian, gzipped)?.turned()? })
}

/// The fields we use, of either version.
struct Header {
    /// Bytes of the header.
    length: usize,
    dim: [i64; 8],
    pixdim: [f64; 8],
    datatype: i16,
    intent_code: i32,
    vox_offset: f64,
    slope: f64,
    intercept: f64,
    units: u8,
    qform_code: i32,
    sform_code: i32,
    /// Quaternion b, c, d and offset x, y, z.
    quatern: [f64; 6],
    srow: [[f64; 4]; 3],
}

/// Numbers at offsets.
struct Fields<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Fields<'_> {
    fn raw<const N: usize>(&self, at: usize) -> Result<[u8; N], VolumeFileError> {
        let truncated = Error::Truncated { found: self.bytes.len() as u64, needed: (at + N) as u64 };
        let mut raw = *self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(truncated)?;
        if self.big_endian {
            raw.reverse();
        }
        Ok(raw)
    }
    fn i16(&self, at: usize) -> Result<i16, VolumeFileError> {
        self.raw(at).map(i16::from_le_bytes)
    }
    fn i32(&self, at: usize) -> Result<i32, VolumeFileError> {
        self.raw(at).map(i32::from_le_bytes)
    }
    fn i64(&self, at: usize) -> Result<i64, VolumeFileError> {
        self.raw(at).map(i64::from_le_bytes)
    }
    fn f32(&self, at: usize) -> Result<f64, VolumeFileError> {
        self.raw(at).map(|raw| f64::from(f32::from_le_bytes(raw)))
    }
    fn f64(&self, at: usize) -> Result<f64, VolumeFileError> {
        self.raw(at).map(f64::from_le_bytes)
    }

    fn first(&self) -> Result<Header, VolumeFileError> {
        let mut header = Header {
            length: HEADER_1,
            dim: [0; 8],
            pixdim: [0.0; 8],
            datatype: self.i16(70)?,
            intent_code: i32::from(self.i16(68)?),
            vox_offset: self.f32(108)?,
            slope: self.f32(112)?,
            intercept: self.f32(116)?,
            units: self.raw::<1>(123)?[0],
            qform_code: i32::from(self.i16(252)?),
            sform_code: i32::from(self.i16(254)?),
            quatern: [0.0; 6],
            srow: [[0.0; 4]; 3],
        };
        for n in 0..8 {
            header.dim[n] = i64::from(self.i16(40 + 2 * n)?);
            header.pixdim[n] = self.f32(76 + 4 * n)?;
        }
        for n in 0..6 {
            header.quatern[n] = self.f32(256 + 4 * n)?;
        }
        for (row, at) in header.srow.iter_mut().zip([280, 296, 312]) {
            for (n, value) in row.iter_mut().enumerate() {
                *value = self.f32(at + 4 * n)?;
            }
        }
        if self.bytes.get(344..346) == Some(b"ni") {
            return Err(Error::unsupported("magic", "ni1 (header and image in two files)"));
        }
        Ok(header)
    }

    fn second(&self) -> Result<Header, VolumeFileError> {
        let mut header = Header {
            length: HEADER_2,
            dim: [0; 8],
            pixdim: [0.0; 8],
            datatype: self.i16(12)?,
            intent_code: self.i32(504)?,
            vox_offset: self.i64(168)? as f64,
            slope: self.f64(176)?,
            intercept: self.f64(184)?,
            units: u8::try_from(self.i32(500)? & 0xff).unwrap_or(0),
            qform_code: self.i32(344)?,
            sform_code: self.i32(348)?,
            quatern: [0.0; 6],
            srow: [[0.0; 4]; 3],
        };
        for n in 0..8 {
            header.dim[n] = self.i64(16 + 8 * n)?;
            header.pixdim[n] = self.f64(104 + 8 * n)?;
        }
        for n in 0..6 {
            header.quatern[n] = self.f64(352 + 8 * n)?;
        }
        for (row, at) in header.srow.iter_mut().zip([400, 432, 464]) {
            for (n, value) in row.iter_mut().enumerate() {
                *value = self.f64(at + 8 * n)?;
            }
        }
        Ok(header)
    }
}

/// An affine: origin and steps, LPS mm.
type Affine = (PatientPoint, [PatientVector; 3]);

impl Header {
    fn stored(&self, big_endian: bool, gzipped: bool) -> Result<StoredVolume, VolumeFileError> {
        let mut findings = Vec::new();
        let size = self.size()?;
        let (origin, steps) = self.affine(size, &mut findings)?;
        // 0 says: right after the header and the four bytes that tell of extensions.
        let offset = if self.vox_offset == 0.0 { self.length as f64 + 4.0 } else { self.vox_offset };
        if !(self.length as f64..1e12).contains(&offset) || offset.fract() != 0.0 {
            return Err(Error::bad("vox_offset", offset));
        }
        // A slope of 0 says that there is no scaling; what is no number can be none.
        let scaled = self.slope != 0.0 && self.slope.is_finite() && self.intercept.is_finite();
        let (slope, intercept) = if scaled { (self.slope, self.intercept) } else { (1.0, 0.0) };
        let (compression, at, skip) =
            if gzipped { (Compression::Gzip, 0, offset as u64) } else { (Compression::None, offset as u64, 0) };
        Ok(StoredVolume {
            format: VolumeFormat::Nifti,
            size,
            origin,
            steps,
            voxel: self.voxel()?,
            big_endian,
            slope,
            intercept,
            compression,
            offset: Some(at),
            skip,
            data_file: None,
            findings,
        })
    }

    fn size(&self) -> Result<[u64; 3], VolumeFileError> {
        let [rank, columns, rows, slices, more @ ..] = self.dim;
        if !(3..=7).contains(&rank) {
            return Err(Error::bad("dim[0]", rank));
        }
        let size = [columns, rows, slices].map(|n| u64::try_from(n).unwrap_or(0));
        if let Some(n) = size.iter().position(|s| *s == 0) {
            return Err(Error::bad(&format!("dim[{}]", n + 1), self.dim[n + 1]));
        }
        let count = more.iter().take(rank as usize - 3).fold(1u64, |n, d| n.saturating_mul((*d).max(1) as u64));
        if count > 1 { Err(Error::several(count)) } else { Ok(size) }
    }

    fn voxel(&self) -> Result<VoxelType, VolumeFileError> {
        Ok(match self.datatype {
            2 => VoxelType::U8,
            4 => VoxelType::I16,
            8 => VoxelType::I32,
            16 => VoxelType::F32,
            64 => VoxelType::F64,
            256 => VoxelType::I8,
            512 => VoxelType::U16,
            768 => VoxelType::U32,
            1024 => VoxelType::I64,
            1280 => VoxelType::U64,
            other => return Err(Error::unsupported("datatype", other)),
        })
    }

    /// Millimetres in one unit of length.
    fn unit_mm(&self) -> f64 {
        match self.units & 7 {
            1 => 1000.0,
            3 => 0.001,
            _ => 1.0,
        }
    }

    fn affine(&self, size: [u64; 3], findings: &mut Vec<GeometryFinding>) -> Result<Affine, VolumeFileError> {
        let sform = (self.sform_code > 0).then(|| self.sform()).flatten();
        let qform = (self.qform_code > 0).then(|| self.qform()).flatten();
        if let (Some(s), Some(q)) = (&sform, &qform) {
            let grid = |(origin, steps): &Affine| Grid::new(size.map(|n| n as usize), *origin, *steps);
            if let (Some(s), Some(q)) = (grid(s), grid(q)) {
                let apart = s.corners().iter().zip(q.corners()).map(|(a, b)| a.distance(b)).fold(0.0, f64::max);
                if apart > SAME_PLACE_MM {
                    findings.push(GeometryFinding::OrientationsDisagree { largest_mm: apart });
                }
            }
        }
        if let Some(affine) = sform.or(qform) {
            return Ok(affine);
        }
        if self.sform_code > 0 || self.qform_code > 0 {
            return Err(Error::bad("sform and qform", format!("{:?} {:?}", self.srow, self.quatern)));
        }
        // Neither: distances only (method 1 of the standard).
        findings.push(GeometryFinding::AssumedOrientation);
        let spacing = self.spacing()?;
        let axis = |n: usize| DVec3::AXES[n] * spacing[n];
        Ok(self.lps(DVec3::ZERO, [axis(0), axis(1), axis(2)]))
    }

    /// Distances between voxels, in the file's unit.
    fn spacing(&self) -> Result<[f64; 3], VolumeFileError> {
        let spacing = [1, 2, 3].map(|n: usize| self.pixdim[n]);
        match spacing.iter().position(|s| !s.is_finite() || *s <= 0.0) {
            Some(n) => Err(Error::bad(&format!("pixdim[{}]", n + 1), spacing[n])),
            None => Ok(spacing),
        }
    }

    fn sform(&self) -> Option<Affine> {
        let column = |n: usize| DVec3::new(self.srow[0][n], self.srow[1][n], self.srow[2][n]);
        let steps = [column(0), column(1), column(2)];
        let sound = DMat3::from_cols(steps[0], steps[1], steps[2]).determinant().abs() > 1e-9 && column(3).is_finite();
        sound.then(|| self.lps(column(3), steps))
    }

    fn qform(&self) -> Option<Affine> {
        let [b, c, d, x, y, z] = self.quatern;
        let spacing = self.spacing().ok()?;
        let rest = 1.0 - (b * b + c * c + d * d);
        // Rounding may leave the quaternion a little longer than 1.
        let (a, scale) = if rest < 1e-7 { (0.0, (1.0 - rest).sqrt().recip()) } else { (rest.sqrt(), 1.0) };
        let [b, c, d] = [b, c, d].map(|v| v * scale);
        let rotation = [
            DVec3::new(a * a + b * b - c * c - d * d, 2.0 * (b * c + a * d), 2.0 * (b * d - a * c)),
            DVec3::new(2.0 * (b * c - a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d + a * b)),
            DVec3::new(2.0 * (b * d + a * c), 2.0 * (c * d - a * b), a * a + d * d - b * b - c * c),
        ];
        let left_handed = if self.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
        let offset = DVec3::new(x, y, z);
        let steps = [rotation[0] * spacing[0], rotation[1] * spacing[1], rotation[2] * spacing[2] * left_handed];
        (steps.iter().all(|s| s.is_finite()) && offset.is_finite()).then(|| self.lps(offset, steps))
    }

    /// RAS in the file's unit → LPS in millimetres.
    fn lps(&self, origin: DVec3, steps: [DVec3; 3]) -> Affine {
        let turn = DVec3::new(-1.0, -1.0, 1.0) * self.unit_mm();
        (PatientPoint(origin * turn), steps.map(|s| PatientVector(s * turn)))
    }
}
