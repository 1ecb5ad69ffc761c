//! Files saved on this computer beside the DICOM objects: tables of numbers, label maps.

use super::change::Update;
use super::effect::Effect;
use super::explain;
use super::region_voxels::VoxelNeeds;
use super::state::{Purpose, Session};
use super::words::{self, Text};
use crate::annotation::Layer;
use crate::export::table;
use crate::jobs::{Job, JobError, JobFacts, JobOutput, Payload, Priority};

impl Session {
    pub(super) fn save_table(&mut self, json: bool, now: &str, update: &mut Update) {
        let Some(case) = &self.case else { return };
        if !case.is_settled() {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        let rows =
            table::rows(&case.document, &self.doubted_quantities(), &self.measured, &case.export_context(now, ""));
        let (written, file_name, content_type) = if json {
            (table::json(&rows), "hilum-numbers.json", "application/json")
        } else {
            (table::csv(&rows), "hilum-numbers.csv", "text/csv")
        };
        match written {
            Ok(bytes) => {
                let file_name = file_name.to_owned();
                update.effects.push(Effect::Download { file_name, content_type, bytes });
            }
            Err(error) => self.notice = Some(error.to_string()),
        }
        update.changes.facts = true;
    }

    /// One file for each layer that holds something: a voxel may carry anatomy and a finding.
    pub(super) fn save_label_maps(&mut self, update: &mut Update) {
        let Some(case) = &self.case else { return };
        if !case.is_settled() {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        let grid = *case.volume.grid();
        let held: Vec<Layer> = Layer::ALL.into_iter().filter(|l| !case.document.layer(*l).is_empty()).collect();
        if held.is_empty() {
            self.notice = Some(words::NOTHING_TO_EXPORT.in_lang(self.lang).to_owned());
        }
        for layer in held {
            let name = match layer {
                Layer::Anatomy => "hilum-anatomy.nii.gz",
                Layer::Findings => "hilum-findings.nii.gz",
            };
            let job = Job::WriteNifti { grid, name: name.to_owned() };
            let mut request = self.start_job(Purpose::Save(words::EXPORT_NIFTI), Priority::NOW, job, Vec::new());
            request.voxels = VoxelNeeds::Labels(layer);
            update.effects.push(Effect::RunJob(request));
        }
        update.changes.facts = true;
    }

    /// What a worker wrote is offered for saving.
    pub(super) fn file_written(&mut self, title: Text, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let error = match result {
            Ok(JobOutput { facts: JobFacts::Files(names), payloads }) => {
                for (file_name, payload) in names.into_iter().zip(payloads) {
                    if let Payload::Bytes(bytes) = payload {
                        let zipped = file_name.ends_with(".zip");
                        let content_type = if zipped { "application/zip" } else { "application/gzip" };
                        update.effects.push(Effect::Download { file_name, content_type, bytes });
                    }
                }
                return;
            }
            Ok(_) => JobError::WrongInput,
            Err(JobError::Cancelled) => return,
            Err(error) => error,
        };
        let why = explain::job_error(&error, self.lang);
        self.notice = Some(words::JOB_FAILED.with(self.lang, &[title.in_lang(self.lang), &why]));
    }
}
