//! Building data sets: attributes by tag, with the value representation of the dictionary; encoding; UIDs.

use super::ExportError;
use crate::annotation::CodedConcept;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::header::Length;
use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::entries::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};
use sha2::{Digest, Sha256};
use std::io::Write;

/// A code of DICOM PS3.3 table 8.8-1 that this room writes.
pub(super) const fn code(value: &'static str, scheme: &'static str, meaning: &'static str) -> CodedConcept {
    CodedConcept { value, scheme, meaning }
}

/// A data set being built. Values are cut to what their value representation holds (PS3.5 6.2).
pub(super) struct DataSet(InMemDicomObject);

impl DataSet {
    pub(super) fn new() -> Self {
        Self(InMemDicomObject::new_empty())
    }
    /// A data set filled by `fill`: an item of a sequence.
    pub(super) fn of(fill: impl FnOnce(&mut Self)) -> Self {
        let mut set = Self::new();
        fill(&mut set);
        set
    }
    fn put(&mut self, tag: Tag, value: impl Into<Value<InMemDicomObject>>) {
        self.0.put(DataElement::new(tag, vr_of(tag), value));
    }
    /// Text, a date, a UID or a code string; empty text gives an empty value.
    pub(super) fn text(&mut self, tag: Tag, value: &str) {
        let value = tidy_text(vr_of(tag), value);
        self.put(tag, if value.is_empty() { PrimitiveValue::Empty } else { PrimitiveValue::from(value) });
    }
    /// What an archive files the object by, as it has it: a Short String too may have the 64 characters of a long one.
    pub(super) fn identifier(&mut self, tag: Tag, value: &str) {
        let value = tidy(vr_of(tag), value, 64);
        self.put(tag, if value.is_empty() { PrimitiveValue::Empty } else { PrimitiveValue::from(value) });
    }
    /// Several values of a text attribute.
    pub(super) fn texts(&mut self, tag: Tag, values: &[&str]) {
        self.put(tag, PrimitiveValue::Strs(values.iter().map(|v| tidy_text(vr_of(tag), v)).collect()));
    }
    pub(super) fn u16(&mut self, tag: Tag, value: u16) {
        self.put(tag, PrimitiveValue::from(value));
    }
    pub(super) fn u16s(&mut self, tag: Tag, values: &[u16]) {
        self.put(tag, PrimitiveValue::U16(values.iter().copied().collect()));
    }
    pub(super) fn u32s(&mut self, tag: Tag, values: &[u32]) {
        self.put(tag, PrimitiveValue::U32(values.iter().copied().collect()));
    }
    pub(super) fn f32s(&mut self, tag: Tag, values: &[f32]) {
        self.put(tag, PrimitiveValue::F32(values.iter().copied().collect()));
    }
    /// Decimal strings.
    pub(super) fn decimals(&mut self, tag: Tag, values: &[f64]) {
        self.put(tag, PrimitiveValue::Strs(values.iter().map(|v| decimal_string(*v)).collect()));
    }
    pub(super) fn pointer(&mut self, tag: Tag, value: Tag) {
        self.put(tag, PrimitiveValue::Tags([value].into_iter().collect()));
    }
    /// Bytes as OB; padded to even length by the encoder's rules (PS3.5 8.1).
    pub(super) fn bytes(&mut self, tag: Tag, mut value: Vec<u8>) {
        if value.len() % 2 == 1 {
            value.push(0);
        }
        self.0.put(DataElement::new(tag, VR::OB, PrimitiveValue::U8(value.into())));
    }
    /// A sequence.
    pub(super) fn items(&mut self, tag: Tag, items: Vec<Self>) {
        let items: Vec<InMemDicomObject> = items.into_iter().map(|i| i.0).collect();
        let length = if items.is_empty() { Length(0) } else { Length::UNDEFINED };
        self.0.put(DataElement::new(tag, VR::SQ, Value::from(DataSetSequence::new(items, length))));
    }
    /// A sequence of one item.
    pub(super) fn item(&mut self, tag: Tag, fill: impl FnOnce(&mut Self)) {
        self.items(tag, vec![Self::of(fill)]);
    }
    /// A sequence of one code.
    pub(super) fn code(&mut self, tag: Tag, concept: CodedConcept) {
        self.items(tag, vec![Self::of_code(concept)]);
    }
    /// An item that is a code.
    pub(super) fn of_code(concept: CodedConcept) -> Self {
        Self::of(|item| {
            item.text(tags::CODE_VALUE, concept.value);
            item.text(tags::CODING_SCHEME_DESIGNATOR, concept.scheme);
            item.text(tags::CODE_MEANING, concept.meaning);
        })
    }

    /// Gives the object its SOP Instance UID and Series Instance UID, both derived from all the rest, and encodes it as a
    /// Part 10 file, Explicit VR Little Endian.
    pub(super) fn seal(self, version: &str) -> Result<Sealed, ExportError> {
        self.seal_as(version, Encoding::Explicit)
    }
    /// As [`Self::seal`], in this encoding.
    pub(super) fn seal_as(mut self, version: &str, encoding: Encoding) -> Result<Sealed, ExportError> {
        let refused = |error: &dyn std::error::Error| ExportError::Encoding { reason: error.to_string() };
        let mut hash = HashSink(Sha256::new());
        let explicit = EXPLICIT_VR_LITTLE_ENDIAN.erased();
        let implicit = IMPLICIT_VR_LITTLE_ENDIAN.erased();
        let syntax = if encoding == Encoding::Explicit { explicit } else { implicit };
        self.0.write_dataset_with_ts(&mut hash, &syntax).map_err(|e| refused(&e))?;
        let digest = hash.0.finalize();
        let series_instance_uid = derived_uid("series", &[&digest]);
        self.text(tags::SERIES_INSTANCE_UID, &series_instance_uid);
        self.text(tags::SOP_INSTANCE_UID, &derived_uid("instance", &[&digest]));
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(encoding.uid())
            .implementation_class_uid(derived_uid("implementation", &[]))
            .implementation_version_name(tidy_text(VR::SH, &format!("HILUM_{version}")));
        let file = self.0.with_meta(meta).map_err(|e| refused(&e))?;
        let mut bytes = Vec::new();
        file.write_all(&mut bytes).map_err(|e| refused(&e))?;
        Ok(Sealed { series_instance_uid, bytes })
    }
}

/// How a data set is encoded: little endian, with or without value representations (PS3.5 7.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Explicit,
    Implicit,
}

impl Encoding {
    pub(super) fn uid(self) -> &'static str {
        match self {
            Self::Explicit => uids::EXPLICIT_VR_LITTLE_ENDIAN,
            Self::Implicit => uids::IMPLICIT_VR_LITTLE_ENDIAN,
        }
    }
}

/// An encoded object.
pub(super) struct Sealed {
    pub(super) series_instance_uid: String,
    /// The Part 10 file.
    pub(super) bytes: Vec<u8>,
}

struct HashSink(Sha256);

impl Write for HashSink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A UID that names `parts`: `2.25.` and the integer of a UUID made of 122 bits of their SHA-256 (PS3.5 B.2, RFC 9562 5.8).
pub(super) fn derived_uid(kind: &str, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    uid_of(&hash.finalize().into())
}

/// A UID made of 122 bits of a digest.
pub(super) fn uid_of(digest: &[u8; 32]) -> String {
    let uuid = digest.iter().take(16).fold(0u128, |n, b| n << 8 | u128::from(*b));
    let uuid = uuid & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    format!("2.25.{uuid}")
}

/// The shortest Decimal String (at most 16 characters) that is nearest to `value`.
pub(super) fn decimal_string(value: f64) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    let plain = value.to_string();
    if plain.len() <= 16 {
        return plain;
    }
    let fixed = (0..15).rev().map(|digits| format!("{value:.digits$}")).find(|s| s.len() <= 16);
    let scientific = (0..15).rev().map(|digits| format!("{value:.digits$e}")).find(|s| s.len() <= 16);
    let error = |s: &Option<String>| {
        s.as_ref().and_then(|s| s.parse::<f64>().ok()).map_or(f64::INFINITY, |v| (v - value).abs())
    };
    let best = if error(&fixed) <= error(&scientific) { fixed } else { scientific };
    best.map(|s| {
        if s.contains('.') && !s.contains('e') { s.trim_end_matches('0').trim_end_matches('.').to_owned() } else { s }
    })
    .unwrap_or(plain)
}

fn vr_of(tag: Tag) -> VR {
    StandardDataDictionary.by_tag(tag).map_or(VR::UN, |entry| entry.vr().relaxed())
}

fn tidy_text(vr: VR, value: &str) -> String {
    let limit = match vr {
        VR::AE | VR::CS | VR::SH | VR::DS | VR::TM => 16,
        VR::DA => 8,
        VR::IS => 12,
        VR::LO | VR::UI | VR::PN => 64,
        VR::ST => 1024,
        VR::LT => 10240,
        _ => usize::MAX,
    };
    tidy(vr, value, limit)
}

/// Without what its value representation does not allow, and cut to so many characters.
fn tidy(vr: VR, value: &str, limit: usize) -> String {
    let long_text = matches!(vr, VR::ST | VR::LT | VR::UT);
    // A sex or a date that is none is not told.
    let fits = |c: char| match vr {
        VR::CS => c.is_ascii_uppercase() || c.is_ascii_digit() || " _".contains(c),
        VR::DA => c.is_ascii_digit(),
        VR::TM => c.is_ascii_digit() || c == '.',
        _ => true,
    };
    if !value.trim_matches(['\0', ' ']).chars().all(fits) {
        return String::new();
    }
    let allowed = |c: &char| !c.is_control() && (long_text || *c != '\\') || (long_text && *c == '\n');
    let cut = |text: &str| text.chars().filter(allowed).take(limit).collect::<String>().trim().to_owned();
    // A person's name has up to three forms, each of that length.
    if vr == VR::PN { value.split('=').take(3).map(cut).collect::<Vec<_>>().join("=") } else { cut(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_strings_keep_what_fits() {
        assert_eq!(decimal_string(-137.5), "-137.5");
        assert_eq!(decimal_string(-0.0), "0");
        assert_eq!(decimal_string(0.703125), "0.703125");
        assert_eq!(decimal_string(1.0 / 3.0), "0.33333333333333");
    }

    #[test]
    fn derived_uids_are_valid_and_part_their_parts() {
        let uid = derived_uid("a", &[b"b", b"c"]);
        assert!(uid.len() <= 44 && uid.starts_with("2.25."));
        assert_ne!(uid, derived_uid("a", &[b"bc", b""]));
        assert_eq!(uid, derived_uid("a", &[b"b", b"c"]));
    }

    #[test]
    fn text_is_cut_to_its_representation() {
        assert_eq!(tidy_text(VR::SH, " a\\b\u{1b}c "), "abc");
        assert_eq!(tidy_text(VR::LO, &"é".repeat(80)).chars().count(), 64);
        assert_eq!(tidy_text(VR::UT, "a\\b\nc"), "a\\b\nc");
        assert_eq!([VR::DA, VR::CS].map(|vr| tidy_text(vr, "<b>")), ["", ""]);
        assert_eq!([tidy_text(VR::DA, "20260101 "), tidy_text(VR::CS, "M")], ["20260101", "M"]);
    }

    proptest! {
        #[test]
        fn a_decimal_string_fits_and_is_near(value in prop::num::f64::NORMAL.prop_filter("in range", |v| v.abs() < 1e100 && v.abs() > 1e-90)) {
            let text = decimal_string(value);
            prop_assert!(text.len() <= 16, "{}", text);
            let back: f64 = text.parse().unwrap();
            prop_assert!((back - value).abs() <= value.abs() * 1e-8, "{} {}", value, text);
        }
    }
}
