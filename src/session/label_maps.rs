//! Label maps of the research formats: read onto the open CT, and taken in once the reader has said what their labels mean.

use super::arrivals::Arrival;
use super::change::Update;
use super::effect::Effect;
use super::state::{ProblemReason, Purpose, Session};
use super::words::arriving;
use crate::annotation::{Origin, SegmentMeaning};
use crate::geometry::Grid;
use crate::import::{SegmentIn, SegmentationIn, SegmentationNote, Span, VolumeFile, VolumeFileError};
use crate::jobs::{FileId, Job, JobError, JobFacts, JobOutput, Payload, Priority};
use std::collections::BTreeMap;

impl Session {
    /// Reads label maps onto the CT that is open; without one they are named among what was not opened.
    pub(super) fn read_label_maps(&mut self, maps: Vec<(FileId, VolumeFile)>, update: &mut Update) {
        for (file, header) in maps {
            let Some(grid) = self.case.as_ref().map(|c| *c.volume.grid()) else {
                let labels = header.labels.unwrap_or_default();
                self.add_problem(file, ProblemReason::Job(VolumeFileError::LabelMap { labels }.into()));
                continue;
            };
            let spacing_mm = header.grid.spacing_mm();
            let job = Job::ReadLabels { header: Box::new(header), grid };
            let purpose = Purpose::ReadLabels { file, grid: Box::new(grid), spacing_mm };
            let request = self.start_job(purpose, Priority::SOON, job, vec![file]);
            update.effects.push(Effect::RunJob(request));
        }
    }

    pub(super) fn labels_read(
        &mut self,
        file: FileId,
        grid: &Grid,
        spacing_mm: [f64; 3],
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        update.changes.facts = true;
        let (labels, is_resampled) = match result.map(|o| (o.facts, o.payloads.into_iter().next())) {
            Ok((JobFacts::Labels { resampled }, Some(Payload::Bytes(labels)))) => (labels, resampled),
            Ok(_) => return self.add_problem(file, ProblemReason::Job(JobError::WrongInput)),
            Err(error) => return self.add_problem(file, ProblemReason::Job(error)),
        };
        // Another CT may have been opened meanwhile.
        if self.case.as_ref().is_none_or(|c| c.volume.grid() != grid) || labels.len() != grid.voxel_count() {
            return self.add_problem(file, ProblemReason::Job(JobError::Cancelled));
        }
        let segments = segments(&labels, grid);
        if segments.is_empty() {
            return self.add_problem(file, ProblemReason::Text(arriving::LABELS_ELSEWHERE));
        }
        let notes = is_resampled.then_some(SegmentationNote::Resampled { spacing_mm, off_percent: None });
        let marks = SegmentationIn { segments, notes: notes.into_iter().collect() };
        let name = self.names.get(&file).cloned().unwrap_or_default();
        let said = vec![arriving::LABELS_TAKEN.in_lang(self.lang).to_owned()];
        let said = self.with_notes(said, &marks);
        let (measurements, answers, authors) = (Vec::new(), Vec::new(), Vec::new());
        self.ask_meanings(Arrival { name, marks, measurements, answers, authors, said }, update);
    }
}

/// The voxels of each label.
fn segments(labels: &[u8], grid: &Grid) -> Vec<SegmentIn> {
    let [ni, nj, _] = grid.size();
    let mut spans: BTreeMap<u8, Vec<Span>> = BTreeMap::new();
    for (row, labels) in labels.chunks_exact(ni).enumerate() {
        let mut begin = 0;
        for run in labels.chunk_by(|a, b| a == b) {
            if run[0] != 0 {
                let span = Span { k: row / nj, j: row % nj, i_begin: begin, i_end: begin + run.len() };
                spans.entry(run[0]).or_default().push(span);
            }
            begin += run.len();
        }
    }
    let segment = |(label, spans): (u8, Vec<Span>)| SegmentIn {
        segment_number: u16::from(label),
        label: String::new(),
        meaning: None,
        coded: label.to_string(),
        colour: SegmentMeaning::Lesion.colour(),
        origin: Origin::Imported,
        made: Default::default(),
        spans,
    };
    spans.into_iter().map(segment).collect()
}
