//! Two segments compared: one reader's and another's.

use super::change::Update;
use super::effect::Effect;
use super::explain;
use super::region_voxels::VoxelNeeds;
use super::state::{Purpose, Session};
use super::words;
use crate::analysis::SURFACE_TOLERANCES_MM;
use crate::jobs::{Job, JobError, JobFacts, JobOutput, Priority};

/// A number of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct AgreementRow {
    /// Its key: `dice`, `hausdorff-95`, `mean-surface`, `surface-dice`, `surface-dice-5`, `volume-difference`.
    pub name: &'static str,
    /// Title and value in words.
    pub text: String,
    /// The value.
    pub value: Option<f64>,
}

impl Session {
    pub(super) fn compare(&mut self, update: &mut Update) {
        let Some(case) = &self.case else { return };
        let active = case.active.and_then(|n| case.document.segment(n));
        let other = self.refine.other.and_then(|n| case.document.segment(n));
        let (Some(active), Some(other)) = (active, other.filter(|o| Some(o.number) != case.active)) else {
            return self.say(words::REFINE_NEEDS_OTHER, update);
        };
        // Segments of one layer never share a voxel: the numbers would say that nothing agrees, whatever was drawn.
        if active.layer == other.layer {
            return self.say(words::COMPARE_ONE_LAYER, update);
        }
        let pair = [active.number, other.number];
        let Some(bounds) = case.bounds_of(|s| pair.contains(&s.number)) else {
            return self.say(words::SEGMENT_EMPTY, update);
        };
        let voxels =
            VoxelNeeds::Box { bounds, layer: active.layer, other: Some(other.number), hu: false, without: None };
        let spacing_mm = case.volume.grid().spacing_mm();
        let job = Job::Compare { size: bounds.size(), spacing_mm, segment: active.number };
        let purpose = Purpose::Compare(pair, case.history.revision());
        let mut request = self.start_job(purpose, Priority::NOW, job, Vec::new());
        request.voxels = voxels;
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    pub(super) fn compared(
        &mut self,
        pair: [u8; 2],
        revision: u64,
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        update.changes.facts = true;
        match result {
            Ok(JobOutput { facts: JobFacts::Agreement(found), .. }) => self.agreement = Some((pair, revision, found)),
            Err(error) if error != JobError::Cancelled => {
                let why = explain::job_error(&error, self.lang);
                self.notice = Some(words::JOB_FAILED.with(self.lang, &[words::COMPARE.in_lang(self.lang), &why]));
            }
            _ => {}
        }
    }

    /// The comparison, as long as nothing was changed since.
    pub(super) fn agreement_rows(&self) -> Vec<AgreementRow> {
        let (Some(case), Some((pair, revision, found))) = (&self.case, &self.agreement) else { return Vec::new() };
        let names = pair.map(|n| case.document.segment(n).map(|s| s.name.clone()));
        let [Some(first), Some(second)] = names else { return Vec::new() };
        if *revision != case.history.revision() {
            return Vec::new();
        }
        let lang = self.lang;
        let row = |name, title: words::Text, value: Option<f64>, digits, unit: &str| {
            let number = value.map_or_else(|| "—".to_owned(), |v| format!("{} {unit}", lang.number(v, digits)));
            AgreementRow { name, text: format!("{} : {}", title.in_lang(lang), number.trim()), value }
        };
        let ml = |n: u64| case.volume.grid().millilitres(n);
        let difference = ml(found.voxels[0]) - ml(found.voxels[1]);
        let surface = |n: usize, name| {
            let value = found.surface_dice.map(|shares| shares[n]);
            let tolerance = lang.number(SURFACE_TOLERANCES_MM[n], 0);
            let number = value.map_or_else(|| "—".to_owned(), |v| lang.number(v, 3));
            AgreementRow { name, text: format!("{} : {number}", words::SURFACE_DICE.with(lang, &[&tolerance])), value }
        };
        let between = AgreementRow { name: "pair", text: format!("{first} / {second}"), value: None };
        vec![
            between,
            row("dice", words::DICE, found.dice, 3, ""),
            row("volume-difference", words::VOLUME_DIFFERENCE, Some(difference), 2, "ml"),
            row("hausdorff-95", words::HAUSDORFF_95, found.hausdorff_95_mm, 1, "mm"),
            row("mean-surface", words::MEAN_SURFACE, found.mean_surface_mm, 2, "mm"),
            surface(0, "surface-dice"),
            surface(1, "surface-dice-5"),
        ]
    }
}
