//! All numbers of a reading as one table: CSV (RFC 4180) for a spreadsheet, JSON for a program. No pixel, no name of a patient.

use super::answers::answered;
use super::drawn::{self, code_of};
use super::sr::Drawn;
use super::{ExportContext, ExportError};
use crate::annotation::{CodedConcept, Document};
use crate::report::{DoubleReading, ItemAgreement, Quantity, Reading, field_of, scores};
use serde::{Deserialize, Serialize};

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableRow {
    /// `ct`, `note`, `segment`, `quantity`, `measurement`, `form` or `score`.
    pub kind: &'static str,
    /// What it is.
    pub name: String,
    /// Number of the segment or measurement; empty where there is none.
    pub number: Option<u16>,
    /// The value; point as decimal mark.
    pub value: String,
    /// UCUM unit; empty where there is none.
    pub unit: String,
    /// Coding Scheme Designator and Code Value, as `SCT:39607008`; empty where there is none.
    pub code: String,
    /// How it was got, or what was chosen, in English.
    pub about: String,
    /// Codes of what makes the value doubtful, with spaces between: `D_SHARP_KERNEL D_THICK_SLICES`; empty without a doubt.
    pub doubts: String,
}

/// Names the case of a table.
const SERIES: &str = "Series Instance UID";

/// The rows, in the order of a report; each quantity with the codes of its doubts.
pub fn rows(
    document: &Document,
    quantities: &[(Quantity, String)],
    shapes: &[Drawn],
    context: &ExportContext,
) -> Vec<TableRow> {
    let row = |kind, name: &str, value: String| TableRow {
        kind,
        name: name.to_owned(),
        number: None,
        value,
        unit: String::new(),
        code: String::new(),
        about: String::new(),
        doubts: String::new(),
    };
    let coded = |c: CodedConcept| format!("{}:{}", c.scheme, c.value);
    let mut rows = Vec::new();
    if let Ok(first) = context.first() {
        rows.push(row("ct", SERIES, first.series.instance_uid.clone()));
        rows.push(row("ct", "Convolution Kernel", first.acquisition.kernel.clone()));
        let kvp = first.acquisition.kvp.map(|v| v.to_string()).unwrap_or_default();
        rows.push(TableRow { unit: "kV".to_owned(), ..row("ct", "KVP", kvp) });
        let contrast = if first.acquisition.contrast_agent.is_empty() { "none recorded" } else { "recorded" };
        rows.push(row("ct", "Contrast", contrast.to_owned()));
    }
    let grid = document.grid();
    let [i, j, k] = grid.spacing_mm();
    rows.push(TableRow { unit: "mm".to_owned(), ..row("ct", "spacing", format!("{i} {j} {k}")) });
    rows.push(row("ct", "Hilum", context.software_version.clone()));
    rows.extend(context.quality_notes.iter().map(|note| row("note", "geometry", note.clone())));
    for segment in document.segments() {
        let of = |name: &str, value: f64, unit: &str| TableRow {
            number: Some(u16::from(segment.number)),
            unit: unit.to_owned(),
            code: coded(segment.meaning.property_type()),
            about: segment.name.clone(),
            ..row("segment", name, value.to_string())
        };
        rows.push(of("volume", document.volume_ml(segment.number), "ml"));
        rows.extend(document.mean_hu(segment.number).map(|hu| of("mean", hu, "[hnsf'U]")));
    }
    for (quantity, doubts) in quantities {
        rows.extend(quantity.value.map(|value| TableRow {
            unit: quantity.unit.to_owned(),
            about: quantity.method.to_owned(),
            doubts: doubts.clone(),
            ..row("quantity", quantity.name, value.to_string())
        }));
    }
    for (shape, values) in shapes {
        for (what, value) in values {
            let (concept, unit) = code_of(*what);
            rows.push(TableRow {
                number: Some(shape.number),
                unit: unit.value.to_owned(),
                code: coded(concept),
                about: shape.kind.name().to_owned(),
                ..row("measurement", drawn::name_of(*what), value.to_string())
            });
        }
    }
    for (field, value, unit, code, meaning) in answered(document) {
        rows.push(TableRow { unit, code, about: meaning, ..row("form", field.key, value) });
    }
    for score in scores(document.answers()) {
        rows.extend(score.value.map(|value| TableRow {
            unit: score.unit.value.to_owned(),
            code: coded(score.concept),
            about: score.concept.meaning.to_owned(),
            ..row("score", score.key, value.to_string())
        }));
    }
    rows
}

/// The rows as CSV with a head line.
///
/// # Errors
/// [`ExportError::Unwritable`] if they could not be written.
pub fn csv(rows: &[TableRow]) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        let (name, value, about) = (cell(&row.name), cell(&row.value), cell(&row.about));
        let row = TableRow { name, value, about, ..row.clone() };
        writer.serialize(row).map_err(|e| ExportError::Unwritable(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| ExportError::Unwritable(e.to_string()))
}

/// A text as a cell that a spreadsheet shows and does not compute: what would begin a formula is led in by an apostrophe.
pub(super) fn cell(text: &str) -> String {
    let computes = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if computes { format!("'{text}") } else { text.to_owned() }
}

/// Rows of texts under a head line, as CSV.
///
/// # Errors
/// [`ExportError::Unwritable`] if it could not be written.
pub fn plain<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in std::iter::once(&head.map(str::to_owned)).chain(rows) {
        writer
            .write_record(row.each_ref().map(|text| cell(text)))
            .map_err(|e| ExportError::Unwritable(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| ExportError::Unwritable(e.to_string()))
}

/// What a table must hold to be a reading.
#[derive(Deserialize)]
struct StoredRow {
    kind: String,
    name: String,
    value: String,
}

/// Reads a table that [`json`] wrote back: answers, scores and quantities of one case.
///
/// # Errors
/// [`ExportError::NoReading`] where it is no such table, or names no series.
pub fn reading(bytes: &[u8]) -> Result<Reading, ExportError> {
    let rows: Vec<StoredRow> = serde_json::from_slice(bytes).map_err(|e| ExportError::NoReading(e.to_string()))?;
    let mut reading = Reading::default();
    for row in rows {
        match row.kind.as_str() {
            "ct" if row.name == SERIES => reading.case = row.value,
            "form" | "score" | "quantity" => match row.value.parse::<f64>() {
                // Keys of choices may be digits.
                Ok(value) if field_of(&row.name).is_none_or(|f| f.is_number()) => {
                    reading.numbers.insert(row.name, value);
                }
                _ => {
                    reading.choices.entry(row.name).or_default().insert(row.value);
                }
            },
            _ => {}
        }
    }
    if reading.case.is_empty() {
        return Err(ExportError::NoReading(format!("no {SERIES}")));
    }
    Ok(reading)
}

/// How far two readers agree, as a table: one line for each item, then one for each case that a third should see.
///
/// # Errors
/// [`ExportError::Unwritable`] if it could not be written.
pub fn comparison(found: &DoubleReading) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: [String; 5]| writer.write_record(row).map_err(|e| ExportError::Unwritable(e.to_string()));
    write(["item", "cases", "statistic", "value", "interval or limits"].map(str::to_owned))?;
    let number = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
    let between = |[low, high]: [f64; 2]| format!("{low} {high}");
    for item in &found.items {
        let mut line = |statistic: &str, value: Option<f64>, limits: String| {
            write([cell(&item.key), item.cases.to_string(), statistic.to_owned(), number(value), limits])
        };
        match &item.agreement {
            ItemAgreement::Classes { same, nominal, weighted } => {
                line("same", Some(*same), String::new())?;
                let [linear, quadratic] = weighted.map_or([None, None], |w| w);
                for (name, kappa) in [("kappa", *nominal), ("kappa linear", linear), ("kappa quadratic", quadratic)] {
                    if let Some(kappa) = kappa {
                        line(name, Some(kappa.value), between(kappa.interval))?;
                    }
                }
            }
            ItemAgreement::Choices { same, mean } => {
                line("same", Some(*same), String::new())?;
                line("mean kappa", *mean, String::new())?;
            }
            ItemAgreement::Numbers(None) => line("ICC(2,1)", None, String::new())?,
            ItemAgreement::Numbers(Some(c)) => {
                line("ICC(2,1)", Some(c.agreement), String::new())?;
                line("ICC(3,1)", Some(c.consistency), String::new())?;
                line("bias", Some(c.bias), between(c.limits))?;
            }
        }
    }
    for (case, why) in &found.discords {
        write([cell(case), "1".to_owned(), "adjudication".to_owned(), String::new(), format!("{why:?}")])?;
    }
    writer.into_inner().map_err(|e| ExportError::Unwritable(e.to_string()))
}

/// The rows as a JSON array.
///
/// # Errors
/// [`ExportError::Unwritable`] if they could not be written.
pub fn json(rows: &[TableRow]) -> Result<Vec<u8>, ExportError> {
    serde_json::to_vec_pretty(rows).map_err(|e| ExportError::Unwritable(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ComparedItem, Discord};

    #[test]
    fn what_came_in_a_table_computes_nothing_in_the_next() {
        let item = ComparedItem { key: "@sum".into(), cases: 2, agreement: ItemAgreement::Numbers(None) };
        let discords = vec![("=HYPERLINK(\"http://x\")".to_owned(), vec![Discord::NotReadable])];
        let found = DoubleReading { items: vec![item], discords, ..DoubleReading::default() };
        let table = String::from_utf8(comparison(&found).unwrap()).unwrap();
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].starts_with("'@sum,2,"), "{table}");
        assert!(lines[2].starts_with("\"'=HYPERLINK("), "{table}");
    }
}
