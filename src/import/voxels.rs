//! Stored voxels of a volume file → slices of HU, plane by plane in one pass.

use super::volume_file::{Compression, ValueReport, VolumeFile, VolumeFileError, VoxelType};
use crate::volume::CtVolume;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

/// A value farther than this from a whole number of HU counts as rounded; below it lies the noise of 32-bit arithmetic.
const WHOLE_HU: f64 = 1e-3;

/// What the reading of voxels tells while it goes on.
pub trait SliceSink {
    /// Takes slice `k` of the grid: HU, `[j, i]`.
    fn slice(&mut self, k: usize, hu: Vec<i16>);
    /// Hears how much is done, 0..=1; `false` stops the reading.
    fn goes_on(&mut self, fraction: f32) -> bool;
}

/// Reads the stored planes `planes` (all of them where the file is compressed or its planes are not slices of the grid) from the
/// file that holds the voxels, and hands over slices as they are complete.
///
/// HU = slope × stored + intercept, rounded to a whole number (ties to even); what an `i16` cannot hold becomes its nearest end,
/// and what is not a number becomes [`CtVolume::MISSING_HU`]. Memory: a plane, and the whole volume where planes are not slices.
///
/// # Errors
/// [`VolumeFileError`] when the stream ends early or is damaged; slices handed over before stay good.
pub fn read_voxels(
    file: &VolumeFile,
    planes: Range<usize>,
    mut source: impl Read + Seek,
    sink: &mut dyn SliceSink,
) -> Result<ValueReport, VolumeFileError> {
    let length = source.seek(SeekFrom::End(0)).map_err(|e| damaged(&e))?;
    let (plane_bytes, all) = (file.plane_bytes() as u64, file.stored_size()[2]);
    let planes = if file.compression == Compression::None && file.planes_are_slices() {
        planes.start.min(all)..planes.end.min(all)
    } else {
        0..all
    };
    file.fits(length)?;
    let needed = file.data_bytes().saturating_add(file.skip);
    let mut at = file.offset.unwrap_or(length.saturating_sub(needed));
    if file.compression == Compression::None {
        at += file.skip + planes.start as u64 * plane_bytes;
    }
    source.seek(SeekFrom::Start(at)).map_err(|e| damaged(&e))?;
    let mut buffered = BufReader::with_capacity(1 << 16, source);
    let mut stream: Box<dyn Read + '_> = match file.compression {
        Compression::None => Box::new(buffered),
        Compression::Gzip => Box::new(MultiGzDecoder::new(buffered)),
        Compression::ZlibOrGzip => {
            let gzip = buffered.fill_buf().map_err(|e| damaged(&e))?.starts_with(&[0x1f, 0x8b]);
            if gzip { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(ZlibDecoder::new(buffered)) }
        }
    };
    if file.compression != Compression::None {
        let skipped =
            std::io::copy(&mut (&mut stream).take(file.skip), &mut std::io::sink()).map_err(|e| damaged(&e))?;
        if skipped < file.skip {
            return Err(VolumeFileError::Truncated { found: skipped, needed });
        }
    }
    let placed = Placing::of(file);
    let mut report = ValueReport::default();
    let mut bytes = filled(file.plane_bytes(), 0, file)?;
    let mut hu = Vec::new();
    let mut collected = Collected::begin(file)?;
    let count = planes.len().max(1);
    for (done, plane) in planes.enumerate() {
        stream.read_exact(&mut bytes).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => {
                VolumeFileError::Truncated { found: file.skip + plane as u64 * plane_bytes, needed }
            }
            _ => damaged(&e),
        })?;
        to_hu(file, &bytes, &mut hu, &mut report);
        collected.put(file, &placed, plane, &hu, sink);
        if !sink.goes_on((done + 1) as f32 / count as f32) {
            return Ok(report);
        }
    }
    collected.end(file, sink);
    Ok(report)
}

fn damaged(error: &std::io::Error) -> VolumeFileError {
    VolumeFileError::Damaged { reason: error.to_string() }
}

/// So many of a value, where memory holds them.
fn filled<T: Clone>(count: usize, value: T, file: &VolumeFile) -> Result<Vec<T>, VolumeFileError> {
    let voxels = file.grid.voxel_count() as u64;
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_memory| VolumeFileError::TooLarge { voxels, limit: voxels / 2 })?;
    all.resize(count, value);
    Ok(all)
}

/// Where stored voxels go in an array `[k, j, i]`: base + Σ stride · stored index.
struct Placing {
    base: isize,
    /// Along the stored axes, fastest first.
    strides: [isize; 3],
}

impl Placing {
    fn of(file: &VolumeFile) -> Self {
        let [ni, nj, _] = file.grid.size();
        let mut placing = Self { base: 0, strides: [0; 3] };
        for (n, stride) in [1, ni as isize, (ni * nj) as isize].into_iter().enumerate() {
            let last = file.grid.size()[n] as isize - 1;
            let axis = file.stored_axis[n];
            placing.strides[axis] = if file.reversed[n] { -stride } else { stride };
            placing.base += if file.reversed[n] { stride * last } else { 0 };
        }
        placing
    }
}

/// Slices in the making: none where each plane is one, all of them otherwise.
struct Collected(Option<Vec<i16>>);

impl Collected {
    fn begin(file: &VolumeFile) -> Result<Self, VolumeFileError> {
        if file.planes_are_slices() {
            return Ok(Self(None));
        }
        filled(file.grid.voxel_count(), CtVolume::MISSING_HU, file).map(|all| Self(Some(all)))
    }

    fn put(&mut self, file: &VolumeFile, placing: &Placing, plane: usize, hu: &[i16], sink: &mut dyn SliceSink) {
        let [ni, nj, _] = file.grid.size();
        let begin = placing.base + placing.strides[2] * plane as isize;
        match &mut self.0 {
            Some(all) => scatter(file, placing, begin, hu, all),
            None => {
                let k = file.slice_of_plane(plane);
                let mut slice = vec![CtVolume::MISSING_HU; ni * nj];
                scatter(file, placing, begin - (k * ni * nj) as isize, hu, &mut slice);
                sink.slice(k, slice);
            }
        }
    }

    fn end(self, file: &VolumeFile, sink: &mut dyn SliceSink) {
        let [ni, nj, _] = file.grid.size();
        for (k, slice) in self.0.iter().flat_map(|all| all.chunks_exact(ni * nj)).enumerate() {
            sink.slice(k, slice.to_vec());
        }
    }
}

/// Puts one stored plane into `out`, its first voxel at `begin`.
fn scatter(file: &VolumeFile, placing: &Placing, begin: isize, hu: &[i16], out: &mut [i16]) {
    let [fast, middle, _] = placing.strides;
    let width = file.stored_size()[0];
    for (row, values) in hu.chunks_exact(width).enumerate() {
        let begin = begin + middle * row as isize;
        if fast == 1
            && let Some(line) = usize::try_from(begin).ok().and_then(|b| out.get_mut(b..b + width))
        {
            line.copy_from_slice(values);
            continue;
        }
        for (n, value) in values.iter().enumerate() {
            if let Some(voxel) = usize::try_from(begin + fast * n as isize).ok().and_then(|at| out.get_mut(at)) {
                *voxel = *value;
            }
        }
    }
}

/// One plane of stored values → HU, in the stored order.
fn to_hu(file: &VolumeFile, bytes: &[u8], hu: &mut Vec<i16>, report: &mut ValueReport) {
    macro_rules! convert {
        ($type:ty) => {{
            let value = |raw: [u8; size_of::<$type>()]| {
                if file.big_endian { <$type>::from_be_bytes(raw) as f64 } else { <$type>::from_le_bytes(raw) as f64 }
            };
            scale(file, bytes.as_chunks().0, value, hu, report)
        }};
    }
    match file.voxel {
        VoxelType::U8 => convert!(u8),
        VoxelType::I8 => convert!(i8),
        VoxelType::U16 => convert!(u16),
        VoxelType::I16 => convert!(i16),
        VoxelType::U32 => convert!(u32),
        VoxelType::I32 => convert!(i32),
        VoxelType::U64 => convert!(u64),
        VoxelType::I64 => convert!(i64),
        VoxelType::F32 => convert!(f32),
        VoxelType::F64 => convert!(f64),
    }
}

fn scale<const N: usize>(
    file: &VolumeFile,
    raw: &[[u8; N]],
    value: impl Fn([u8; N]) -> f64,
    hu: &mut Vec<i16>,
    report: &mut ValueReport,
) {
    let (slope, intercept) = (file.slope, file.intercept);
    hu.clear();
    hu.extend(raw.iter().map(|raw| {
        let exact = slope * value(*raw) + intercept;
        let whole = exact.round_ties_even();
        if !(f64::from(i16::MIN)..=f64::from(i16::MAX)).contains(&whole) {
            report.clamped += 1;
            // A cast takes what is too large to the nearest end.
            return if exact.is_nan() { CtVolume::MISSING_HU } else { whole as i16 };
        }
        report.rounded += u64::from((exact - whole).abs() > WHOLE_HU);
        whole as i16
    }));
    for value in hu.iter() {
        report.smallest = report.smallest.min(*value);
        report.largest = report.largest.max(*value);
    }
}
