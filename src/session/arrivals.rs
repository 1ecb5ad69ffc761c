//! What comes in from files and meets what is there: shown first, and taken as the reader says. Nothing is merged silently.

use super::change::Update;
use super::form_words::{choice_words, field_title};
use super::state::{Case, Problem, ProblemReason, Session};
use super::words::{Lang, arriving};
use super::{explain, explain_segmentation};
use crate::annotation::{Answer, Author, Edit, Measurement, SegmentMeaning, Transaction};
use crate::import::{Collision, SegmentIn, SegmentationIn, meetings, segmentation_edits};
use crate::report::{self, ARTERIES, FieldKind};
use std::collections::BTreeMap;

/// Marks that came in.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// The file.
    pub(super) name: String,
    pub(super) marks: SegmentationIn,
    pub(super) measurements: Vec<Measurement>,
    pub(super) answers: Vec<(u16, Answer)>,
    pub(super) authors: Vec<Author>,
    /// What is said of them once they are there.
    pub(super) said: Vec<String>,
}

/// One that waits for the reader, with what it meets.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    arrival: Arrival,
    /// Nothing says what its segments mean: the reader does.
    asks: bool,
    lines: Vec<String>,
}

/// The dialog of what came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrivalView {
    /// The file.
    pub name: String,
    /// What it meets, one sentence each.
    pub lines: Vec<String>,
    /// Labels whose meaning is asked for: words, and what was chosen.
    pub labels: Vec<(String, Option<SegmentMeaning>)>,
}

impl Session {
    /// Takes marks in, or shows what they meet and waits for the reader.
    pub(super) fn arrive(&mut self, arrival: Arrival, update: &mut Update) {
        update.changes.facts = true;
        self.accept_region(update);
        let painting = self.keep_stroke(update);
        let Some(case) = &self.case else { return };
        let lines = met(&arrival, case, self.lang);
        if lines.is_empty() {
            self.take(arrival, Collision::Overwrite, update);
            if let (Some(segment), Some(case)) = (painting, &mut self.case) {
                case.active = Some(segment);
            }
        } else {
            self.arrivals.push_back(Waiting { arrival, asks: false, lines });
        }
    }

    /// Shows marks whose meaning the reader must tell.
    pub(super) fn ask_meanings(&mut self, arrival: Arrival, update: &mut Update) {
        self.accept_region(update);
        self.arrivals.push_back(Waiting { arrival, asks: true, lines: Vec::new() });
    }

    /// The reader says what a label means.
    pub(super) fn set_arrival_meaning(&mut self, n: usize, meaning: Option<SegmentMeaning>, update: &mut Update) {
        update.changes.facts = true;
        let (Some(waiting), Some(case)) = (self.arrivals.front_mut(), &self.case) else { return };
        let Some(segment) = waiting.arrival.marks.segments.get_mut(n).filter(|_| waiting.asks) else { return };
        segment.meaning = meaning;
        if let Some(meaning) = meaning {
            segment.colour = meaning.colour();
            segment.label = explain::meaning(meaning).in_lang(self.lang).to_owned();
        }
        waiting.lines = met(&waiting.arrival, case, self.lang);
    }

    /// The notes on marks, after what is said of them.
    pub(super) fn with_notes(&self, mut said: Vec<String>, marks: &SegmentationIn) -> Vec<String> {
        said.extend(marks.notes.iter().map(|n| explain_segmentation::segmentation_note(n, self.lang)));
        said
    }

    /// The reader's answer: what arrived comes first, or what is there.
    pub(super) fn answer_arrival(&mut self, collision: Collision, update: &mut Update) {
        update.changes.facts = true;
        self.abort_gesture(update);
        self.accept_region(update);
        let untold = |w: &Waiting| w.asks && w.arrival.marks.segments.iter().all(|s| s.meaning.is_none());
        if self.arrivals.front().is_some_and(untold) {
            return self.say(arriving::LABELS_NONE, update);
        }
        if let Some(waiting) = self.arrivals.pop_front() {
            self.take(waiting.arrival, collision, update);
        }
    }

    /// What arrived is left out.
    pub(super) fn leave_arrival(&mut self) {
        self.arrivals.pop_front();
    }

    fn take(&mut self, arrival: Arrival, collision: Collision, update: &mut Update) {
        let Some(case) = self.case.as_mut() else { return };
        let Arrival { name, marks, measurements, answers, authors, mut said } = arrival;
        let mut edits = Vec::new();
        if !marks.segments.is_empty() {
            match segmentation_edits(&marks, collision, &mut case.document, &case.volume) {
                Ok((made, notes)) => {
                    let touched = |e: &Edit| if let Edit::Voxels { delta, .. } = e { delta.bounds() } else { None };
                    made.iter().filter_map(touched).for_each(|bounds| update.changes.add_labels(bounds));
                    said.extend(notes.iter().map(|n| explain_segmentation::segmentation_note(n, self.lang)));
                    edits = made;
                }
                Err(error) => {
                    let reason =
                        ProblemReason::Segmentation(explain_segmentation::segmentation_error(&error, self.lang));
                    return self.problems.push(Problem { name, reason });
                }
            }
        }
        let mut renumbered = BTreeMap::new();
        for measurement in measurements {
            let came_as = measurement.number;
            let there = same_as(case, &measurement).map(|m| m.number);
            let Some(number) = there.or_else(|| (1..=u16::MAX).find(|n| case.document.measurement(*n).is_none()))
            else {
                break;
            };
            renumbered.insert(came_as, number);
            if there.is_none() {
                let after = Some(Measurement { number, ..measurement });
                edits.extend(applied(case, Edit::Measurement { number, before: None, after }, update));
            }
        }
        for (field, answer) in answers {
            let Some(answer) = with_number(field, answer, &renumbered) else { continue };
            let before = case.document.answers().get(&field).cloned();
            // What no form shows was not asked about: the reader's own stays.
            let is_shown = report::field(field).is_some();
            if before.is_none() || (is_shown && collision == Collision::Overwrite) {
                edits.extend(applied(case, Edit::Answer { field, before, after: Some(answer) }, update));
            }
        }
        for author in authors {
            if !case.document.authors().contains(&author) {
                let number = case.document.authors().len() as u16;
                edits.extend(applied(case, Edit::Author { number, before: None, after: Some(author) }, update));
            }
        }
        case.history.commit(Transaction { name: "import", edits });
        case.active = case.document.segments().last().map(|s| s.number).or(case.active);
        self.volume_revision += 1;
        self.notice = Some(said.join(" · "));
    }

    /// The dialog as the page shows it.
    pub(super) fn arrival_view(&self) -> Option<ArrivalView> {
        let (waiting, case) = (self.arrivals.front()?, self.case.as_ref()?);
        let label = |s: &SegmentIn| {
            let ml = self.lang.number(case.volume.grid().millilitres(s.voxel_count()), 1);
            (arriving::LABEL.with(self.lang, &[&s.coded, &ml]), s.meaning)
        };
        let labels = waiting.arrival.marks.segments.iter().filter(|_| waiting.asks).map(label).collect();
        Some(ArrivalView { name: waiting.arrival.name.clone(), lines: waiting.lines.clone(), labels })
    }
}

/// Makes an edit that changes something; nothing otherwise.
fn applied(case: &mut Case, edit: Edit, update: &mut Update) -> Option<Edit> {
    if matches!(&edit, Edit::Answer { before, after, .. } if before == after) {
        return None;
    }
    case.apply(&edit, update);
    Some(edit)
}

/// The measurement of the same kind with the same points.
fn same_as<'a>(case: &'a Case, measurement: &Measurement) -> Option<&'a Measurement> {
    let same = |m: &&Measurement| m.kind == measurement.kind && m.points == measurement.points;
    case.document.measurements().iter().find(same)
}

/// An answer that names a measurement names it by the number it has here; `None` where it is not here.
fn with_number(field: u16, answer: Answer, renumbered: &BTreeMap<u16, u16>) -> Option<Answer> {
    match answer {
        Answer::Number(came_as) if ARTERIES.contains(&field) => {
            renumbered.get(&(came_as as u16)).map(|number| Answer::Number((*number).into()))
        }
        answer => Some(answer),
    }
}

/// What an arrival meets, in sentences.
fn met(arrival: &Arrival, case: &Case, lang: Lang) -> Vec<String> {
    let named = |number: u8| case.document.segment(number).map_or_else(String::new, |s| s.name.clone());
    let voxels = meetings(&arrival.marks, &case.document).into_iter().map(|meeting| {
        let arriving = &arrival.marks.segments[meeting.segment];
        let count = meeting.voxels.to_string();
        // The only time that two segments of one layer lie on each other.
        let both = arriving.voxel_count() + case.document.voxel_count(meeting.with);
        let dice = lang.number(2.0 * meeting.voxels as f64 / both.max(1) as f64, 3);
        let locked = case.document.segment(meeting.with).is_some_and(|s| s.locked);
        let text = if locked { arriving::MEETS_LOCKED } else { arriving::MEETS_SEGMENT };
        text.with(lang, &[&arriving.label, &named(meeting.with), &count, &dice])
    });
    let answers = arrival.answers.iter().filter_map(|(number, theirs)| {
        let mine = case.document.answers().get(number).filter(|mine| *mine != theirs)?;
        let field = report::field(*number)?;
        let words = |answer: &Answer| answer_words(field, answer, lang);
        let title = field_title(field).in_lang(lang);
        Some(arriving::MEETS_ANSWER.with(lang, &[title, &words(mine), &words(theirs)]))
    });
    voxels.chain(answers).collect()
}

fn answer_words(field: &report::Field, answer: &Answer, lang: Lang) -> String {
    let choice = |n: usize| choice_words(field).get(n).map_or("—", |text| text.in_lang(lang));
    match (field.kind, answer) {
        (FieldKind::OneOf(_), Answer::Choice(n)) => choice(usize::from(*n)).to_owned(),
        (FieldKind::SomeOf(choices), Answer::Choices(bits)) => {
            let chosen = (0..choices.len()).filter(|n| bits >> n & 1 == 1);
            chosen.map(choice).collect::<Vec<_>>().join(", ")
        }
        (_, Answer::Number(value)) => lang.number(*value, 1),
        (_, Answer::Text(text)) => text.clone(),
        _ => "—".to_owned(),
    }
}
