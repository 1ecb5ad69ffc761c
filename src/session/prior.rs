//! Change against another CT of the same patient that was opened here and marked: rigidly registered by the lungs, zone by zone.

use super::change::Update;
use super::effect::Effect;
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
    /// Compares with another CT of the patient whose lungs were marked here.
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
        self.give_up(|p| *p == Purpose::Change, update);
        let mut request = self.start_job(Purpose::Change, Priority::NOW, job, Vec::new());
        request.voxels = VoxelNeeds::LungsNowAndBefore;
        update.effects.push(Effect::RunJob(request));
        update.changes.facts = true;
    }

    /// Another series of the same patient with lungs: the latest that was made before the open CT, else one of its own time, else the
    /// first after it.
    fn find_prior(&self) -> Option<MarkKey> {
        let here = self.case.as_ref()?.series.instances.first().filter(|i| is_dated(i))?;
        let is_marked =
            |marks: &super::state::Shelved| sides(&marks.document).iter().any(|n| marks.document.voxel_count(n.0) > 0);
        let prior = |(key, marks)| {
            let other = self.instance_of(key).filter(|_| key.0 != here.series.instance_uid && is_marked(marks))?;
            (is_dated(other) && is_same_patient(here, other)).then(|| (study_time(other), key))
        };
        let mut others: Vec<(StudyTime, &MarkKey)> = self.shelved.iter().filter_map(prior).collect();
        others.sort();
        let before = others.partition_point(|(time, _)| *time < study_time(here));
        Some(others.get(before.saturating_sub(1))?.1.clone())
    }

    /// An image of the CT that marks belong to.
    fn instance_of(&self, key: &MarkKey) -> Option<&Instance> {
        self.series.iter().find(|s| s.uid == key.0 && s.kind == SeriesKind::CtVolume)?.instances.first()
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
        let other = self.instance_of(&prior.key)?;
        let is_later = study_time(other) > study_time(case.series.instances.first()?);
        // Where opacities were not looked for, nothing is said of them.
        let searched = [&self.shelved.get(&prior.key)?.document, &case.document].map(Document::was_searched);
        let in_time = |theirs, ours| if is_later { [ours, theirs] } else { [theirs, ours] };
        let share = |before: Option<f64>, now: Option<f64>| {
            in_time(before.filter(|_| searched[0]), now.filter(|_| searched[1]))
        };
        let date =
            lang.date_and_time(&format!("{}{}", other.study.date, other.study.time.get(..6).unwrap_or("000000")));
        let date = self.or_hidden(&date).to_owned();
        let fit = lang.number(found.transform.residual_mm, 1);
        let turned = lang.number(found.transform.degrees(), 1);
        let difference = |[before, now]: [Option<f64>; 2]| now.zip(before).map(|(now, before)| now - before);
        let in_words = |values: [Option<f64>; 2], digits: usize, units: [&str; 2]| {
            let one = |v: Option<f64>| v.map_or_else(|| "—".to_owned(), |v| lang.number(v, digits));
            let delta = difference(values).map_or_else(
                || "—".to_owned(),
                |d| format!("{}{}", if d > 0.0 { "+" } else { "" }, lang.number(d, digits)),
            );
            format!("{} → {} {} ({delta} {})", one(values[0]), one(values[1]), units[0], units[1])
        };
        let points = ["%", numbers::POINTS.in_lang(lang)];
        let zone = |n: usize| {
            let extents = share(found.before.percent(n), found.now.percent(n));
            let side = if n < 3 { numbers::RIGHT } else { numbers::LEFT };
            let level = [numbers::ZONE_UPPER, numbers::ZONE_MIDDLE, numbers::ZONE_LOWER][n % 3];
            ChangeRow {
                name: ZONES[n],
                title: format!("{}, {}", side.in_lang(lang), level.in_lang(lang)),
                text: in_words(extents, 1, points),
                value: difference(extents),
            }
        };
        let total = share(found.before.total_percent(), found.now.total_percent());
        let [theirs, ours] = [&found.before, &found.now].map(|z| Some(z.lung_ml.iter().sum::<f64>()));
        let volume = in_time(theirs, ours);
        let mut rows: Vec<ChangeRow> = (0..6).map(zone).collect();
        rows.push(ChangeRow {
            name: "total",
            title: numbers::BOTH_LUNGS.in_lang(lang).to_owned(),
            text: in_words(total, 1, points),
            value: difference(total),
        });
        rows.push(ChangeRow {
            name: "lung-volume",
            title: numbers::LUNGS_SCANNED.in_lang(lang).to_owned(),
            text: in_words(volume, 0, ["ml", "ml"]),
            value: difference(volume),
        });
        let is_far = found.transform.residual_mm > FAR_MM;
        let about = if is_later { numbers::PRIOR_ABOUT_LATER } else { numbers::PRIOR_ABOUT };
        Some(ChangeView {
            about: about.with(lang, &[&date, &fit, &turned]),
            doubt: is_far.then(|| numbers::PRIOR_FAR.in_lang(lang).to_owned()),
            rows,
        })
    }
}

const ZONES: [&str; 6] = ["right-upper", "right-middle", "right-lower", "left-upper", "left-middle", "left-lower"];

/// Date and time of a study.
type StudyTime<'a> = (&'a str, &'a str);

fn study_time(instance: &Instance) -> StudyTime<'_> {
    (&instance.study.date, &instance.study.time)
}

/// Whether it is known when it was made: without a date nothing is earlier or later.
fn is_dated(instance: &Instance) -> bool {
    !instance.study.date.trim().is_empty()
}

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
