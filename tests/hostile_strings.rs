//! A CT whose header says HTML, script, terminal codes, turned writing and 64 KiB names: every object of it is written and conforms,
//! says the words as words, and is the same each time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by stopping, and says what it skips"
)]

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use hilum::annotation::SegmentMeaning;
use hilum::export::{Audience, OutboundObject};
use hilum::session::{Action, Authentication, Command, FormInput, PaneId, SegmentChange, Tool, UploadView};

mod files;
mod tab;
use tab::{Tab, ct, noise};

#[path = "validators/mod.rs"]
mod validators;
use validators::{assert_conforms, assert_printed, scratch};

const STRANGE: [&str; 6] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\u{1b}[2J\u{1b}]0;pwned\u{7}\u{9b}31m",
    "\u{202e}gnp.exe\u{2066}\u{200f}",
    "=HYPERLINK(\"http://x\")",
    "' OR 1=1; --\\..\\..\0/etc/passwd\r\nX: y",
];

/// The small CT, saying something in every text that is read.
fn saying(text: &str) -> Vec<Vec<u8>> {
    let speak = |bytes: Vec<u8>| {
        let mut file = dicom_object::from_reader(bytes.as_slice()).unwrap();
        file.convert_to_utf8();
        for (tag, vr) in [
            (tags::PATIENT_NAME, VR::PN),
            (tags::PATIENT_ID, VR::LO),
            (tags::STUDY_DESCRIPTION, VR::LO),
            (tags::SERIES_DESCRIPTION, VR::LO),
            (tags::STUDY_ID, VR::SH),
            (tags::ACCESSION_NUMBER, VR::SH),
            (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
            (tags::CONVOLUTION_KERNEL, VR::SH),
            (tags::MANUFACTURER, VR::LO),
            (tags::CONTRAST_BOLUS_AGENT, VR::LO),
            (tags::PATIENT_BIRTH_DATE, VR::DA),
            (tags::PATIENT_SEX, VR::CS),
            (tags::STUDY_DATE, VR::DA),
        ] {
            // Dates and code strings know no character set (PS3.5 6.1.2.3).
            let coded = matches!(vr, VR::DA | VR::CS);
            let said: String = text.chars().filter(|c| c.is_ascii() || !coded).collect();
            file.put(DataElement::new(tag, vr, PrimitiveValue::from(said)));
        }
        let mut bytes = Vec::new();
        file.write_all(&mut bytes).unwrap();
        bytes
    };
    ct("1.2.826.0.1.3680043.10.511", &noise(1)).into_iter().map(speak).collect()
}

/// Everything that can be saved of a reading, by file name.
fn saved(files: &[Vec<u8>], words: &str) -> Vec<(String, Vec<u8>)> {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(files);
    assert_eq!(tab.session.view_model().problems, []);
    for meaning in [SegmentMeaning::RightLung, SegmentMeaning::Lesion] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    }
    tab.does(Command::ChangeSegment(2, SegmentChange::Name(words.to_owned())));
    tab.does(Command::Answer(1902, FormInput::Write(words.to_owned())));
    tab.does(Command::Reader(Audience::Hospital, words.to_owned()));
    tab.acts(Action::Tool(Tool::Navigate));
    for action in [
        Action::ExportSeg,
        Action::ExportSr,
        Action::ExportRtstruct,
        Action::ExportLabelMaps,
        Action::ExportBundle,
        Action::ExportNifti,
        Action::ExportCsv,
        Action::ExportJson,
    ] {
        let before = tab.downloads.len();
        tab.acts(action);
        assert!(tab.downloads.len() > before, "{action:?}: {:?}", tab.session.view_model().notice);
    }
    std::mem::take(&mut tab.downloads)
}

#[test]
fn every_output_survives_what_headers_and_readers_say_and_is_the_same_each_time() {
    // An element of a header holds 64 KiB at most.
    let (long, wide) = (format!("<b>^{}", "<i>x".repeat(15_000)), "<b>\u{202e}Ω".repeat(8_000));
    for (n, text) in STRANGE.into_iter().chain([long.as_str(), wide.as_str()]).enumerate() {
        let files = saying(text);
        let made = saved(&files, text);
        assert!(made == saved(&files, text), "the same bytes for the same reading");
        let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), 10, "{names:?}");
        for (name, bytes) in &made {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
            assert!(name.starts_with("hilum-") && name.chars().all(plain), "{name}");
            let path = scratch("hostile", &format!("{n}-{name}"));
            std::fs::write(&path, bytes).unwrap();
            let is_object = name.ends_with(".dcm") || name.ends_with(".zip");
            if is_object {
                let object = OutboundObject::kept(bytes.clone(), Audience::Hospital).unwrap();
                for line in object.preview().unwrap() {
                    let shown = line.value.to_string();
                    assert!(
                        !shown.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)),
                        "{shown:?}"
                    );
                    assert!(shown.chars().count() < 20_000, "{} is cut", line.keyword);
                }
            }
            // The validator counts bytes where lengths are of characters (PS3.5 6.2).
            if name.ends_with(".dcm") && !name.contains("labelmap") && text != wide {
                assert_conforms(&path);
            }
            if name.contains("-sr-") {
                assert_printed(&path);
            }
            if name.ends_with(".csv") {
                let mut reader = csv::Reader::from_reader(bytes.as_slice());
                for record in reader.records() {
                    let record = record.unwrap();
                    let computes = |cell: &str| {
                        cell.starts_with(['=', '+', '@']) || (cell.starts_with('-') && cell.parse::<f64>().is_err())
                    };
                    assert!(!record.iter().any(computes), "{record:?}");
                }
            }
        }
    }
}

#[test]
fn what_turns_the_direction_of_writing_turns_no_words_beside_it() {
    let turned = "\u{202e}gnp.exe\u{2066}";
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&saying(turned));
    let series = tab.session.view_model().series[0].clone();
    assert!(series.title.ends_with(&format!("\u{2068}{turned}\u{2069}\u{2069}")), "{:?}", series.title);
    // What is looked at before it leaves shows such characters by their numbers.
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    tab.does(Command::Destinations(Box::new(tab::outbox::destinations(Authentication::None))));
    tab.acts(Action::PrepareUpload);
    let UploadView::Preview(shown) = tab.session.view_model().upload else { panic!("nothing is shown") };
    let name = shown.lines.iter().find(|l| l.keyword == "PatientName").unwrap();
    assert_eq!(name.value.to_string(), "⟨U+202E⟩gnp.exe⟨U+2066⟩");
}
