//! What will leave, attribute by attribute, for the reader to see before it does.

use super::bundle::AuditLine;
use super::context::Audience;
use super::leaving::{Reason, reason};
use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::header::Header;
use dicom_core::value::{PrimitiveValue, Value};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::{DefaultDicomObject, InMemDicomObject};
use std::borrow::Cow;
use std::fmt;

/// One attribute that will leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewLine {
    /// How deep in sequences: 0 for the data set itself.
    pub depth: usize,
    /// Which item of the enclosing sequence, from 1; 0 at depth 0.
    pub item: usize,
    /// Group and element; 0 and 0 in a bundle.
    pub tag: (u16, u16),
    /// Keyword of PS3.6; in a bundle the file and the place in it.
    pub keyword: Cow<'static, str>,
    /// Value representation; empty in a bundle.
    pub vr: &'static str,
    /// Its value.
    pub value: PreviewValue,
    /// Why it leaves.
    pub reason: Option<Reason>,
}

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewValue {
    /// As text; several values parted by a backslash.
    Text(String),
    /// A sequence of this many items; the lines of each follow.
    Items(usize),
    /// The bits or labels of the segmentation, by their size in bytes.
    SegmentBits(usize),
}

impl PreviewLine {
    /// The tag as it is written, `(GGGG,EEEE)`; empty in a bundle.
    pub fn tag_text(&self) -> String {
        match self.tag {
            (0, 0) => String::new(),
            (group, element) => format!("({group:04X},{element:04X})"),
        }
    }
}

impl fmt::Display for PreviewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Items(count) => write!(f, "{count} ×"),
            Self::SegmentBits(bytes) => write!(f, "{bytes} bytes of marks, no pixels of the CT"),
        }
    }
}

/// Every attribute of a file, file meta information first, in the order of the file.
pub(super) fn preview_lines(file: &DefaultDicomObject, audience: Audience) -> Vec<PreviewLine> {
    let mut lines = Vec::new();
    for element in file.meta().to_element_iter() {
        let value = element.value().primitive().map(text_of).unwrap_or_default();
        lines.push(line(0, 0, element.tag(), element.vr().to_string(), PreviewValue::Text(value)));
    }
    walk(file, 0, 0, &mut lines);
    for line in &mut lines {
        line.reason = reason(Tag(line.tag.0, line.tag.1), audience);
    }
    lines
}

/// Every value of a bundle.
pub(super) fn bundle_lines(audit: Vec<AuditLine>) -> Vec<PreviewLine> {
    let line = |l: AuditLine| PreviewLine {
        depth: 0,
        item: 0,
        tag: (0, 0),
        keyword: Cow::Owned(format!("{} {}", l.file, l.path)),
        vr: "",
        value: PreviewValue::Text(visible(&l.value)),
        reason: Some(l.reason),
    };
    audit.into_iter().map(line).collect()
}

fn walk(object: &InMemDicomObject, depth: usize, item: usize, lines: &mut Vec<PreviewLine>) {
    for element in object.iter() {
        let tag = element.tag();
        let vr = element.vr().to_string();
        match element.value() {
            Value::Sequence(sequence) => {
                lines.push(line(depth, item, tag, vr, PreviewValue::Items(sequence.items().len())));
                for (n, inner) in sequence.items().iter().enumerate() {
                    walk(inner, depth + 1, n + 1, lines);
                }
            }
            Value::Primitive(value) if tag == tags::PIXEL_DATA => {
                lines.push(line(depth, item, tag, vr, PreviewValue::SegmentBits(value.calculate_byte_len())));
            }
            Value::Primitive(value) => lines.push(line(depth, item, tag, vr, PreviewValue::Text(text_of(value)))),
            Value::PixelSequence(pixels) => {
                let size = pixels.fragments().iter().map(Vec::len).sum();
                lines.push(line(depth, item, tag, vr, PreviewValue::SegmentBits(size)));
            }
        }
    }
}

fn line(depth: usize, item: usize, tag: Tag, vr: &'static str, value: PreviewValue) -> PreviewLine {
    let keyword = Cow::Borrowed(StandardDataDictionary.by_tag(tag).map_or("", |entry| entry.alias()));
    PreviewLine { depth, item, tag: (tag.group(), tag.element()), keyword, vr, value, reason: None }
}

fn text_of(value: &PrimitiveValue) -> String {
    visible(value.to_str().trim_end_matches(['\0', ' ']))
}

/// A text in which nothing hides: what steers a terminal or turns the direction of writing stands as its number.
fn visible(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            out.push_str(&format!("⟨U+{:04X}⟩", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}
