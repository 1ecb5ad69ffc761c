//! A blinded reading: nothing the page shows names the patient, a date or a report, and what is exported says that it was blinded.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::annotation::SegmentMeaning;
use hilum::report::field_of;
use hilum::session::{
    Action, Command, Destination, Destinations, FormInput, LedgerEntry, PaneId, RemoteEvent, SiteBlinding, StudyQuery,
    Tool, UploadView,
};
use std::collections::BTreeMap;

mod files;
mod tab;
use tab::{Tab, ct, noise};

/// What the files and the server of these tests say of the patient and of dates.
const SECRETS: [&str; 8] = ["SECRET", "Secret", "19501231", "1950-12-31", "20260105", "2026-01-05", "ACC-77", "DOE"];

/// All that the page could show, as text.
fn shown(tab: &Tab) -> String {
    format!("{:?}", tab.session.view_model())
}

fn told(tab: &Tab) -> Vec<&'static str> {
    let shown = shown(tab);
    SECRETS.into_iter().filter(|s| shown.contains(s)).collect()
}

/// A reading with everything open that names the patient: series, a report of others, the preview, studies, a failed file, a search.
fn reading(site: SiteBlinding) -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.does(Command::Blinding(site));
    let hospital = Some(Destination { name: "PACS".into(), ..Destination::default() });
    tab.does(Command::Destinations(Box::new(Destinations { hospital, campaign: None })));
    tab.opens(&ct("1.2.826.0.1.3680043.10.777", &noise(1)));
    tab.opens_named("DOE^JOHN", &[b"no DICOM at all".to_vec()]);
    tab.does(Command::AddSegment(SegmentMeaning::Consolidation));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(40.0, 50.0), (50.0, 50.0)]);
    tab
}

fn everything_open(tab: &mut Tab) {
    tab.acts(Action::Report);
    tab.acts(Action::Form);
    tab.acts(Action::PrepareUpload);
    tab.acts(Action::OpenDicomweb);
    tab.does(Command::Remote(RemoteEvent::Search(StudyQuery::default())));
    let study = r#"[{"0020000D": {"vr": "UI", "Value": ["1.2.3.4"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DOE^JANE"}]},
        "00100020": {"vr": "LO", "Value": ["SECRET-2"]}, "00080020": {"vr": "DA", "Value": ["20260105"]},
        "00081030": {"vr": "LO", "Value": ["SECRET"]}}]"#;
    tab.does(Command::Remote(RemoteEvent::Found(Ok(serde_json::from_str(study).unwrap()))));
    let url = "https://pacs.example/studies?PatientName=DOE*".to_owned();
    let kind = "search".to_owned();
    tab.does(Command::Ledger(LedgerEntry { method: "GET", url, bytes: 0, kind, at: "20261123101500".to_owned() }));
}

fn answer(tab: &mut Tab, choice: usize) {
    tab.does(Command::Answer(field_of("extent").unwrap().number, FormInput::Choose(choice)));
}

/// The form as saved: choices by field.
fn saved(tab: &mut Tab) -> BTreeMap<String, String> {
    tab.acts(Action::ExportJson);
    let (_, bytes) = tab.downloads.pop().unwrap();
    let rows: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_slice(&bytes).unwrap();
    let form = rows.into_iter().filter(|r| r["kind"] == "form");
    form.map(|r| (r["name"].as_str().unwrap().to_owned(), r["value"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn nothing_on_the_page_names_the_patient_a_date_or_a_report() {
    let mut tab = reading(SiteBlinding::Off);
    // Reports in the files that were opened are listed only to those who may know them.
    tab.acts(Action::ExportSr);
    let report = tab.downloads.pop().unwrap().1;
    tab.opens(&[report]);
    everything_open(&mut tab);
    let listed = |tab: &Tab| tab.session.view_model().series.iter().map(|s| s.modality.clone()).collect::<Vec<_>>();
    assert_eq!(listed(&tab), ["CT", "SR"]);
    let open = told(&tab);
    for secret in ["SECRET", "19501231", "20260105", "2026-01-05", "ACC-77", "DOE"] {
        assert!(open.contains(&secret), "the test looks where {secret} would be shown");
    }
    tab.acts(Action::Blinded);
    assert_eq!(told(&tab), Vec::<&str>::new());
    assert_eq!(listed(&tab), ["CT"]);
    // What leaves is not changed by what is shown.
    let view = tab.session.view_model();
    assert!(matches!(view.upload, UploadView::Preview(p) if p.can_confirm && p.lines.len() > 40));
    assert_eq!(view.remote.studies[0].1[0], "Study 1");
    tab.acts(Action::Blinded);
    assert_eq!(told(&tab), open);
}

#[test]
fn the_form_says_that_it_was_read_blinded_only_if_it_was_all_along() {
    let mut tab = reading(SiteBlinding::On);
    answer(&mut tab, 2);
    assert_eq!(saved(&mut tab)["blinded"], "yes");
    assert_eq!(tab.session.view_model().blinded, (true, false));
    // The reader has looked: what is answered from here on is not blinded, also once it is hidden again.
    tab.acts(Action::Blinded);
    assert_eq!(saved(&mut tab)["blinded"], "yes", "answers that were given before stay what they were");
    tab.acts(Action::Blinded);
    answer(&mut tab, 3);
    assert_eq!(saved(&mut tab)["blinded"], "no");
    // With the answer its mark is taken back; the next one has it again.
    tab.acts(Action::Undo);
    assert_eq!(saved(&mut tab)["blinded"], "yes");
    answer(&mut tab, 4);
    assert_eq!(saved(&mut tab)["blinded"], "no");
    // The mark is not the reader's to set.
    let before = tab.state();
    tab.does(Command::Answer(field_of("blinded").unwrap().number, FormInput::Choose(1)));
    assert!(tab.state() == before);
}

#[test]
fn a_site_that_reads_blinded_does_so() {
    let mut tab = reading(SiteBlinding::Always);
    everything_open(&mut tab);
    tab.acts(Action::Blinded);
    assert_eq!(tab.session.view_model().blinded, (true, true));
    assert!(tab.session.view_model().notice.is_some());
    assert_eq!(told(&tab), Vec::<&str>::new());
    answer(&mut tab, 2);
    assert_eq!(saved(&mut tab)["blinded"], "yes");
    let mut open = reading(SiteBlinding::Off);
    answer(&mut open, 2);
    assert_eq!(saved(&mut open)["blinded"], "no");
}

#[test]
fn the_page_says_whose_ct_is_open_and_whose_are_the_others() {
    let mut tab = reading(SiteBlinding::Off);
    let view = tab.session.view_model();
    assert_eq!(view.patient, ["SECRET NAME", "SECRET-ID", "born 1950-12-31 · other sex", "CT of 2026-01-05"]);
    assert_eq!(view.series[0].study, "2026-01-05", "one patient alone is named once");
    let files = ct("1.2.826.0.1.3680043.10.778", &noise(2));
    let other = |file: &Vec<u8>| {
        let mut file = file.clone();
        let at = file.windows(11).position(|w| w == b"SECRET^NAME").unwrap();
        file[at..at + 11].copy_from_slice(b"SOMEONE^ELS");
        file
    };
    tab.opens(&files.iter().map(other).collect::<Vec<_>>());
    let said: Vec<String> = tab.session.view_model().series.into_iter().map(|s| s.study).collect();
    assert_eq!(said, ["2026-01-05 · SECRET NAME", "2026-01-05 · SOMEONE ELS"]);
    tab.acts(Action::Blinded);
    let view = tab.session.view_model();
    assert!(view.patient.is_empty() && view.series.iter().all(|s| s.study.is_empty()));
}
