//! The reading form as qualitative evaluations of the report (TID 1500 row 12): a code for each choice, numbers with their unit.

use super::content::{ContentItem, Relationship};
use super::{Audience, ExportContext};
use crate::annotation::{Answer, Document};
use crate::report::{FORM, Field, FieldKind, scores};

/// An item for each answer and for each score that follows; fields not assessed have none. Words stay out of a campaign.
pub(super) fn evaluations(document: &Document, context: &ExportContext) -> Vec<ContentItem> {
    let answers = document.answers();
    let mut items = Vec::new();
    for field in FORM {
        let Some(answer) = answers.get(&field.number).filter(|a| field.takes(a)) else { continue };
        match (field.kind, answer) {
            (FieldKind::Number { unit, .. }, Answer::Number(value)) => {
                items.push(ContentItem::number(Relationship::Contains, field.concept, *value, unit));
            }
            (FieldKind::Words, _) if context.filing.audience() == Audience::Campaign => {}
            (FieldKind::Words, Answer::Text(text)) => {
                items.push(ContentItem::text(Relationship::Contains, field.concept, text));
            }
            _ => {
                let codes = field.chosen(answer).into_iter().map(|choice| choice.code);
                items.extend(codes.map(|code| ContentItem::code(Relationship::Contains, field.concept, code)));
            }
        }
    }
    let known = scores(answers).into_iter().filter_map(|s| Some((s, s.value?)));
    items.extend(
        known.map(|(score, value)| ContentItem::number(Relationship::Contains, score.concept, value, score.unit)),
    );
    items
}

/// Each answer as its field, value, unit, code of what was chosen (`SCT:373066001`) and its meaning, for tables.
pub(super) fn answered(document: &Document) -> Vec<(&'static Field, String, String, String, String)> {
    let mut rows = Vec::new();
    for field in FORM {
        let Some(answer) = document.answers().get(&field.number).filter(|a| field.takes(a)) else { continue };
        let meaning = field.concept.meaning.to_owned();
        let code = format!("{}:{}", field.concept.scheme, field.concept.value);
        match (field.kind, answer) {
            (FieldKind::Number { unit, .. }, Answer::Number(value)) => {
                rows.push((field, value.to_string(), unit.value.to_owned(), code, meaning));
            }
            (FieldKind::Words, Answer::Text(text)) => rows.push((field, text.clone(), String::new(), code, meaning)),
            _ => rows.extend(field.chosen(answer).into_iter().map(|choice| {
                let code = format!("{}:{}", choice.code.scheme, choice.code.value);
                (field, choice.key.to_owned(), String::new(), code, format!("{meaning}: {}", choice.code.meaning))
            })),
        }
    }
    rows
}
