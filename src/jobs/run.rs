//! Doing a job, wherever that is.

use super::{Along, Job, JobError, JobFacts, JobOutput, Payload};
use crate::analysis::{AnalysisError, LesionParameters, LungParameters, Progress, propose_lesions, propose_lungs};
use crate::dicom::{DicomError, Instance, decode_frame, decode_frames, is_uncompressed, read_header};
use crate::geometry::Grid;
use crate::import::demonstration;
use crate::volume::CtVolume;

/// A file that can be read piece by piece without being held in memory.
pub trait FileSource {
    /// Bytes.
    fn size(&self) -> u64;
    /// The first `length` bytes (fewer if the file is shorter).
    ///
    /// # Errors
    /// [`JobError::Unreadable`] when the file is gone or may not be read any more.
    fn read(&self, length: u64) -> Result<Vec<u8>, JobError>;
}

/// The large inputs of a job.
#[derive(Default)]
pub struct JobInput {
    /// Files to read.
    pub files: Vec<Box<dyn FileSource>>,
    /// HU voxels slice by slice, `[j, i]` each; an empty slice has not arrived.
    pub hu: Vec<Vec<i16>>,
    /// Labels of the lungs, `[k, j, i]`: 0 outside.
    pub labels: Vec<u8>,
}

/// Does a job.
///
/// # Errors
/// See [`JobError`]. A scan does not fail: each file has its own result.
pub fn run(job: &Job, mut input: JobInput, progress: &mut dyn Progress) -> Result<JobOutput, JobError> {
    match job {
        Job::Scan { along } => {
            let (mut headers, mut decoded, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
            for (n, file) in input.files.iter().enumerate() {
                let read = scan(file.as_ref(), *along);
                headers.push(read.map(|(instance, hu)| {
                    if let Some(hu) = hu {
                        decoded.push(n);
                        payloads.push(Payload::Hu(hu));
                    }
                    instance
                }));
            }
            Ok(JobOutput { facts: JobFacts::Headers { headers, decoded }, payloads })
        }
        Job::Decode { frame } => {
            let decoded = decode_frame(&whole(&input)?, *frame)?;
            let facts = JobFacts::Slice { rows: decoded.rows, columns: decoded.columns };
            Ok(JobOutput { facts, payloads: vec![Payload::Hu(decoded.hu)] })
        }
        Job::DecodeFrames { frames } => {
            let (mut size, mut errors, mut payloads) = ((0, 0), Vec::new(), Vec::new());
            for decoded in decode_frames(&whole(&input)?, frames)? {
                errors.push(match decoded {
                    Ok(decoded) => {
                        size = (decoded.rows, decoded.columns);
                        payloads.push(Payload::Hu(decoded.hu));
                        None
                    }
                    Err(error) => Some(error.into()),
                });
            }
            Ok(JobOutput { facts: JobFacts::Frames { rows: size.0, columns: size.1, errors }, payloads })
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

/// Most bytes of a file that is read at once for its header and its pixels.
const READ_AT_ONCE: u64 = 4 << 20;

/// Reads a header; with it the HU of a slice, where they are wanted and cost no other reading.
fn scan(file: &dyn FileSource, along: Along) -> Result<(Instance, Option<Vec<i16>>), JobError> {
    if along == Along::Nothing || file.size() > READ_AT_ONCE {
        return Ok((header(file)?, None));
    }
    let bytes = file.read(file.size())?;
    let instance = read_header(&bytes)?;
    let is_wanted = along == Along::Everything || is_uncompressed(&instance.transfer_syntax_uid);
    let is_slice = instance.is_ct_slice() && instance.pixels.as_ref().is_some_and(|p| p.frames == 1);
    // What cannot be decoded is told when the slice is asked for.
    let hu = if is_wanted && is_slice { decode_frame(&bytes, 0).ok().map(|d| d.hu) } else { None };
    Ok((instance, hu))
}

/// Reads a header from as little of the file as holds it.
fn header(file: &dyn FileSource) -> Result<Instance, JobError> {
    for length in [16 << 10, 256 << 10] {
        if length >= file.size() {
            break;
        }
        match read_header(&file.read(length)?) {
            Err(DicomError::Truncated { .. }) => {}
            done => return Ok(done?),
        }
    }
    Ok(read_header(&file.read(file.size())?)?)
}

fn analysis_error(error: AnalysisError) -> JobError {
    match error {
        AnalysisError::Cancelled => JobError::Cancelled,
        other => JobError::Analysis(other.to_string()),
    }
}

fn whole(input: &JobInput) -> Result<Vec<u8>, JobError> {
    let file = input.files.first().ok_or(JobError::WrongInput)?;
    file.read(file.size())
}

fn volume(grid: Grid, hu: Vec<Vec<i16>>) -> Result<CtVolume, JobError> {
    CtVolume::from_slices(grid, hu).ok_or(JobError::WrongInput)
}
