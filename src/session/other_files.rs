//! Files that are no DICOM: archives, whose entries become files of their own, and volumes of the research formats.

use super::change::Update;
use super::command::Effect;
use super::state::{Problem, ProblemReason, Purpose, Session};
use crate::import::{ArchiveContents, ArchiveError, MOST_UNPACKED_BYTES, VolumeFile, VolumeFileError};
use crate::jobs::{FileFacts, FileId, Job, JobError, JobFacts, JobId, JobOutput, Payload, Priority};
use std::collections::BTreeMap;

/// Bytes unpacked by one job (or one entry, where it is larger): what passes through the page's memory at a time.
const BATCH_BYTES: u64 = 16 << 20;
/// Batches unpacked at the same time.
const BATCHES_AT_ONCE: usize = 2;
/// Stored bytes read by one job where a volume file can be read from anywhere.
const SLAB_BYTES: usize = 8 << 20;
/// Archives inside archives that are opened.
const DEEPEST: usize = 2;

impl Session {
    /// Plans the unpacking of an archive.
    pub(super) fn archive_found(&mut self, file: FileId, contents: ArchiveContents, update: &mut Update) {
        let name = self.names.get(&file).cloned().unwrap_or_default();
        if self.depth(&name) >= DEEPEST {
            return self.add_problem(file, ProblemReason::Job(ArchiveError::TooDeep.into()));
        }
        for (path, error) in contents.refused {
            self.add_entry_problem(file, &path, error);
        }
        self.archives.insert(name);
        let mut batch = Vec::new();
        let mut batch_bytes = 0;
        for entry in contents.entries {
            let total = self.scan.unpacked_bytes.saturating_add(entry.bytes);
            if total > MOST_UNPACKED_BYTES {
                let error = ArchiveError::TooLarge { bytes: total, limit: MOST_UNPACKED_BYTES };
                self.add_problem(file, ProblemReason::Job(error.into()));
                break;
            }
            self.scan.unpacked_bytes = total;
            if batch_bytes + entry.bytes > BATCH_BYTES && !batch.is_empty() {
                self.scan.to_unpack.push_back((file, std::mem::take(&mut batch)));
                self.scan.coming += 1;
                batch_bytes = 0;
            }
            batch.push(entry.index);
            batch_bytes += entry.bytes;
        }
        if !batch.is_empty() {
            self.scan.to_unpack.push_back((file, batch));
            self.scan.coming += 1;
        }
        self.unpack_more(update);
    }

    fn unpack_more(&mut self, update: &mut Update) {
        let running = self.jobs.values().filter(|p| matches!(p, Purpose::Unpack { .. })).count();
        for _ in running..BATCHES_AT_ONCE {
            let Some((archive, entries)) = self.scan.to_unpack.pop_front() else { return };
            let job = Job::Unpack { entries };
            let request = self.start_job(Purpose::Unpack { archive }, Priority::NOW, job, vec![archive]);
            update.effects.push(Effect::RunJob(request));
        }
    }

    /// A batch of entries: each becomes a file, named below its archive.
    pub(super) fn unpacked(&mut self, archive: FileId, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let name = self.names.get(&archive).cloned().unwrap_or_default();
        let mut made = Vec::new();
        match result {
            Ok(JobOutput { facts: JobFacts::Unpacked(entries), payloads }) => {
                let mut payloads = payloads.into_iter();
                for (path, refused) in entries {
                    match (refused, path) {
                        (Some(error), path) => self.add_entry_problem(archive, &path, error),
                        (None, path) => {
                            if let Some(Payload::Bytes(bytes)) = payloads.next() {
                                made.push((format!("{name}/{path}"), bytes));
                            }
                        }
                    }
                }
            }
            Ok(_) => self.add_problem(archive, ProblemReason::Job(JobError::WrongInput)),
            Err(JobError::Cancelled) => {}
            Err(error) => self.add_problem(archive, ProblemReason::Job(error)),
        }
        self.unpack_more(update);
        if made.is_empty() {
            self.scan.coming = self.scan.coming.saturating_sub(1);
            self.go_on_reading(update);
        } else {
            update.effects.push(Effect::OpenMade(made));
        }
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

    fn add_entry_problem(&mut self, archive: FileId, path: &str, error: ArchiveError) {
        let archive = self.names.get(&archive).map_or("", String::as_str);
        let name = if path.is_empty() { archive.to_owned() } else { format!("{archive}/{path}") };
        self.problems.push(Problem { name, reason: ProblemReason::Job(error.into()) });
    }

    /// Volume files of this scan become series, those with their voxels elsewhere once that file is found.
    pub(super) fn take_volume_files(&mut self) {
        let volumes = std::mem::take(&mut self.scan.volumes);
        let by_name: BTreeMap<String, FileId> = self.names.iter().map(|(id, name)| (name.clone(), *id)).collect();
        for (file, header) in volumes {
            let name = self.names.get(&file).cloned().unwrap_or_default();
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
                self.scan.repeated += 1;
                continue;
            }
            let short = name.rsplit('/').next().unwrap_or(&name);
            self.scan.found.push(header.stand_in_instance(&uid, short));
            self.file_of.insert(uid.clone(), file);
            self.volume_files.insert(uid, (header, data));
        }
    }

    /// Asks for all slices of a volume file; the number of jobs.
    pub(super) fn read_volume_file(&mut self, header: &VolumeFile, file: FileId, update: &mut Update) -> usize {
        let slabs = header.slabs(SLAB_BYTES);
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
