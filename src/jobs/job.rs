//! What crosses the worker boundary.

use crate::analysis::{Agreement, AnalysisError, LungChange, Proposal, RegionOutcome, RegionTask};
use crate::dicom::{DicomError, Instance, ListedFile};
use crate::geometry::Grid;
use crate::import::{ArchiveContents, ArchiveError, EntryPlace, ValueReport, VolumeFile, VolumeFileError};
use crate::volume::PackedLabels;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Names a file handle that the page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// Names a job from its start to its last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub u32);

/// What is known of a chosen file before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its handle.
    pub id: FileId,
    /// Its name, with the folders below the chosen one.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// A piece of work for a worker. Large inputs travel beside it (see [`super::JobInput`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Job {
    /// Read the headers of the given files, and decode along the way what a single reading of the file gives.
    Scan {
        /// Which slices are decoded too.
        along: Along,
    },
    /// Read slices of a volume file from the given file, which holds its voxels. They come as parts.
    DecodeVolume {
        /// Its header.
        header: Box<VolumeFile>,
        /// The stored planes to read.
        planes: Range<usize>,
    },
    /// Decode one frame (from 0) of the one given file to HU.
    Decode {
        /// Frame index, from 0.
        frame: usize,
    },
    /// Decode these frames (from 0) of the one given file to HU.
    DecodeFrames {
        /// Frame indices, from 0.
        frames: Vec<usize>,
    },
    /// Labels of the one given volume file, which holds them itself, on the grid of a CT.
    ReadLabels {
        /// Its header.
        header: Box<VolumeFile>,
        /// The grid of the CT.
        grid: Grid,
    },
    /// Entries of the one given archive, by the names they are given back under.
    ReadEntries {
        /// Name and place of each.
        entries: Vec<(String, EntryPlace)>,
    },
    /// The bytes of the one given file.
    ReadFile,
    /// The bytes of the one given file that marks a CT: a segmentation's frames uncompressed.
    ReadMarks,
    /// Write the demonstration phantom as DICOM files.
    Demonstration,
    /// Find lungs and airways in the given HU voxels.
    ProposeLungs {
        /// Their grid.
        grid: Grid,
    },
    /// Find opacities inside the given lungs.
    ProposeLesions {
        /// The grid of voxels and labels.
        grid: Grid,
    },
    /// Run the model in the one given file over the given voxels and lungs.
    RunModel {
        /// The grid of voxels and labels.
        grid: Grid,
        /// Names that its classes may have.
        known: Vec<String>,
    },
    /// Find the vessels inside the given lungs.
    ProposeVessels {
        /// The grid of voxels and labels.
        grid: Grid,
    },
    /// Find fat and muscle of the chest wall on one slice, on the input of [`Job::ChangeRegion`].
    ProposeChestWall {
        /// The grid of the slice.
        grid: Grid,
    },
    /// Find candidates for calcium in the heart, on the input of [`Job::ChangeRegion`]; the other segment is the reader's heart.
    ProposeCalcium {
        /// The grid of the box.
        grid: Grid,
    },
    /// Lay the lungs of an earlier CT on those of a later one: bits of all voxels of the later, then of the earlier
    /// (see [`crate::analysis::LungClasses`]).
    Change {
        /// Grid of the later CT.
        now: Grid,
        /// Grid of the earlier CT.
        before: Grid,
        /// Heights of the planes between the zones, patient z in mm: lower, upper.
        planes_mm: [f64; 2],
    },
    /// Compare a segment with what lies beside it, on the input of [`Job::ChangeRegion`].
    Compare {
        /// Of the box: columns, rows, slices.
        size: [usize; 3],
        /// Along i, j, k.
        spacing_mm: [f64; 3],
        /// The segment's number.
        segment: u8,
    },
    /// Write the given labels as a compressed NIfTI file.
    WriteNifti {
        /// Their grid.
        grid: Grid,
        /// Its name.
        name: String,
    },
    /// Put the given files into one ZIP archive, as they are.
    WriteArchive {
        /// Its name.
        name: String,
        /// What each is called in it.
        entries: Vec<String>,
    },
    /// Change a segment inside the given box of voxels: its labels, then what lies beside (see
    /// [`crate::analysis::RegionVoxels`]).
    ChangeRegion {
        /// Of the box: columns, rows, slices.
        size: [usize; 3],
        /// Along i, j, k.
        spacing_mm: [f64; 3],
        /// What is done.
        task: RegionTask,
    },
}

/// A piece of the voxels that a job works on.
#[derive(Clone, Debug, PartialEq)]
pub enum VoxelPart {
    /// HU: of one slice, or of several slices of a box; empty where a slice has not arrived.
    Hu(Vec<i16>),
    /// Labels.
    Labels(PackedLabels),
}

/// Which slices a scan decodes along with their headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Along {
    /// None: only the beginning of each file is read.
    Nothing,
    /// Those stored without compression: to read them is to decode them.
    Uncompressed,
    /// All.
    Everything,
}

/// Small results of a job; voxels and bytes travel as [`Payload`]s.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum JobFacts {
    /// What a scan found.
    Headers {
        /// One per file, in the same order.
        headers: Vec<Result<Found, JobError>>,
        /// Files, by their place among those given, whose HU follow as payloads, in this order.
        decoded: Vec<usize>,
    },
    /// What the values turned out to be; their slices came as parts.
    VolumeRead(ValueReport),
    /// One payload of HU follows, row by row.
    Slice {
        /// Rows of the frame.
        rows: usize,
        /// Columns of the frame.
        columns: usize,
    },
    /// The frames that were asked for; one payload of HU follows for each that has no error, row by row.
    Frames {
        /// Rows of a frame.
        rows: usize,
        /// Columns of a frame.
        columns: usize,
        /// For each frame why it is not there, if it is not.
        errors: Vec<Option<JobError>>,
    },
    /// A part of a volume file: one payload of HU follows, slice `k` of its grid.
    SliceOfVolume {
        /// Which slice.
        k: usize,
    },
    /// One payload of bytes follows: labels, `[k, j, i]`.
    Labels {
        /// Whether they lay on another grid.
        resampled: bool,
    },
    /// One payload of bytes follows.
    File,
    /// As many payloads of bytes follow as there are names.
    Files(Vec<String>),
    /// What was found; its labels follow as one payload, `[k, j, i]`.
    Proposal(Proposal),
    /// How far two segments agree.
    Agreement(Agreement),
    /// What changed between two CTs.
    Change(LungChange),
    /// What became of a region; the labels of its box follow as one payload of bytes.
    Region(RegionOutcome),
}

/// What a file turned out to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Found {
    /// A DICOM instance.
    Instance(Box<Instance>),
    /// A DICOMDIR, and the files it lists.
    Directory(Vec<ListedFile>),
    /// An archive, and what it holds.
    Archive(ArchiveContents),
    /// The header of a volume file.
    Volume(Box<VolumeFile>),
}

/// A large part of a result, handed over without copying.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// HU values.
    Hu(Vec<i16>),
    /// Bytes or labels.
    Bytes(Vec<u8>),
    /// Labels of so many voxels that they are packed.
    Labels(PackedLabels),
}

/// A finished job.
#[derive(Clone, Debug)]
pub struct JobOutput {
    /// Small results.
    pub facts: JobFacts,
    /// Large results, in the order the facts say.
    pub payloads: Vec<Payload>,
}

/// Why a job gave no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum JobError {
    /// The file could not be read as DICOM.
    #[error(transparent)]
    Dicom(#[from] DicomError),
    /// The archive, or an entry of it, could not be unpacked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file is NIfTI, MetaImage or NRRD and cannot be opened.
    #[error(transparent)]
    Volume(#[from] VolumeFileError),
    /// The browser could not read the file (moved, or permission withdrawn).
    #[error("the file can no longer be read: {0}")]
    Unreadable(String),
    /// An algorithm could not do its work.
    #[error("{0}")]
    Analysis(String),
    /// An algorithm refused.
    #[error(transparent)]
    Refused(#[from] AnalysisError),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The worker died (out of memory, or a decoder trapped on bad data).
    #[error("the worker stopped unexpectedly")]
    WorkerLost,
    /// Input and job do not belong together.
    #[error("the job was given the wrong input")]
    WrongInput,
}

/// News of a job.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// How much is done, 0..=1.
    Progress(JobId, f32),
    /// A part of the result, before the end.
    Part(JobId, JobOutput),
    /// The end of it.
    Done(JobId, Result<JobOutput, JobError>),
}
