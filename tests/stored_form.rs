//! The form in which readings are kept on a computer, byte for byte.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::annotation::{SegmentMeaning, StoredError, record, replay};
use hilum::session::{Action, Command, PaneId, Tool};

mod files;
mod tab;
use tab::{Tab, ct, noise};

/// The stored form stands: a reading that an earlier build kept is read by this one. Where this fails, `VERSION` in
/// `annotation/stored.rs` goes up and the old form keeps a reader of its own.
#[test]
fn the_stored_form_is_what_it_was() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.does(Command::BrushRadius(1.5));
    tab.drags(PaneId::Axial, &[(50.0, 50.0)]);
    tab.acts(Action::Undo);
    let header = |version: u8| [b"HLMJ".as_slice(), &[version, 14], b"20261123101500"].concat();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let records = tab.records();
    assert!(records.iter().all(|r| r.starts_with(&header(4))));
    let entries: Vec<String> = records.iter().map(|r| hex(&r[20..])).collect();
    assert_eq!(entries, STORED);
    let case = tab.session.case().unwrap();
    let again = |records: &[Vec<u8>]| replay(records, *case.volume.grid(), &case.volume).map(|r| r.cut_short);
    assert_eq!(again(&records), Ok(None));
    // The first form had no measurements, the second no answers, the third no authors; they read as this one does.
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|n| u8::from_str_radix(&hex[n..n + 2], 16).unwrap()).collect()
    };
    for version in [1, 2, 3] {
        let entries = [bytes(STORED_3), records[1][20..].to_vec(), records[2][20..].to_vec()];
        let older: Vec<Vec<u8>> = entries.into_iter().map(|e| [header(version), e].concat()).collect();
        let kept = replay(&older, *case.volume.grid(), &case.volume).unwrap();
        assert_eq!(kept.cut_short, None);
        let mut expected = case.document.segments().to_vec();
        assert_eq!(expected[0].made_at, "20261123101500");
        expected.iter_mut().for_each(|s| (s.made_at, s.rank) = (String::new(), 0));
        assert_eq!(kept.document.segments(), expected);
        assert_eq!(kept.document.problems(&case.volume), Vec::<String>::new());
        assert_eq!((kept.history.done().len(), kept.history.undone()), (1, case.history.undone()));
        // Undone to nothing, as the history says.
        let edits: Vec<_> = kept.history.done()[0].edits.iter().rev().map(|edit| edit.inverse()).collect();
        let mut document = kept.document;
        for edit in &edits {
            document.apply(edit, &case.volume).unwrap();
        }
        assert!(document.segments().is_empty());
    }
    // A newer version's is left alone.
    assert_eq!(again(&[[header(5), records[0][20..].to_vec()].concat()]), Err(StoredError::Newer));
    assert_eq!(again(&[record("", &[])]), Err(StoredError::Damaged(0)));
}

const STORED: [&str; 3] = [
    "0018140a2b312e322e3832362e302e312e333638303034332e31302e3531312e322032303236313132333130313530300101010001010301064c65\
     73696f6eeb5c50010000000e323032363131323331303135303001010b6164642d7365676d656e740101010001010301064c6573696f6eeb5c5001\
     0000000e3230323631313233313031353030010000",
    "01056272757368010001010b09050d0b0602c3140201160201",
    "02",
];

/// The first record of the forms 1 to 3: a segment had neither author nor time nor a place in the list.
const STORED_3: &str = "0018140a2b312e322e3832362e302e312e333638303034332e31302e3531312e322032303236313132333130313530300101010001010301064c65\
     73696f6eeb5c50010000010b6164642d7365676d656e740101010001010301064c6573696f6eeb5c500100000000";
