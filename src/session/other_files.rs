//! Files that are no DICOM: archives, whose entries become files of their own, and volumes of the research formats.

use super::change::Update;
use super::effect::Effect;
use super::state::{Problem, ProblemReason, Purpose, Session};
use crate::import::{ArchiveContents, ArchiveError, MOST_UNPACKED_BYTES, StackPlan, VolumeFile, VolumeFileError};
use crate::jobs::{FileFacts, FileId, Job, JobError, JobFacts, JobId, JobOutput, Payload, Priority};
use std::collections::{BTreeMap, BTreeSet};

/// Stored bytes read by one job where a volume file can be read from anywhere.
const SLAB_BYTES: usize = 8 << 20;
/// Archives inside archives that are opened.
const DEEPEST: usize = 2;

impl Session {
    /// Opens the entries of an archive as files, named below it.
    pub(super) fn archive_found(&mut self, file: FileId, contents: ArchiveContents, update: &mut Update) {
        if self.bundle_found(file, &contents, update) {
            self.scan.bundles += 1;
            return;
        }
        let name = self.names.get(&file).cloned().unwrap_or_default();
        let depth = self.depth(&name);
        if depth >= DEEPEST {
            return self.add_problem(file, ProblemReason::Job(ArchiveError::TooDeep.into()));
        }
        self.archives.insert(name.clone());
        if depth > 0 && self.scan.inner.insert(name.clone()) {
            // Its entries would be unpacked out of what must be unpacked first, each time: it becomes a file in its own right.
            let request = self.start_job(Purpose::InnerArchive(file), Priority::NOW, Job::ReadFile, vec![file]);
            update.effects.push(Effect::RunJob(request));
            self.scan.coming += 1;
            return;
        }
        for (path, error) in contents.refused {
            let name = if path.is_empty() { name.clone() } else { format!("{name}/{path}") };
            self.problems.push(Problem { name, reason: ProblemReason::Job(error.into()) });
        }
        let mut entries = Vec::with_capacity(contents.entries.len());
        for entry in contents.entries {
            let total = self.scan.unpacked_bytes.saturating_add(entry.place.bytes);
            if total > MOST_UNPACKED_BYTES {
                let error = ArchiveError::TooLarge { bytes: total, limit: MOST_UNPACKED_BYTES };
                self.add_problem(file, ProblemReason::Job(error.into()));
                break;
            }
            self.scan.unpacked_bytes = total;
            entries.push((format!("{name}/{}", entry.path), entry.place));
        }
        if !entries.is_empty() {
            self.scan.coming += 1;
            update.effects.push(Effect::OpenEntries { archive: file, entries });
        }
    }

    /// An archive inside another has been unpacked.
    pub(super) fn inner_archive_read(
        &mut self,
        file: FileId,
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        update.changes.facts = true;
        let error = match result.map(|output| output.payloads.into_iter().next()) {
            Ok(Some(Payload::Bytes(bytes))) => {
                let name = self.names.get(&file).cloned().unwrap_or_default();
                return update.effects.push(Effect::OpenMade(vec![(name, bytes)]));
            }
            Ok(_) => JobError::WrongInput,
            Err(error) => error,
        };
        if error != JobError::Cancelled {
            self.add_problem(file, ProblemReason::Job(error));
        }
        self.scan.coming = self.scan.coming.saturating_sub(1);
        self.go_on_reading(update);
    }

    /// Whether these files are entries of an archive on their way back.
    pub(super) fn take_unpacked(&mut self, files: &[FileFacts]) -> bool {
        let unpacked = self.scan.coming > 0 && files.first().is_some_and(|f| self.depth(&f.name) > 0);
        if unpacked {
            self.scan.coming -= 1;
        }
        unpacked
    }

    /// In how many archives a file of this name lies.
    fn depth(&self, name: &str) -> usize {
        let inside = |archive: &&String| name.strip_prefix(archive.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.archives.iter().filter(inside).count()
    }

    /// Volume files of this scan become series, those with their voxels elsewhere once that file is found.
    pub(super) fn take_volume_files(&mut self) {
        let volumes = std::mem::take(&mut self.scan.volumes);
        let by_name: BTreeMap<String, FileId> = self.names.iter().map(|(id, name)| (name.clone(), *id)).collect();
        for (file, header) in volumes {
            let name = self.names.get(&file).cloned().unwrap_or_default();
            if header.labels.is_some() {
                self.scan.label_maps.push((file, header));
                continue;
            }
            let mut data = file;
            if let Some(wanted) = &header.data_file {
                let Some(found) = beside(&name, wanted).iter().find_map(|n| by_name.get_key_value(n)) else {
                    let error = VolumeFileError::NoDataFile { name: wanted.clone() };
                    self.add_problem(file, ProblemReason::Job(error.into()));
                    continue;
                };
                // Read alone it was nothing that is known.
                self.problems.retain(|p| p.name != *found.0);
                data = *found.1;
            }
            let uid = header.stand_in_uid(&name);
            if self.volume_files.contains_key(&uid) {
                self.scan.repeated.push(uid.clone());
            } else {
                let short = name.rsplit('/').next().unwrap_or(&name);
                self.scan.found.push(header.stand_in_instance(&uid, short));
            }
            self.file_of.insert(uid.clone(), file);
            self.volume_files.insert(uid, (header, data));
        }
    }

    /// Asks for the slices of a plan out of a volume file; the number of jobs.
    pub(super) fn read_volume_file(
        &mut self,
        header: &VolumeFile,
        file: FileId,
        plan: &StackPlan,
        update: &mut Update,
    ) -> usize {
        // An entry of an archive cannot be read from anywhere.
        let entry = self.names.get(&file).is_some_and(|name| self.depth(name) > 0);
        let mut slabs = header.slabs(if entry { usize::MAX } else { SLAB_BYTES });
        if header.planes_are_slices() {
            let wanted: BTreeSet<usize> = plan.slices.iter().flatten().map(|s| s.frame).collect();
            slabs.retain(|planes| planes.clone().any(|plane| wanted.contains(&header.slice_of_plane(plane))));
        }
        let count = slabs.len();
        for (n, planes) in slabs.into_iter().enumerate() {
            let job = Job::DecodeVolume { header: Box::new(header.clone()), planes };
            let purpose = Purpose::DecodeVolume { file };
            let request = self.start_job(purpose, Priority(1000 + n as u32), job, vec![file]);
            update.effects.push(Effect::RunJob(request));
        }
        count
    }

    /// A part of a job's result.
    pub(super) fn job_part(&mut self, id: JobId, part: JobOutput, update: &mut Update) {
        let Some(Purpose::DecodeVolume { file }) = self.jobs.get(&id) else { return };
        let (file, Some(case)) = (*file, &mut self.case) else { return };
        let hu = part.payloads.into_iter().find_map(|p| if let Payload::Hu(hu) = p { Some(hu) } else { None });
        let JobFacts::SliceOfVolume { k } = part.facts else { return };
        // Of a part of the volume, slices outside it come along.
        let Some(k) = case.plan.slices.iter().position(|s| s.is_some_and(|s| s.frame == k)) else { return };
        if hu.is_none_or(|hu| case.volume.set_slice(k, hu).is_err()) {
            return self.add_problem(file, ProblemReason::Job(JobError::WrongInput));
        }
        update.changes.slices.push(k);
        update.changes.view = true;
        update.changes.volume_view = true;
        update.changes.facts = true;
        self.volume_revision += 1;
    }

    /// The end of a job whose slices came as parts.
    pub(super) fn volume_read(&mut self, file: FileId, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let Some(case) = &mut self.case else { return };
        case.pending = case.pending.saturating_sub(1);
        let problem = match result {
            Ok(JobOutput { facts: JobFacts::VolumeRead(report), .. }) => {
                case.values.get_or_insert_default().merge(&report);
                None
            }
            Ok(_) => Some(JobError::WrongInput),
            Err(JobError::Cancelled) => None,
            Err(error) => Some(error),
        };
        if let (true, Some(values)) = (case.is_settled(), case.values) {
            case.plan.findings.extend(values.findings());
        }
        self.settle(update);
        if let Some(error) = problem {
            self.add_problem(file, ProblemReason::Job(error));
        }
    }
}

/// Where a file that a header names may be: at its path from the header's folder, or in that folder.
fn beside(header: &str, wanted: &str) -> [String; 2] {
    let folder = header.rfind('/').map_or("", |at| &header[..=at]);
    let path = wanted.replace('\\', "/");
    let path = path.trim_start_matches("./");
    [format!("{folder}{path}"), format!("{folder}{}", path.rsplit('/').next().unwrap_or(path))]
}
