//! Volumes of the research formats (NIfTI, MetaImage, NRRD): what a header says, in one form.
//!
//! None of them is DICOM: there is no study to file annotations in, units are not declared, and the patient's orientation is
//! what the header claims. That is said in a [`GeometryFinding`] that travels with the volume.

use super::{GeometryFinding, SliceSource, StackPlan};
use crate::dicom::{
    Acquisition, FrameFacts, ImagePlane, Instance, PatientModule, PixelFormat, SeriesModule, StudyModule,
};
use crate::geometry::{Grid, VoxelIndex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// A research format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeFormat {
    /// NIfTI-1 and NIfTI-2, single file, also gzipped.
    Nifti,
    /// MetaImage: `.mha`, or `.mhd` with its data in another file.
    MetaImage,
    /// NRRD: `.nrrd`, or `.nhdr` with its data in another file.
    Nrrd,
}

/// How one voxel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoxelType {
    /// Unsigned, 1 byte.
    U8,
    /// Signed, 1 byte.
    I8,
    /// Unsigned, 2 bytes.
    U16,
    /// Signed, 2 bytes.
    I16,
    /// Unsigned, 4 bytes.
    U32,
    /// Signed, 4 bytes.
    I32,
    /// Unsigned, 8 bytes.
    U64,
    /// Signed, 8 bytes.
    I64,
    /// IEEE 754, 4 bytes.
    F32,
    /// IEEE 754, 8 bytes.
    F64,
}

impl VoxelType {
    /// Bytes of one voxel.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// How the stream of voxels is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or 1952: MetaImage writers use either.
    ZlibOrGzip,
}

/// A volume's header: where the voxels lie in the patient, and how they lie in the file.
///
/// Stored axes are numbered from the one that varies fastest. The grid has them in the order and direction that come nearest to
/// the patient's: columns to the left, rows to the back, slices to the head. That is a renumbering: every voxel stays where the
/// header puts it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VolumeFile {
    /// Its format.
    pub format: VolumeFormat,
    /// Names the file's content: equal for equal files.
    pub identity: String,
    /// The grid, LPS millimetres, right-handed.
    pub grid: Grid,
    /// The stored axis that became grid axis i, j and k.
    pub stored_axis: [usize; 3],
    /// Whether it runs against that grid axis.
    pub reversed: [bool; 3],
    /// How a voxel is stored.
    pub voxel: VoxelType,
    /// Most significant byte first.
    pub big_endian: bool,
    /// HU = slope × stored + intercept.
    pub slope: f64,
    /// See `slope`.
    pub intercept: f64,
    /// How the stream of voxels is compressed.
    pub compression: Compression,
    /// Where that stream begins in the file; `None`: the voxels are the last bytes of it.
    pub offset: Option<u64>,
    /// Bytes before the first voxel in the decompressed stream.
    pub skip: u64,
    /// The file that holds the voxels, as the header names it; `None`: the same.
    pub data_file: Option<String>,
    /// What the reader should know.
    pub findings: Vec<GeometryFinding>,
    /// The labels ("0, 1, 2") that its voxels are, or the field that says so, where they are not HU.
    pub labels: Option<String>,
}

/// Why a volume file cannot be opened. Holds no patient attribute: only numbers, field names and codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum VolumeFileError {
    /// The bytes end before the header or the voxels do.
    #[error("the file holds {found} of {needed} bytes")]
    Truncated {
        /// Bytes there are.
        found: u64,
        /// Bytes the header asks for.
        needed: u64,
    },
    /// A field that is needed is absent.
    #[error("the header has no {field}")]
    Missing {
        /// Its name.
        field: String,
    },
    /// A field has a value that cannot be used.
    #[error("{field} has the unusable value {found:?}")]
    BadValue {
        /// Its name.
        field: String,
        /// Its value.
        found: String,
    },
    /// A field has a value that is sound but not read.
    #[error("{field} = {found} is not supported")]
    Unsupported {
        /// Its name.
        field: String,
        /// Its value.
        found: String,
    },
    /// More than one volume: a time series, or several components to a voxel.
    #[error("the file holds {count} volumes or components; one is read")]
    SeveralVolumes {
        /// How many.
        count: u64,
    },
    /// More voxels than the product holds.
    #[error("the volume would have {voxels} voxels; at most {limit} are held")]
    TooLarge {
        /// Columns × rows × slices.
        voxels: u64,
        /// The limit.
        limit: u64,
    },
    /// Its voxels are labels, not HU, and no CT is open that they could be put on.
    #[error("a label map ({labels}), not a CT")]
    LabelMap {
        /// The labels, or the field that says so.
        labels: String,
    },
    /// The compressed stream is damaged.
    #[error("the voxels cannot be decompressed: {reason}")]
    Damaged {
        /// What the decompressor said.
        reason: String,
    },
    /// The file that the header names is not among those opened.
    #[error("the file {name} with the voxels was not opened with it")]
    NoDataFile {
        /// Its name.
        name: String,
    },
}

#[allow(clippy::needless_pass_by_value, reason = "numbers and text are handed over alike")]
impl VolumeFileError {
    #[cfg(feature = "codecs")]
    pub(super) fn bad(field: &str, found: impl ToString) -> Self {
        Self::BadValue { field: field.to_owned(), found: found.to_string() }
    }
    #[cfg(feature = "codecs")]
    pub(super) fn unsupported(field: &str, found: impl ToString) -> Self {
        Self::Unsupported { field: field.to_owned(), found: found.to_string() }
    }
    /// A count as JavaScript can hold it.
    #[cfg(feature = "codecs")]
    pub(super) fn several(count: u64) -> Self {
        Self::SeveralVolumes { count: count.min(1 << 53) }
    }
    #[cfg(feature = "codecs")]
    pub(super) fn missing(field: &str) -> Self {
        Self::Missing { field: field.to_owned() }
    }
}

/// Most bytes that one byte of a deflated stream (RFC 1951) becomes: 258 of each two bits.
const MOST_DEFLATED: u64 = 1032;

impl VolumeFile {
    /// Sizes along the stored axes, fastest first.
    pub fn stored_size(&self) -> [usize; 3] {
        let mut stored = [0; 3];
        for (axis, size) in self.stored_axis.into_iter().zip(self.grid.size()) {
            stored[axis] = size;
        }
        stored
    }
    /// Bytes of one stored plane.
    pub fn plane_bytes(&self) -> usize {
        let [fast, middle, _] = self.stored_size();
        fast * middle * self.voxel.bytes()
    }
    /// Bytes of all voxels.
    pub fn data_bytes(&self) -> u64 {
        self.grid.voxel_count() as u64 * self.voxel.bytes() as u64
    }
    /// Whether each stored plane is one slice of the grid, so that a slice can be read without the others.
    pub fn planes_are_slices(&self) -> bool {
        self.stored_axis[2] == 2
    }
    /// The slice of the grid that a stored plane becomes, where [`Self::planes_are_slices`].
    pub fn slice_of_plane(&self, plane: usize) -> usize {
        if self.reversed[2] { (self.grid.size()[2] - 1).saturating_sub(plane) } else { plane }
    }

    /// The stored planes in parts that can be read apart, of about `bytes` each, the middle one first; all in one where they
    /// cannot.
    pub fn slabs(&self, bytes: usize) -> Vec<Range<usize>> {
        let planes = self.stored_size()[2];
        if self.compression != Compression::None || !self.planes_are_slices() {
            return std::iter::once(0..planes).collect();
        }
        let each = (bytes / self.plane_bytes().max(1)).clamp(1, planes);
        let mut slabs: Vec<Range<usize>> =
            (0..planes).step_by(each).map(|begin| begin..(begin + each).min(planes)).collect();
        let middle = planes / 2;
        slabs.sort_by_key(|slab| (slab.start + slab.end).div_ceil(2).abs_diff(middle));
        slabs
    }

    /// That a file of this size can hold the voxels; a compressed one may, as far as they can be compressed.
    ///
    /// # Errors
    /// [`VolumeFileError::Truncated`] otherwise.
    pub fn fits(&self, bytes: u64) -> Result<(), VolumeFileError> {
        let needed = match self.compression {
            Compression::None => self.offset.unwrap_or(0).saturating_add(self.skip).saturating_add(self.data_bytes()),
            Compression::Gzip | Compression::ZlibOrGzip => {
                let unpacked = self.skip.saturating_add(self.data_bytes());
                self.offset.unwrap_or(0).saturating_add(unpacked / MOST_DEFLATED)
            }
        };
        if bytes < needed { Err(VolumeFileError::Truncated { found: bytes, needed }) } else { Ok(()) }
    }

    /// Stands for a Series Instance UID inside the page: the same for the same file, never a valid UID, never exported.
    pub fn stand_in_uid(&self, name: &str) -> String {
        // A header alone says too little where the voxels are in another file.
        match &self.data_file {
            None => format!("file:{}", self.identity),
            Some(_) => {
                let digest = Sha256::digest(format!("{} {name}", self.identity));
                let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
                format!("file:{hex}")
            }
        }
    }

    /// An instance that stands for the file in the series list: CT by assumption, without study, patient or UIDs.
    pub fn stand_in_instance(&self, uid: &str, name: &str) -> Instance {
        let [columns, rows, frames] = self.grid.size();
        let [across, down, _] = self.grid.directions();
        let [between_columns, between_rows, between_slices] = self.grid.spacing_mm();
        let plane = |k: usize| ImagePlane {
            position: Some(self.grid.patient_from_voxel(VoxelIndex::new(0, 0, k).centre())),
            directions: Some([across, down]),
            pixel_spacing_mm: Some([between_rows, between_columns]),
            slice_thickness_mm: Some(between_slices),
        };
        let frame = |k: usize| FrameFacts {
            plane: plane(k),
            rescale_slope: Some(1.0),
            rescale_intercept: Some(0.0),
            ..FrameFacts::default()
        };
        Instance {
            sop_class_uid: String::new(),
            sop_instance_uid: uid.to_owned(),
            transfer_syntax_uid: String::new(),
            image_type: Vec::new(),
            instance_number: None,
            patient: PatientModule::default(),
            study: StudyModule::default(),
            series: SeriesModule {
                instance_uid: uid.to_owned(),
                description: name.to_owned(),
                modality: "CT".to_owned(),
                ..SeriesModule::default()
            },
            acquisition: Acquisition::default(),
            plane: plane(0),
            pixels: Some(PixelFormat {
                rows,
                columns,
                frames,
                samples_per_pixel: 1,
                photometric: "MONOCHROME2".to_owned(),
                bits_allocated: 16,
                bits_stored: 16,
                high_bit: 15,
                signed: true,
                rescale_slope: Some(1.0),
                rescale_intercept: Some(0.0),
                rescale_type: String::new(),
                padding: None,
            }),
            windows: Vec::new(),
            frames: (0..frames).map(frame).collect(),
            lossy: None,
            frame_number: None,
        }
    }

    /// The volume it becomes.
    pub fn plan(&self) -> StackPlan {
        let slices = (0..self.grid.size()[2]).map(|frame| Some(SliceSource { instance: 0, frame })).collect();
        StackPlan { grid: self.grid, slices, blends: Vec::new(), findings: self.findings.clone() }
    }
}

/// What the values turned out to be, over the part that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueReport {
    /// Voxels whose value was no whole number of HU and was rounded to one.
    pub rounded: u64,
    /// Voxels whose value no `i16` holds, or which is not a number.
    pub clamped: u64,
    /// Smallest HU.
    pub smallest: i16,
    /// Largest HU.
    pub largest: i16,
}

impl Default for ValueReport {
    fn default() -> Self {
        Self { rounded: 0, clamped: 0, smallest: i16::MAX, largest: i16::MIN }
    }
}

impl ValueReport {
    /// Air inside a chest lies far below this.
    const SURELY_AIR_HU: i16 = -500;

    /// Adds what another part said.
    pub fn merge(&mut self, other: &Self) {
        self.rounded += other.rounded;
        self.clamped += other.clamped;
        self.smallest = self.smallest.min(other.smallest);
        self.largest = self.largest.max(other.largest);
    }
    /// What of it the reader should know.
    pub fn findings(&self) -> Vec<GeometryFinding> {
        let mut found = Vec::new();
        if self.rounded > 0 || self.clamped > 0 {
            found.push(GeometryFinding::ValuesChanged { rounded: self.rounded, clamped: self.clamped });
        }
        if self.smallest > Self::SURELY_AIR_HU && self.smallest <= self.largest {
            found.push(GeometryFinding::NoAir { smallest_hu: self.smallest, largest_hu: self.largest });
        }
        found
    }
}
