//! The answer to a store request: which instances were stored, which were not, and why (STOW-RS, PS3.18 10.5.3 and Annex I).

use super::qido::{JsonAttribute, JsonDataSet, JsonValue, is_uid, text};

/// An instance that was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceFailure {
    /// Its SOP Instance UID.
    pub sop_instance_uid: String,
    /// Failure Reason (PS3.3 C.14.1.1), if the server gave one.
    pub reason: Option<u16>,
}

/// Of the instances `sent` those that an answer does not say are stored: what its Referenced SOP Sequence does not name, or its Failed
/// SOP Sequence does too. `None` where the answer has neither sequence: it is not that of a store request.
///
/// An item of the Failed SOP Sequence that names no instance gives its reason to those that are named nowhere.
pub fn not_stored(answer: &JsonDataSet, sent: &[&str]) -> Option<Vec<InstanceFailure>> {
    let (referenced, failed) = (answer.get(REFERENCED_SOP_SEQUENCE), answer.get(FAILED_SOP_SEQUENCE));
    if referenced.is_none() && failed.is_none() {
        return None;
    }
    let items = |sequence: Option<&JsonAttribute>| -> Vec<(String, Option<u16>)> {
        let of = |value: &JsonValue| match value {
            JsonValue::Item(item) => (text(item, "00081155"), text(item, "00081197").parse().ok()),
            _ => Default::default(),
        };
        sequence.map(|s| s.values.iter().map(of).collect()).unwrap_or_default()
    };
    let (stored, failed) = (items(referenced), items(failed));
    let nameless = failed.iter().find(|(uid, _)| !is_uid(uid)).and_then(|(_, reason)| *reason);
    let failure = |uid: &&str| {
        let own = failed.iter().find(|(of, _)| of == uid);
        let is_stored = own.is_none() && stored.iter().any(|(of, _)| of == uid);
        let reason = own.map_or(nameless, |(_, reason)| *reason);
        (!is_stored).then(|| InstanceFailure { sop_instance_uid: (*uid).to_owned(), reason })
    };
    Some(sent.iter().filter_map(failure).collect())
}

const FAILED_SOP_SEQUENCE: &str = "00081198";
const REFERENCED_SOP_SEQUENCE: &str = "00081199";

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str) -> JsonDataSet {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn only_what_is_named_as_stored_is_stored() {
        let answer = answer(
            r#"{"00081190": {"vr": "UR", "Value": ["http://pacs/studies/1.2"]},
                "00081198": {"vr": "SQ", "Value": [
                  {"00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.66.4"]},
                   "00081155": {"vr": "UI", "Value": ["2.25.7"]}, "00081197": {"vr": "US", "Value": [42752]}},
                  {"00081155": {"vr": "UI", "Value": ["2.25.8"]}}, null, "x"]},
                "00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["2.25.9"]}},
                  {"00081155": {"vr": "UI", "Value": ["2.25.8"]}}]}}"#,
        );
        let found = not_stored(&answer, &["2.25.6", "2.25.7", "2.25.8", "2.25.9"]).expect("an answer");
        let found: Vec<_> = found.iter().map(|f| (f.sop_instance_uid.as_str(), f.reason)).collect();
        assert_eq!(found, [("2.25.6", None), ("2.25.7", Some(0xA700)), ("2.25.8", None)]);
    }

    #[test]
    fn a_failure_without_a_name_is_that_of_what_is_named_nowhere() {
        let answer = answer(
            r#"{"00081198": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["../etc"]},
                "00081197": {"vr": "US", "Value": [290]}}]}}"#,
        );
        let found = not_stored(&answer, &["2.25.7"]).expect("an answer");
        assert_eq!(found, [InstanceFailure { sop_instance_uid: "2.25.7".to_owned(), reason: Some(0x0122) }]);
    }

    #[test]
    fn an_answer_without_either_sequence_is_none() {
        assert_eq!(not_stored(&JsonDataSet::new(), &["2.25.7"]), None);
        assert_eq!(not_stored(&answer(r#"{"00081190": {"vr": "UR", "Value": ["http://pacs"]}}"#), &["2.25.7"]), None);
    }
}
