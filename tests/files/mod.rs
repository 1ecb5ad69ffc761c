//! Files in memory, scanned and read by the very jobs that run in workers.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses what it needs, and may stop")]

use glam::DVec3;
use hilum::analysis::Progress;
use hilum::import::{ValueReport, VolumeFile, VolumeFileError};
use hilum::jobs::{Along, FileSource, Found, Job, JobError, JobFacts, JobInput, JobOutput, Listener, Payload, run};
use hilum::volume::CtVolume;

/// A file in memory.
#[derive(Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl FileSource for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, JobError> {
        let end = offset.saturating_add(length).min(self.size());
        Ok(self.0[offset.min(end) as usize..end as usize].to_vec())
    }
}

/// Keeps the parts of a job.
#[derive(Default)]
pub(crate) struct Kept(pub(crate) Vec<JobOutput>);

impl Progress for Kept {
    fn report(&mut self, fraction: f32) {
        assert!((0.0..=1.0).contains(&fraction));
    }
    fn cancelled(&self) -> bool {
        false
    }
}

impl Listener for Kept {
    fn part(&mut self, part: JobOutput) {
        self.0.push(part);
    }
}

/// Does a job on a file; its parts and its end.
pub(crate) fn job_on(file: &[u8], job: &Job) -> (Vec<JobOutput>, Result<JobOutput, JobError>) {
    job_on_source(Box::new(Bytes(file.to_vec())), job)
}

/// Does a job on what can be read like a file.
pub(crate) fn job_on_source(file: Box<dyn FileSource>, job: &Job) -> (Vec<JobOutput>, Result<JobOutput, JobError>) {
    let mut kept = Kept::default();
    let input = JobInput { files: vec![file], ..JobInput::default() };
    let end = run(job, input, &mut kept);
    (kept.0, end)
}

/// What a file turns out to be.
pub(crate) fn scan(file: &[u8]) -> Result<Found, JobError> {
    let found = [Along::Nothing, Along::Uncompressed].map(|along| {
        let Ok(JobOutput { facts: JobFacts::Headers { mut headers, .. }, .. }) = job_on(file, &Job::Scan { along }).1
        else {
            panic!("a scan does not fail")
        };
        headers.remove(0)
    });
    assert_eq!(format!("{:?}", found[0]), format!("{:?}", found[1]), "however much is read at once");
    let [found, _] = found;
    found
}

/// The header of a volume file.
pub(crate) fn header(file: &[u8]) -> Result<VolumeFile, VolumeFileError> {
    match scan(file) {
        Ok(Found::Volume(header)) => Ok(*header),
        Err(JobError::Volume(error)) => Err(error),
        other => panic!("no volume file: {other:?}"),
    }
}

/// The slices that could be read, and how the reading ended; read in slabs of `slab` bytes from `data`.
pub(crate) fn voxels(
    header: &VolumeFile,
    data: &[u8],
    slab: usize,
) -> (CtVolume, Result<ValueReport, VolumeFileError>) {
    let mut volume = CtVolume::empty(header.grid).unwrap();
    let mut report = Ok(ValueReport::default());
    for planes in header.slabs(slab) {
        let job = Job::DecodeVolume { header: Box::new(header.clone()), planes };
        let (parts, end) = job_on(data, &job);
        for part in parts {
            let JobFacts::SliceOfVolume { k } = part.facts else { panic!("{:?}", part.facts) };
            let Some(Payload::Hu(hu)) = part.payloads.into_iter().next() else { panic!("no payload") };
            assert!(!volume.is_loaded(k), "slice {k} comes once");
            volume.set_slice(k, hu).unwrap();
        }
        match end {
            Ok(JobOutput { facts: JobFacts::VolumeRead(values), .. }) => {
                report.iter_mut().for_each(|r| r.merge(&values));
            }
            Err(JobError::Volume(error)) => report = Err(error),
            other => panic!("{other:?}"),
        }
    }
    (volume, report)
}

/// A NIfTI-1 file placed by its sform: sizes from the fastest axis on, origin and steps in LPS millimetres.
pub(crate) fn nifti(size: [usize; 3], origin: DVec3, steps: [DVec3; 3], values: &[i16]) -> Vec<u8> {
    let mut file = vec![0u8; 352];
    file[0..4].copy_from_slice(&348i32.to_le_bytes());
    for (n, dim) in [3, size[0], size[1], size[2], 1, 1, 1, 1].into_iter().enumerate() {
        file[40 + 2 * n..42 + 2 * n].copy_from_slice(&(dim as i16).to_le_bytes());
    }
    file[70..72].copy_from_slice(&4i16.to_le_bytes());
    file[72..74].copy_from_slice(&16i16.to_le_bytes());
    let mut put = |at: usize, value: f64| file[at..at + 4].copy_from_slice(&(value as f32).to_le_bytes());
    for (row, sign) in [-1.0, -1.0, 1.0].into_iter().enumerate() {
        for (n, step) in steps.iter().enumerate() {
            put(80 + 4 * n, step.length());
            put(280 + 16 * row + 4 * n, sign * step[row]);
        }
        put(280 + 16 * row + 12, sign * origin[row]);
    }
    put(108, 352.0);
    put(112, 1.0);
    file[123] = 2;
    file[254..256].copy_from_slice(&1i16.to_le_bytes());
    file[344..348].copy_from_slice(b"n+1\0");
    file.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    file
}
