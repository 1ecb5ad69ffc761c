//! SEG and SR made of the reading, saved as files, and read again.

use super::change::Update;
use super::command::Effect;
use super::explain;
use super::state::{Case, Problem, ProblemReason, Session};
use super::words::{self, Lang};
use crate::annotation::Transaction;
use crate::dicom::Instance;
use crate::export::{Audience, ExportContext, ExportError, Filing, ObjectKind, OutboundObject, rtstruct, seg, sr};
use crate::import::{Blend, Collision, SliceSource, read_marks, segmentation_edits};
use crate::jobs::{FileId, JobError, JobOutput, Payload};

impl Session {
    /// Whether there is something that objects could refer to; says so otherwise.
    pub(super) fn may_export(&mut self, update: &mut Update) -> bool {
        let may = self.case.as_ref().is_none_or(Case::is_dicom);
        if !may {
            self.say(words::EXPORT_NEEDS_DICOM, update);
        }
        may
    }

    pub(super) fn save(&mut self, report: bool, now: &str, update: &mut Update) {
        if !self.may_export(update) {
            return;
        }
        match self.objects(now, Audience::Hospital) {
            Ok(objects) => {
                let kind = if report { ObjectKind::Sr } else { ObjectKind::Seg };
                let Some(object) = objects.into_iter().find(|o| o.kind() == kind) else {
                    return self.refuse(&ExportError::Empty);
                };
                update.effects.push(download(&object));
            }
            Err(error) => self.refuse(&error),
        }
        update.changes.facts = true;
    }

    /// The outlines of all segments, for a planning system.
    pub(super) fn save_structure_set(&mut self, now: &str, update: &mut Update) {
        let Some(case) = self.case.as_ref().filter(|c| c.is_dicom()) else {
            self.may_export(update);
            return;
        };
        let context = case.export_context(now, self.reader(Audience::Hospital));
        match rtstruct::write(&case.document, &context) {
            Ok(object) => update.effects.push(download(&object)),
            Err(error) => self.refuse(&error),
        }
        update.changes.facts = true;
    }

    pub(super) fn refuse(&mut self, error: &ExportError) {
        self.notice = Some(match error {
            ExportError::Empty => words::NOTHING_TO_EXPORT.in_lang(self.lang).to_owned(),
            other => other.to_string(),
        });
    }

    /// The segmentation and the report that refers to it.
    pub(super) fn written(&self, context: &ExportContext) -> Result<Vec<OutboundObject>, ExportError> {
        let case = self.case.as_ref().ok_or(ExportError::Empty)?;
        let segmentation = match seg::write(&case.document, context, None) {
            // Lengths, regions and the form make a report of their own.
            Err(ExportError::Empty) => None,
            made => Some(made?),
        };
        let report = sr::write_report(&case.document, segmentation.as_ref(), context, &self.measured)?;
        Ok(segmentation.map(|s| s.object).into_iter().chain([report]).collect())
    }

    /// Puts a segmentation that was read on the open CT, as one undoable transaction.
    pub(super) fn segmentation_read(&mut self, file: FileId, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let bytes = match result {
            Ok(output) => match output.payloads.into_iter().next() {
                Some(Payload::Bytes(bytes)) => bytes,
                _ => return self.add_problem(file, ProblemReason::Job(JobError::WrongInput)),
            },
            Err(error) => return self.add_problem(file, ProblemReason::Job(error)),
        };
        self.accept_region(update);
        let Some(case) = self.case.as_mut().filter(|c| c.is_dicom()) else {
            return self.add_problem(file, ProblemReason::Text(words::SEG_NEEDS_CT));
        };
        let source = case.source();
        let read = read_marks(&bytes, case.document.grid(), &source).and_then(|s| {
            let (edits, notes) = segmentation_edits(&s, Collision::Overwrite, &mut case.document, &case.volume)?;
            Ok((s.segments.len(), edits, s.notes.into_iter().chain(notes).collect::<Vec<_>>()))
        });
        match read {
            Ok((count, edits, notes)) => {
                for edit in &edits {
                    if let crate::annotation::Edit::Voxels { delta, .. } = edit
                        && let Some(bounds) = delta.bounds()
                    {
                        update.changes.add_labels(bounds);
                    }
                }
                case.history.commit(Transaction { name: "import", edits });
                case.active = case.document.segments().last().map(|s| s.number);
                self.volume_revision += 1;
                let mut said = vec![words::IMPORTED_SEG.with(self.lang, &[&count.to_string()])];
                said.extend(notes.iter().map(|n| explain::segmentation_note(n, self.lang)));
                self.notice = Some(said.join(" · "));
            }
            Err(error) => {
                let name = self.names.get(&file).cloned().unwrap_or_default();
                let reason = ProblemReason::Segmentation(explain::segmentation_error(&error, self.lang));
                self.problems.push(Problem { name, reason });
            }
        }
    }
}

fn download(object: &OutboundObject) -> Effect {
    let (file_name, bytes) = (object.file_name().to_owned(), object.bytes().to_vec());
    Effect::Download { file_name, content_type: "application/dicom", bytes }
}

impl Case {
    /// The image of each slice.
    fn source(&self) -> Vec<Option<Instance>> {
        (0..self.plan.slices.len()).map(|k| self.image(k)).collect()
    }

    /// The images that a slice was computed from: two, or the outermost alone.
    fn images_of(&self, blend: &Blend) -> Vec<Instance> {
        let mut sources = vec![blend.below, blend.above];
        sources.dedup();
        let image = |s: &SliceSource| self.series.instances.get(s.instance)?.of_frame(s.frame);
        sources.iter().filter_map(image).collect()
    }

    /// What an export of this case is told. `now` is the local time as `YYYYMMDDHHMMSS`; `reader` may be empty.
    pub(super) fn export_context(&self, now: &str, reader: &str) -> ExportContext {
        let (date, time) = now.split_at_checked(8).unwrap_or((now, ""));
        ExportContext {
            source: self.source(),
            computed: self.plan.blends.iter().map(|b| (b.k, self.images_of(b))).collect(),
            filing: Filing::Hospital,
            reader: if reader.is_empty() { "Reader^".to_owned() } else { reader.to_owned() },
            reading_id: self.reading_id.clone(),
            date: date.to_owned(),
            time: time.to_owned(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            quality_notes: self.plan.findings.iter().map(|f| explain::geometry_finding(f, Lang::En)).collect(),
        }
    }
}
