//! Asking for the images of a plan, and taking what comes of it.

use super::change::Update;
use super::effect::Effect;
use super::state::{Purpose, Session};
use crate::dicom::Series;
use crate::geometry::Grid;
use crate::import::{SliceSource, StackPlan, load_order};
use crate::jobs::{FileId, Job, JobError, JobFacts, JobOutput, Payload, Priority};
use std::collections::{BTreeMap, BTreeSet};

/// A multi-frame file is read anew by each of its jobs: few, but enough for slices to come in order.
const JOBS_PER_FILE: usize = 12;

impl Session {
    /// Asks for images of a series, in this order; how many. `beside`: for the CT beside the open one.
    pub(super) fn fetch_images(
        &mut self,
        series: &Series,
        images: Vec<SliceSource>,
        beside: bool,
        update: &mut Update,
    ) -> usize {
        let mut pending = 0;
        let mut of_many: BTreeMap<FileId, Vec<(u32, SliceSource)>> = BTreeMap::new();
        for (n, source) in (0..).zip(images) {
            let Some(instance) = series.instances.get(source.instance) else { continue };
            let Some(file) = self.file_of.get(&instance.sop_instance_uid).copied() else { continue };
            if instance.pixels.as_ref().is_some_and(|p| p.frames > 1) {
                of_many.entry(file).or_default().push((n, source));
            } else {
                let purpose = Purpose::Decode { sources: vec![source], beside };
                self.fetch(purpose, Job::Decode { frame: source.frame }, Priority(1000 + n), file, update);
                pending += 1;
            }
        }
        for (file, frames) in of_many {
            // Each job reads the file: one for the image on screen, few for the rest.
            let (first, rest) = frames.split_at(1);
            let most = rest.len().div_ceil(JOBS_PER_FILE).max(1);
            for chunk in std::iter::once(first).chain(rest.chunks(most)) {
                let sources: Vec<SliceSource> = chunk.iter().map(|(_, source)| *source).collect();
                let frames = sources.iter().map(|s| s.frame).collect();
                let purpose = Purpose::Decode { sources, beside };
                self.fetch(purpose, Job::DecodeFrames { frames }, Priority(1000 + chunk[0].0), file, update);
                pending += chunk.len();
            }
        }
        pending
    }

    fn fetch(&mut self, purpose: Purpose, job: Job, priority: Priority, file: FileId, update: &mut Update) {
        let request = self.start_job(purpose, priority, job, vec![file]);
        update.effects.push(Effect::RunJob(request));
    }
}

/// What became of each of so many images: its HU, as large as a slice of this grid.
pub(super) fn slices_of(
    count: usize,
    grid: &Grid,
    result: Result<JobOutput, JobError>,
) -> Vec<Result<Vec<i16>, JobError>> {
    let [ni, nj, _] = grid.size();
    let (errors, payloads) = match result {
        Ok(JobOutput { facts: JobFacts::Slice { rows, columns }, payloads }) if (rows, columns) == (nj, ni) => {
            (vec![None; count], payloads)
        }
        Ok(JobOutput { facts: JobFacts::Frames { rows, columns, errors }, payloads })
            if (rows, columns) == (nj, ni) || payloads.is_empty() =>
        {
            (errors, payloads)
        }
        Ok(_) => (vec![Some(JobError::WrongInput); count], Vec::new()),
        Err(error) => (vec![Some(error); count], Vec::new()),
    };
    let mut slices = payloads.into_iter().filter_map(|p| if let Payload::Hu(hu) = p { Some(hu) } else { None });
    let slice = |error: Option<JobError>| match error {
        Some(error) => Err(error),
        None => slices.next().filter(|hu| hu.len() == ni * nj).ok_or(JobError::WrongInput),
    };
    errors.into_iter().map(slice).collect()
}

/// The images of a plan, each once, in the order in which slices are wanted on screen.
pub(super) fn wanted(plan: &StackPlan) -> Vec<SliceSource> {
    let mut seen = BTreeSet::new();
    let order = load_order(plan.slices.len(), plan.slices.len() / 2);
    order.into_iter().flat_map(|k| plan.sources(k)).filter(|source| seen.insert(*source)).collect()
}
