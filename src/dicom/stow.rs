//! The answer to a store request: which instances were not stored, and why (STOW-RS, PS3.18 10.5.3 and Annex I).

use super::qido::{JsonDataSet, JsonValue, is_uid, text};

/// An instance that was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceFailure {
    /// Its SOP Instance UID.
    pub sop_instance_uid: String,
    /// Failure Reason (PS3.3 C.14.1.1), if the server gave one.
    pub reason: Option<u16>,
}

/// The items of the answer's Failed SOP Sequence. What names no instance is left out.
pub fn failures(answer: &JsonDataSet) -> Vec<InstanceFailure> {
    let items = answer.get("00081198").map(|a| a.values.as_slice()).unwrap_or_default();
    let failure = |value: &JsonValue| {
        let JsonValue::Item(item) = value else { return None };
        let sop_instance_uid = text(item, "00081155");
        is_uid(&sop_instance_uid)
            .then(|| InstanceFailure { sop_instance_uid, reason: text(item, "00081197").parse::<u16>().ok() })
    };
    items.iter().filter_map(failure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_instances_are_read_with_their_reasons() {
        let answer: JsonDataSet = serde_json::from_str(
            r#"{"00081190": {"vr": "UR", "Value": ["http://pacs/studies/1.2"]},
                "00081198": {"vr": "SQ", "Value": [
                  {"00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.66.4"]},
                   "00081155": {"vr": "UI", "Value": ["2.25.7"]}, "00081197": {"vr": "US", "Value": [42752]}},
                  {"00081155": {"vr": "UI", "Value": ["2.25.8"]}},
                  {"00081155": {"vr": "UI", "Value": ["../etc"]}}, null, "x"]},
                "00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["2.25.9"]}}]}}"#,
        )
        .expect("JSON");
        let found = failures(&answer);
        assert_eq!(found.iter().map(|f| f.sop_instance_uid.as_str()).collect::<Vec<_>>(), ["2.25.7", "2.25.8"]);
        assert_eq!((found[0].reason, found[1].reason), (Some(0xA700), None));
        assert_eq!(failures(&JsonDataSet::new()), Vec::new());
    }
}
