//! Tables of two readers read in, paired by case and compared.

use super::change::Update;
use super::effect::Effect;
use super::form_words::{field_title, score_title};
use super::state::{Problem, ProblemReason, Purpose, Session};
use super::words::{self, Lang};
use crate::export::table;
use crate::jobs::{FileFacts, Job, JobError, JobOutput, Payload, Priority};
use crate::report::{ComparedItem, Discord, DoubleReading, ItemAgreement, Reading, field_of};

/// Bytes of the largest table that is read.
const MOST_BYTES: u64 = 4 << 20;
/// Files that are read for one reader.
const MOST_FILES: usize = 5000;

/// What has been read of two readers.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) is_open: bool,
    readings: [Vec<Reading>; 2],
    pending: usize,
    refused: Vec<(String, String)>,
    found: Option<DoubleReading>,
}

/// The dialog as the page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DoubleReadingView {
    /// Readings of each reader.
    pub read: [usize; 2],
    /// What was compared, in words.
    pub about: String,
    /// Rows: key, title, cases, same answer, kappa or ICC with interval or limits.
    pub rows: Vec<DoubleReadingRow>,
    /// Cases for adjudication and why.
    pub discords: Vec<(String, String)>,
    /// Files that are no tables: name and reason.
    pub refused: Vec<(String, String)>,
}

/// How far two readers agree on an item.
#[derive(Clone, Debug, PartialEq)]
pub struct DoubleReadingRow {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Cases in which both answered.
    pub cases: usize,
    /// Same answer, percent; of numbers the bias and its limits.
    pub plain: String,
    /// Kappa without weights, or ICC(2,1).
    pub value: Option<f64>,
    /// The numbers in words.
    pub text: String,
}

impl Session {
    pub(super) fn toggle_comparison(&mut self) {
        self.comparison.is_open = !self.comparison.is_open;
    }

    /// Reads tables of the first (0) or second (1) reader.
    pub(super) fn open_readings(&mut self, reader: usize, files: Vec<FileFacts>, update: &mut Update) {
        let Some(readings) = self.comparison.readings.get_mut(reader) else { return };
        readings.clear();
        self.comparison.refused.clear();
        update.changes.facts = true;
        for (n, file) in files.into_iter().enumerate() {
            if n >= MOST_FILES || file.size > MOST_BYTES {
                let limit = if n >= MOST_FILES { words::READINGS_TOO_MANY } else { words::READING_TOO_LARGE };
                self.comparison.refused.push((file.name, limit.in_lang(self.lang).to_owned()));
                continue;
            }
            self.comparison.pending += 1;
            let purpose = Purpose::Reading { reader, name: file.name };
            let request = self.start_job(purpose, Priority::SOON, Job::ReadFile, vec![file.id]);
            update.effects.push(Effect::RunJob(request));
        }
        self.compare_readings();
    }

    pub(super) fn reading_read(
        &mut self,
        reader: usize,
        name: String,
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        update.changes.facts = true;
        self.comparison.pending = self.comparison.pending.saturating_sub(1);
        let read = match result.map(|output| output.payloads.into_iter().next()) {
            Ok(Some(Payload::Bytes(bytes))) => table::reading(&bytes).map_err(|e| e.to_string()),
            Ok(_) => Err(JobError::WrongInput.to_string()),
            Err(JobError::Cancelled) => return,
            Err(error) => Err(super::explain::job_error(&error, self.lang)),
        };
        match (read, self.comparison.readings.get_mut(reader)) {
            (Ok(reading), Some(readings)) => readings.push(reading),
            (Err(why), _) => self.comparison.refused.push((name, why)),
            _ => {}
        }
        self.compare_readings();
    }

    /// Compares once all tables are there.
    fn compare_readings(&mut self) {
        let [first, second] = &self.comparison.readings;
        let is_ready = self.comparison.pending == 0 && !first.is_empty() && !second.is_empty();
        self.comparison.found = is_ready.then(|| DoubleReading::of(first, second));
    }

    /// The comparison as a table of its own.
    pub(super) fn save_comparison(&mut self, update: &mut Update) {
        let Some(found) = &self.comparison.found else { return };
        match table::comparison(found) {
            Ok(bytes) => update.effects.push(Effect::Download {
                file_name: "hilum-agreement.csv".to_owned(),
                content_type: "text/csv",
                bytes,
            }),
            Err(error) => self.notice = Some(error.to_string()),
        }
    }

    pub(super) fn comparison_view(&self) -> Option<DoubleReadingView> {
        let comparison = Some(&self.comparison).filter(|c| c.is_open)?;
        let lang = self.lang;
        let refused = comparison.refused.iter().enumerate().map(|(n, (name, why))| {
            let name = Problem { name: name.clone(), reason: ProblemReason::Text(words::READINGS) };
            (self.shown_problem(n, &name).name, why.clone())
        });
        let mut view = DoubleReadingView {
            read: [0, 1].map(|n| comparison.readings[n].len()),
            refused: refused.collect(),
            ..DoubleReadingView::default()
        };
        let Some(found) = &comparison.found else { return Some(view) };
        let number = |n: usize| n.to_string();
        let alone = found.alone[0] + found.alone[1];
        view.about =
            words::READINGS_PAIRED.with(lang, &[&number(found.cases), &number(alone), &number(found.repeated)]);
        view.rows = found.items.iter().map(|item| row(item, lang)).collect();
        view.discords = found.discords.iter().map(|(case, why)| (case.clone(), self.discord_words(why))).collect();
        Some(view)
    }

    fn discord_words(&self, why: &[Discord]) -> String {
        let lang = self.lang;
        let one = |discord: &Discord| match discord {
            Discord::Extent([a, b]) => words::DISCORD_EXTENT.with(lang, &[&a.to_string(), &b.to_string()]),
            Discord::Volume([a, b]) => words::DISCORD_VOLUME.with(lang, &[&lang.number(*a, 0), &lang.number(*b, 0)]),
            Discord::NotReadable => words::DISCORD_QUALITY.in_lang(lang).to_owned(),
        };
        why.iter().map(one).collect::<Vec<_>>().join(" · ")
    }
}

fn row(item: &ComparedItem, lang: Lang) -> DoubleReadingRow {
    let title = match field_of(&item.key) {
        Some(field) => field_title(field).in_lang(lang).to_owned(),
        None => {
            let score = score_title(&item.key).in_lang(lang);
            let of_number = super::number_words::number_words(&item.key).map_or("", |w| w.title.in_lang(lang));
            if score.is_empty() { of_number } else { score }.to_owned()
        }
    };
    let decimals = |value: f64| lang.number(value, 3);
    let percent = |share: f64| format!("{} %", lang.number(100.0 * share, 0));
    let (plain, value, text) = match &item.agreement {
        ItemAgreement::Classes { same, nominal, weighted } => {
            let said = |name: &str, k: &Option<crate::analysis::Kappa>| match k {
                Some(k) => format!(
                    "{name} {} ({}–{})",
                    decimals(k.value),
                    lang.number(k.interval[0], 2),
                    lang.number(k.interval[1], 2)
                ),
                None => format!("{name} —"),
            };
            let mut text = vec![said("κ", nominal)];
            if let Some([linear, quadratic]) = weighted {
                text.push(said(words::KAPPA_LINEAR.in_lang(lang), linear));
                text.push(said(words::KAPPA_QUADRATIC.in_lang(lang), quadratic));
            }
            (percent(*same), nominal.map(|k| k.value), text.join(" · "))
        }
        ItemAgreement::Choices { same, mean } => {
            let text = mean.map_or_else(|| "—".to_owned(), decimals);
            (percent(*same), *mean, words::KAPPA_MEAN.with(lang, &[&text]))
        }
        ItemAgreement::Numbers(None) => (String::new(), None, "—".to_owned()),
        ItemAgreement::Numbers(Some(c)) => {
            let limits = c.limits.map(|v| lang.number(v, 1));
            (
                words::BIAS.with(lang, &[&lang.number(c.bias, 1), &limits[0], &limits[1]]),
                Some(c.agreement),
                format!("ICC(2,1) {} · ICC(3,1) {}", decimals(c.agreement), decimals(c.consistency)),
            )
        }
    };
    DoubleReadingRow { key: item.key.clone(), title, cases: item.cases, plain, value, text }
}
