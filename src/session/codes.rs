//! The page of the private codes, `docs/codes.md`, written from the program. A test compares both.

use super::form_words::{choice_words, field_title, score_title};
use super::number_words::number_words;
use super::numbers::doubt_words;
use super::words::{Lang, Text};
use crate::annotation::CodedConcept;
use crate::export::own_concepts;
use crate::report::{Doubt, FORM, FieldKind, scores};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

const SCHEME: &str = "99HILUM";

/// What the page says of a code.
#[derive(Default)]
struct Row {
    meaning: &'static str,
    french: String,
    places: BTreeSet<String>,
    units: BTreeSet<&'static str>,
}

#[derive(Default)]
struct Rows(BTreeMap<&'static str, Row>);

impl Rows {
    fn add(&mut self, concept: CodedConcept, french: &str, place: String, unit: &'static str) {
        if concept.scheme != SCHEME {
            return;
        }
        let row = self.0.entry(concept.value).or_default();
        assert!(row.meaning.is_empty() || row.meaning == concept.meaning, "{} means one thing", concept.value);
        row.meaning = concept.meaning;
        if row.french.is_empty() {
            row.french = french.to_owned();
        }
        row.places.insert(place);
        row.units.extend(Some(unit).filter(|unit| !unit.is_empty()));
    }
}

fn rows() -> Rows {
    let mut rows = Rows::default();
    for field in FORM {
        let unit = if let FieldKind::Number { unit, .. } = field.kind { unit.value } else { "" };
        rows.add(field.concept, field_title(field).fr, format!("form, section {}", field.section()), unit);
        let choices = match field.kind {
            FieldKind::OneOf(choices) | FieldKind::SomeOf(choices) => choices,
            FieldKind::Number { .. } | FieldKind::Words => &[],
        };
        let words: &[Text] = choice_words(field);
        assert_eq!(choices.len(), words.len(), "{}", field.key);
        for (choice, words) in choices.iter().zip(words) {
            rows.add(choice.code, words.fr, format!("answer of `{}`", field.key), "");
        }
    }
    for score in scores(&BTreeMap::new()) {
        rows.add(score.concept, score_title(score.key).fr, format!("score `{}`", score.key), score.unit.value);
    }
    for (concept, place, unit) in own_concepts() {
        let number = place.strip_prefix("number `").and_then(|rest| number_words(rest.trim_end_matches('`')));
        rows.add(concept, number.map_or("", |words| words.title.fr), place, unit);
    }
    for doubt in Doubt::ALL {
        // What an algorithm says of itself holds a number in words.
        let french = if matches!(doubt, Doubt::Flag(_)) { None } else { doubt_words(&[doubt], Lang::Fr) };
        rows.add(doubt.code(), &french.unwrap_or_default(), "answer of `DOUBT`".to_owned(), "");
    }
    rows
}

fn page(rows: &Rows) -> String {
    let mut page = String::from(
        "# Private codes\n\nCodes of the scheme 99HILUM: concepts for which SNOMED CT, DCM, RadLex and UCUM have none. A value is never given again for \
         another\nmeaning. Each report names the scheme in its Coding Scheme Identification Sequence (0008,0110). Numbers carry the HU between \
         which\nvoxels were counted as *Threshold Attenuation Coefficient* (112032, DCM) with the derivations *Minimum* and *Maximum*, both \
         ends counted.\n\nWritten by a test from the program (`HILUM_WRITE_DOCS=1 cargo nextest run --lib codes`); it fails when this page and the \
         program differ.\n\n| value | meaning | French | where | unit (UCUM) |\n|---|---|---|---|---|\n",
    );
    for (value, row) in &rows.0 {
        let places: Vec<&str> = row.places.iter().map(String::as_str).collect();
        let units: Vec<&str> = row.units.iter().copied().collect();
        let (places, units) = (places.join("; "), units.join(", "));
        let line = writeln!(page, "| `{value}` | {} | {} | {places} | {units} |", row.meaning, row.french);
        assert!(line.is_ok());
    }
    page
}

/// Code values of the scheme in the text of a source file: the first argument of `own`, and of `code` before the scheme's name.
fn written_in(source: &str) -> BTreeSet<&str> {
    let first = |rest: &'static str| {
        source.match_indices(rest).filter_map(move |(at, _)| {
            let (value, after) = source.get(at + rest.len()..)?.trim_start().strip_prefix('"')?.split_once('"')?;
            Some((value, after.trim_start_matches([',', ' ', '\n'])))
        })
    };
    let own = first("own(").map(|(value, _)| value);
    own.chain(first("code(").filter(|(_, after)| after.starts_with("SCHEME")).map(|(value, _)| value)).collect()
}

#[test]
fn every_private_code_is_on_its_page() {
    let rows = rows();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["src/report/form.rs", "src/report/doubts.rs", "src/export/whole_ct.rs", "src/export/sr.rs"] {
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        let written = written_in(&source);
        assert!(!written.is_empty(), "{file}");
        let untold: Vec<_> = written.into_iter().filter(|value| !rows.0.contains_key(value)).collect();
        assert!(untold.is_empty(), "{file}: {untold:?}");
    }
    let (path, page) = (root.join("docs/codes.md"), page(&rows));
    if std::env::var_os("HILUM_WRITE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == page, "docs/codes.md says something else; HILUM_WRITE_DOCS=1 writes it");
    }
}
