//! NRRD headers (definition of the NRRD file format, teem, versions 1 to 5): `field: value` lines up to an empty one.

use super::GeometryFinding;
use super::stored_axes::StoredVolume;
use super::volume_file::{Compression, VolumeFile, VolumeFileError, VolumeFileError as Error, VolumeFormat, VoxelType};
use crate::geometry::{PatientPoint, PatientVector};
use glam::DVec3;
use std::collections::BTreeMap;

/// Whether a file begins like NRRD.
pub(super) fn is_nrrd(head: &[u8]) -> bool {
    head.starts_with(b"NRRD000")
}

/// Reads a header from the beginning of a file; `whole`: these bytes are all of it. `Ok(None)`: it does not end in these bytes.
///
/// # Errors
/// [`VolumeFileError`] when it is no single volume of one number per voxel with a place in space.
pub(super) fn read_nrrd(head: &[u8], whole: bool) -> Result<Option<VolumeFile>, VolumeFileError> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut at = 0;
    while let Some(end) = head[at..].iter().position(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(&head[at..at + end]).trim_end_matches('\r').to_owned();
        at += end + 1;
        if line.is_empty() {
            return Header(fields).stored(at as u64)?.turned().map(Some);
        }
        // `key:=value` lines hold what others noted; `#` begins a comment.
        if !line.starts_with('#')
            && let Some((field, value)) = line.split_once(": ")
        {
            fields.insert(field.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    if !whole {
        return Ok(None);
    }
    // A header whose voxels are elsewhere may end with the file.
    if let Some((field, value)) = String::from_utf8_lossy(&head[at..]).split_once(": ") {
        fields.insert(field.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    let header = Header(fields);
    match header.text(&["data file", "datafile"]) {
        Some(_) => header.stored(head.len() as u64)?.turned().map(Some),
        None => Err(Error::missing("empty line after the header")),
    }
}

struct Header(BTreeMap<String, String>);

impl Header {
    /// The value under the first of these names that is there.
    fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|n| self.0.get(*n)).map(String::as_str)
    }
    fn needed(&self, name: &str) -> Result<&str, VolumeFileError> {
        self.text(&[name]).ok_or_else(|| Error::missing(name))
    }
    fn integer(&self, names: &[&str]) -> Result<i64, VolumeFileError> {
        let text = self.text(names).unwrap_or("0");
        text.parse().map_err(|_number| Error::bad(names[0], text))
    }

    fn stored(&self, after_header: u64) -> Result<StoredVolume, VolumeFileError> {
        let text = self.needed("sizes")?;
        let sizes: Option<Vec<u64>> =
            text.split_whitespace().map(|n| n.parse().ok().filter(|n: &u64| *n > 0)).collect();
        let sizes = sizes.ok_or_else(|| Error::bad("sizes", text))?;
        if self.needed("dimension")?.parse() != Ok(sizes.len()) {
            return Err(Error::bad("dimension", self.needed("dimension")?));
        }
        let mut findings = Vec::new();
        let axes = self.axes(&sizes, &mut findings)?;
        let [a, b, c] = axes.spatial;
        let others = sizes.iter().enumerate().filter(|(n, _)| ![a, b, c].contains(n));
        let count = others.fold(1u64, |n, (_, s)| n.saturating_mul(*s));
        if count > 1 {
            return Err(Error::several(count));
        }
        let voxel = self.voxel()?;
        let encoding = self.needed("encoding")?;
        let compression = match encoding.to_ascii_lowercase().as_str() {
            "raw" => Compression::None,
            "gzip" | "gz" => Compression::Gzip,
            _ => return Err(Error::unsupported("encoding", encoding)),
        };
        let big_endian = match self.text(&["endian"]) {
            Some("big") => true,
            Some("little") => false,
            None if voxel.bytes() == 1 => false,
            None => return Err(Error::missing("endian")),
            Some(other) => return Err(Error::bad("endian", other)),
        };
        if self.integer(&["line skip", "lineskip"])? != 0 {
            return Err(Error::unsupported("line skip", self.integer(&["line skip", "lineskip"])?));
        }
        let data_file = self.text(&["data file", "datafile"]);
        if let Some(name) = data_file
            && (name.starts_with("LIST") || name.contains('%'))
        {
            return Err(Error::unsupported("data file", "LIST"));
        }
        let before = if data_file.is_some() { 0 } else { after_header };
        // Skipped bytes are counted in the decompressed stream.
        let (offset, skip) = match (self.integer(&["byte skip", "byteskip"])?, compression) {
            (-1, Compression::None) => (None, 0),
            (n @ 0.., Compression::None) => (Some(before.saturating_add(n as u64)), 0),
            (n @ 0.., _) => (Some(before), n as u64),
            (n, _) => return Err(Error::bad("byte skip", n)),
        };
        Ok(StoredVolume {
            format: VolumeFormat::Nrrd,
            size: axes.spatial.map(|axis| sizes[axis]),
            origin: axes.origin,
            steps: axes.steps,
            voxel,
            big_endian,
            slope: 1.0,
            intercept: 0.0,
            compression,
            offset,
            skip,
            data_file: data_file.map(str::to_owned),
            findings,
        })
    }

    fn axes(&self, sizes: &[u64], findings: &mut Vec<GeometryFinding>) -> Result<Axes, VolumeFileError> {
        let unit = self.unit_mm()?;
        let turn = match self.text(&["space"]).map(str::to_ascii_lowercase).as_deref() {
            Some("left-posterior-superior" | "lps" | "left-posterior-superior-time" | "lpst") => [1.0, 1.0, 1.0],
            Some("right-anterior-superior" | "ras" | "right-anterior-superior-time" | "rast") => [-1.0, -1.0, 1.0],
            Some("left-anterior-superior" | "las" | "left-anterior-superior-time" | "last") => [1.0, -1.0, 1.0],
            _ => {
                findings.push(GeometryFinding::AssumedOrientation);
                [1.0, 1.0, 1.0]
            }
        };
        let turn = DVec3::from(turn) * unit;
        let (spatial, steps): (Vec<usize>, Vec<DVec3>) = match self.text(&["space directions"]) {
            Some(text) => {
                let parsed = directions(text).filter(|d| d.len() == sizes.len());
                let parsed = parsed.ok_or_else(|| Error::bad("space directions", text))?;
                parsed.into_iter().enumerate().filter_map(|(n, d)| Some((n, d?))).unzip()
            }
            None => {
                if !findings.contains(&GeometryFinding::AssumedOrientation) {
                    findings.push(GeometryFinding::AssumedOrientation);
                }
                let text = self.needed("spacings")?;
                let numbers = text.split_whitespace().map(|n| n.parse().unwrap_or(f64::NAN));
                // What has no distance is no axis in space.
                let spacing: Vec<(usize, f64)> =
                    numbers.enumerate().filter(|(_, s): &(usize, f64)| s.is_finite() && *s > 0.0).collect();
                let axis = |n: usize, s: f64| if n < 3 { DVec3::AXES[n] * s } else { DVec3::ZERO };
                spacing.iter().enumerate().map(|(n, (index, s))| (*index, axis(n, *s))).unzip()
            }
        };
        let (Ok(spatial), Ok(steps)) = (<[usize; 3]>::try_from(spatial), <[DVec3; 3]>::try_from(steps)) else {
            return Err(Error::unsupported("dimension", self.needed("dimension")?));
        };
        let origin = match self.text(&["space origin"]) {
            Some(text) => match directions(text).as_deref() {
                Some([Some(origin)]) => *origin,
                _ => return Err(Error::bad("space origin", text)),
            },
            None => DVec3::ZERO,
        };
        let steps = steps.map(|s| PatientVector(s * turn));
        Ok(Axes { spatial, origin: PatientPoint(origin * turn), steps })
    }

    /// Millimetres in one unit of length; the axes must agree.
    fn unit_mm(&self) -> Result<f64, VolumeFileError> {
        let Some(text) = self.text(&["space units"]) else { return Ok(1.0) };
        let units: Vec<&str> = text.split('"').filter(|u| !u.trim().is_empty()).collect();
        let first = units.first().copied().unwrap_or("mm");
        let agree = units.iter().take(3).all(|u| *u == first);
        match first {
            "mm" | "millimeter" | "millimeters" if agree => Ok(1.0),
            "cm" | "centimeter" if agree => Ok(10.0),
            "m" | "meter" if agree => Ok(1000.0),
            "um" | "micrometer" | "micron" if agree => Ok(0.001),
            _ => Err(Error::unsupported("space units", text)),
        }
    }

    fn voxel(&self) -> Result<VoxelType, VolumeFileError> {
        let name = self.needed("type")?;
        Ok(match name.to_ascii_lowercase().as_str() {
            "signed char" | "int8" | "int8_t" => VoxelType::I8,
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => VoxelType::U8,
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => VoxelType::I16,
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => VoxelType::U16,
            "int" | "signed int" | "int32" | "int32_t" => VoxelType::I32,
            "uint" | "unsigned int" | "uint32" | "uint32_t" => VoxelType::U32,
            "longlong" | "long long" | "long long int" | "signed long long" | "int64" | "int64_t" => VoxelType::I64,
            "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => VoxelType::U64,
            "float" => VoxelType::F32,
            "double" => VoxelType::F64,
            _ => return Err(Error::unsupported("type", name)),
        })
    }
}

struct Axes {
    /// The stored axes that lie in space, fastest first.
    spatial: [usize; 3],
    origin: PatientPoint,
    steps: [PatientVector; 3],
}

/// `(a,b,c) none (d,e,f)` → vectors; `None` when it is not written so.
fn directions(text: &str) -> Option<Vec<Option<DVec3>>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("none") {
            found.push(None);
            rest = after.trim_start();
            continue;
        }
        let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
        let numbers: Vec<f64> = inside.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
        let [x, y, z] = numbers.first_chunk::<3>()?;
        let vector = DVec3::new(*x, *y, *z);
        found.push(Some(vector).filter(|v| v.is_finite()));
        rest = after.trim_start();
    }
    Some(found)
}
