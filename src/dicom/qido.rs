//! Searching a DICOMweb server: QIDO-RS queries as addresses, and its answers as plain structs (PS3.18 10.6 and Annex F).
//!
//! An answer is a list of data sets in the DICOM JSON model. It comes from outside: what is missing or of another shape is left
//! out, and an identifier that is none is never put into an address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a reader looks for; empty fields match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudyQuery {
    /// Beginning of Patient's Name; `*` and `?` stand for letters (PS3.4 C.2.2.2.4).
    pub patient_name: String,
    /// Patient ID.
    pub patient_id: String,
    /// First day, `YYYYMMDD`.
    pub date_from: String,
    /// Last day, `YYYYMMDD`.
    pub date_to: String,
    /// Part of Study Description.
    pub description: String,
    /// Modality that the study holds.
    pub modality: String,
}

/// A study.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteStudy {
    /// Study Instance UID.
    pub uid: String,
    /// Patient's Name, as it is shown.
    pub patient_name: String,
    /// Patient ID.
    pub patient_id: String,
    /// Study Date, `YYYYMMDD`.
    pub date: String,
    /// Study Description.
    pub description: String,
}

/// A series of a study.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteSeries {
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID.
    pub uid: String,
    /// Modality.
    pub modality: String,
    /// Series Description.
    pub description: String,
    /// Number of Series Related Instances, if the server says it.
    pub instances: Option<usize>,
}

/// Most studies asked for at once; the reader is told when there may be more.
pub const MOST_STUDIES: usize = 100;

/// A data set in the DICOM JSON model: attributes by their tags, eight hexadecimal digits.
pub type JsonDataSet = BTreeMap<String, JsonAttribute>;

/// An attribute in the DICOM JSON model.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct JsonAttribute {
    #[serde(rename = "Value", default)]
    pub(super) values: Vec<JsonValue>,
}

/// A value in the DICOM JSON model; others than these are not asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum JsonValue {
    Number(f64),
    Text(String),
    /// Of a sequence. Before names: all that is in a name is no attribute.
    Item(JsonDataSet),
    Name {
        #[serde(rename = "Alphabetic", default)]
        alphabetic: Option<String>,
        #[serde(rename = "Ideographic", default)]
        ideographic: Option<String>,
    },
    Other(IgnoredAny),
}

/// Everything but the unreserved characters of RFC 3986 and the wildcard, which servers expect as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

impl StudyQuery {
    /// The query below the server's root.
    pub fn path(&self) -> String {
        let mut path =
            format!("studies?includefield=StudyDescription&includefield=ModalitiesInStudy&limit={}", MOST_STUDIES + 1);
        let mut add = |name: &str, value: &str, before: &str, after: &str| {
            let value = value.trim();
            if !value.is_empty() {
                let (before, after) = if value.contains(['*', '?']) { ("", "") } else { (before, after) };
                // A String takes anything.
                let _ = write!(path, "&{name}={before}{}{after}", utf8_percent_encode(value, ENCODED));
            }
        };
        add("ModalitiesInStudy", &self.modality.to_ascii_uppercase(), "", "");
        add("PatientName", &self.patient_name, "", "*");
        add("PatientID", &self.patient_id, "", "");
        add("StudyDescription", &self.description, "*", "*");
        let (from, to) = (day(&self.date_from), day(&self.date_to));
        if !(from.is_empty() && to.is_empty()) {
            add("StudyDate", &format!("{from}-{to}"), "", "");
        }
        path
    }
}

/// The query for the series of a study, of one modality unless that is empty; `None` if this is no UID.
pub fn series_path(study_uid: &str, modality: &str) -> Option<String> {
    let modality = modality.trim().to_ascii_uppercase();
    let only = if modality.is_empty() {
        String::new()
    } else {
        format!("&Modality={}", utf8_percent_encode(&modality, ENCODED))
    };
    let fields = "includefield=SeriesDescription&includefield=NumberOfSeriesRelatedInstances";
    is_uid(study_uid).then(|| format!("studies/{study_uid}/series?{fields}{only}"))
}

/// Where all instances of a series are (WADO-RS, PS3.18 10.4); `None` if these are no UIDs.
pub fn instances_path(series: &RemoteSeries) -> Option<String> {
    let RemoteSeries { study_uid, uid, .. } = series;
    (is_uid(study_uid) && is_uid(uid)).then(|| format!("studies/{study_uid}/series/{uid}"))
}

/// The studies of an answer, latest first.
pub fn studies(answer: &[JsonDataSet]) -> Vec<RemoteStudy> {
    let study = |data_set: &JsonDataSet| {
        let uid = uid(data_set, "0020000D")?;
        Some(RemoteStudy {
            uid,
            patient_name: text(data_set, "00100010"),
            patient_id: text(data_set, "00100020"),
            date: day(&text(data_set, "00080020")),
            description: text(data_set, "00081030"),
        })
    };
    let mut studies: Vec<_> = answer.iter().filter_map(study).collect();
    studies.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.patient_name.cmp(&b.patient_name)));
    studies
}

/// The series of an answer, as the server orders them. Those of another study are left out.
pub fn series(answer: &[JsonDataSet], study_uid: &str) -> Vec<RemoteSeries> {
    let series = |data_set: &JsonDataSet| {
        let uid = uid(data_set, "0020000E")?;
        let of = text(data_set, "0020000D");
        let instances = text(data_set, "00201209").parse::<usize>().ok();
        (of.is_empty() || of == study_uid).then(|| RemoteSeries {
            study_uid: study_uid.to_owned(),
            uid,
            modality: text(data_set, "00080060"),
            description: text(data_set, "0008103E"),
            instances,
        })
    };
    answer.iter().filter_map(series).collect()
}

/// Whether this can be a UID (PS3.5 9.1): digits and dots, 64 at most.
pub fn is_uid(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn uid(data_set: &JsonDataSet, tag: &str) -> Option<String> {
    Some(text(data_set, tag)).filter(|uid| is_uid(uid))
}

/// The first value as text; a name as it is shown, its parts separated by spaces.
pub(super) fn text(data_set: &JsonDataSet, tag: &str) -> String {
    let text = match data_set.get(tag).and_then(|a| a.values.first()) {
        Some(JsonValue::Text(text)) => text.clone(),
        Some(JsonValue::Number(number)) => number.to_string(),
        Some(JsonValue::Name { alphabetic, ideographic }) => {
            let name = alphabetic.iter().chain(ideographic).find(|n| !n.is_empty());
            name.map(|n| n.split('^').filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")).unwrap_or_default()
        }
        Some(JsonValue::Item(_) | JsonValue::Other(_)) | None => String::new(),
    };
    text.trim_matches([' ', '\0']).to_owned()
}

/// A day as DICOM writes it: `YYYYMMDD`, of that or of `YYYY-MM-DD`; empty if it is neither.
fn day(text: &str) -> String {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) { digits } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_types_cannot_leave_its_field() {
        let query = StudyQuery {
            patient_name: "Müller & fils/..?".into(),
            patient_id: "a=1#b".into(),
            date_from: "2024-01-05".into(),
            date_to: "later".into(),
            description: "thorax".into(),
            modality: "ct ".into(),
        };
        assert_eq!(
            query.path().split('&').skip(3).collect::<Vec<_>>(),
            [
                "ModalitiesInStudy=CT",
                "PatientName=M%C3%BCller%20%26%20fils%2F..%3F",
                "PatientID=a%3D1%23b",
                "StudyDescription=*thorax*",
                "StudyDate=20240105-"
            ]
        );
        assert_eq!(StudyQuery::default().path().matches('=').count(), 3);
        assert_eq!(series_path("1.2/../3", "CT"), None);
        let all = series_path("1.2", " ").expect("a UID");
        assert_eq!(series_path("1.2", "pt&x"), Some(format!("{all}&Modality=PT%26X")));
        assert!(!all.contains("Modality"), "{all}");
        let series = RemoteSeries { study_uid: "1.2".into(), uid: "1.2.3".into(), ..RemoteSeries::default() };
        assert_eq!(instances_path(&series).as_deref(), Some("studies/1.2/series/1.2.3"));
        assert_eq!(instances_path(&RemoteSeries { uid: "1?x".into(), ..series }), None);
    }

    #[test]
    fn answers_are_read_and_what_is_wrong_in_them_is_left_out() {
        let answer: Vec<JsonDataSet> = serde_json::from_str(
            r#"[
              {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DOE^JANE^^DR"}]},
               "00080020": {"vr": "DA", "Value": ["20200401"]}, "00081030": {"vr": "LO", "Value": [null]},
               "00100020": {"vr": "LO"}},
              {"0020000D": {"vr": "UI", "Value": ["1.2.4"]}, "00100010": {"vr": "PN", "Value": [{"Ideographic": "山田^太郎"}]},
               "00080020": {"vr": "DA", "Value": ["20210401"]}, "00081030": {"vr": "SQ", "Value": [{"0020000D": {"vr": "UI"}}]}},
              {"0020000D": {"vr": "UI", "Value": ["../studies"]}},
              {"00100010": {"vr": "PN", "Value": ["no study"]}}
            ]"#,
        )
        .expect("JSON");
        let found = studies(&answer);
        assert_eq!(found.iter().map(|s| s.uid.as_str()).collect::<Vec<_>>(), ["1.2.4", "1.2.3"]);
        assert_eq!((found[0].patient_name.as_str(), found[1].patient_name.as_str()), ("山田 太郎", "DOE JANE DR"));
        let answer: Vec<JsonDataSet> = serde_json::from_str(
            r#"[{"0020000E": {"vr": "UI", "Value": ["1.2.3.1"]}, "00201209": {"vr": "IS", "Value": [300]},
                 "00080060": {"vr": "CS", "Value": ["CT"]}, "0020000D": {"vr": "UI", "Value": ["1.2.3"]}},
                {"0020000E": {"vr": "UI", "Value": ["1.2.9.1"]}, "0020000D": {"vr": "UI", "Value": ["1.2.9"]}}]"#,
        )
        .expect("JSON");
        let found = series(&answer, "1.2.3");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].instances, found[0].modality.as_str()), (Some(300), "CT"));
    }
}
