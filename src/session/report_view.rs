//! The one-page report as the page shows and prints it: numbers, answers, and what a picture says better.

use super::form_words::{choice_words, field_title, score_title};
use super::number_words::group_words;
use super::prior::ChangeView;
use super::state::Session;
use super::view_model::QuantityRow;
use super::words::{self, numbers};
use crate::annotation::Answer;
use crate::report::{FORM, QuantityGroup, scores};
use crate::volume::Histogram;

/// What the report shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportView {
    /// When and by whom the report was made; the series; what its geometry makes doubtful.
    pub head: Vec<String>,
    /// Numbers in groups, each with its title.
    pub numbers: Vec<(String, Vec<NumberRow>)>,
    /// How the CT was made: what the numbers depend on.
    pub conditions: Option<String>,
    /// Segments: name, volume, mean HU.
    pub segments: Vec<[String; 3]>,
    /// Measurements in words.
    pub measurements: Vec<String>,
    /// Answers and scores: title and words.
    pub form: Vec<(String, String)>,
    /// HU of the lungs.
    pub histogram: Option<HistogramView>,
    /// Lung and involved lung by slice, from the feet to the head, ml for each mm of height.
    pub profile: Vec<[f64; 2]>,
    /// Height of all slices, mm.
    pub height_mm: f64,
    /// What changed against a prior CT.
    pub change: Option<ChangeView>,
    /// Percent involved of the six zones: right upper, middle, lower, then left; none of one without lung.
    pub zones: Option<[Option<f64>; 6]>,
}

/// A number of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberRow {
    /// What it is called.
    pub title: String,
    /// Value and unit.
    pub text: String,
    /// How it is got, with its thresholds.
    pub definition: &'static str,
    /// Why it is to be read with care.
    pub doubt: Option<String>,
}

/// A histogram in bins of [`Self::BIN_HU`].
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramView {
    /// Share of the lungs in each bin, percent.
    pub bins: Vec<f64>,
    /// Share of the lungs in each compartment, percent: below the first border, between borders, above the last.
    pub compartments: [f64; 5],
}

impl HistogramView {
    /// First HU of the first bin.
    pub const LOWEST_HU: i16 = -1024;
    /// Width of a bin, HU.
    pub const BIN_HU: i16 = 16;
    /// Borders of the compartments, HU.
    pub const BORDERS_HU: [i16; 4] = [-950, -700, -250, 100];
    const BINS: i16 = 76;

    fn of(histogram: &Histogram) -> Option<Self> {
        let total = histogram.total();
        let bin = |n: i16| {
            let low = Self::LOWEST_HU + n * Self::BIN_HU;
            // The first bin holds what lies below it too.
            let from = if n == 0 { i16::MIN } else { low };
            100.0 * histogram.count(from, low + Self::BIN_HU - 1) as f64 / total as f64
        };
        let [a, b, c, d] = Self::BORDERS_HU;
        let ranges = [(i16::MIN, a - 1), (a, b), (b + 1, c), (c + 1, d), (d + 1, i16::MAX)];
        let compartments = ranges.map(|(low, high)| 100.0 * histogram.count(low, high) as f64 / total.max(1) as f64);
        (total > 0).then(|| Self { bins: (0..Self::BINS).map(bin).collect(), compartments })
    }
}

impl Session {
    /// Numbers that can be had, by what they are of: those of each lung beside that of both, extents of zones in their picture alone.
    fn numbers_in_groups(&self) -> Vec<(String, Vec<NumberRow>)> {
        let rows = self.quantity_rows();
        let both_of = |q: &QuantityRow| Some(format!("lung-{}", q.name.split_once("-lung-")?.1));
        let is_beside = |q: &QuantityRow| {
            let both = both_of(q);
            q.name.starts_with("zone-") && q.name.ends_with("-extent")
                || rows.iter().any(|other| Some(other.name) == both.as_deref() && other.value.is_some())
        };
        let of = |group: QuantityGroup| {
            let rows = rows.iter().filter(|q| q.group == group && q.value.is_some() && !is_beside(q));
            let row = |q: &QuantityRow| NumberRow {
                title: q.title.clone(),
                text: self.with_sides(q),
                definition: q.definition,
                doubt: q.doubt.clone(),
            };
            (group_words(group).in_lang(self.lang).to_owned(), rows.map(row).collect::<Vec<_>>())
        };
        QuantityGroup::ALL.into_iter().map(of).filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// The words of a number, with those of the right and the left lung where each has its own.
    fn with_sides(&self, q: &QuantityRow) -> String {
        let side = |side: &str| {
            let name = format!("{side}-{}", q.name);
            let found = self.quantities.iter().find(|q| q.name == name)?;
            Some(self.lang.number(found.value?, found.digits))
        };
        match side("right").zip(side("left")) {
            Some((right, left)) => numbers::BY_SIDE.with(self.lang, &[&q.text, &right, &left]),
            None => q.text.clone(),
        }
    }

    /// When the report was made, and by whom where they said who they are.
    fn report_origin(&self) -> String {
        let signature = self.signature();
        let at = self.lang.date_and_time(&signature.at);
        if signature.author.is_empty() {
            return numbers::REPORT_OF.with(self.lang, &[&at]);
        }
        numbers::REPORT_OF_READER.with(self.lang, &[&at, &signature.author])
    }

    pub(super) fn report_view(&self) -> Option<ReportView> {
        let case = self.case.as_ref().filter(|_| self.report_open)?;
        let lang = self.lang;
        let first = case.series.instances.first();
        let description = first.map(|i| self.or_hidden(&i.series.description).to_owned()).filter(|d| !d.is_empty());
        let notes = case.plan.findings.iter().map(|f| super::explain::geometry_finding(f, lang));
        let mut lungs = Histogram::default();
        for segment in case.document.segments().iter().filter(|s| s.meaning.is_lung()) {
            lungs.merge(case.document.histogram(segment.number));
        }
        let grid = case.volume.grid();
        let per_mm = grid.voxel_volume_mm3() / 1000.0 / grid.spacing_mm()[2];
        let ml = |n: [u64; 2]| (n[0] + n[1]) as f64 * per_mm;
        let mut profile: Vec<[f64; 2]> = self.profile.slices().iter().map(|s| [ml(s.lung), ml(s.involved)]).collect();
        if grid.step(2).0.z < 0.0 {
            profile.reverse();
        }
        let answers = case.document.answers();
        let mut form = Vec::new();
        for field in FORM {
            let Some(answer) = answers.get(&field.number) else { continue };
            let words: Vec<&str> = match answer {
                Answer::Choice(n) => {
                    choice_words(field).get(usize::from(*n)).map(|t| t.in_lang(lang)).into_iter().collect()
                }
                Answer::Choices(bits) => {
                    let all = choice_words(field).iter().enumerate();
                    all.filter(|(n, _)| bits >> n & 1 == 1).map(|(_, t)| t.in_lang(lang)).collect()
                }
                _ => Vec::new(),
            };
            let text = match answer {
                Answer::Number(value) => lang.number(*value, 1),
                Answer::Text(text) => text.clone(),
                _ => words.join(", "),
            };
            form.push((field_title(field).in_lang(lang).to_owned(), text));
        }
        for score in scores(answers) {
            form.extend(
                score.value.map(|v| (score_title(score.key).in_lang(lang).to_owned(), lang.number(v, score.digits))),
            );
        }
        Some(ReportView {
            head: std::iter::once(self.report_origin()).chain(description).chain(notes).collect(),
            numbers: self.numbers_in_groups(),
            conditions: self.acquisition_words(),
            segments: self
                .segment_rows()
                .into_iter()
                .map(|s| {
                    let mean = s.mean_hu.map_or_else(|| "—".to_owned(), |hu| lang.number(hu, 0));
                    [s.name, s.volume, format!("{mean} {}", words::HU.in_lang(lang))]
                })
                .collect(),
            measurements: self
                .measurement_rows()
                .into_iter()
                .map(|m| format!("{} {}", m.name, m.text.join(" · ")))
                .collect(),
            form,
            histogram: HistogramView::of(&lungs),
            profile: if self.profile.lungs().is_some() { profile } else { Vec::new() },
            height_mm: grid.spacing_mm()[2] * grid.size()[2] as f64,
            change: self.change_view(),
            zones: self.zone_extents(),
        })
    }
}
