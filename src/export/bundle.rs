//! The bundle: a reading as one ZIP of a few plain files, with their hashes and a list of every value in them and why it leaves.
//! No pixel, and nothing of the patient but what the CT is found again by (`annotation/bundle.rs`, `docs/bundle.md`).
//!
//! Two flavours, as the two writers decide: for the hospital with the UIDs of the CT and the reader's own words for segments and in the
//! form; for a campaign with replaced UIDs, coded content, a pseudonym. Words beside measurements stay in both.

use super::campaign::{Pseudonymous, is_coded, told};
use super::context::{Audience, ExportError, Filing};
use super::dataset::derived_uid;
use super::leaving::Reason;
use super::outbound::OutboundObject;
use super::seg::{frame_of_reference, label};
use super::table::cell;
use super::{ExportContext, archive};
use crate::annotation::{
    AUDIT, Answer, Author, Bundle, BundleError, CtIdentity, Document, History, Layer, MANIFEST, Manifest, Measurement,
    Reading, Segment, hex,
};
use crate::dicom::Instance;
use crate::report;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Writes the reading of a document: `content_sha256` is the digest of its CT's voxels, `history` says what was done.
///
/// # Errors
/// [`ExportError::Empty`] when nothing was marked, measured or answered; [`ExportError::SourceMismatch`] and others when the slices of
/// `context` are not those of the document.
pub fn write(
    document: &Document,
    history: &History,
    context: &ExportContext,
    content_sha256: &[u8; 32],
) -> Result<OutboundObject, ExportError> {
    if document.segments().is_empty() && document.measurements().is_empty() && document.answers().is_empty() {
        return Err(ExportError::Empty);
    }
    if context.source.len() != document.grid().size()[2] {
        return Err(ExportError::SourceMismatch { reason: "another number of slices" });
    }
    let bundle = Bundle {
        manifest: manifest(document, context, content_sha256)?,
        reading: reading(document, history, context),
        labels: Layer::ALL.map(|layer| document.layer(layer).to_delta()),
    };
    OutboundObject::checked_bundle(packed(&bundle)?, &context.filing)
}

fn manifest(document: &Document, context: &ExportContext, content: &[u8; 32]) -> Result<Manifest, ExportError> {
    let grid = document.grid();
    let first = context.first()?;
    let uid = |uid: &str| if is_stand_in(first) { String::new() } else { uid.to_owned() };
    let frame_of_reference_uid = match first.series.frame_of_reference_uid {
        Some(_) => frame_of_reference(context, &mut Vec::new())?,
        None => String::new(),
    };
    let images = |k: usize| context.images(k).iter().filter_map(image_name).collect();
    Ok(Manifest {
        audience: word(context.filing.audience()).to_owned(),
        software: format!("Hilum {}", context.software_version),
        date: context.date.clone(),
        time: context.time.clone(),
        reader: context.reader.clone(),
        reading_uid: derived_uid("reading", &[context.reading_id.as_bytes()]),
        subject: match &context.filing {
            Filing::Hospital => None,
            Filing::Campaign(identity) => Some(identity.subject()),
        },
        ct: CtIdentity {
            study_uid: uid(&first.study.instance_uid),
            series_uid: uid(&first.series.instance_uid),
            frame_of_reference_uid,
            size: grid.size().map(|n| n as u32),
            origin: grid.origin().0.to_array(),
            steps: [0, 1, 2].map(|axis| grid.step(axis).0.to_array()),
            content_sha256: hex(content),
            images: (0..grid.size()[2]).map(images).collect(),
        },
        remarks: context.quality_notes.clone(),
        ..Manifest::current()
    })
}

/// How an image of a slice is named in a bundle; `None` for what stands for a file that is no DICOM.
pub fn image_name(image: &Instance) -> Option<String> {
    let uid = &image.sop_instance_uid;
    (!is_stand_in(image)).then(|| image.frame_number.map_or_else(|| uid.clone(), |frame| format!("{uid}#{frame}")))
}

/// Whether an image stands for a file that is no DICOM: its UIDs name nothing.
fn is_stand_in(image: &Instance) -> bool {
    image.sop_class_uid.is_empty()
}

fn word(audience: Audience) -> &'static str {
    match audience {
        Audience::Hospital => "hospital",
        Audience::Campaign => "campaign",
    }
}

/// What was marked. In a campaign names, words and times of day stay behind.
fn reading(document: &Document, history: &History, context: &ExportContext) -> Reading {
    let in_campaign = context.filing.audience() == Audience::Campaign;
    let made = |s: &Segment| if in_campaign { Default::default() } else { (s.author.clone(), s.made_at.clone()) };
    let segment = |s: &Segment| {
        let (author, made_at) = made(s);
        let origin = told(&s.origin, context.filing.audience());
        Segment { name: label(s, context), author, made_at, origin, ..s.clone() }
    };
    let measurement = |m: &Measurement| Measurement {
        name: String::new(),
        made_at: if in_campaign { String::new() } else { m.made_at.clone() },
        ..m.clone()
    };
    let answers = document.answers().iter().filter(|(number, answer)| {
        let is_words = matches!(answer, Answer::Text(_));
        report::is_known(**number, answer) && !(is_words && in_campaign)
    });
    let before = document.authors().iter().map(|author| {
        // A campaign knows its own readers by their codes, and others not at all.
        let untold = in_campaign && !author.in_campaign;
        if untold { Author { reader: String::new(), at: String::new(), ..author.clone() } } else { author.clone() }
    });
    let (acts, forgotten) = history.acts();
    let own = Author {
        reader: context.reader.clone(),
        in_campaign,
        software: format!("Hilum {}", context.software_version),
        at: format!("{}{}", context.date, context.time),
        forgotten,
        acts,
    };
    Reading {
        segments: document.segments().iter().map(segment).collect(),
        measurements: document.measurements().iter().map(measurement).collect(),
        answers: answers.map(|(number, answer)| (*number, answer.clone())).collect(),
        authors: before.chain([own]).collect(),
    }
}

/// The archive.
fn packed(bundle: &Bundle) -> Result<Vec<u8>, ExportError> {
    let unwritable = |e: BundleError| ExportError::Unwritable(e.to_string());
    let files = bundle.files(audit_csv(&audit(bundle)?)?).map_err(unwritable)?;
    archive::stored(&files)
}

/// Reads a bundle that is exactly what is written of its parts: every byte of it follows from what [`audit`] lists.
///
/// # Errors
/// [`ExportError::Refused`] for any other, and for one of another audience.
pub(super) fn check(bytes: &[u8], audience: Audience) -> Result<Bundle, ExportError> {
    let refuse = |reason: &str| ExportError::Refused { reason: reason.to_owned() };
    let files = archive::read(bytes).ok_or_else(|| refuse("it is no archive that is written here"))?;
    let files: BTreeMap<String, Vec<u8>> = files.into_iter().collect();
    let bundle = Bundle::read(&files).map_err(|e| refuse(&e.to_string()))?;
    if packed(&bundle)? != bytes {
        return Err(refuse("it carries more than its list says"));
    }
    let campaign = bundle.manifest.subject.is_some();
    if bundle.manifest.audience != word(audience) || campaign != (audience == Audience::Campaign) {
        return Err(refuse("it was made for another destination"));
    }
    if bundle.reading.measurements.iter().any(|m| !m.name.is_empty()) {
        return Err(refuse("it holds the words beside a measurement"));
    }
    let free = |s: &Segment| {
        let is_named = !s.name.is_ascii() || s.name.len() > 64 || !s.author.is_empty() || !s.made_at.is_empty();
        is_named || !is_coded(&s.origin)
    };
    let is_words = |answer: &Answer| matches!(answer, Answer::Text(_));
    if campaign && (bundle.reading.segments.iter().any(free) || bundle.reading.answers.values().any(is_words)) {
        return Err(refuse("it holds words that a reader wrote"));
    }
    Ok(bundle)
}

/// Names a bundle: the same for the same bytes.
pub(super) fn identifier(bytes: &[u8]) -> String {
    derived_uid("bundle", &[&Sha256::digest(bytes)])
}

/// One value that leaves with a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuditLine {
    /// The file.
    pub(super) file: &'static str,
    /// The way to the value ("ct.series_uid").
    pub(super) path: String,
    /// The value, as JSON has it; text without quotation marks.
    pub(super) value: String,
    /// Whether it is text, not numbers.
    pub(super) is_text: bool,
    /// Why it leaves.
    pub(super) reason: Reason,
}

/// Every value of a bundle, in the order of its files.
///
/// # Errors
/// [`ExportError::Refused`] for a value without a reason.
pub(super) fn audit(bundle: &Bundle) -> Result<Vec<AuditLine>, ExportError> {
    let mut lines = Vec::new();
    let manifest = Manifest { files: Vec::new(), ..bundle.manifest.clone() };
    let unwritable = |e: serde_json::Error| ExportError::Unwritable(e.to_string());
    let parts = [(MANIFEST, serde_json::to_value(&manifest)), ("reading.json", serde_json::to_value(&bundle.reading))];
    for (file, value) in parts {
        list(file, String::new(), &value.map_err(unwritable)?, &mut lines)?;
    }
    for (layer, (file, delta)) in
        Layer::ALL.into_iter().zip(["anatomy.runs", "findings.runs"].into_iter().zip(&bundle.labels))
    {
        for segment in bundle.reading.segments.iter().filter(|s| s.layer == layer) {
            let runs = delta.runs().iter().filter(|r| r.xor == segment.number);
            let (count, voxels) = runs.fold((0u64, 0u64), |(n, v), r| (n + 1, v + u64::from(r.len)));
            let (path, value) = (format!("segment {}", segment.number), format!("{voxels} voxels in {count} runs"));
            lines.push(AuditLine { file, path, value, is_text: false, reason: Reason::Finding });
        }
    }
    Ok(lines)
}

fn list(file: &'static str, path: String, value: &Value, lines: &mut Vec<AuditLine>) -> Result<(), ExportError> {
    let is_number = |v: &Value| v.is_number() || v.as_array().is_some_and(|a| a.iter().all(Value::is_number));
    match value {
        // A point, a colour, the names of a slice's images: one value.
        Value::Array(items)
            if !items.is_empty() && !items.iter().all(is_number) && !items.iter().all(Value::is_string) =>
        {
            items.iter().enumerate().try_for_each(|(n, item)| list(file, format!("{path}[{n}]"), item, lines))
        }
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            list(file, path, field, lines)
        }),
        Value::Null => Ok(()),
        _ => {
            let plain: String = path.split(['[', ']']).step_by(2).collect();
            let unlisted = || ExportError::Refused { reason: format!("it holds {file} {plain}") };
            let reason = reason(file, &plain).ok_or_else(unlisted)?;
            let is_text = value.is_string() || value[0].is_string();
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            lines.push(AuditLine { file, path, value, is_text, reason });
            Ok(())
        }
    }
}

/// Why a value may leave; `None` if it may not.
fn reason(file: &str, path: &str) -> Option<Reason> {
    let under = |places: &[&str]| {
        places.iter().any(|p| path.strip_prefix(p).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    Some(match file {
        MANIFEST if under(&["format", "version", "audience", "reading_uid", "files"]) => Reason::Object,
        MANIFEST if under(&["software"]) => Reason::Program,
        MANIFEST if under(&["date", "time"]) => Reason::Time,
        MANIFEST if under(&["reader"]) => Reason::Reader,
        MANIFEST if under(&["subject.sponsor", "subject.protocol", "subject.protocol_name", "subject.site"]) => {
            Reason::Campaign
        }
        MANIFEST if under(&["subject.subject", "subject.sex", "subject.age", "subject.study_date"]) => {
            Reason::Pseudonym
        }
        MANIFEST if under(&["ct.study_uid", "ct.series_uid", "ct.images", "ct.content_sha256"]) => Reason::Source,
        MANIFEST if under(&["ct.frame_of_reference_uid", "ct.size", "ct.origin", "ct.steps", "remarks"]) => {
            Reason::Place
        }
        "reading.json" if under(&["segments.origin"]) => Reason::Method,
        "reading.json" if under(&["authors.software", "authors.acts", "authors.forgotten"]) => Reason::Method,
        "reading.json" if under(&["authors.reader", "authors.in_campaign", "segments.author"]) => Reason::Reader,
        "reading.json" if under(&["authors.at", "segments.made_at", "measurements.made_at"]) => Reason::Time,
        "reading.json" if under(&["measurements.points", "measurements.right", "measurements.down"]) => Reason::Place,
        // Empty lists.
        "reading.json" if ["segments", "measurements", "authors"].contains(&path) => Reason::Finding,
        "reading.json" if under(SEGMENT) || under(MEASUREMENT) || under(&["answers"]) => Reason::Finding,
        _ => return None,
    })
}

const SEGMENT: &[&str] = &[
    "segments.number",
    "segments.meaning",
    "segments.layer",
    "segments.name",
    "segments.colour",
    "segments.visible",
    "segments.locked",
    "segments.rank",
];
const MEASUREMENT: &[&str] = &["measurements.number", "measurements.kind", "measurements.name", "measurements.visible"];

/// The list as a table: file, place, value, reason.
fn audit_csv(lines: &[AuditLine]) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let head = ["file", "place", "value", "why"];
    let own = [AUDIT, "", "this list", "what else is here, value by value"];
    let rows = lines.iter().map(|l| [l.file, &l.path, &l.value, l.reason.in_english()]);
    for row in [head, own].into_iter().chain(rows) {
        writer.write_record(row.map(cell)).map_err(|e| ExportError::Unwritable(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| ExportError::Unwritable(e.to_string()))
}

/// Refuses a bundle for a campaign that tells a text or a UID of the source.
pub(super) fn check_source(bundle: &Bundle, identity: &Pseudonymous) -> Result<(), ExportError> {
    for line in audit(bundle)?.into_iter().filter(|l| l.is_text && l.reason != Reason::Time) {
        if identity.betrays(&line.value) || identity.holds_source_uid(&line.value) {
            let reason = format!("{} {} could name the patient or the CT", line.file, line.path);
            return Err(ExportError::Refused { reason });
        }
    }
    Ok(())
}
