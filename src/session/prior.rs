//! Change against another CT of the same patient that was opened here and marked: rigidly registered by the lungs, zone by zone.

use super::change::Update;
use super::command::Effect;
use super::explain;
use super::region_voxels::VoxelNeeds;
use super::state::{MarkKey, Purpose, Session};
use super::words::{self, numbers};
use crate::analysis::{INVOLVED, LEFT_LUNG, LungChange, RIGHT_LUNG};
use crate::annotation::{Document, Layer};
use crate::dicom::{Instance, SeriesKind};
use crate::jobs::{Job, JobError, JobFacts, JobOutput, Priority, VoxelPart};
use crate::volume::PackedLabels;

/// What was compared last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prior {
    key: MarkKey,
    /// Of the open CT's history when it was compared.
    revision: u64,
    found: Option<LungChange>,
}

/// The comparison as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeView {
    /// Which CT, and how well the lungs fit.
    pub about: String,
    /// Why it is to be read with care.
    pub doubt: Option<String>,
    /// Title, now, before and their difference in words; the difference in points.
    pub rows: Vec<ChangeRow>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRow {
    /// Its key: `right-upper` to `left-lower`, `total`, `lung-volume`.
    pub name: &'static str,
    /// What it is of.
    pub title: String,
    /// Before, now and their difference.
    pub text: String,
    /// The difference: points of percent, or ml.
    pub value: Option<f64>,
}

/// Surfaces farther apart than this are of another breath, or of other lungs, mm.
const FAR_MM: f64 = 5.0;

impl Session {
    /// Compares with the latest other CT of the patient whose lungs were marked here.
    pub(super) fn compare_with_prior(&mut self, update: &mut Update) {
        let Some(case) = &self.case else { return };
        if !case.has_lungs() {
            return self.say(words::NO_LUNGS, update);
        }
        let Some(planes_mm) = self.zone_planes_mm() else { return self.say(words::NO_LUNGS, update) };
        let Some(key) = self.find_prior() else { return self.say(numbers::PRIOR_NONE, update) };
        let Some(before) = self.shelved.get(&key).map(|s| *s.document.grid()) else { return };
        let job = Job::Change { now: *case.volume.grid(), before, planes_mm };
        self.prior = Some(Prior { key, revision: case.history.revision(), found: None });
        let mut request = self.start_job(Purpose::Change, Priority::NOW, job, Vec::new());
        request.voxels = VoxelNeeds::LungsNowAndBefore;
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    /// Another series of the same patient with lungs, the latest by its study's date.
    fn find_prior(&self) -> Option<MarkKey> {
        let here = self.case.as_ref()?.series.instances.first()?;
        let of_series = |uid: &str| {
            let series = self.series.iter().find(|s| s.uid == uid && s.kind == SeriesKind::CtVolume)?;
            series.instances.first()
        };
        let is_prior = |(key, marks): &(&MarkKey, &super::state::Shelved)| {
            key.0 != here.series.instance_uid
                && sides(&marks.document).iter().any(|n| marks.document.voxel_count(n.0) > 0)
                && of_series(&key.0).is_some_and(|other| is_same_patient(here, other))
        };
        let date = |key: &MarkKey| of_series(&key.0).map(|i| (i.study.date.clone(), i.study.time.clone()));
        self.shelved.iter().filter(is_prior).max_by_key(|(key, _)| date(key)).map(|(key, _)| key.clone())
    }

    pub(super) fn changed(&mut self, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        match (result, &mut self.prior) {
            (Ok(JobOutput { facts: JobFacts::Change(found), .. }), Some(prior)) => prior.found = Some(found),
            (Err(error), _) if error != JobError::Cancelled => {
                let why = explain::job_error(&error, self.lang);
                let name = numbers::PRIOR_COMPARE.in_lang(self.lang);
                self.notice = Some(words::JOB_FAILED.with(self.lang, &[name, &why]));
                self.prior = None;
            }
            _ => {}
        }
    }

    /// The `n`-th piece of what a job needs of the voxels; `None` after the last.
    pub fn voxel_part(&self, needs: &VoxelNeeds, n: usize) -> Option<VoxelPart> {
        let case = self.case.as_ref()?;
        if *needs != VoxelNeeds::LungsNowAndBefore {
            return case.voxel_part(needs, n);
        }
        let slices = case.document.grid().size()[2];
        if n < slices {
            return Some(VoxelPart::Labels(PackedLabels::of(&classes(&case.document, n))));
        }
        let before = &self.shelved.get(&self.prior.as_ref()?.key)?.document;
        (n - slices < before.grid().size()[2])
            .then(|| VoxelPart::Labels(PackedLabels::of(&classes(before, n - slices))))
    }

    /// The comparison, as long as nothing was changed since.
    pub(super) fn change_view(&self) -> Option<ChangeView> {
        let (case, prior) = (self.case.as_ref()?, self.prior.as_ref()?);
        let found = prior.found.filter(|_| prior.revision == case.history.revision())?;
        let lang = self.lang;
        let other = self.series.iter().find(|s| s.uid == prior.key.0)?.instances.first()?;
        let date =
            lang.date_and_time(&format!("{}{}", other.study.date, other.study.time.get(..6).unwrap_or("000000")));
        let date = self.or_hidden(&date).to_owned();
        let fit = lang.number(found.transform.residual_mm, 1);
        let turned = lang.number(found.transform.degrees(), 1);
        let difference = |before: Option<f64>, now: Option<f64>| now.zip(before).map(|(now, before)| now - before);
        let in_words = |before: Option<f64>, now: Option<f64>, digits: usize, units: [&str; 2]| {
            let one = |v: Option<f64>| v.map_or_else(|| "—".to_owned(), |v| lang.number(v, digits));
            let delta = difference(before, now).map_or_else(
                || "—".to_owned(),
                |d| format!("{}{}", if d > 0.0 { "+" } else { "" }, lang.number(d, digits)),
            );
            format!("{} → {} {} ({delta} {})", one(before), one(now), units[0], units[1])
        };
        let points = ["%", numbers::POINTS.in_lang(lang)];
        let zone = |n: usize| {
            let (before, now) = (found.before.percent(n), found.now.percent(n));
            let side = if n < 3 { numbers::RIGHT } else { numbers::LEFT };
            let level = [numbers::ZONE_UPPER, numbers::ZONE_MIDDLE, numbers::ZONE_LOWER][n % 3];
            ChangeRow {
                name: ZONES[n],
                title: format!("{}, {}", side.in_lang(lang), level.in_lang(lang)),
                text: in_words(before, now, 1, points),
                value: difference(before, now),
            }
        };
        let total = (found.before.total_percent(), found.now.total_percent());
        let volume = [&found.before, &found.now].map(|z| Some(z.lung_ml.iter().sum::<f64>()));
        let mut rows: Vec<ChangeRow> = (0..6).map(zone).collect();
        rows.push(ChangeRow {
            name: "total",
            title: numbers::BOTH_LUNGS.in_lang(lang).to_owned(),
            text: in_words(total.0, total.1, 1, points),
            value: difference(total.0, total.1),
        });
        rows.push(ChangeRow {
            name: "lung-volume",
            title: numbers::LUNGS_SCANNED.in_lang(lang).to_owned(),
            text: in_words(volume[0], volume[1], 0, ["ml", "ml"]),
            value: difference(volume[0], volume[1]),
        });
        let is_far = found.transform.residual_mm > FAR_MM;
        Some(ChangeView {
            about: numbers::PRIOR_ABOUT.with(lang, &[&date, &fit, &turned]),
            doubt: is_far.then(|| numbers::PRIOR_FAR.in_lang(lang).to_owned()),
            rows,
        })
    }
}

const ZONES: [&str; 6] = ["right-upper", "right-middle", "right-lower", "left-upper", "left-middle", "left-lower"];

/// Two images of one patient, by Patient ID; where there is none, nothing tells.
fn is_same_patient(one: &Instance, other: &Instance) -> bool {
    !one.patient.id.trim().is_empty() && one.patient.id == other.patient.id
}

/// Numbers of the lung segments with the bit of their side.
fn sides(document: &Document) -> Vec<(u8, u8)> {
    let side = |s: &crate::annotation::Segment| Some((s.number, [RIGHT_LUNG, LEFT_LUNG][s.meaning.lung_side()?]));
    document.segments().iter().filter_map(side).collect()
}

/// Bits of the voxels of a slice.
fn classes(document: &Document, k: usize) -> Vec<u8> {
    let mut bits = [[0u8; 256]; 2];
    for (number, side) in sides(document) {
        bits[0][usize::from(number)] = side;
    }
    for segment in document.segments().iter().filter(|s| s.meaning.is_involvement()) {
        bits[1][usize::from(segment.number)] = INVOLVED;
    }
    let [ni, nj, _] = document.grid().size();
    let mut out = vec![0u8; ni * nj];
    for (layer, bits) in Layer::ALL.into_iter().zip(bits) {
        if let Some(labels) = document.layer(layer).slice(k) {
            for (out, label) in out.iter_mut().zip(labels) {
                *out |= bits[usize::from(*label)];
            }
        }
    }
    out
}
