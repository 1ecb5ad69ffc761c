//! Proposals of algorithms: one job, one undoable transaction of editable segments.

use super::change::Update;
use super::command::Effect;
use super::explain;
use super::marking::Signature;
use super::state::{Case, Purpose, Session};
use super::words::{self, Text};
use crate::analysis::{Proposal, Structure};
use crate::annotation::{Edit, Layer, Origin, SegmentMeaning, Transaction};
use crate::geometry::Grid;
use crate::jobs::{FileFacts, Job, JobError, JobFacts, JobOutput, Payload, Priority};

impl Session {
    pub(super) fn propose(&mut self, title: Text, job: impl FnOnce(Grid) -> Job, update: &mut Update) {
        let Some(case) = &self.case else { return };
        if !case.is_settled() {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        if self.running.values().any(|r| r.title == title) {
            return;
        }
        let job = job(*case.volume.grid());
        if matches!(job, Job::ProposeLesions { .. }) && !case.has_lungs() {
            return self.say(words::NO_LUNGS, update);
        }
        self.notice = None;
        let request = self.start_job(Purpose::Proposal(title), Priority::NOW, job, Vec::new());
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    /// Runs a model of the reader's over the CT.
    pub(super) fn run_model(&mut self, files: &[FileFacts], update: &mut Update) {
        let (Some(case), Some(file)) = (&self.case, files.first()) else { return };
        if !case.is_settled() {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        if self.running.values().any(|r| r.title == words::RUN_MODEL) {
            return;
        }
        self.notice = None;
        let job = Job::RunModel { grid: *case.volume.grid(), known: model_names() };
        let request = self.start_job(Purpose::Proposal(words::RUN_MODEL), Priority::NOW, job, vec![file.id]);
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    /// Stops what a proposal is being made of.
    pub(super) fn stop_proposals(&mut self, update: &mut Update) {
        let running = self.jobs.iter().filter(|(_, p)| matches!(p, Purpose::Proposal(_)));
        update.effects.extend(running.map(|(id, _)| Effect::CancelJob(*id)));
    }

    pub(super) fn proposed(&mut self, title: Text, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let lang = self.lang;
        let (proposal, labels) = match result {
            Ok(JobOutput { facts: JobFacts::Proposal(proposal), payloads }) => match payloads.into_iter().next() {
                Some(Payload::Bytes(labels)) => (proposal, labels),
                _ => return self.proposal_failed(title, &JobError::WrongInput),
            },
            Ok(_) => return self.proposal_failed(title, &JobError::WrongInput),
            Err(JobError::Cancelled) => return,
            Err(error) => return self.proposal_failed(title, &error),
        };
        self.accept_region(update);
        let signature = self.signature();
        let Some(case) = &mut self.case else { return };
        if labels.len() != case.document.grid().voxel_count() {
            return self.proposal_failed(title, &JobError::WrongInput);
        }
        let edits = case.accept(&proposal, &labels, &signature, |m| explain::meaning(m).in_lang(lang).to_owned());
        for edit in &edits {
            if let Edit::Voxels { delta, .. } = edit
                && let Some(bounds) = delta.bounds()
            {
                update.changes.add_labels(bounds);
            }
        }
        case.history.commit(Transaction { name: "propose", edits });
        self.volume_revision += 1;
        self.notice = explain::flags(&proposal.flags, lang);
    }

    fn proposal_failed(&mut self, title: Text, error: &JobError) {
        let why = explain::job_error(error, self.lang);
        self.notice = Some(words::JOB_FAILED.with(self.lang, &[title.in_lang(self.lang), &why]));
    }
}

fn meaning_of(structure: Structure) -> SegmentMeaning {
    match structure {
        Structure::RightLung => SegmentMeaning::RightLung,
        Structure::LeftLung => SegmentMeaning::LeftLung,
        Structure::Airways => SegmentMeaning::Airways,
        Structure::Lesion => SegmentMeaning::Lesion,
        Structure::GroundGlass => SegmentMeaning::GroundGlass,
        Structure::Consolidation => SegmentMeaning::Consolidation,
        Structure::Named(place) => {
            SegmentMeaning::ALL.get(usize::from(place)).copied().unwrap_or(SegmentMeaning::Lesion)
        }
    }
}

/// Names that the classes of a model may have, in the order of [`SegmentMeaning::ALL`].
pub fn model_names() -> Vec<String> {
    SegmentMeaning::ALL.iter().map(|m| kebab(&format!("{m:?}"))).collect()
}

/// `GroundGlass` as `ground-glass`.
fn kebab(name: &str) -> String {
    let mut words = String::new();
    for (n, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && n > 0 {
            words.push('-');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

impl Case {
    /// Whether a lung has voxels.
    pub fn has_lungs(&self) -> bool {
        self.lung_numbers().iter().any(|n| self.document.voxel_count(*n) > 0)
    }
    /// Numbers of the lung segments.
    pub(super) fn lung_numbers(&self) -> Vec<u8> {
        self.document.segments().iter().filter(|s| s.meaning.is_lung()).map(|s| s.number).collect()
    }
    /// The lungs on slice `k` as labels 0 and 1, row by row.
    pub fn lung_labels(&self, k: usize) -> Vec<u8> {
        let mut inside = [0u8; 256];
        for number in self.lung_numbers() {
            inside[usize::from(number)] = 1;
        }
        let [ni, nj, _] = self.document.grid().size();
        match self.document.layer(Layer::Anatomy).slice(k) {
            Some(labels) => labels.iter().map(|l| inside[usize::from(*l)]).collect(),
            None => vec![0; ni * nj],
        }
    }

    /// Turns a proposal into segments. A segment of the same meaning that was proposed before and not edited is replaced; what
    /// the reader drew or edited stays, and locked voxels are left alone.
    fn accept(
        &mut self,
        proposal: &Proposal,
        labels: &[u8],
        signature: &Signature,
        name: impl Fn(SegmentMeaning) -> String,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut number_of = [0u8; 256];
        for part in proposal.parts.iter().filter(|p| p.voxels > 0) {
            let meaning = meaning_of(part.structure);
            let old = self.document.segments().iter().find(|s| {
                s.meaning == meaning && !s.locked && matches!(s.origin, Origin::Proposed { edited: false, .. })
            });
            let number = if let Some(old) = old.cloned() {
                edits.push(self.clear_voxels(&old));
                old.number
            } else {
                let origin = Origin::Proposed {
                    algorithm: proposal.algorithm.clone(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    parameters: proposal.parameters.clone(),
                    edited: false,
                };
                match self.add_segment(meaning, name(meaning), origin, signature) {
                    Ok((number, edit)) => {
                        edits.push(edit);
                        number
                    }
                    Err(error) => {
                        log::warn!("{error}");
                        continue;
                    }
                }
            };
            number_of[usize::from(part.label)] = number;
        }
        let [ni, nj, nk] = self.document.grid().size();
        for layer in Layer::ALL {
            let belongs = number_of.map(|n| self.document.segment(n).is_some_and(|s| s.layer == layer));
            if !belongs.contains(&true) {
                continue;
            }
            // Voxels the reader marked on this layer stay the reader's.
            let edit = self.document.edit_voxels(layer, &self.volume, |editor| {
                for k in 0..nk {
                    for j in 0..nj {
                        editor.set_span(k, j, 0, ni, |offset, old| {
                            let label = usize::from(labels[offset]);
                            (old == 0 && belongs[label]).then_some(number_of[label])
                        });
                    }
                }
            });
            edits.push(edit);
        }
        if self.active.is_none() || proposal.parts.iter().any(|p| meaning_of(p.structure).layer() == Layer::Findings) {
            self.active = number_of.iter().copied().filter(|n| *n > 0).min().or(self.active);
        }
        edits
    }
}
