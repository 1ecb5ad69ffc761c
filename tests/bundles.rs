//! The bundle: a reading as one file that is searched, damaged, and taken up again on its CT, wherever that is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by stopping, and says what it skips"
)]

use hilum::annotation::{Act, Answer, Bundle, BundleError, History, SegmentMeaning};
use hilum::export::campaign::{self, Campaign, CampaignSecret};
use hilum::export::{Audience, ExportError, ObjectKind, Outbound, OutboundObject, bundle};
use hilum::geometry::PatientVector;
use hilum::report::{ARTERIES, BEGUN, ENDED, ZONE_PLANES};
use hilum::session::{Action, Command, FormInput, MeasurementChange, PaneId, Tool, words};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

mod files;
mod small_ct;
mod tab;
use small_ct::{add, context, grid, volume};
use tab::{Tab, ct, noise};

const UID: &str = "1.2.826.0.1.3680043.10.511";

/// A reading with two segments, a measurement, and answers.
fn read() -> (Tab, Vec<Vec<u8>>) {
    let mut tab = Tab::open(&Default::default(), 1);
    let files = ct(UID, &noise(1));
    tab.opens(&files);
    for (meaning, from, to) in
        [(SegmentMeaning::RightLung, (20.0, 30.0), (60.0, 50.0)), (SegmentMeaning::Lesion, (30.0, 35.0), (50.0, 45.0))]
    {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[from, to]);
    }
    tab.acts(Action::Tool(Tool::Measure(hilum::annotation::MeasurementKind::Length)));
    tab.drags(PaneId::Axial, &[(20.0, 20.0), (70.0, 60.0)]);
    // They stay on this computer, as the page says beside them.
    tab.does(Command::Measurement(1, MeasurementChange::Name("SECRET words".to_owned())));
    tab.does(Command::Answer(401, FormInput::Choose(2)));
    tab.does(Command::Answer(1902, FormInput::Write("to be seen again".to_owned())));
    tab.does(Command::Reader(Audience::Hospital, "Martin^Anne".to_owned()));
    tab.acts(Action::Tool(Tool::Navigate));
    (tab, files)
}

fn saved(tab: &mut Tab) -> Vec<u8> {
    tab.downloads.clear();
    tab.acts(Action::ExportBundle);
    let (name, bytes) = tab.downloads.remove(0);
    assert_eq!(name, "hilum-bundle-20261123-101500.zip");
    bytes
}

/// As another program reads it.
fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut content = |name: &str| {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    names.iter().map(|name| (name.clone(), content(name))).collect()
}

/// Packed by another program, compressed, in a folder.
fn repacked(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(format!("a reading/{name}"), SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Another page, somewhere else.
fn elsewhere() -> Tab {
    Tab::open(&Default::default(), 1)
}

fn marks(tab: &Tab) -> (Vec<u8>, Vec<u8>) {
    let said = tab.said();
    (said.0, said.1)
}

#[test]
fn a_reading_is_taken_up_again_wherever_its_ct_is() {
    let (mut tab, files) = read();
    let bundle = saved(&mut tab);
    assert_eq!(bundle, saved(&mut tab), "the same bytes for the same reading");
    let said = tab.said();
    // With the CT, after it, before it, repacked by another program: the same.
    let archive = repacked(&unpacked(&bundle));
    for order in 0..4 {
        let mut other = elsewhere();
        match order {
            0 => other.opens(&[files.clone(), vec![bundle.clone()]].concat()),
            1 => [&files[..], std::slice::from_ref(&bundle)].iter().for_each(|f| other.opens(f)),
            2 => {
                other.opens(std::slice::from_ref(&bundle));
                assert!(other.session.view_model().notice.unwrap().contains("10 slices"));
                other.opens(&files);
            }
            _ => other.opens(&[files.clone(), vec![archive.clone()]].concat()),
        }
        assert_eq!(other.session.view_model().problems, [], "{order}");
        let again = other.said();
        assert_eq!((&again.0, &again.1, &again.3), (&said.0, &said.1, &said.3), "{order}");
        assert_eq!(again.2, said.2, "segments with their names, colours and origins");
        assert_eq!(
            again.4.iter().map(|m| &m.points).collect::<Vec<_>>(),
            said.4.iter().map(|m| &m.points).collect::<Vec<_>>()
        );
        assert_eq!((&again.5[&401], &again.5[&1902]), (&said.5[&401], &said.5[&1902]));
        let author = &other.session.case().unwrap().document.authors()[0];
        assert_eq!((author.reader.as_str(), author.at.as_str()), ("Martin^Anne", "20261123101500"));
        assert!(author.acts.contains(&Act { what: "add-segment".into(), voxels: 0, segments: vec![1] }));
        assert!(other.session.view_model().notice.unwrap().contains("Martin Anne"));
        // One step back, and forth; and it is kept like all else.
        other.acts(Action::Undo);
        assert!(other.said().2.is_empty() && other.session.case().unwrap().document.authors().is_empty());
        other.acts(Action::Redo);
        let state = other.state();
        let mut again = other.killed(&files);
        again.acts(Action::AcceptKept);
        assert!(again.state() == state);
    }
}

#[test]
fn hands_follow_one_another() {
    let (mut tab, files) = read();
    let first = saved(&mut tab);
    let mut second = elsewhere();
    second.opens(&[files.clone(), vec![first]].concat());
    second.does(Command::Reader(Audience::Hospital, "Petit^Luc".to_owned()));
    second.acts(Action::Tool(Tool::Eraser));
    second.drags(PaneId::Axial, &[(30.0, 35.0)]);
    let both = saved(&mut second);
    let mut third = elsewhere();
    third.opens(&[files, vec![both.clone()]].concat());
    let readers: Vec<_> = third.session.case().unwrap().document.authors().iter().map(|a| a.reader.clone()).collect();
    assert_eq!(readers, ["Martin^Anne", "Petit^Luc"]);
    // The same again is nothing new: it meets itself, voxel by voxel, and that is shown.
    third.opens(&[both]);
    let arrival = third.session.view_model().arrival.unwrap();
    assert_eq!(arrival.lines.len(), 2, "{arrival:?}");
    assert!(arrival.lines.iter().all(|line| line.contains("Dice 1")), "{arrival:?}");
    third.acts(Action::KeepMine);
    assert_eq!(third.session.case().unwrap().document.authors().len(), 2);
}

#[test]
fn what_meets_what_is_there_is_shown_and_asked() {
    let (mut tab, files) = read();
    let bundle = saved(&mut tab);
    let mut other = elsewhere();
    other.opens(&files);
    other.does(Command::AddSegment(SegmentMeaning::Consolidation));
    other.acts(Action::Tool(Tool::Brush));
    other.drags(PaneId::Axial, &[(40.0, 40.0), (80.0, 40.0)]);
    other.does(Command::Answer(401, FormInput::Choose(1)));
    let mine = other.said();
    other.opens(std::slice::from_ref(&bundle));
    assert!(other.said() == mine, "nothing is merged before the answer");
    let view = other.session.view_model().arrival.unwrap();
    assert_eq!(view.lines.len(), 2, "{view:?}");
    assert!(view.lines[0].contains("“Lesion” wants voxels of “Consolidation”"), "{view:?}");
    let (theirs, both) = (tab.said().3[2].0, mine.3[1].0);
    let shared = tab.said().1.iter().zip(&mine.1).filter(|(a, b)| **a == 2 && **b == 1).count() as f64;
    let dice = 2.0 * shared / (theirs + both) as f64;
    assert!(view.lines[0].contains(&format!("(Dice {dice:.3})")), "{dice} {view:?}");
    assert!(view.lines[1].contains("here “"), "{view:?}");
    other.acts(Action::LeaveArrival);
    assert!(other.session.view_model().arrival.is_none() && other.said() == mine);

    // Mine first: what is there stays, the rest comes.
    other.opens(std::slice::from_ref(&bundle));
    other.acts(Action::KeepMine);
    let kept = other.said();
    assert_eq!((kept.2.len(), kept.3[1], &kept.5[&401]), (3, mine.3[1], &mine.5[&401]));
    assert!(kept.5.contains_key(&1902), "what was not answered here is taken");
    other.acts(Action::Undo);
    assert!(other.said() == mine);

    // Theirs first.
    other.opens(&[bundle]);
    other.acts(Action::TakeArrival);
    let taken = other.said();
    let lesion = taken.2.iter().find(|s| s.meaning == SegmentMeaning::Lesion).unwrap().number;
    assert_eq!(taken.3[usize::from(lesion)], tab.said().3[2]);
    assert!(taken.3[1].0 < mine.3[1].0 && taken.5[&401] == tab.said().5[&401]);
    other.acts(Action::Undo);
    assert!(other.said() == mine);

    // A segmentation is asked about too, and a locked segment gives nothing away.
    other.does(Command::ChangeSegment(1, hilum::session::SegmentChange::ToggleLocked));
    tab.downloads.clear();
    tab.acts(Action::ExportSeg);
    other.opens(&[tab.downloads[0].1.clone()]);
    let view = other.session.view_model().arrival.unwrap();
    assert!(view.lines[0].contains("locked"), "{view:?}");
    other.acts(Action::TakeArrival);
    assert_eq!(other.said().3[1], mine.3[1]);
}

#[test]
fn the_same_voxels_under_other_uids_are_the_same_ct_and_others_are_not() {
    let (mut tab, _) = read();
    let (bundle, said) = (saved(&mut tab), tab.said());
    // The CT as another program made it pseudonymous.
    let mut renamed = elsewhere();
    renamed.opens(&[ct("1.2.826.0.1.3680043.10.777", &noise(1)), vec![bundle.clone()]].concat());
    assert_eq!(marks(&renamed), (said.0.clone(), said.1.clone()));
    assert!(renamed.session.view_model().notice.unwrap().contains(words::arriving::BUNDLE_OTHER_UIDS.en));
    // The same UIDs, other HU: a reconstruction that kept them. It is taken, and said.
    let mut changed = elsewhere();
    changed.opens(&[ct(UID, &noise(2)), vec![bundle.clone()]].concat());
    assert_eq!(marks(&changed), (said.0, said.1));
    assert!(changed.session.view_model().notice.unwrap().contains(words::arriving::BUNDLE_OTHER_VOXELS.en));
    // Another CT: it waits.
    let mut other = elsewhere();
    other.opens(&[ct("1.2.826.0.1.3680043.10.777", &noise(2)), vec![bundle]].concat());
    assert!(other.said().2.is_empty());
    assert!(other.session.view_model().notice.unwrap().contains("not open"));
}

#[test]
fn what_was_changed_on_the_way_is_not_taken_in() {
    let (mut tab, files) = read();
    let whole = unpacked(&saved(&mut tab));
    let problem = |files: &BTreeMap<String, Vec<u8>>, ct: &[Vec<u8>]| {
        let mut other = elsewhere();
        other.opens(&[ct.to_vec(), vec![repacked(files)]].concat());
        assert!(other.said().2.is_empty());
        other.session.view_model().problems.first().map(|p| p.1.clone()).unwrap_or_default()
    };
    let mut changed = whole.clone();
    let text = String::from_utf8(whole["reading.json"].clone()).unwrap();
    changed.insert("reading.json".into(), text.replace("RightLung", "LeftLung").into_bytes());
    assert!(problem(&changed, &files).contains("reading.json is not what its manifest says"));
    changed = whole.clone();
    changed.remove("findings.runs");
    assert!(problem(&changed, &files).contains("findings.runs is missing"));
    let manifest = String::from_utf8(whole["manifest.json"].clone()).unwrap();
    changed = whole.clone();
    changed.insert("manifest.json".into(), manifest.replace("\"version\": 1", "\"version\": 2").into_bytes());
    assert!(problem(&changed, &files).contains("newer version"));
    // Every byte in turn: read or refused, never stopped.
    for at in (0..whole["reading.json"].len()).step_by(5) {
        let mut damaged = whole.clone();
        damaged.get_mut("reading.json").unwrap()[at] ^= 4;
        assert_eq!(Bundle::read(&damaged), Err(BundleError::Changed { name: "reading.json" }));
    }
    for at in 0..manifest.len() {
        let mut damaged = whole.clone();
        damaged.get_mut("manifest.json").unwrap()[at] ^= 4;
        if let Ok(bundle) = Bundle::read(&damaged) {
            assert!(bundle.manifest.ct.grid().is_some());
        }
    }
}

#[test]
fn every_value_is_listed_and_nothing_else_leaves() {
    let (mut tab, files) = read();
    let bytes = saved(&mut tab);
    let object = OutboundObject::kept(bytes.clone(), Audience::Hospital).unwrap();
    assert_eq!((object.kind(), object.media_type()), (ObjectKind::Bundle, "application/zip"));
    assert!(matches!(OutboundObject::kept(bytes.clone(), Audience::Campaign), Err(ExportError::Refused { .. })));
    assert!(matches!(Outbound::stow(std::slice::from_ref(&object)), Err(ExportError::Refused { .. })));
    let outbound = Outbound::file(&object);
    assert_eq!(
        (outbound.body(), outbound.content_type(), outbound.audience()),
        (&bytes[..], "application/zip", Audience::Hospital)
    );
    let lines = object.preview().unwrap();
    assert!(lines.iter().all(|l| l.reason.is_some()));
    let value =
        |place: &str| lines.iter().find(|l| l.keyword == place).unwrap_or_else(|| panic!("{place}")).value.to_string();
    assert_eq!(value("manifest.json reader"), "Martin^Anne");
    assert_eq!(value("manifest.json ct.series_uid"), format!("{UID}.2"));
    assert_eq!(value("reading.json segments[0].name"), "Right lung");
    assert_eq!(
        value("findings.runs segment 2"),
        format!("{} voxels in {} runs", tab.said().3[2].0, {
            let labels = tab.said().1;
            labels.windows(2).filter(|w| w[0] != 2 && w[1] == 2).count()
        })
    );
    // The list in the file says the same.
    let parts = unpacked(&bytes);
    let mut rows = csv::Reader::from_reader(parts["audit.csv"].as_slice());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), lines.len() + 1);
    for (row, line) in rows[1..].iter().zip(&lines) {
        assert_eq!(
            (format!("{} {}", &row[0], &row[1]), &row[2]),
            (line.keyword.to_string(), line.value.to_string().as_str())
        );
    }
    // Every leaf of the JSON files is on the list: what is not there under its own place is part of a listed value.
    let reading: Value = serde_json::from_slice(&parts["reading.json"]).unwrap();
    let texts = texts(&reading);
    assert!(texts.len() > 10 && texts.iter().all(|t| lines.iter().any(|l| l.value.to_string().contains(t.as_str()))));
    // No name of the patient in either flavour, no words beside measurements, no pixels, not one byte more.
    let all: Vec<u8> = parts.values().flatten().copied().collect();
    for word in ["SECRET", "19501231", "20260105", "ACC-77"] {
        assert!(!all.windows(word.len()).any(|w| w == word.as_bytes()), "{word}");
    }
    let pixels: std::collections::HashSet<&[u8]> = files.iter().flat_map(|f| f[f.len() - 900..].windows(64)).collect();
    assert!(!bytes.windows(64).any(|w| pixels.contains(w)));
    for planted in [[bytes.clone(), b"x".to_vec()].concat(), {
        let mut files = unpacked(&bytes);
        files.insert("pixels.raw".into(), vec![1; 64]);
        repacked(&files)
    }] {
        assert!(matches!(OutboundObject::kept(planted, Audience::Hospital), Err(ExportError::Refused { .. })));
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn campaign() -> Campaign {
    Campaign {
        name: "Lungs of the North".into(),
        sponsor: "Consortium".into(),
        protocol: "LN-1".into(),
        site: "07".into(),
        secret: CampaignSecret::new("a secret that the site keeps to itself").unwrap(),
        with_sex: true,
        with_age: true,
    }
}

#[test]
fn a_campaign_learns_nothing_of_the_patient() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let mut document = hilum::annotation::Document::empty(grid).unwrap();
    let origin = hilum::annotation::Origin::Proposed {
        algorithm: "model of Dr Dupont".into(),
        version: "0.1.0".into(),
        parameters: "labels=no dupont,lesion".into(),
        edited: true,
    };
    let number = add(&mut document, &volume, SegmentMeaning::Lesion, origin, |v| v.i > 4);
    let segment = document.segment(number).unwrap().clone();
    let named = hilum::annotation::Segment {
        name: "Müller's nodule".into(),
        author: "Martin^Anne".into(),
        made_at: "20261123090000".into(),
        ..segment.clone()
    };
    let edit = hilum::annotation::Edit::Segment { number, before: Some(segment), after: Some(named) };
    document.apply(&edit, &volume).unwrap();
    let (middle, x) = (grid.centre(), PatientVector::new(1.0, 0.0, 0.0));
    let arrow = hilum::annotation::Measurement {
        number: 1,
        kind: hilum::annotation::MeasurementKind::Arrow,
        points: vec![middle, middle + x],
        right: x,
        down: PatientVector::new(0.0, 1.0, 0.0),
        name: "here is Zoé Müller".into(),
        visible: true,
        made_at: "20261123091500".into(),
    };
    document
        .apply(&hilum::annotation::Edit::Measurement { number: 1, before: None, after: Some(arrow) }, &volume)
        .unwrap();
    let words = hilum::annotation::Answer::Text("Zoé Müller again".into());
    let edit = hilum::annotation::Edit::Answer { field: 1902, before: None, after: Some(words) };
    document.apply(&edit, &volume).unwrap();
    let before =
        hilum::annotation::Author { reader: "Martin^Anne".into(), at: "20261101090000".into(), ..Default::default() };
    let edit = hilum::annotation::Edit::Author { number: 0, before: None, after: Some(before) };
    document.apply(&edit, &volume).unwrap();

    let known = context(&grid);
    let made = campaign::context(&known, &campaign(), "R07").unwrap();
    let history = History::default();
    let write = |context: &hilum::export::ExportContext| bundle::write(&document, &history, context, &[7; 32]);
    let object = write(&made).unwrap();
    assert_eq!(object, write(&made).unwrap());
    assert_eq!(object.audience(), Audience::Campaign);
    assert_eq!(object, OutboundObject::kept(object.bytes().to_vec(), Audience::Campaign).unwrap());
    assert!(OutboundObject::kept(object.bytes().to_vec(), Audience::Hospital).is_err());
    let told = [
        "ller",
        "Zo",
        "P-1",
        "19600101",
        "20200401",
        "Thorax",
        "A1\"",
        "Martin",
        "upont",
        "20261123",
        "20261101",
        "1.2.3.4",
        "reading 1",
    ];
    for word in told {
        assert!(!object.bytes().windows(word.len()).any(|w| w == word.as_bytes()), "{word}");
    }
    let lines = object.preview().unwrap();
    let value = |place: &str| lines.iter().find(|l| l.keyword == place).map(|l| l.value.to_string()).unwrap();
    assert_eq!(value("manifest.json reader"), "R07");
    assert_eq!(value("manifest.json subject.protocol"), "LN-1");
    assert_eq!(value("manifest.json subject.age"), "060Y");
    assert_eq!(value("reading.json segments[0].name"), "Lesion");
    assert_eq!(value("reading.json segments[0].origin.Proposed.algorithm"), "Model of the site");
    assert!(value("manifest.json ct.series_uid").starts_with("2.25."));
    // A leak is found.
    let mut leaking = made.clone();
    leaking.quality_notes.push("seen with Mrs MÜLLER".into());
    assert!(matches!(write(&leaking), Err(ExportError::Refused { .. })));
    let mut leaking = made;
    leaking.source.iter_mut().flatten().for_each(|s| s.sop_instance_uid = "1.2.3.4.3".into());
    assert!(matches!(write(&leaking), Err(ExportError::Refused { .. })));
    // For the hospital the reader's own words are there, and the campaign's are not.
    let hospital = bundle::write(&document, &history, &known, &[7; 32]).unwrap();
    let words = "Zoé Müller again".as_bytes();
    assert!(hospital.bytes().windows(words.len()).any(|w| w == words));
}

#[test]
fn what_no_form_shows_comes_along() {
    let (mut tab, files) = read();
    tab.does(Command::Measurement(1, MeasurementChange::Select));
    tab.acts(Action::Artery(true));
    tab.acts(Action::ZonePlane(true));
    let said = tab.said();
    let bundle = saved(&mut tab);
    let mut other = elsewhere();
    other.opens(&files);
    // The length's number is taken there.
    other.acts(Action::Tool(Tool::Measure(hilum::annotation::MeasurementKind::Length)));
    other.drags(PaneId::Axial, &[(30.0, 20.0), (40.0, 20.0)]);
    other.opens(&[bundle]);
    let again = other.said();
    for field in [BEGUN, ENDED, ZONE_PLANES[1]] {
        assert_eq!((again.5.get(&field), said.5.contains_key(&field)), (said.5.get(&field), true), "{field}");
    }
    let trunk = |tab: &Tab| {
        let all = tab.session.view_model().quantities;
        all.into_iter().find(|q| q.name == "trunk-diameter").unwrap().value
    };
    assert!(trunk(&tab).is_some());
    assert_eq!((trunk(&other), again.5[&ARTERIES[0]].clone()), (trunk(&tab), Answer::Number(2.0)));
}
