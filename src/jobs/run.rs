//! Doing a job, wherever that is.

use super::source::{FileSource, Stream};
use super::{Along, Found, Job, JobError, JobFacts, JobOutput, Payload, VoxelPart};
use crate::analysis::{
    AnalysisError, BESIDE_LUNG, BESIDE_OTHER, CalciumParameters, ChestWallParameters, LesionParameters, LungClasses,
    LungParameters, Progress, Proposal, RegionVoxels, VesselParameters, agreement, change_region, lung_change,
    propose_calcium, propose_chest_wall, propose_lesions, propose_lungs, propose_vessels,
};
use crate::dicom::{
    DecodedFrame, DicomError, EncapsulatedFrames, Instance, ListedFile, MOST_DIRECTORY_BYTES, NativeFrames, Quantity,
    decode_frame, decode_frames, is_uncompressed, native_segmentation, read_directory, read_header,
};
use crate::export::{archive, nifti};
use crate::geometry::Grid;
use crate::import::{
    EntryPlace, FileKind, SliceSink, VolumeFile, VolumeFileError, archive_contents, demonstration, label_values,
    read_entry, read_label_map, read_volume_header, read_voxels,
};
use crate::volume::{CtVolume, PackedLabels};
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
    /// HU voxels slice by slice, `[j, i]` each; an empty slice has not arrived.
    pub hu: Vec<Vec<i16>>,
    /// Labels of the lungs, `[k, j, i]`: 0 outside; of a region, what [`Job::ChangeRegion`] says.
    pub labels: PackedLabels,
}

impl JobInput {
    /// Takes in the next piece of the voxels.
    pub fn add(&mut self, part: VoxelPart) {
        match part {
            VoxelPart::Hu(hu) => self.hu.push(hu),
            VoxelPart::Labels(labels) => self.labels.append(&labels),
        }
    }
    /// The labels, if there are as many as that.
    fn unpacked(&self, count: usize) -> Result<Vec<u8>, JobError> {
        self.labels.unpacked(count).ok_or(JobError::WrongInput)
    }
}

/// Does a job.
///
/// # Errors
/// See [`JobError`]. A scan does not fail: each file has its own result.
pub fn run(job: &Job, mut input: JobInput, progress: &mut dyn Listener) -> Result<JobOutput, JobError> {
    match job {
        Job::Scan { along } => Ok(scan_all(&input, *along)),
        Job::Decode { frame } => {
            let decoded = decode_frame(&whole(&input)?, *frame)?;
            let facts = JobFacts::Slice { rows: decoded.rows, columns: decoded.columns };
            Ok(JobOutput { facts, payloads: vec![Payload::Hu(decoded.hu)] })
        }
        Job::DecodeFrames { frames } => {
            let (mut size, mut errors, mut payloads) = ((0, 0), Vec::new(), Vec::new());
            for decoded in several_frames(&input, frames)? {
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
        Job::DecodeVolume { header, planes } => {
            let file = input.files.first().ok_or(JobError::WrongInput)?;
            let report = read_voxels(header, planes.clone(), Stream::new(file.as_ref()), &mut Parts(progress))?;
            if progress.cancelled() {
                return Err(JobError::Cancelled);
            }
            Ok(JobOutput { facts: JobFacts::VolumeRead(report), payloads: Vec::new() })
        }
        Job::ReadLabels { header, grid } => {
            let file = input.files.first().ok_or(JobError::WrongInput)?;
            let (labels, resampled) = read_label_map(header, Stream::new(file.as_ref()), grid)?;
            Ok(JobOutput { facts: JobFacts::Labels { resampled }, payloads: vec![Payload::Bytes(labels)] })
        }
        Job::ReadEntries { entries } => {
            let file = input.files.first().ok_or(JobError::WrongInput)?;
            let read = |(name, place): &(String, EntryPlace)| -> Result<_, JobError> {
                let bytes = read_entry(Stream::new(file.as_ref()), place, None)?;
                Ok((name.clone(), Payload::Bytes(bytes)))
            };
            let (names, payloads) = entries.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            Ok(JobOutput { facts: JobFacts::Files(names), payloads })
        }
        Job::ReadFile => Ok(JobOutput { facts: JobFacts::File, payloads: vec![Payload::Bytes(whole(&input)?)] }),
        Job::ReadMarks => {
            let bytes = whole(&input)?;
            let bytes = native_segmentation(&bytes)?.unwrap_or(bytes);
            Ok(JobOutput { facts: JobFacts::File, payloads: vec![Payload::Bytes(bytes)] })
        }
        Job::Demonstration => {
            let (names, payloads) =
                demonstration().into_iter().map(|file| (file.name, Payload::Bytes(file.bytes))).unzip();
            Ok(JobOutput { facts: JobFacts::Files(names), payloads })
        }
        Job::ProposeLungs { grid } => {
            let volume = volume(*grid, std::mem::take(&mut input.hu))?;
            proposed(propose_lungs(&volume, &LungParameters::default(), progress))
        }
        Job::ProposeLesions { grid } => {
            let volume = volume(*grid, std::mem::take(&mut input.hu))?;
            let lungs = input.unpacked(grid.voxel_count())?;
            proposed(propose_lesions(volume, lungs, &LesionParameters::default(), progress))
        }
        Job::ProposeVessels { grid } => {
            let volume = volume(*grid, std::mem::take(&mut input.hu))?;
            let lungs = input.unpacked(grid.voxel_count())?;
            proposed(propose_vessels(&volume, &lungs, &VesselParameters::default(), progress))
        }
        Job::ProposeChestWall { grid } => {
            let volume = boxed(*grid, &std::mem::take(&mut input.hu))?;
            let labels = input.unpacked(2 * grid.voxel_count())?;
            let (_, beside) = labels.split_at(grid.voxel_count());
            let lungs: Vec<u8> = beside.iter().map(|b| b & BESIDE_LUNG).collect();
            proposed(propose_chest_wall(&volume, &lungs, &ChestWallParameters::default(), progress))
        }
        Job::ProposeCalcium { grid } => {
            let volume = boxed(*grid, &std::mem::take(&mut input.hu))?;
            let labels = input.unpacked(2 * grid.voxel_count())?;
            let (_, beside) = labels.split_at(grid.voxel_count());
            proposed(propose_calcium(&volume, beside, &CalciumParameters::default(), progress))
        }
        Job::Change { now, before, planes_mm } => {
            let labels = input.unpacked(now.voxel_count() + before.voxel_count())?;
            let (later, earlier) = labels.split_at(now.voxel_count());
            let (later, earlier) =
                (LungClasses { grid: now, bits: later }, LungClasses { grid: before, bits: earlier });
            let found = lung_change(later, earlier, *planes_mm, progress).map_err(analysis_error)?;
            Ok(JobOutput { facts: JobFacts::Change(found), payloads: Vec::new() })
        }
        #[cfg(feature = "model")]
        Job::RunModel { grid, known } => {
            let volume = volume(*grid, std::mem::take(&mut input.hu))?;
            let size = input.files.first().map_or(0, |f| f.size());
            if size > crate::analysis::MOST_MODEL_BYTES {
                return Err(JobError::Analysis(format!(
                    "the model's file has {size} bytes; {} are the most",
                    crate::analysis::MOST_MODEL_BYTES
                )));
            }
            let (card, scores, mut network) =
                crate::analysis::load_model(whole(&input)?, known).map_err(model_error)?;
            let lungs = input.unpacked(grid.voxel_count())?;
            crate::analysis::propose_with_model(&volume, &lungs, &card, scores, &mut network, progress)
                .map(packed)
                .map_err(model_error)
        }
        #[cfg(not(feature = "model"))]
        Job::RunModel { .. } => Err(JobError::WrongInput),
        Job::Compare { size, spacing_mm, segment } => {
            let count = size.iter().product();
            let both = input.unpacked(2 * count)?;
            let (labels, beside) = both.split_at(count);
            let first: Vec<bool> = labels.iter().map(|l| l == segment).collect();
            let second: Vec<bool> = beside.iter().map(|b| b & BESIDE_OTHER != 0).collect();
            let found = agreement(*size, *spacing_mm, &first, &second).map_err(analysis_error)?;
            Ok(JobOutput { facts: JobFacts::Agreement(found), payloads: Vec::new() })
        }
        Job::WriteNifti { grid, name } => {
            let bytes = nifti::packed(grid, &input.unpacked(grid.voxel_count())?)
                .map_err(|e| JobError::Analysis(e.to_string()))?;
            Ok(JobOutput { facts: JobFacts::Files(vec![name.clone()]), payloads: vec![Payload::Bytes(bytes)] })
        }
        Job::WriteArchive { name, entries } => {
            let mut files = entries.iter().zip(&input.files);
            let read = files.try_fold(Vec::new(), |mut all, (entry, file)| {
                all.push((entry.as_str(), file.read(0, file.size())?));
                Ok::<_, JobError>(all)
            })?;
            let bytes = archive::stored(&read).map_err(|e| JobError::Analysis(e.to_string()))?;
            Ok(JobOutput { facts: JobFacts::Files(vec![name.clone()]), payloads: vec![Payload::Bytes(bytes)] })
        }
        Job::ChangeRegion { size, spacing_mm, task } => {
            let hu = std::mem::take(&mut input.hu).concat();
            let count = size.iter().product();
            let both = input.unpacked(2 * count)?;
            let (labels, beside) = both.split_at(count);
            let voxels = RegionVoxels { size: *size, spacing_mm: *spacing_mm, hu: &hu, labels, beside };
            let mut outcome = change_region(&voxels, task, progress).map_err(analysis_error)?;
            let labels = std::mem::take(&mut outcome.labels);
            Ok(JobOutput { facts: JobFacts::Region(outcome), payloads: vec![Payload::Bytes(labels)] })
        }
    }
}

fn proposed(proposal: Result<Proposal, AnalysisError>) -> Result<JobOutput, JobError> {
    proposal.map(packed).map_err(analysis_error)
}

/// A proposal, with its labels beside.
fn packed(mut proposal: Proposal) -> JobOutput {
    let labels = PackedLabels::of(&std::mem::take(&mut proposal.labels));
    JobOutput { facts: JobFacts::Proposal(proposal), payloads: vec![Payload::Labels(labels)] }
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
const HEADS: [u64; 3] = [16 << 10, 256 << 10, 4 << 20];

/// Most bytes of a file that is read at once for its header and its pixels.
const READ_AT_ONCE: u64 = 4 << 20;

/// A function of its own: a browser compiles what is busy again, whole, while files are read.
#[inline(never)]
fn scan_all(input: &JobInput, along: Along) -> JobOutput {
    let (mut headers, mut decoded, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
    for (n, file) in input.files.iter().enumerate() {
        let read = scan(file.as_ref(), along);
        headers.push(read.map(|(found, hu)| {
            if let Some(hu) = hu {
                decoded.push(n);
                payloads.push(Payload::Hu(hu));
            }
            found
        }));
    }
    JobOutput { facts: JobFacts::Headers { headers, decoded }, payloads }
}

/// Finds out what a file is, from as little of it as tells; with it the HU of a slice, where they are wanted and cost no other
/// reading.
fn scan(file: &dyn FileSource, along: Along) -> Result<(Found, Option<Vec<i16>>), JobError> {
    let once = along != Along::Nothing && file.size() <= READ_AT_ONCE;
    let head = file.read(0, if once { file.size() } else { HEADS[0] })?;
    let found = match FileKind::of(&head) {
        FileKind::Archive => Found::Archive(archive_contents(Stream::new(file))?),
        FileKind::Volume => Found::Volume(Box::new(scan_volume(file, &head)?)),
        FileKind::Dicom if once => {
            let instance = match read_header(&head) {
                Err(DicomError::Directory) => return Ok((Found::Directory(read_directory(&head)?), None)),
                read => read?,
            };
            let is_wanted = along == Along::Everything || is_uncompressed(&instance.transfer_syntax_uid);
            let is_slice = instance.is_ct_slice() && instance.pixels.as_ref().is_some_and(|p| p.frames == 1);
            // What cannot be decoded is told when the slice is asked for.
            let hu = if is_wanted && is_slice { decode_frame(&head, 0).ok().map(|d| d.hu) } else { None };
            return Ok((Found::Instance(Box::new(instance)), hu));
        }
        FileKind::Dicom => match scan_dicom(file, head) {
            Err(JobError::Dicom(DicomError::Directory)) => Found::Directory(scan_directory(file)?),
            read => Found::Instance(Box::new(read?)),
        },
    };
    Ok((found, None))
}

/// Reads a header from as little of the file as holds it.
fn scan_dicom(file: &dyn FileSource, mut head: Vec<u8>) -> Result<Instance, JobError> {
    for length in HEADS.into_iter().skip(1).chain([file.size()]) {
        if (head.len() as u64) < file.size() {
            match read_header(&head) {
                Err(error) if error.asks_for_more() => head = file.read(0, length)?,
                done => return Ok(done?),
            }
        }
    }
    Ok(read_header(&head)?)
}

fn scan_directory(file: &dyn FileSource) -> Result<Vec<ListedFile>, JobError> {
    let (found, limit) = (file.size(), MOST_DIRECTORY_BYTES);
    if found > limit {
        return Err(DicomError::TooLarge { what: Quantity::Directory, found, limit }.into());
    }
    Ok(read_directory(&file.read(0, found)?)?)
}

/// The longest header of a volume file that is read: NRRD may carry notes.
const LONGEST_VOLUME_HEADER: u64 = 4 << 20;

fn scan_volume(file: &dyn FileSource, head: &[u8]) -> Result<VolumeFile, JobError> {
    let is_whole = |head: &[u8]| head.len() as u64 >= file.size();
    let whole = is_whole(head);
    let mut header = match read_volume_header(head, whole)? {
        Some(header) => header,
        None => {
            let longer = file.read(0, LONGEST_VOLUME_HEADER)?;
            let missing = VolumeFileError::Missing { field: "end of the header".to_owned() };
            read_volume_header(&longer, is_whole(&longer))?.ok_or(missing)?
        }
    };
    if header.data_file.is_none() {
        header.fits(file.size())?;
        if header.labels.is_none() {
            header.labels = label_values(&header, Stream::new(file));
        }
    }
    // Headers of different CTs may be equal: what is inside is asked too.
    let mut digest = Sha256::new();
    digest.update(file.size().to_le_bytes());
    digest.update(head.get(..HEADS[0] as usize).unwrap_or(head));
    for part in 1..=4 {
        digest.update(file.read(file.size() / 5 * part, 64 << 10)?);
    }
    header.identity = digest.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect();
    Ok(header)
}

fn analysis_error(error: AnalysisError) -> JobError {
    match error {
        AnalysisError::Cancelled => JobError::Cancelled,
        other => JobError::Refused(other),
    }
}

#[cfg(feature = "model")]
fn model_error(error: crate::analysis::ModelError) -> JobError {
    match error {
        crate::analysis::ModelError::Cancelled => JobError::Cancelled,
        other => JobError::Analysis(other.to_string()),
    }
}

/// Decodes frames of a multi-frame file, from their own bytes where these can be found without the others.
fn several_frames(input: &JobInput, frames: &[usize]) -> Result<Vec<Result<DecodedFrame, DicomError>>, JobError> {
    let file = input.files.first().ok_or(JobError::WrongInput)?;
    for length in HEADS.into_iter().filter(|length| *length < file.size()) {
        let head = file.read(0, length)?;
        match NativeFrames::of(&head) {
            Err(error) if error.asks_for_more() => {}
            Err(error) => return Err(error.into()),
            Ok(None) => match EncapsulatedFrames::of(&head, file.size()) {
                Err(error) if error.asks_for_more() => {}
                Err(error) => return Err(error.into()),
                Ok(None) => break,
                Ok(Some(compressed)) => {
                    match compressed.decode(frames, &mut |offset, length| file.read(offset, length))? {
                        Some(decoded) => return Ok(decoded),
                        None => break,
                    }
                }
            },
            Ok(Some(native)) => {
                let decode = |frame: &usize| {
                    let (offset, length) = match native.range(*frame) {
                        Ok(range) => range,
                        Err(error) => return Ok(Err(error)),
                    };
                    Ok(native.decode(*frame, &file.read(offset, length)?))
                };
                return frames.iter().map(decode).collect();
            }
        }
    }
    Ok(decode_frames(&whole(input)?, frames)?)
}

fn whole(input: &JobInput) -> Result<Vec<u8>, JobError> {
    let file = input.files.first().ok_or(JobError::WrongInput)?;
    file.read(0, file.size())
}

/// The volume of a box, whose voxels came in pieces of several slices.
fn boxed(grid: Grid, hu: &[Vec<i16>]) -> Result<CtVolume, JobError> {
    let [ni, nj, _] = grid.size();
    volume(grid, hu.concat().chunks_exact(ni * nj).map(<[i16]>::to_vec).collect())
}

fn volume(grid: Grid, hu: Vec<Vec<i16>>) -> Result<CtVolume, JobError> {
    CtVolume::from_slices(grid, hu).ok_or(JobError::WrongInput)
}
