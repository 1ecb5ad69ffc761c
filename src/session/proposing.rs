//! Proposals of algorithms: one job, one undoable transaction of editable segments.

use super::change::Update;
use super::effect::Effect;
use super::marking::Signature;
use super::piecewise::PieceSpans;
use super::region_voxels::VoxelNeeds;
use super::state::{Case, Purpose, Session};
use super::words::{self, Text, numbers};
use super::{explain, explain_analysis};
use crate::analysis::{Part, Proposal, Structure};
use crate::annotation::{Edit, Layer, Origin, Segment, SegmentMeaning, Transaction};
use crate::geometry::{IndexBox, VoxelIndex};
use crate::jobs::{FileFacts, Job, JobError, JobFacts, JobOutput, Payload, Priority};
use crate::volume::PackedLabels;

/// What can be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposable {
    /// Lungs and airways.
    Lungs,
    /// Opacities inside the lungs.
    Lesions,
    /// Vessels inside the lungs.
    Vessels,
    /// Fat and muscle of the chest wall on the slice of the crosshair.
    ChestWall,
    /// Candidates for calcium in the heart.
    Calcium,
}

impl Proposable {
    fn title(self) -> Text {
        match self {
            Self::Lungs => words::PROPOSE_LUNGS,
            Self::Lesions => words::PROPOSE_LESIONS,
            Self::Vessels => numbers::PROPOSE_VESSELS,
            Self::ChestWall => numbers::PROPOSE_CHEST_WALL,
            Self::Calcium => numbers::PROPOSE_CALCIUM,
        }
    }
}

impl Session {
    pub(super) fn propose(&mut self, what: Proposable, update: &mut Update) {
        let Some(case) = &self.case else { return };
        if !case.is_settled() {
            return self.say(words::WAIT_FOR_SLICES, update);
        }
        if self.running.values().any(|r| r.title == what.title()) {
            return;
        }
        if what != Proposable::Lungs && !case.has_lungs() {
            return self.say(words::NO_LUNGS, update);
        }
        if what == Proposable::Calcium && self.has_sharp_kernel() {
            return self.say(numbers::CALCIUM_NEEDS_SOFT, update);
        }
        let Some((job, bounds, voxels)) = self.plan_proposal(what) else { return };
        self.notice = None;
        let mut request = self.start_job(Purpose::Proposal(what.title(), bounds), Priority::NOW, job, Vec::new());
        request.voxels = voxels;
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
        let bounds = IndexBox::whole(case.volume.grid().size());
        let job = Job::RunModel { grid: *case.volume.grid(), known: model_names() };
        let mut request =
            self.start_job(Purpose::Proposal(words::RUN_MODEL, bounds), Priority::NOW, job, vec![file.id]);
        request.voxels = VoxelNeeds::VolumeAndLungs;
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    /// The job of a proposal, the voxels it labels, and what it needs of them.
    fn plan_proposal(&self, what: Proposable) -> Option<(Job, IndexBox, VoxelNeeds)> {
        let case = self.case.as_ref()?;
        let grid = *case.volume.grid();
        let whole = IndexBox::whole(grid.size());
        let boxed = |bounds, other| VoxelNeeds::Box { bounds, layer: Layer::Anatomy, other, hu: true, without: None };
        Some(match what {
            Proposable::Lungs => (Job::ProposeLungs { grid }, whole, VoxelNeeds::Volume),
            Proposable::Lesions => (Job::ProposeLesions { grid }, whole, VoxelNeeds::VolumeAndLungs),
            Proposable::Vessels => (Job::ProposeVessels { grid }, whole, VoxelNeeds::VolumeAndLungs),
            Proposable::ChestWall => {
                let k = grid.voxel_at(self.crosshair)?.k;
                let bounds = IndexBox { min: [0, 0, k], max: [whole.max[0], whole.max[1], k + 1] };
                (Job::ProposeChestWall { grid: grid.part(&bounds)? }, bounds, boxed(bounds, None))
            }
            Proposable::Calcium => {
                let is_heart = |s: &Segment| s.meaning == SegmentMeaning::Heart;
                // A heart that was proposed and left as it was is proposed anew.
                let is_readers =
                    |s: &Segment| is_heart(s) && !matches!(s.origin, Origin::Proposed { edited: false, .. });
                let heart = case.document.segments().iter().find(|s| is_readers(s)).map(|s| s.number);
                let heart = heart.filter(|n| case.document.voxel_count(*n) > 0);
                let bounds = case.bounds_of(|s| s.meaning.is_lung() || is_heart(s))?;
                (Job::ProposeCalcium { grid: grid.part(&bounds)? }, bounds, boxed(bounds, heart))
            }
        })
    }

    /// Stops what is being found.
    pub(super) fn cancel_proposals(&mut self, update: &mut Update) {
        let found = self.jobs.iter().filter(|(_, p)| matches!(p, Purpose::Proposal(..))).map(|(id, _)| *id);
        update.effects.extend(found.map(Effect::CancelJob));
        update.changes.facts = true;
    }

    pub(super) fn proposed(
        &mut self,
        title: Text,
        bounds: IndexBox,
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        update.changes.facts = true;
        let lang = self.lang;
        let (proposal, labels) = match result {
            Ok(JobOutput { facts: JobFacts::Proposal(proposal), payloads }) => match payloads.into_iter().next() {
                Some(Payload::Labels(labels)) => (proposal, labels),
                _ => return self.proposal_failed(title, &JobError::WrongInput),
            },
            Ok(_) => return self.proposal_failed(title, &JobError::WrongInput),
            Err(JobError::Cancelled) => return,
            Err(error) => return self.proposal_failed(title, &error),
        };
        self.accept_region(update);
        let painting = self.keep_stroke(update);
        let signature = self.signature();
        let Some(case) = &mut self.case else { return };
        if labels.count() != bounds.size().iter().product::<usize>() {
            return self.proposal_failed(title, &JobError::WrongInput);
        }
        let seen = self.piecewise.accepted_spans();
        let name = |m| explain::meaning(m).in_lang(lang).to_owned();
        let edits = case.accept(&proposal, bounds, &labels, &seen, &signature, name);
        for edit in &edits {
            if let Edit::Voxels { delta, .. } = edit
                && let Some(bounds) = delta.bounds()
            {
                update.changes.add_labels(bounds);
            }
        }
        case.history.commit(Transaction { name: "propose", edits });
        // A stroke goes on where it was, and what is gone is not active.
        case.active = painting.or(case.active).filter(|n| case.document.segment(*n).is_some());
        self.volume_revision += 1;
        self.notice = self.notice_of(&proposal, bounds);
    }

    /// What the reader should know of a proposal: its flags, and where the chest wall was measured.
    fn notice_of(&self, proposal: &Proposal, bounds: IndexBox) -> Option<String> {
        let lang = self.lang;
        let has = |wanted: Structure| proposal.parts.iter().find(|p| p.structure == wanted);
        let about = match (has(Structure::SubcutaneousFat), has(Structure::Calcification), &self.case) {
            (Some(_), _, Some(case)) => {
                let grid = case.volume.grid();
                let z = grid.patient_from_voxel(VoxelIndex::new(0, 0, bounds.min[2]).centre()).0.z;
                Some(numbers::CHEST_WALL_LEVEL.with(lang, &[&lang.number(z, 1)]))
            }
            (.., Some(case)) if found_no_opacity(proposal) => {
                let is_empty = |s: &Segment| s.meaning.is_involvement() && case.document.voxel_count(s.number) == 0;
                let says_none = case.document.segments().iter().any(is_empty);
                let text = if says_none { numbers::OPACITIES_NONE_SAID } else { numbers::OPACITIES_NONE };
                Some(text.in_lang(lang).to_owned())
            }
            (_, Some(calcium), _) if calcium.voxels == 0 => Some(numbers::CALCIUM_NONE.in_lang(lang).to_owned()),
            _ => None,
        };
        let said: Vec<String> = explain_analysis::flags(&proposal.flags, lang).into_iter().chain(about).collect();
        (!said.is_empty()).then(|| said.join(" · "))
    }

    fn proposal_failed(&mut self, title: Text, error: &JobError) {
        let why = explain::job_error(error, self.lang);
        self.notice = Some(words::JOB_FAILED.with(self.lang, &[title.in_lang(self.lang), &why]));
    }
}

fn is_opacity(part: &Part) -> bool {
    meaning_of(part.structure).is_involvement()
}

/// Whether opacities were looked for, and none was found.
fn found_no_opacity(proposal: &Proposal) -> bool {
    let mut opacities = proposal.parts.iter().filter(|p| is_opacity(p)).peekable();
    opacities.peek().is_some() && opacities.all(|p| p.voxels == 0)
}

fn meaning_of(structure: Structure) -> SegmentMeaning {
    match structure {
        Structure::RightLung => SegmentMeaning::RightLung,
        Structure::LeftLung => SegmentMeaning::LeftLung,
        Structure::Airways => SegmentMeaning::Airways,
        Structure::GroundGlass => SegmentMeaning::GroundGlass,
        Structure::Consolidation => SegmentMeaning::Consolidation,
        Structure::Named(place) => {
            SegmentMeaning::ALL.get(usize::from(place)).copied().unwrap_or(SegmentMeaning::Lesion)
        }
        Structure::PulmonaryVessels => SegmentMeaning::PulmonaryVessels,
        Structure::SubcutaneousFat => SegmentMeaning::SubcutaneousFat,
        Structure::SkeletalMuscle => SegmentMeaning::SkeletalMuscle,
        Structure::Heart => SegmentMeaning::Heart,
        Structure::Calcification => SegmentMeaning::Calcification,
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

    /// Turns a proposal into segments. A segment of the same meaning that was proposed before and not edited is replaced, and opacities
    /// replace all opacities that were; what the reader drew, edited or accepted (`seen`) stays, and locked voxels are left alone.
    fn accept(
        &mut self,
        proposal: &Proposal,
        bounds: IndexBox,
        labels: &PackedLabels,
        seen: &[(u8, PieceSpans)],
        signature: &Signature,
        name: impl Fn(SegmentMeaning) -> String,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut number_of = [0u8; 256];
        let origin = Origin::Proposed {
            algorithm: proposal.algorithm.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parameters: proposal.parameters.clone(),
            edited: false,
        };
        let is_untouched = |s: &&Segment| !s.locked && matches!(s.origin, Origin::Proposed { edited: false, .. });
        let is_part = |s: &&Segment| proposal.parts.iter().any(|p| meaning_of(p.structure) == s.meaning);
        let finds_opacities = proposal.parts.iter().any(is_opacity);
        let is_replaced =
            |s: &&Segment| is_untouched(s) && (is_part(s) || finds_opacities && s.meaning.is_involvement());
        let replaced: Vec<Segment> = self.document.segments().iter().filter(is_replaced).cloned().collect();
        for old in replaced {
            let accepted: Vec<&PieceSpans> = seen.iter().filter(|(n, _)| *n == old.number).map(|(_, at)| at).collect();
            if !accepted.is_empty() {
                edits.extend(self.keep_only(&old, &accepted));
            } else if !is_part(&&old) {
                edits.push(self.clear_voxels(&old));
                let gone = Edit::Segment { number: old.number, before: Some(old), after: None };
                if self.document.apply(&gone, &self.volume).is_ok() {
                    edits.push(gone);
                }
            }
        }
        // Where no opacity was found an empty segment says that they were looked for.
        let says_none = found_no_opacity(proposal) && !self.document.was_searched();
        let empty = proposal.parts.iter().find(|p| says_none && is_opacity(p));
        for part in &proposal.parts {
            let meaning = meaning_of(part.structure);
            let old = self.document.segments().iter().find(|s| s.meaning == meaning && is_untouched(s));
            let number = if let Some(old) = old.cloned() {
                let number = old.number;
                edits.push(self.clear_voxels(&old));
                edits.extend(self.propose_anew(old, origin.clone(), signature));
                number
            } else if part.voxels == 0 && empty != Some(part) {
                continue;
            } else {
                match self.add_segment(meaning, name(meaning), origin.clone(), signature) {
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
        for layer in Layer::ALL {
            let here = |n: u8| self.document.segment(n).is_some_and(|s| s.layer == layer);
            let label_of = number_of.map(|n| if here(n) { n } else { 0 });
            if label_of == [0; 256] {
                continue;
            }
            let [ni, nj, _] = bounds.size();
            // Voxels the reader marked on this layer stay the reader's.
            let edit = self.document.edit_voxels(layer, &self.volume, |editor| {
                let mut n = 0;
                labels.rows(ni, |row| {
                    editor.lay_row(bounds.min[2] + n / nj, bounds.min[1] + n % nj, bounds.min[0], row, &label_of);
                    n += 1;
                });
            });
            edits.push(edit);
        }
        let is_looked_at = |p: &&Part| {
            matches!(p.structure, Structure::GroundGlass | Structure::Consolidation | Structure::Calcification)
        };
        if let Some(part) = proposal.parts.iter().find(is_looked_at) {
            self.active = Some(number_of[usize::from(part.label)]).filter(|n| *n > 0).or(self.active);
        } else if self.active.is_none() {
            self.active = number_of.iter().copied().filter(|n| *n > 0).min();
        }
        edits
    }

    /// Clears all of a proposal but what the reader accepted, which becomes the reader's.
    fn keep_only(&mut self, segment: &Segment, accepted: &[&PieceSpans]) -> Vec<Edit> {
        let number = segment.number;
        let mut edits = vec![self.clear_voxels(segment)];
        edits.push(self.document.edit_voxels(segment.layer, &self.volume, |editor| {
            for (k, j, span) in accepted.iter().copied().flatten() {
                editor.set_span(*k, *j, span.start, span.end, |_, _| Some(number));
            }
        }));
        edits.extend(self.mark_edited(number, &[]));
        edits
    }
}
