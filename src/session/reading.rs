//! The reading form as it is filled in: one transaction for each answer, measured values beside a choice only once it is made.

use super::change::Update;
use super::form_words::{choice_words, field_title, scale_words, score_title, section_title};
use super::state::Session;
use super::words::{self, Text};
use crate::annotation::{Answer, Edit, Transaction};
use crate::report::{
    BEGUN, BLINDED, ENDED, FORM, Field, FieldKind, Score, extent_class, field, lobe_score, scores, zone_score,
};

/// What the reader does to a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FormInput {
    /// Chooses, or takes the choice back; of several, adds or takes away.
    Choose(usize),
    /// Writes a number or words; nothing means not assessed.
    Write(String),
    /// Not assessed.
    Clear,
}

/// The form as the page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormView {
    /// Its sections.
    pub sections: Vec<FormSection>,
    /// Fields answered, of how many.
    pub answered: (usize, usize),
    /// First and last answer, local date and time in words.
    pub times: Option<String>,
    /// Whether the patient was unknown to the reader, in words.
    pub blinded: Option<&'static str>,
}

/// A section.
#[derive(Clone, Debug, PartialEq)]
pub struct FormSection {
    /// Number and title.
    pub title: String,
    /// Its fields.
    pub fields: Vec<FormRow>,
    /// Scores that follow: key, words.
    pub scores: Vec<(&'static str, String, Option<f64>)>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub struct FormRow {
    /// Its number.
    pub number: u16,
    /// Its name in tests.
    pub key: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Choices: the digit that chooses it, its words, and whether it is chosen.
    pub choices: Vec<(usize, &'static str, bool)>,
    /// What its numbers mean, before the first of several that share it.
    pub scale: Option<&'static str>,
    /// Whether several may be chosen.
    pub several: bool,
    /// What is written, for numbers and words.
    pub written: Option<String>,
    /// Whether it takes words rather than a number.
    pub is_words: bool,
    /// Whether there is an answer.
    pub answered: bool,
    /// What the file says of it.
    pub stated: Option<String>,
    /// What was measured, and whether the reader's choice says the same; shown once there is an answer.
    pub measured: Option<(String, bool)>,
}

impl Session {
    /// Opens or closes the form.
    pub(super) fn toggle_form(&mut self, update: &mut Update) {
        self.form_open = !self.form_open && self.case.is_some();
        update.changes.facts = true;
    }

    pub(super) fn answer(&mut self, number: u16, input: &FormInput, update: &mut Update) {
        let Some(field) = field(number).filter(|f| !f.is_automatic()) else { return };
        let Some(case) = &self.case else { return };
        let before = case.document.answers().get(&number);
        let Some(after) = answered(field, before, input) else {
            return self.say(words::FORM_NOT_TAKEN, update);
        };
        self.notice = None;
        self.answer_all(vec![(number, after)], update);
    }

    /// Fills the zones from what was measured, in one transaction; a zone without lung stays as the reader left it.
    pub(super) fn fill_zones(&mut self, update: &mut Update) {
        let Some(zones) = self.zone_extents() else {
            let lacks_lungs = self.zone_planes_mm().is_none();
            return self.say(if lacks_lungs { words::NO_LUNGS } else { words::numbers::NO_OPACITIES }, update);
        };
        let answer = |(field, extent): (u16, Option<f64>)| Some((field, Some(Answer::Choice(zone_score(extent?)))));
        self.answer_all((701..).zip(zones).filter_map(answer).collect(), update);
    }

    /// Changes answers, and notes when.
    fn answer_all(&mut self, answers: Vec<(u16, Option<Answer>)>, update: &mut Update) {
        let (now, is_blinded) = (self.now.clone(), self.is_read_blinded());
        let Some(case) = &mut self.case else { return };
        let current = |case: &super::state::Case, field: u16| case.document.answers().get(&field).cloned();
        let mut wanted = answers;
        wanted.retain(|(field, after)| current(case, *field) != *after);
        if wanted.is_empty() {
            return;
        }
        let time = Some(Answer::Text(now)).filter(Answer::is_sound);
        if current(case, BEGUN).is_none() {
            wanted.push((BEGUN, time.clone()));
        }
        wanted.push((ENDED, time));
        // Once an answer was given by someone who could know the patient, the form is not blinded any more.
        let was_open = current(case, BLINDED) == Some(Answer::Choice(0));
        wanted.push((BLINDED, Some(Answer::Choice(u8::from(is_blinded && !was_open)))));
        wanted.retain(|(field, after)| current(case, *field) != *after);
        let mut edits = Vec::new();
        for (field, after) in wanted {
            let edit = Edit::Answer { field, before: current(case, field), after };
            case.apply(&edit, update);
            edits.push(edit);
        }
        case.history.commit(Transaction { name: "answer", edits });
        update.changes.facts = true;
    }

    pub(super) fn form_view(&self) -> Option<FormView> {
        let case = self.case.as_ref().filter(|_| self.form_open)?;
        let (lang, answers) = (self.lang, case.document.answers());
        let scores = scores(answers);
        let mut view = FormView::default();
        for field in FORM.iter().filter(|f| !f.is_automatic()) {
            if field.section() > view.sections.len() as u16 {
                let section = field.section();
                let of_section = scores.iter().filter(|s| s.section == section);
                let of_section = of_section.map(|s| (s.key, self.score_words(s), s.value));
                view.sections.push(FormSection {
                    title: format!("{section} · {}", section_title(section).in_lang(lang)),
                    fields: Vec::new(),
                    scores: of_section.collect(),
                });
            }
            let answer = answers.get(&field.number);
            view.answered.0 += usize::from(answer.is_some());
            view.answered.1 += 1;
            let row = self.form_row(field, answer);
            if let Some(section) = view.sections.last_mut() {
                section.fields.push(row);
            }
        }
        let time = |field: u16| match answers.get(&field) {
            Some(Answer::Text(at)) => Some(lang.date_and_time(at)),
            _ => None,
        };
        view.blinded = answers.get(&BLINDED).map(|a| {
            let said = if *a == Answer::Choice(1) { words::FORM_BLINDED } else { words::FORM_NOT_BLINDED };
            said.in_lang(lang)
        });
        view.times = time(BEGUN).zip(time(ENDED)).map(|(a, b)| words::FORM_TIMES.with(lang, &[&a, &b]));
        Some(view)
    }

    /// A score in words; once it is known, what was measured of it too.
    fn score_words(&self, score: &Score) -> String {
        let number = |value: f64| self.lang.number(value, score.digits);
        let value = score.value.map_or_else(|| "—".to_owned(), number);
        let name = match score.key {
            "zone-total" => "zone-score",
            "lobe-total" => "lobe-score",
            _ => "",
        };
        let measured = self.quantities.iter().find(|q| q.name == name).and_then(|q| q.value);
        let beside = measured.filter(|_| score.value.is_some()).map(|v| self.marked(number(v)));
        let beside = beside.map(|v| format!(" ({})", words::FORM_MEASURED.with(self.lang, &[&v])));
        format!("{} : {value}{}", score_title(score.key).in_lang(self.lang), beside.unwrap_or_default())
    }

    fn form_row(&self, field: &'static Field, answer: Option<&Answer>) -> FormRow {
        let lang = self.lang;
        let is_chosen = |n: usize| match answer {
            Some(Answer::Choice(chosen)) => usize::from(*chosen) == n,
            Some(Answer::Choices(bits)) => bits >> n & 1 == 1,
            _ => false,
        };
        // A scale that begins at 0 is typed as it reads; no and yes have the same digits everywhere.
        let begins_at_0 = |text: &Text| matches!(text.en, "0" | "not assessable");
        let first = usize::from(!choice_words(field).first().is_some_and(begins_at_0));
        let choices = choice_words(field).iter().enumerate().map(|(n, t)| (n + first, t.in_lang(lang), is_chosen(n)));
        let written = match (field.kind, answer) {
            (FieldKind::Number { digits, .. }, Some(Answer::Number(value))) => Some(format!("{value:.digits$}")),
            (FieldKind::Words, Some(Answer::Text(text))) => Some(text.clone()),
            (FieldKind::Number { .. } | FieldKind::Words, _) => Some(String::new()),
            _ => None,
        };
        FormRow {
            number: field.number,
            key: field.key,
            title: field_title(field).in_lang(lang),
            choices: choices.collect(),
            scale: scale_words(field.number).map(|text| text.in_lang(lang)),
            several: matches!(field.kind, FieldKind::SomeOf(_)),
            written,
            is_words: field.kind == FieldKind::Words,
            answered: answer.is_some(),
            stated: self.stated(field),
            measured: answer.and_then(|answer| self.measured_beside(field, answer)),
        }
    }

    /// What the file says of what a field asks, in words.
    fn stated(&self, field: &Field) -> Option<String> {
        let case = self.case.as_ref()?;
        let instance = case.first_image()?;
        let text = match field.number {
            201 if instance.acquisition.contrast_agent.is_empty() => words::NO_CONTRAST.in_lang(self.lang).to_owned(),
            201 => words::WITH_CONTRAST.in_lang(self.lang).to_owned(),
            202 => instance.acquisition.kernel,
            203 => self.lang.number(instance.plane.slice_thickness_mm?, 2),
            _ => return None,
        };
        (!text.is_empty()).then(|| words::FORM_STATED.with(self.lang, &[&text]))
    }

    /// What was measured of what a field asks, in words, and whether the answer agrees.
    fn measured_beside(&self, field: &Field, answer: &Answer) -> Option<(String, bool)> {
        let all = self.all_quantities();
        let value = |name: &str| all.iter().find(|q| q.name == name).and_then(|q| q.value);
        let beside = |name: &str, digits: usize, unit: &str| {
            value(name).map(|v| (self.marked(format!("{} {unit}", self.lang.number(v, digits))), true))
        };
        let percent = |v: f64| self.marked(format!("{} %", self.lang.number(v, 1)));
        match field.number {
            401 => {
                let involved = value("involvement")?;
                Some((percent(involved), *answer == Answer::Choice(extent_class(involved))))
            }
            701..=715 => {
                let extent = value(&format!("{}-extent", field.key))?;
                let score = if field.number < 711 { zone_score(extent) } else { lobe_score(extent) };
                Some((percent(extent), *answer == Answer::Choice(score)))
            }
            1301 => beside("trunk-diameter", 1, "mm"),
            1302 => beside("aorta-diameter", 1, "mm"),
            1602 => beside("fat-area", 1, "cm²"),
            1701 => beside("muscle-area", 1, "cm²"),
            1702 => beside("muscle-hu", 0, words::HU.in_lang(self.lang)),
            1401 => value("laa-950").map(|v| (format!("LAA-950 {}", percent(v)), true)),
            _ => None,
        }
    }
}

/// The answer that an input makes of the one before; `None` if it is none that the field takes.
fn answered(field: &Field, before: Option<&Answer>, input: &FormInput) -> Option<Option<Answer>> {
    let after = match (field.kind, input) {
        (_, FormInput::Clear) => None,
        (FieldKind::OneOf(_), FormInput::Choose(n)) => {
            Some(Answer::Choice(u8::try_from(*n).ok()?)).filter(|a| before != Some(a))
        }
        (FieldKind::SomeOf(choices), FormInput::Choose(n)) if *n < choices.len() => {
            let bits = if let Some(Answer::Choices(bits)) = before { *bits } else { 0 };
            // None of them, and any of them, exclude each other.
            let none = choices.iter().position(|c| c.key == "none").map_or(0, |n| 1 << n);
            let kept = if 1 << n == none { bits & none } else { bits & !none };
            Some(Answer::Choices(kept ^ (1 << n))).filter(Answer::is_sound)
        }
        (FieldKind::Number { .. }, FormInput::Write(text)) if !text.trim().is_empty() => {
            Some(Answer::Number(text.trim().replace(',', ".").replace('\u{2212}', "-").parse().ok()?))
        }
        (FieldKind::Words, FormInput::Write(text)) if !text.trim().is_empty() => {
            Some(Answer::Text(text.trim().chars().filter(|c| *c == '\n' || !c.is_control()).take(1000).collect()))
        }
        (FieldKind::Number { .. } | FieldKind::Words, FormInput::Write(_)) => None,
        _ => return None,
    };
    after.as_ref().is_none_or(|a| field.takes(a)).then_some(after)
}
