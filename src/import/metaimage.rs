//! MetaImage headers (MetaIO of the Insight Toolkit): `Key = Value` lines, the last of which says where the voxels are.
//!
//! Row n of TransformMatrix is the direction of axis n. Coordinates are LPS millimetres, as ITK writes them.

use super::GeometryFinding;
use super::stored_axes::StoredVolume;
use super::volume_file::{Compression, VolumeFile, VolumeFileError, VolumeFileError as Error, VolumeFormat, VoxelType};
use crate::geometry::{PatientPoint, PatientVector};
use std::collections::BTreeMap;

/// Whether a file begins like MetaImage: its first line is one of the keys that may stand first.
pub(super) fn is_metaimage(head: &[u8]) -> bool {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let key = line.split(|b| *b == b'=').next().unwrap_or_default();
    line.contains(&b'=') && matches!(key.trim_ascii(), b"ObjectType" | b"NDims" | b"Comment" | b"ObjectSubType")
}

/// Reads a header from the beginning of a file. `Ok(None)`: it does not end in these bytes.
///
/// # Errors
/// [`VolumeFileError`] when it is no single volume of one number per voxel with a place in space.
pub(super) fn read_metaimage(head: &[u8]) -> Result<Option<VolumeFile>, VolumeFileError> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut at = 0;
    while let Some(end) = head[at..].iter().position(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(&head[at..at + end]).into_owned();
        at += end + 1;
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        let last = key == "ElementDataFile";
        fields.insert(key, value);
        if last {
            return Header(fields).stored(at as u64)?.turned().map(Some);
        }
    }
    // A header file may end without a line break.
    let rest = String::from_utf8_lossy(&head[at..]).into_owned();
    match rest.split_once('=') {
        Some((key, value)) if key.trim() == "ElementDataFile" && !value.trim().is_empty() => {
            fields.insert("ElementDataFile".to_owned(), value.trim().to_owned());
            Header(fields).stored(head.len() as u64)?.turned().map(Some)
        }
        _ => Ok(None),
    }
}

struct Header(BTreeMap<String, String>);

impl Header {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
    fn flag(&self, key: &str) -> bool {
        self.text(key).is_some_and(|v| v.starts_with(['T', 't', '1']))
    }
    /// The numbers of the first of these keys that is there.
    fn numbers(&self, keys: &[&str], count: usize) -> Result<Option<Vec<f64>>, VolumeFileError> {
        let Some((key, text)) = keys.iter().find_map(|k| Some((*k, self.text(k)?))) else { return Ok(None) };
        let numbers: Option<Vec<f64>> = text.split_whitespace().map(|n| n.parse().ok()).collect();
        match numbers {
            Some(numbers) if numbers.len() == count && numbers.iter().all(|n| n.is_finite()) => Ok(Some(numbers)),
            _ => Err(Error::bad(key, text)),
        }
    }

    fn stored(&self, after_header: u64) -> Result<StoredVolume, VolumeFileError> {
        let rank = self.text("NDims").ok_or_else(|| Error::missing("NDims"))?;
        let rank =
            rank.parse().ok().filter(|n| (3..=7).contains(n)).ok_or_else(|| Error::unsupported("NDims", rank))?;
        let size = self.size(rank)?;
        let channels = self.text("ElementNumberOfChannels").unwrap_or("1");
        if channels != "1" {
            return Err(Error::several(channels.parse().unwrap_or(0)));
        }
        if self.text("BinaryData").is_some_and(|v| !v.starts_with(['T', 't', '1'])) {
            return Err(Error::unsupported("BinaryData", "False"));
        }
        let mut findings = Vec::new();
        let spacing = self.numbers(&["ElementSpacing", "ElementSize"], rank)?;
        let spacing = spacing.ok_or_else(|| Error::missing("ElementSpacing"))?;
        if spacing.iter().take(3).any(|s| *s <= 0.0) {
            return Err(Error::bad("ElementSpacing", self.text("ElementSpacing").unwrap_or_default()));
        }
        let origin = self.numbers(&["Offset", "Position", "Origin"], rank)?.unwrap_or_else(|| vec![0.0; rank]);
        let matrix = self.numbers(&["TransformMatrix", "Rotation", "Orientation"], rank * rank)?;
        let matrix = matrix.unwrap_or_else(|| {
            findings.push(GeometryFinding::AssumedOrientation);
            (0..rank * rank).map(|n| f64::from(n % (rank + 1) == 0)).collect()
        });
        let step = |axis: usize| {
            let row = &matrix[axis * rank..];
            PatientVector::new(row[0], row[1], row[2]) * spacing[axis]
        };
        let compressed = self.flag("CompressedData");
        let named = self.text("ElementDataFile").unwrap_or_default();
        let local = named.eq_ignore_ascii_case("local");
        if !local && (named.starts_with("LIST") || named.contains('%')) {
            return Err(Error::unsupported("ElementDataFile", "LIST"));
        }
        let before = if local { after_header } else { 0 };
        let offset = match self.text("HeaderSize").map(|text| (text, text.parse::<i64>())) {
            None | Some((_, Ok(0))) => Some(before),
            Some((_, Ok(-1))) if !compressed => None,
            Some((_, Ok(n))) if n > 0 && !local => Some(n as u64),
            Some((text, _)) => return Err(Error::bad("HeaderSize", text)),
        };
        let number = |keys: &[&str]| Ok(self.numbers(keys, 1)?.map(|n| n[0]));
        Ok(StoredVolume {
            format: VolumeFormat::MetaImage,
            size,
            origin: PatientPoint::new(origin[0], origin[1], origin[2]),
            steps: [step(0), step(1), step(2)],
            voxel: self.voxel()?,
            big_endian: self.flag("BinaryDataByteOrderMSB") || self.flag("ElementByteOrderMSB"),
            slope: number(&["ElementToIntensityFunctionSlope"])?.unwrap_or(1.0),
            intercept: number(&["ElementToIntensityFunctionOffset"])?.unwrap_or(0.0),
            compression: if compressed { Compression::ZlibOrGzip } else { Compression::None },
            offset,
            skip: 0,
            data_file: (!local).then(|| named.to_owned()),
            findings,
        })
    }

    fn size(&self, rank: usize) -> Result<[u64; 3], VolumeFileError> {
        let text = self.text("DimSize").ok_or_else(|| Error::missing("DimSize"))?;
        let sizes: Option<Vec<u64>> =
            text.split_whitespace().map(|n| n.parse().ok().filter(|n: &u64| *n > 0)).collect();
        let sizes = sizes.filter(|s| s.len() == rank).ok_or_else(|| Error::bad("DimSize", text))?;
        let count = sizes[3..].iter().fold(1u64, |n, s| n.saturating_mul(*s));
        if count > 1 { Err(Error::several(count)) } else { Ok([sizes[0], sizes[1], sizes[2]]) }
    }

    fn voxel(&self) -> Result<VoxelType, VolumeFileError> {
        let name = self.text("ElementType").ok_or_else(|| Error::missing("ElementType"))?;
        Ok(match name {
            "MET_UCHAR" => VoxelType::U8,
            "MET_CHAR" => VoxelType::I8,
            "MET_USHORT" => VoxelType::U16,
            "MET_SHORT" => VoxelType::I16,
            // A long has four bytes in MetaIO, whatever the machine.
            "MET_UINT" | "MET_ULONG" => VoxelType::U32,
            "MET_INT" | "MET_LONG" => VoxelType::I32,
            "MET_ULONG_LONG" => VoxelType::U64,
            "MET_LONG_LONG" => VoxelType::I64,
            "MET_FLOAT" => VoxelType::F32,
            "MET_DOUBLE" => VoxelType::F64,
            other => return Err(Error::unsupported("ElementType", other)),
        })
    }
}
