//! Doing a job, wherever that is.

use super::source::{FileSource, Stream};
use super::{Found, Job, JobError, JobFacts, JobOutput, Payload};
use crate::analysis::{AnalysisError, LesionParameters, LungParameters, Progress, propose_lesions, propose_lungs};
use crate::dicom::{DicomError, Instance, decode_frame, read_header};
use crate::geometry::Grid;
use crate::import::{
    FileKind, SliceSink, VolumeFile, VolumeFileError, archive_contents, demonstration, read_volume_header, read_voxels,
    unpack,
};
use crate::volume::CtVolume;
use ndarray::Array3;
use sha2::{Digest, Sha256};

/// Hears of a job while it goes on.
pub trait Listener: Progress {
    /// Takes a part of the result, to be shown before the end.
    fn part(&mut self, part: JobOutput);
}

/// The large inputs of a job.
#[derive(Default)]
pub struct JobInput {
    /// Files to read.
    pub files: Vec<Box<dyn FileSource>>,
    /// HU voxels, `[k, j, i]`.
    pub hu: Vec<i16>,
    /// Labels of the lungs, `[k, j, i]`: 0 outside.
    pub labels: Vec<u8>,
}

/// Does a job.
///
/// # Errors
/// See [`JobError`]. A scan does not fail: each file has its own result.
pub fn run(job: &Job, mut input: JobInput, progress: &mut dyn Listener) -> Result<JobOutput, JobError> {
    let facts_only = |facts| JobOutput { facts, payloads: Vec::new() };
    match job {
        Job::Scan => Ok(facts_only(JobFacts::Headers(input.files.iter().map(|f| scan(f.as_ref())).collect()))),
        Job::Decode { frame } => {
            let decoded = decode_frame(&whole(&input)?, *frame)?;
            let facts = JobFacts::Slice { rows: decoded.rows, columns: decoded.columns };
            Ok(JobOutput { facts, payloads: vec![Payload::Hu(decoded.hu)] })
        }
        Job::Unpack { entries } => {
            let file = input.files.first().ok_or(JobError::WrongInput)?;
            let mut payloads = Vec::new();
            let mut told = Vec::new();
            for entry in unpack(Stream::new(file.as_ref()), entries)? {
                let refused = entry.bytes.map(|bytes| payloads.push(Payload::Bytes(bytes))).err();
                told.push((entry.path, refused));
            }
            Ok(JobOutput { facts: JobFacts::Unpacked(told), payloads })
        }
        Job::DecodeVolume { header, planes } => {
            let file = input.files.first().ok_or(JobError::WrongInput)?;
            let report = read_voxels(header, planes.clone(), Stream::new(file.as_ref()), &mut Parts(progress))?;
            if progress.cancelled() {
                return Err(JobError::Cancelled);
            }
            Ok(facts_only(JobFacts::VolumeRead(report)))
        }
        Job::ReadFile => Ok(JobOutput { facts: JobFacts::File, payloads: vec![Payload::Bytes(whole(&input)?)] }),
        Job::Demonstration => {
            let (names, payloads) =
                demonstration().into_iter().map(|file| (file.name, Payload::Bytes(file.bytes))).unzip();
            Ok(JobOutput { facts: JobFacts::Files(names), payloads })
        }
        Job::ProposeLungs { grid } => {
            let volume = volume(*grid, std::mem::take(&mut input.hu))?;
            let mut proposal = propose_lungs(&volume, &LungParameters::default(), progress).map_err(analysis_error)?;
            let labels = std::mem::take(&mut proposal.labels);
            Ok(JobOutput { facts: JobFacts::Proposal(proposal), payloads: vec![Payload::Bytes(labels)] })
        }
        Job::ProposeLesions { grid } => {
            let volume = volume(*grid, std::mem::take(&mut input.hu))?;
            if input.labels.len() != grid.voxel_count() {
                return Err(JobError::WrongInput);
            }
            let mut proposal = propose_lesions(&volume, &input.labels, &LesionParameters::default(), progress)
                .map_err(analysis_error)?;
            let labels = std::mem::take(&mut proposal.labels);
            Ok(JobOutput { facts: JobFacts::Proposal(proposal), payloads: vec![Payload::Bytes(labels)] })
        }
    }
}

/// Slices on their way out, each as a part.
struct Parts<'a>(&'a mut dyn Listener);

impl SliceSink for Parts<'_> {
    fn slice(&mut self, k: usize, hu: Vec<i16>) {
        self.0.part(JobOutput { facts: JobFacts::SliceOfVolume { k }, payloads: vec![Payload::Hu(hu)] });
    }
    fn goes_on(&mut self, fraction: f32) -> bool {
        self.0.report(fraction);
        !self.0.cancelled()
    }
}

/// The beginnings of a file that are tried before all of it is read.
const HEADS: [u64; 2] = [16 << 10, 256 << 10];

/// Finds out what a file is, from as little of it as tells.
fn scan(file: &dyn FileSource) -> Result<Found, JobError> {
    let head = file.read(0, HEADS[0])?;
    match FileKind::of(&head) {
        FileKind::Dicom => scan_dicom(file, head).map(|instance| Found::Instance(Box::new(instance))),
        FileKind::Archive => Ok(Found::Archive(archive_contents(Stream::new(file))?)),
        FileKind::Volume => scan_volume(file, head).map(|header| Found::Volume(Box::new(header))),
    }
}

fn scan_dicom(file: &dyn FileSource, mut head: Vec<u8>) -> Result<Instance, JobError> {
    for length in HEADS.into_iter().skip(1).chain([file.size()]) {
        if (head.len() as u64) < file.size() {
            match read_header(&head) {
                Err(DicomError::Truncated { .. }) => head = file.read(0, length)?,
                done => return Ok(done?),
            }
        }
    }
    Ok(read_header(&head)?)
}

/// The longest header of a volume file that is read: NRRD may carry notes.
const LONGEST_VOLUME_HEADER: u64 = 4 << 20;

fn scan_volume(file: &dyn FileSource, head: Vec<u8>) -> Result<VolumeFile, JobError> {
    let is_whole = |head: &[u8]| head.len() as u64 >= file.size();
    let whole = is_whole(&head);
    let mut header = match read_volume_header(&head, whole)? {
        Some(header) => header,
        None => {
            let longer = file.read(0, LONGEST_VOLUME_HEADER)?;
            let missing = VolumeFileError::Missing { field: "end of the header".to_owned() };
            read_volume_header(&longer, is_whole(&longer))?.ok_or(missing)?
        }
    };
    if header.data_file.is_none() {
        header.fits(file.size())?;
    }
    // Headers of different CTs may be equal: what is inside is asked too.
    let mut digest = Sha256::new();
    digest.update(file.size().to_le_bytes());
    digest.update(&head);
    for part in 1..=4 {
        digest.update(file.read(file.size() / 5 * part, 64 << 10)?);
    }
    header.identity = digest.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect();
    Ok(header)
}

fn analysis_error(error: AnalysisError) -> JobError {
    match error {
        AnalysisError::Cancelled => JobError::Cancelled,
        other => JobError::Analysis(other.to_string()),
    }
}

fn whole(input: &JobInput) -> Result<Vec<u8>, JobError> {
    let file = input.files.first().ok_or(JobError::WrongInput)?;
    file.read(0, file.size())
}

fn volume(grid: Grid, hu: Vec<i16>) -> Result<CtVolume, JobError> {
    let [ni, nj, nk] = grid.size();
    let array = Array3::from_shape_vec((nk, nj, ni), hu).map_err(|_shape| JobError::WrongInput)?;
    CtVolume::from_array(grid, array).ok_or(JobError::WrongInput)
}
