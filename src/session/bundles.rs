//! Bundles: the reading saved as one file, and taken up again on its CT, wherever and under whatever UIDs that is.

use super::arrivals::Arrival;
use super::case_identity::content_digest;
use super::change::Update;
use super::effect::Effect;
use super::handing_over::download;
use super::state::{Case, Problem, ProblemReason, Purpose, Session};
use super::words::{self, Text, arriving};
use crate::annotation::{BUNDLE_FILES, Bundle, BundleError, MANIFEST, Manifest, hex};
use crate::export::{Audience, ExportError, OutboundObject, bundle};
use crate::import::{ArchiveContents, ArchiveError, EntryPlace, bundle_marks};
use crate::jobs::{FileId, Job, JobError, JobFacts, JobOutput, Payload, Priority};
use crate::report;
use std::collections::BTreeMap;

/// Most bytes that the files of a bundle may have together.
const MOST_BYTES: u64 = 512 << 20;

/// Grids that place every voxel this near to each other are one, mm.
const SAME_PLACE_MM: f64 = 0.01;

impl Session {
    pub(super) fn save_bundle(&mut self, now: &str, update: &mut Update) {
        if self.case.as_ref().is_some_and(|c| !c.is_settled()) {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        match self.bundle(now, Audience::Hospital) {
            Ok(object) => update.effects.push(download(&object)),
            Err(error) => self.refuse(&error),
        }
        update.changes.facts = true;
    }

    /// The reading as a bundle.
    pub(super) fn bundle(&self, now: &str, to: Audience) -> Result<OutboundObject, ExportError> {
        let case = self.case.as_ref().filter(|c| c.is_settled()).ok_or(ExportError::Empty)?;
        let context = self.context(case, now, to)?;
        bundle::write(&case.document, &case.history, &context, &content_digest(&case.volume))
    }

    /// Reads the files of an archive that is a bundle; whether it is one.
    pub(super) fn bundle_found(&mut self, file: FileId, contents: &ArchiveContents, update: &mut Update) -> bool {
        let Some(entries) = entries(contents) else { return false };
        let bytes: u64 = entries.iter().map(|(_, place)| place.bytes).sum();
        if bytes > MOST_BYTES {
            self.add_problem(file, ProblemReason::Job(ArchiveError::TooLarge { bytes, limit: MOST_BYTES }.into()));
            return true;
        }
        let job = Job::ReadEntries { entries };
        let request = self.start_job(Purpose::ReadBundle(file), Priority::SOON, job, vec![file]);
        update.effects.push(Effect::RunJob(request));
        true
    }

    pub(super) fn bundle_read(&mut self, file: FileId, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let (names, payloads) = match result {
            Ok(JobOutput { facts: JobFacts::Files(names), payloads }) => (names, payloads),
            Ok(_) => return self.add_problem(file, ProblemReason::Job(JobError::WrongInput)),
            Err(error) => return self.add_problem(file, ProblemReason::Job(error)),
        };
        let bytes = payloads.into_iter().filter_map(|p| if let Payload::Bytes(bytes) = p { Some(bytes) } else { None });
        let files: BTreeMap<String, Vec<u8>> = names.into_iter().zip(bytes).collect();
        let name = self.names.get(&file).cloned().unwrap_or_default();
        match Bundle::read(&files) {
            Ok(bundle) => {
                self.bundles.push((name, bundle));
                self.attach_bundles(update);
            }
            Err(error) => self.bundle_problem(name, &error),
        }
    }

    fn bundle_problem(&mut self, name: String, error: &BundleError) {
        let reason = ProblemReason::Segmentation(arriving::BUNDLE_BAD.with(self.lang, &[&error.to_string()]));
        self.problems.push(Problem { name, reason });
    }

    /// Puts bundles on the CT that is open, if it is theirs; the others wait, and that is said.
    pub(super) fn attach_bundles(&mut self, update: &mut Update) {
        for (name, bundle) in std::mem::take(&mut self.bundles) {
            let Some(case) = &self.case else {
                self.bundle_waits(name, bundle);
                continue;
            };
            if !case.is_settled() {
                self.bundles.push((name, bundle));
                continue;
            }
            let Some(note) = belongs(case, &bundle.manifest) else {
                self.bundle_waits(name, bundle);
                continue;
            };
            // Whether it can be a document is found out before anything of it is.
            if let Err(error) = bundle.document(*case.volume.grid(), &case.volume) {
                self.bundle_problem(name, &error);
                continue;
            }
            let arrival = self.arrival_of(name, bundle, note);
            self.arrive(arrival, update);
        }
    }

    fn bundle_waits(&mut self, name: String, bundle: Bundle) {
        let slices = bundle.manifest.ct.size[2].to_string();
        self.notice = Some(arriving::BUNDLE_WAITS.with(self.lang, &[&name, &slices]));
        self.bundles.push((name, bundle));
    }

    fn arrival_of(&self, name: String, bundle: Bundle, note: Option<Text>) -> Arrival {
        let grid = self.case.as_ref().map(|c| *c.volume.grid());
        let marks = grid.map(|grid| bundle_marks(&bundle, &grid)).unwrap_or_default();
        let mut said = vec![arriving::BUNDLE_TAKEN.with(self.lang, &[&marks.segments.len().to_string()])];
        if !bundle.manifest.reader.is_empty() {
            said.push(arriving::BUNDLE_BY.with(self.lang, &[&person(&bundle.manifest.reader)]));
        }
        said.extend(note.map(|text| text.in_lang(self.lang).to_owned()));
        let answers = bundle.reading.answers.into_iter();
        Arrival {
            name,
            marks,
            measurements: bundle.reading.measurements,
            answers: answers.filter(|(number, answer)| report::is_known(*number, answer)).collect(),
            authors: bundle.reading.authors,
            said,
        }
    }
}

/// The files of a bundle by their names, wherever in the archive they lie; `None` if it is none.
fn entries(contents: &ArchiveContents) -> Option<Vec<(String, EntryPlace)>> {
    let found = |path: &str| contents.entries.iter().find(|e| e.path == path).map(|e| e.place);
    let manifest = contents.entries.iter().find(|e| e.path == MANIFEST || e.path.ends_with(&format!("/{MANIFEST}")))?;
    let folder = manifest.path.strip_suffix(MANIFEST)?;
    let entry = |name: &str| Some((name.to_owned(), found(&format!("{folder}{name}"))?));
    let entries: Vec<_> = BUNDLE_FILES.into_iter().filter_map(entry).collect();
    // A manifest alone is anybody's.
    (entries.len() > 1).then_some(entries)
}

/// Whether a bundle belongs to a CT, and what the reader should know of that: the grid must be the same, and the images by their UIDs
/// or the voxels by their digest.
#[allow(clippy::option_option, reason = "whether it belongs, and whether there is something to say")]
fn belongs(case: &Case, manifest: &Manifest) -> Option<Option<Text>> {
    let grid = manifest.ct.grid()?;
    if !grid.same_space(case.volume.grid(), SAME_PLACE_MM) {
        return None;
    }
    let named = case.image_names();
    let same_images = named == manifest.ct.images && named.iter().any(|images| !images.is_empty());
    let same_voxels = hex(&content_digest(&case.volume)) == manifest.ct.content_sha256;
    match (same_images, same_voxels) {
        (false, false) => None,
        (true, false) => Some(Some(arriving::BUNDLE_OTHER_VOXELS)),
        (false, true) if case.is_dicom() => Some(Some(arriving::BUNDLE_OTHER_UIDS)),
        (_, true) => Some(None),
    }
}

impl Case {
    /// The names of the images of each slice, as a bundle has them.
    fn image_names(&self) -> Vec<Vec<String>> {
        let name = |k: usize| {
            let instance = |s: crate::import::SliceSource| self.series.instances.get(s.instance)?.of_frame(s.frame);
            let mut sources = self.plan.sources(k);
            sources.dedup();
            sources.into_iter().filter_map(instance).filter_map(|i| bundle::image_name(&i)).collect()
        };
        (0..self.plan.slices.len()).map(name).collect()
    }
}

/// A person name (PS3.5 6.2) as it is read.
fn person(name: &str) -> String {
    name.split(['^', '=']).filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" ")
}
