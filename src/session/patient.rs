//! Whose CT it is, as the page and pictures say it. A blinded page says nothing of it.

use super::state::Session;
use super::words::{isolated, reading};
use crate::dicom::Instance;

impl Session {
    /// Whose the open CT is and when it was made: name, ID, birth date, sex, date of the study.
    pub(super) fn patient_rows(&self) -> Vec<String> {
        let first = self.case.as_ref().filter(|c| c.is_dicom()).and_then(|c| c.series.instances.first());
        let Some(instance) = first.filter(|_| !self.blinding.on) else { return Vec::new() };
        let patient = &instance.patient;
        let birth = self.date(&patient.birth_date);
        let born = if birth.is_empty() { birth } else { reading::BORN.with(self.lang, &[&birth]) };
        let sex = match patient.sex.as_str() {
            "M" => reading::SEX_MALE.in_lang(self.lang).to_owned(),
            "F" => reading::SEX_FEMALE.in_lang(self.lang).to_owned(),
            "O" => reading::SEX_OTHER.in_lang(self.lang).to_owned(),
            other => other.to_owned(),
        };
        let about = [born, sex].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        let made = self.date(&instance.study.date);
        let study = if made.is_empty() { made } else { reading::STUDY_OF.with(self.lang, &[&made]) };
        let rows = [patient_name(instance), patient.id.clone(), about, study];
        rows.into_iter().filter(|row| !row.is_empty()).collect()
    }

    /// The study of a series of the list: its date, and its patient where the list holds several.
    pub(super) fn study_words(&self, instance: &Instance) -> String {
        if self.blinding.on {
            return String::new();
        }
        let mut others = self.series.iter().filter_map(|s| s.instances.first());
        let is_other = |other: &Instance| {
            (&other.patient.id, &other.patient.name) != (&instance.patient.id, &instance.patient.name)
        };
        let whose = if others.any(is_other) { isolated(&patient_name(instance)).into_owned() } else { String::new() };
        let made = self.date(&instance.study.date);
        [made, whose].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    pub(super) fn date(&self, date: &str) -> String {
        let with_time = format!("{date}000000");
        let written = self.lang.date_and_time(&with_time);
        if written == with_time { date.to_owned() } else { written.replace(" 00:00", "") }
    }
}

/// Patient's Name as it is read.
fn patient_name(instance: &Instance) -> String {
    instance.patient.name.replace('^', " ").trim().to_owned()
}
