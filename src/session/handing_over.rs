//! SEG and SR made of the reading, saved as files, and read again.

use super::arrivals::Arrival;
use super::change::Update;
use super::effect::Effect;
use super::state::{Case, Problem, ProblemReason, Session};
use super::words::{self, Lang, Text, sending};
use super::{explain, explain_segmentation};
use crate::annotation::Layer;
use crate::dicom::Instance;
use crate::export::{
    Audience, ExportContext, ExportError, ExportNote, Filing, ObjectKind, OutboundObject, rtstruct, seg, sr,
};
use crate::import::{Blend, SliceSource, read_marks};
use crate::jobs::{FileId, JobError, JobOutput, Payload};
use std::collections::BTreeSet;

/// Objects of one hand-over, and what their writers remarked.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) objects: Vec<OutboundObject>,
    pub(super) notes: Vec<ExportNote>,
}

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
            Ok(Written { objects, notes }) => {
                let kind = if report { ObjectKind::Sr } else { ObjectKind::Seg };
                let Some(object) = objects.into_iter().find(|o| o.kind() == kind) else {
                    return self.refuse(&ExportError::Empty);
                };
                update.effects.push(download(&object));
                self.tell_notes(&notes);
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

    /// A label map segmentation for each layer that holds something: those of one would hide the other.
    pub(super) fn save_label_map_segs(&mut self, now: &str, update: &mut Update) {
        let Some(case) = self.case.as_ref().filter(|c| c.is_dicom()) else {
            self.may_export(update);
            return;
        };
        let context = case.export_context(now, self.reader(Audience::Hospital));
        let written: Vec<_> = Layer::ALL.map(|layer| seg::write_label_map(&case.document, &context, layer)).into();
        let is_empty = |r: &Result<_, ExportError>| matches!(r, Err(ExportError::Empty));
        let all_empty = written.iter().all(is_empty);
        let mut notes = Vec::new();
        for made in written.into_iter().filter(|r| all_empty || !is_empty(r)) {
            match made {
                Ok(made) => {
                    update.effects.push(download(&made.object));
                    notes.extend(made.notes.into_iter().filter(|n| *n != ExportNote::Renumbered));
                }
                Err(error) => self.refuse(&error),
            }
        }
        self.tell_notes(&notes);
        update.changes.facts = true;
    }

    pub(super) fn refuse(&mut self, error: &ExportError) {
        self.notice = Some(match error {
            ExportError::Empty => words::NOTHING_TO_EXPORT.in_lang(self.lang).to_owned(),
            other => other.to_string(),
        });
    }

    /// Says what objects that were saved do not hold as the reader might expect.
    fn tell_notes(&mut self, notes: &[ExportNote]) {
        if !notes.is_empty() {
            self.notice = Some(self.export_notes(notes));
        }
    }

    /// What the writers remarked, in words; each remark once.
    pub(super) fn export_notes(&self, notes: &[ExportNote]) -> String {
        let said = |text: Text| text.in_lang(self.lang).to_owned();
        let mut empty: Vec<u8> = Vec::new();
        let mut slices = BTreeSet::new();
        let mut words = Vec::new();
        for note in notes {
            match note {
                ExportNote::MixedFrameOfReference(count) => {
                    words.push(sending::NOTE_MIXED_FRAMES.with(self.lang, &[&count.to_string()]));
                }
                ExportNote::NoFrameOfReference => words.push(said(sending::NOTE_NO_FRAME)),
                ExportNote::EmptySegment(number) => empty.push(*number),
                ExportNote::Renumbered => words.push(said(sending::NOTE_RENUMBERED)),
                ExportNote::NoSourceSlice(k) => {
                    slices.insert(*k);
                }
            }
        }
        if !empty.is_empty() {
            let named: Vec<String> = empty.iter().map(|number| self.segment_name(*number)).collect();
            words.push(sending::NOTE_EMPTY.with(self.lang, &[&named.join(", ")]));
        }
        if !slices.is_empty() {
            words.push(sending::NOTE_NO_SOURCE.with(self.lang, &[&slices.len().to_string()]));
        }
        words.dedup();
        words.join(" ")
    }

    fn segment_name(&self, number: u8) -> String {
        let segment = self.case.as_ref().and_then(|c| c.document.segment(number));
        segment.map(|s| s.name.trim()).filter(|n| !n.is_empty()).map_or_else(|| number.to_string(), str::to_owned)
    }

    /// The segmentation and the report that refers to it.
    pub(super) fn written(&self, context: &ExportContext) -> Result<Written, ExportError> {
        let case = self.case.as_ref().ok_or(ExportError::Empty)?;
        let segmentation = match seg::write(&case.document, context, None) {
            // Lengths, regions and the form make a report of their own.
            Err(ExportError::Empty) => None,
            made => Some(made?),
        };
        let report =
            sr::write_report(&case.document, segmentation.as_ref(), context, &self.measured, &self.whole_ct())?;
        let (segmentation, notes) = segmentation.map(|s| (s.object, s.notes)).unzip();
        Ok(Written { objects: segmentation.into_iter().chain([report]).collect(), notes: notes.unwrap_or_default() })
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
        let Some(case) = self.case.as_ref().filter(|c| c.is_dicom()) else {
            return self.add_problem(file, ProblemReason::Text(words::SEG_NEEDS_CT));
        };
        let name = self.names.get(&file).cloned().unwrap_or_default();
        match read_marks(&bytes, case.document.grid(), &case.source()) {
            Ok(marks) => {
                let said = vec![words::IMPORTED_SEG.with(self.lang, &[&marks.segments.len().to_string()])];
                let said = self.with_notes(said, &marks);
                let (measurements, answers, authors) = (Vec::new(), Vec::new(), Vec::new());
                self.arrive(Arrival { name, marks, measurements, answers, authors, said }, update);
            }
            Err(error) => {
                let reason = ProblemReason::Segmentation(explain_segmentation::segmentation_error(&error, self.lang));
                self.problems.push(Problem { name, reason });
            }
        }
    }
}

pub(super) fn download(object: &OutboundObject) -> Effect {
    let (file_name, bytes) = (object.file_name().to_owned(), object.bytes().to_vec());
    Effect::Download { file_name, content_type: object.media_type(), bytes }
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
