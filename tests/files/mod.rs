//! Files in memory, scanned and read by the very jobs that run in workers.

#![allow(dead_code, reason = "each test file uses what it needs")]

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
struct Kept(Vec<JobOutput>);

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
    let mut kept = Kept::default();
    let input = JobInput { files: vec![Box::new(Bytes(file.to_vec()))], ..JobInput::default() };
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
                report.iter_mut().for_each(|r| r.merge(&values))
            }
            Err(JobError::Volume(error)) => report = Err(error),
            other => panic!("{other:?}"),
        }
    }
    (volume, report)
}
