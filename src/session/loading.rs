//! Files → headers → series → slices.

use super::change::Update;
use super::effect::Effect;
use super::fetching::{slices_of, wanted};
use super::scan::Scan;
use super::state::{Case, MarkKey, Problem, ProblemReason, Purpose, Session, Shelved};
use super::windowing::own_windows;
use super::words;
use crate::annotation::{Document, History};
use crate::dicom::{Instance, Series, SeriesKind, group_into_series};
use crate::geometry::{AnatomicalPlane, Grid};
use crate::import::{Assembly, ImportError, Reduction, SliceSource, StackPlan, ValueReport, plan_stack, stacks};
use crate::jobs::{Along, FileFacts, FileId, Found, Job, JobError, JobFacts, JobId, JobOutput, Payload, Priority};
use crate::view::{Camera, PaneState};
use crate::volume::CtVolume;
use std::collections::{BTreeMap, BTreeSet};

/// Headers read by one job: enough to keep messages few, few enough to share among workers.
const FILES_PER_SCAN: usize = 8;
/// Files of no more bytes together are read once, pixels and all; of more, headers come first and slices from coarse to fine.
const READ_ONCE: u64 = 256 << 20;

impl Session {
    pub(super) fn open_files(&mut self, files: Vec<FileFacts>, update: &mut Update) {
        let unpacked = self.take_unpacked(&files);
        if unpacked && self.scan.stopped {
            return self.go_on_reading(update);
        }
        if files.is_empty() {
            return;
        }
        if !unpacked {
            if !self.scan.goes_on() {
                self.scan = Scan::default();
            }
            self.notice = None;
            update.effects.push(Effect::Mark("hilum:files"));
        }
        self.scan.total += files.len();
        update.changes.facts = true;
        let bytes = files.iter().map(|f| f.size).sum::<u64>().max(self.scan.unpacked_bytes);
        let along = if bytes <= READ_ONCE { Along::Uncompressed } else { Along::Nothing };
        let mut ids: Vec<FileId> = files.iter().map(|f| f.id).collect();
        self.names.extend(files.into_iter().map(|f| (f.id, f.name)));
        // One from the middle goes ahead, to have something to look at.
        if self.case.is_none() && self.scan.done == 0 && self.scan.total == ids.len() {
            let first = ids.remove(ids.len() / 2);
            (self.scan.rest, self.scan.along) = (ids, Some(along));
            self.scan_files(&[first], Along::Everything, update);
        } else {
            self.scan_files(&ids, along, update);
        }
    }

    /// Reads the files that waited for the first one.
    pub(super) fn read_on(&mut self, update: &mut Update) {
        let (rest, along) = (std::mem::take(&mut self.scan.rest), self.scan.along.unwrap_or(Along::Nothing));
        self.scan_files(&rest, along, update);
    }

    fn scan_files(&mut self, files: &[FileId], along: Along, update: &mut Update) {
        for chunk in files.chunks(FILES_PER_SCAN).map(<[_]>::to_vec) {
            let request = self.start_job(Purpose::Scan(chunk.clone()), Priority::NOW, Job::Scan { along }, chunk);
            update.effects.push(Effect::RunJob(request));
        }
    }

    pub(super) fn open_demonstration(&mut self, update: &mut Update) {
        let request = self.start_job(Purpose::Demonstration, Priority::NOW, Job::Demonstration, Vec::new());
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    /// Stops reading and decoding. While headers are read nothing is opened; later, slices that arrived stay, and what is missing
    /// looks missing.
    pub(super) fn cancel_loading(&mut self, update: &mut Update) {
        self.scan.stopped = self.scan.goes_on();
        self.scan.done += std::mem::take(&mut self.scan.rest).len();
        if self.scan.stopped && !self.scan.goes_on() {
            self.catalogue(update);
        }
        let loading: Vec<JobId> =
            self.jobs.iter().filter(|(_, p)| !matches!(p, Purpose::Proposal(..))).map(|(id, _)| *id).collect();
        update.effects.extend(loading.into_iter().map(Effect::CancelJob));
    }

    #[inline(never)]
    pub(super) fn scanned(&mut self, files: &[FileId], result: Result<JobOutput, JobError>, update: &mut Update) {
        self.scan.done += files.len();
        update.changes.facts = true;
        let headers = match result {
            Ok(JobOutput { facts: JobFacts::Headers { headers, decoded }, payloads }) => {
                let slices = payloads.into_iter().filter_map(|p| if let Payload::Hu(hu) = p { Some(hu) } else { None });
                let files = decoded.into_iter().filter_map(|n| files.get(n).copied());
                self.scan.early.extend(files.zip(slices));
                headers
            }
            Ok(_) => vec![Err(JobError::WrongInput); files.len()],
            Err(JobError::Cancelled) => Vec::new(),
            Err(error) => vec![Err(error); files.len()],
        };
        for (file, header) in files.iter().zip(headers) {
            match header {
                Ok(Found::Archive(contents)) => self.archive_found(*file, contents, update),
                Ok(Found::Volume(header)) => self.scan.volumes.push((*file, *header)),
                Ok(Found::Instance(instance)) if self.file_of.contains_key(&instance.sop_instance_uid) => {
                    // A segmentation read again is put on again; any other instance is there already, but its file may have
                    // been cut, or gone since.
                    if is_segmentation(&instance) {
                        self.file_of.insert(instance.sop_instance_uid.clone(), *file);
                        self.scan.found.push(*instance);
                    } else if !self.took_again(&instance, *file) {
                        self.add_problem(*file, ProblemReason::Text(words::OTHER_CONTENT));
                    }
                }
                Ok(Found::Instance(instance)) => {
                    self.file_of.insert(instance.sop_instance_uid.clone(), *file);
                    self.preview(&instance, *file, update);
                    self.scan.found.push(*instance);
                }
                Ok(Found::Directory(listed)) => self.scan.directories.push((*file, listed)),
                Err(error) => self.add_problem(*file, ProblemReason::Job(error)),
            }
        }
        self.go_on_reading(update);
    }

    /// Takes a file for the one of an instance that was found before, if it holds the same image; whether it does.
    fn took_again(&mut self, instance: &Instance, file: FileId) -> bool {
        let uid = &instance.sop_instance_uid;
        let unread = self.case.as_ref().is_some_and(|case| case.lacks(std::slice::from_ref(uid)));
        let mut all = self.series.iter_mut().flat_map(|s| &mut s.instances).chain(&mut self.scan.found);
        let known = all.find(|i| i.sop_instance_uid == *uid);
        let Some(known) = known.filter(|i| i.is_same_image(instance)) else { return false };
        if unread {
            takes_file_of(known, instance);
            self.file_of.insert(uid.clone(), file);
        } else if known.pixels.as_ref().is_none_or(|p| p.frames == 1) {
            // Either may be cut, or gone by then; a server may have compressed one. What was read is not given up for that. Frames
            // of one file are read by several jobs: they have one file.
            self.spares.insert(uid.clone(), (file, instance.clone()));
        }
        self.scan.repeated.push(uid.clone());
        true
    }

    /// Goes on to the series when no more headers are to come, and else to the files that waited.
    pub(super) fn go_on_reading(&mut self, update: &mut Update) {
        if self.scan.goes_on() {
            if !self.scan.rest.is_empty() {
                match &self.case {
                    Some(case) if case.is_preview => update.effects.push(Effect::AwaitImage),
                    _ => self.read_on(update),
                }
            }
        } else if self.scan.total > 0 {
            self.catalogue(update);
        }
    }

    /// Shows the first slice that has arrived while headers are read.
    fn preview(&mut self, instance: &Instance, file: FileId, update: &mut Update) {
        if self.case.is_some() || !instance.is_ct_slice() {
            return;
        }
        let Some(hu) = self.scan.early.get(&file).cloned() else { return };
        let Some(series) = group_into_series(vec![instance.clone()]).pop() else { return };
        let Ok(plan) = plan_stack(&series) else { return };
        let (Some(mut volume), Some(document)) = (CtVolume::empty(plan.grid), Document::empty(plan.grid)) else {
            return;
        };
        if volume.set_slice(0, hu).is_err() {
            return;
        }
        // What is odd about one slice says nothing of the CT.
        let plan = StackPlan { findings: Vec::new(), ..plan };
        self.look_at(&series, &plan.grid);
        self.case = Some(Case {
            series,
            stack: 0,
            reduction: None,
            plan,
            volume,
            document,
            history: History::default(),
            active: None,
            pending: 0,
            assembly: Assembly::default(),
            is_preview: true,
            reading_id: String::new(),
            marked_in: BTreeMap::new(),
            values: None,
        });
        self.begin_views(update);
    }

    /// All headers are read: groups them and opens what the reader most likely wants.
    #[inline(never)]
    fn catalogue(&mut self, update: &mut Update) {
        if self.case.as_ref().is_some_and(|c| c.is_preview) {
            self.case = None;
            update.changes.volume = true;
        }
        if self.scan.stopped {
            for instance in std::mem::take(&mut self.scan.found) {
                self.file_of.remove(&instance.sop_instance_uid);
            }
            self.scan = Scan::default();
            self.notice = Some(words::STOPPED.in_lang(self.lang).to_owned());
            return;
        }
        self.take_volume_files();
        if !self.scan.repeated.is_empty() {
            let count = self.scan.repeated.len().to_string();
            self.notice = Some(words::REPEATED_FILES.with(self.lang, &[&count]));
        }
        let found = std::mem::take(&mut self.scan.found);
        let new: BTreeSet<String> = found.iter().map(|i| i.sop_instance_uid.clone()).collect();
        let segmentations: Vec<FileId> = found
            .iter()
            .filter(|i| is_segmentation(i))
            .filter_map(|i| self.file_of.get(&i.sop_instance_uid).copied())
            .collect();
        let directories = std::mem::take(&mut self.scan.directories);
        let is_of_medium = !directories.is_empty();
        for (file, listed) in directories {
            self.take_directory(file, listed);
        }
        let known = std::mem::take(&mut self.series).into_iter().flat_map(|s| s.instances);
        self.series = group_into_series(known.chain(found).collect());
        let volumes = self.series.iter().filter(|s| s.kind == SeriesKind::CtVolume);
        self.stacks = volumes.map(|s| (s.uid.clone(), stacks(s))).collect();
        let open = self.case.as_ref().map(|c| c.series.uid.clone());
        let largest = self
            .series
            .iter()
            .filter(|s| s.kind == SeriesKind::CtVolume && s.instances.iter().any(|i| new.contains(&i.sop_instance_uid)))
            .max_by_key(|s| self.stacks.get(&s.uid).and_then(|all| all.first()).map_or(0, |stack| stack.sources.len()))
            .map(|s| s.uid.clone());
        match largest {
            // More slices of the CT on screen arrived: it is opened anew, marks and all.
            Some(uid) => self.open_series(&uid, open.as_ref() == Some(&uid), update),
            None if open.is_none() && segmentations.is_empty() && self.scan.repeated.len() + self.scan.bundles == 0 => {
                self.scan.found_nothing = true;
                let why = if is_of_medium { words::DIRECTORY_ALONE } else { words::NOTHING_TO_SHOW };
                self.notice = Some(why.in_lang(self.lang).to_owned());
            }
            // Files that could not be read may have come again.
            None => {
                let unread = self.case.as_ref().filter(|c| c.is_settled() && c.lacks(&self.scan.repeated));
                if let Some((uid, stack, reduction)) = unread.map(|c| (c.series.uid.clone(), c.stack, c.reduction)) {
                    self.open_part(&uid, stack, reduction, update);
                }
            }
        }
        self.scan.early.clear();
        let label_maps = std::mem::take(&mut self.scan.label_maps);
        self.read_label_maps(label_maps, update);
        self.read_segmentations(segmentations, update);
    }

    /// Shows a series: the stack that was on screen, or the largest.
    pub(super) fn open_series(&mut self, uid: &str, again: bool, update: &mut Update) {
        let shown = self.case.as_ref().filter(|c| c.series.uid == uid).and_then(Case::mark_key);
        let stack = shown.and_then(|key| self.stack_of(&key)).unwrap_or(0);
        self.open_stack(uid, stack, again, update);
    }

    /// The place, among the stacks of its series, of the stack that holds a slice.
    fn stack_of(&self, (uid, sop_instance_uid, frame, _): &MarkKey) -> Option<usize> {
        let series = self.series.iter().find(|s| s.uid == *uid)?;
        let instance = series.instances.iter().position(|i| i.sop_instance_uid == *sop_instance_uid)?;
        let source = SliceSource { instance, frame: *frame };
        self.stacks.get(uid)?.iter().position(|stack| stack.sources.contains(&source))
    }

    /// Shows a stack of a series. What was marked on the one shown before is kept and comes back with it.
    pub(super) fn open_stack(&mut self, uid: &str, stack: usize, again: bool, update: &mut Update) {
        let is_shown = |c: &Case| c.series.uid == uid && c.stack == stack && c.reduction.is_none();
        if !again && self.case.as_ref().is_some_and(is_shown) {
            return;
        }
        self.open_part(uid, stack, None, update);
    }

    /// Shows a stack, or some of its slices; offers that where the whole cannot be held.
    pub(super) fn open_part(&mut self, uid: &str, stack: usize, reduction: Option<Reduction>, update: &mut Update) {
        let Some(series) = self.series.iter().find(|s| s.uid == uid).cloned() else { return };
        let name = series.instances.first().map_or_else(String::new, |i| i.series.description.clone());
        let from_file = self.volume_files.get(uid).cloned();
        let chosen = self.stacks.get(uid).and_then(|all| all.get(stack)).ok_or(ImportError::NoSlices);
        let of_stack = || chosen.and_then(|chosen| chosen.plan(&series));
        let plan = match from_file.as_ref().map_or_else(of_stack, |(header, _)| Ok(header.plan())) {
            Ok(plan) => plan,
            Err(error) => {
                self.problems.push(Problem { name, reason: ProblemReason::Import(error) });
                update.changes.facts = true;
                return;
            }
        };
        let mut plan = reduction.and_then(|r| plan.reduced(r)).unwrap_or(plan);
        plan.findings.extend(self.part_of_series(&series));
        if let Some(offer) = self.capacity().offer(&plan.grid) {
            return self.offer_part(uid, stack, name, offer, update);
        }
        let out_of_memory = |session: &mut Self, name| {
            let error = JobError::Analysis("not enough memory for this CT".to_owned());
            session.problems.push(Problem { name, reason: ProblemReason::Job(error) });
        };
        let Some(mut volume) = CtVolume::empty(plan.grid) else { return out_of_memory(self, name) };
        self.shelve(update);
        let belongs = |key: &MarkKey, marks: &Shelved| {
            key.0 == uid
                && key.3 == reduction
                && self.stack_of(key) == Some(stack)
                && marks.document.grid().same_space(&plan.grid, 0.01)
        };
        let key = self.shelved.iter().find(|(key, marks)| belongs(key, marks)).map(|(key, _)| key.clone());
        let kept = key.and_then(|key| self.shelved.remove(&key));
        let fresh = || {
            let reading_id = format!("{uid} {}{}", self.now, self.page);
            let (history, marked_in) = Default::default();
            Some(Shelved { document: Document::empty(plan.grid)?, history, active: None, marked_in, reading_id })
        };
        let Some(marks) = kept.or_else(fresh) else { return out_of_memory(self, name) };
        let Shelved { document, history, active, marked_in, reading_id } = marks;
        let mut assembly = Assembly::default();
        let mut pending = 0;
        if let Some((header, file)) = &from_file {
            pending = self.read_volume_file(header, *file, &plan, update);
        }
        let images = if from_file.is_none() { wanted(&plan) } else { Vec::new() };
        let mut asked = Vec::new();
        for source in images {
            let Some(instance) = series.instances.get(source.instance) else { continue };
            let Some(file) = self.file_of.get(&instance.sop_instance_uid).copied() else { continue };
            let single = instance.pixels.as_ref().is_none_or(|p| p.frames <= 1);
            if let (true, Some(hu)) = (single, self.scan.early.remove(&file)) {
                for (k, hu) in assembly.arrive(&plan, source, hu) {
                    if volume.set_slice(k, hu).is_err() {
                        self.add_problem(file, ProblemReason::Job(JobError::WrongInput));
                    }
                }
            } else {
                asked.push(source);
            }
        }
        pending += self.fetch_images(&series, asked, false, update);
        self.look_at(&series, &plan.grid);
        let values = from_file.map(|_| ValueReport::default());
        let is_preview = false;
        self.case = Some(Case {
            series,
            stack,
            reduction,
            plan,
            volume,
            document,
            history,
            active,
            pending,
            assembly,
            is_preview,
            reading_id,
            marked_in,
            values,
        });
        self.begin_views(update);
        self.settle(update);
        self.end_preflight(update);
    }

    /// The window of the series, and the crosshair in the middle of its grid.
    fn look_at(&mut self, series: &Series, grid: &Grid) {
        self.own_windows = own_windows(series);
        self.cine.playing = None;
        self.crosshair = grid.centre();
        if let Some(v) = grid.voxel_at(self.crosshair) {
            self.crosshair = grid.patient_from_voxel(v.centre());
        }
        self.panes = AnatomicalPlane::ALL.map(|plane| PaneState::new(plane, self.crosshair));
    }

    fn begin_views(&mut self, update: &mut Update) {
        self.fit_views();
        update.changes.volume = true;
        update.changes.view = true;
        update.changes.volume_view = true;
        update.changes.facts = true;
    }

    /// Once the last slice has arrived.
    pub(super) fn settle(&mut self, update: &mut Update) {
        if let Some(case) = self.case.as_mut().filter(|c| c.is_settled()) {
            case.plan.set_missing(|k| !case.volume.is_loaded(k));
            case.document.recount_all(&case.volume);
            update.effects.push(Effect::Mark("hilum:volume"));
            self.identify(update);
            self.renew_histogram();
            self.attach_bundles(update);
        }
    }

    /// Puts the open CT aside, keeping its marks; its slices are read again when it comes back.
    pub(super) fn shelve(&mut self, update: &mut Update) {
        self.abort_gesture(update);
        self.stop_turntable(update);
        self.end_beside(update);
        self.accept_region(update);
        self.keep_aside(update);
        self.exported.clear();
        self.arrivals.clear();
        (self.prior, self.agreement) = (None, None);
        self.give_up(Purpose::is_of_case, update);
        if let Some(case) = self.case.take() {
            let key = case.mark_key().filter(|_| !case.is_untouched());
            let Case { document, history, active, marked_in, reading_id, .. } = case;
            if let Some(key) = key {
                self.shelved.insert(key, Shelved { document, history, active, marked_in, reading_id });
            }
        }
    }

    /// Cancels jobs; what they still answer counts no more.
    pub(super) fn give_up(&mut self, which: impl Fn(&Purpose) -> bool, update: &mut Update) {
        let given_up: Vec<JobId> = self.jobs.iter().filter(|(_, p)| which(p)).map(|(id, _)| *id).collect();
        for id in given_up {
            self.jobs.remove(&id);
            self.running.remove(&id);
            update.effects.push(Effect::CancelJob(id));
        }
    }

    /// Fits all panes to the grid again and looks at it from the front.
    pub(super) fn fit_views(&mut self) {
        self.clear_clip();
        let Some(case) = &self.case else { return };
        let grid = case.volume.grid();
        for (pane, size) in self.panes.iter_mut().zip(&self.sizes) {
            pane.fit(grid, [size.width, size.height]);
        }
        self.camera = Camera::fit(grid);
        self.volume_revision += 1;
    }

    #[inline(never)]
    pub(super) fn decoded(
        &mut self,
        sources: &[SliceSource],
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        let Some(case) = &mut self.case else { return };
        case.pending = case.pending.saturating_sub(sources.len());
        update.changes.facts = true;
        let (mut problem, mut again) = (None, Vec::new());
        for (source, hu) in sources.iter().zip(slices_of(sources.len(), case.volume.grid(), result)) {
            let hu = match hu {
                Ok(hu) => hu,
                Err(error)
                    if error != JobError::Cancelled
                        && takes_spare(
                            &mut case.series,
                            *source,
                            &mut self.series,
                            &mut self.spares,
                            &mut self.file_of,
                        ) =>
                {
                    again.push(*source);
                    continue;
                }
                Err(error) => {
                    // One sentence for all frames of a file.
                    problem = problem.or(Some((*source, error)));
                    continue;
                }
            };
            for (k, hu) in case.assembly.arrive(&case.plan, *source, hu) {
                if case.volume.set_slice(k, hu).is_ok() {
                    update.changes.slices.push(k);
                    update.changes.view = true;
                    update.changes.volume_view = true;
                    self.volume_revision += 1;
                }
            }
        }
        let file = problem.and_then(|(source, error)| {
            let instance = case.series.instances.get(source.instance)?;
            Some((*self.file_of.get(&instance.sop_instance_uid)?, error))
        });
        if !again.is_empty() {
            let series = case.series.clone();
            let pending = self.fetch_images(&series, again, false, update);
            self.case.iter_mut().for_each(|case| case.pending += pending);
        }
        self.settle(update);
        if let Some((file, error)) = file.filter(|(_, error)| *error != JobError::Cancelled) {
            self.add_problem(file, ProblemReason::Job(error));
        }
    }

    pub(super) fn made(&mut self, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        match result {
            Ok(JobOutput { facts: JobFacts::Files(names), payloads }) => {
                let bytes = payloads.into_iter().filter_map(|p| if let Payload::Bytes(b) = p { Some(b) } else { None });
                update.effects.push(Effect::OpenMade(names.into_iter().zip(bytes).collect()));
            }
            Ok(_) | Err(JobError::Cancelled) => {}
            Err(error) => {
                let name = words::OPEN_DEMO.in_lang(self.lang).to_owned();
                self.problems.push(Problem { name, reason: ProblemReason::Job(error) });
            }
        }
    }

    pub(super) fn add_problem(&mut self, file: FileId, reason: ProblemReason) {
        let name = self.names.get(&file).cloned().unwrap_or_default();
        self.problems.push(Problem { name, reason });
    }
}

impl Purpose {
    /// Whether its answer is of the open CT alone.
    fn is_of_case(&self) -> bool {
        let counts = matches!(self, Self::Proposal(..) | Self::Change | Self::Compare(..));
        counts || matches!(self, Self::Decode { .. } | Self::DecodeVolume { .. })
    }
}

/// What another file of an instance says of how its pixels are stored there.
fn takes_file_of(known: &mut Instance, other: &Instance) {
    known.transfer_syntax_uid.clone_from(&other.transfer_syntax_uid);
    known.lossy.clone_from(&other.lossy);
}

/// Goes on to the other file of an image that could not be read, if there is one.
pub(super) fn takes_spare(
    shown: &mut Series,
    source: SliceSource,
    series: &mut [Series],
    spares: &mut BTreeMap<String, (FileId, Instance)>,
    file_of: &mut BTreeMap<String, FileId>,
) -> bool {
    let Some(known) = shown.instances.get_mut(source.instance) else { return false };
    let Some((file, other)) = spares.remove(&known.sop_instance_uid) else { return false };
    takes_file_of(known, &other);
    let listed = series.iter_mut().flat_map(|s| &mut s.instances);
    listed.filter(|i| i.sop_instance_uid == known.sop_instance_uid).for_each(|i| takes_file_of(i, &other));
    file_of.insert(known.sop_instance_uid.clone(), file);
    true
}

fn is_segmentation(instance: &Instance) -> bool {
    let alone = Series { uid: String::new(), kind: SeriesKind::NotAnImage, instances: vec![instance.clone()] };
    let holds_marks = |kind| matches!(kind, SeriesKind::Segmentation | SeriesKind::StructureSet);
    group_into_series(alone.instances).first().is_some_and(|s| holds_marks(s.kind))
}

#[cfg(test)]
mod tests {
    use super::super::words::Lang;
    use super::*;

    #[test]
    fn a_dicomdir_is_no_error() {
        let mut session = Session::new(Lang::En, String::new());
        session.scan.total = 1;
        let facts = JobFacts::Headers { headers: vec![Ok(Found::Directory(Vec::new()))], decoded: Vec::new() };
        session.scanned(&[FileId(1)], Ok(JobOutput { facts, payloads: Vec::new() }), &mut Update::default());
        assert!(session.problems.is_empty());
        assert_eq!(session.notice.as_deref(), Some(words::DIRECTORY_ALONE.en));
    }
}
