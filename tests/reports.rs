//! The structured report: what it tells, and what readers of others make of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::analysis::QualityFlag;
use hilum::annotation::{Answer, Document, Edit};
use hilum::export::{ExportError, OutboundObject, WholeCt, campaign, seg, sr};
use hilum::report::{Doubt, Profile, Quantity, arteries, quantities};
use std::path::Path;

mod small_ct;
use small_ct::{campaign, context, document, grid, volume};
#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, assert_conforms, assert_printed, scratch};

fn conforms(bytes: &[u8], name: &str) {
    let path = scratch("reports", name);
    std::fs::write(&path, bytes).unwrap();
    assert_conforms(&path);
}

/// The values of an attribute, wherever it stands.
fn values(object: &OutboundObject, keyword: &str) -> Vec<String> {
    let lines = object.preview().unwrap();
    lines.iter().filter(|l| l.keyword == keyword).map(|l| l.value.to_string()).collect()
}

#[test]
fn a_report_names_the_images_and_the_role_of_who_read_them() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let mut context = context(&grid);
    // Two frames of one object.
    let images = ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3", "1.2.3.4.5"];
    context.source[3].as_mut().unwrap().sop_instance_uid = images[2].into();
    let mut document = document(&volume);
    let segmentation = seg::write(&document, &context, None).unwrap();
    let mut roles = Vec::new();
    for answer in [0, 2] {
        let before = document.answers().get(&2001).cloned();
        let edit = Edit::Answer { field: 2001, before, after: Some(Answer::Choice(answer)) };
        document.apply(&edit, &volume).unwrap();
        let alone = sr::write_report(&document, None, &context, &[], &WholeCt::of(&document)).unwrap();
        assert_eq!(values(&alone, "ReferencedSOPInstanceUID"), images);
        conforms(alone.bytes(), "sr-alone.dcm");
        let both = sr::write_report(&document, Some(&segmentation), &context, &[], &WholeCt::of(&document)).unwrap();
        let named = values(&both, "ReferencedSOPInstanceUID");
        assert!(images.iter().all(|uid| named.contains(&(*uid).to_owned())), "{named:?}");
        assert!(named.contains(&segmentation.object.sop_instance_uid().to_owned()));
        conforms(both.bytes(), "sr-both.dcm");
        let meanings = values(&alone, "CodeMeaning");
        let at = meanings.iter().position(|m| m == "Person Observer's Role in this Procedure").unwrap();
        roles.push(meanings[at + 1].clone());
    }
    assert_eq!(roles, ["Reader", "Adjudicator"]);
}

/// Every number that a page can show: the n-th is n and a quarter, and doubtful.
fn every_number(document: &Document) -> WholeCt {
    let all = quantities(document, &Profile::of(document)).into_iter().chain(arteries(None, None));
    let doubts = vec![Doubt::SharpKernel, Doubt::Flag(QualityFlag::OneLungOnly)];
    let has_value = |q: &Quantity| q.name != "zone-right-middle-extent";
    let numbered = |(n, q): (usize, Quantity)| {
        let value = has_value(&q).then_some(n as f64 + 0.25);
        (Quantity { value, ..q }, doubts.clone())
    };
    WholeCt {
        numbers: all.enumerate().map(numbered).collect(),
        zone_planes_mm: Some([310.5, 325.0]),
        sharp_kernel: Some(true),
        contrast: Some(false),
    }
}

#[test]
fn a_report_tells_every_number_of_the_page_and_what_makes_it_doubtful() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let (document, hospital) = (document(&volume), context(&grid));
    let whole = every_number(&document);
    for (n, context) in [&hospital, &campaign::context(&hospital, &campaign(), "R07").unwrap()].into_iter().enumerate()
    {
        let segmentation = seg::write(&document, context, None).unwrap();
        let report = sr::write_report(&document, Some(&segmentation), context, &[], &whole).unwrap();
        let names = ["seg", "sr"].map(|kind| format!("whole-{kind}-{n}.dcm"));
        conforms(segmentation.object.bytes(), &names[0]);
        conforms(report.bytes(), &names[1]);
        let [seg_path, sr_path] = names.map(|name| scratch("reports", &name));
        assert_printed(&sr_path);
        let Some(judged) = ask_highdicom("check_sr.py", [&sr_path, &seg_path]) else { return };
        let groups = || judged["places"].as_object().unwrap().iter().map(|(name, group)| (name.as_str(), group));
        let numbers =
            || groups().chain([("Lungs", &judged["whole"])]).flat_map(|(_, g)| g.as_object().unwrap().values());
        let doubted =
            |number: &&serde_json::Value| number["doubts"] == serde_json::json!(["D_SHARP_KERNEL", "D_ONE_LUNG"]);
        for (quantity, _) in whole.numbers.iter().filter(|(q, _)| q.value.is_some()) {
            let is_it = |found: &&serde_json::Value| {
                found["value"].as_f64() == quantity.value && found["unit"] == quantity.unit
            };
            let found: Vec<_> = numbers().filter(is_it).filter(doubted).collect();
            assert_eq!(found.len(), 1, "{}", quantity.name);
            // Words of any kind stay in the hospital.
            let equation = if n == 0 { Some(quantity.method) } else { None };
            assert_eq!(found[0]["equation"].as_str(), equation, "{}", quantity.name);
        }
        let limits = |name: &str| judged["whole"][name]["limits"].clone();
        assert_eq!(
            limits("Share of lung from -950 to -700 HU"),
            serde_json::json!({"Minimum": -950.0, "Maximum": -700.0})
        );
        assert_eq!(limits("Share of lung below -950 HU"), serde_json::json!({"Maximum": -951.0}));
        let zone = |name: &str| judged["places"][name]["Share of lung volume involved by findings"]["value"].as_f64();
        let shown = |name: &str| whole.numbers.iter().find(|(q, _)| q.name == name).and_then(|(q, _)| q.value);
        for (place, name) in [
            ("Right upper zone", "zone-right-upper-extent"),
            ("Right middle zone", "zone-right-middle-extent"),
            ("Left lower zone", "zone-left-lower-extent"),
            ("Middle lobe", "lobe-middle-extent"),
        ] {
            assert_eq!(zone(place), shown(name), "{place}");
        }
        let acquisition = &judged["places"]["Acquisition"];
        assert_eq!(
            ["Slice Thickness", "Spacing between slices"].map(|name| acquisition[name]["value"].as_f64()),
            [Some(2.5); 2]
        );
        let meanings = values(&report, "CodeMeaning");
        assert!(["Sharp kernel", "No contrast"].iter().all(|code| meanings.contains(&(*code).to_owned())));
    }
}

#[test]
fn a_report_conforms_and_is_stable() {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let document = document(&volume);
    let context = context(&grid);
    let segmentation = seg::write(&document, &context, None).unwrap();
    let segments = sr::measure(&document, &segmentation);
    assert_eq!(segments.len(), 4);
    let mut whole = every_number(&document);
    let report = sr::write_measured(&document, Some(&segmentation), &context, &segments, &whole, &[]).unwrap();
    assert_eq!(report, sr::write_measured(&document, Some(&segmentation), &context, &segments, &whole, &[]).unwrap());
    conforms(report.bytes(), "sr.dcm");
    assert_printed(&scratch("reports", "sr.dcm"));

    whole.numbers[0].0.value = Some(f64::NAN);
    let refused = sr::write_measured(&document, Some(&segmentation), &context, &segments, &whole, &[]);
    assert_eq!(refused, Err(ExportError::NotANumber { concept: "Volume" }));
    let only_lungs = seg::write(&document, &context, Some(&[1, 2])).unwrap();
    let refused = sr::write_measured(&document, Some(&only_lungs), &context, &segments, &WholeCt::default(), &[]);
    assert_eq!(refused, Err(ExportError::NotInSegmentation(3)));
}

/// As `tests/web.rs` finds them in a browser. `HILUM_WRITE_DOCS=1` writes them anew.
#[test]
fn the_same_reading_gives_the_same_bytes_on_every_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/objects.sha256");
    if std::env::var_os("HILUM_WRITE_DOCS").is_some() {
        std::fs::write(path, small_ct::digests()).unwrap();
    } else {
        assert_eq!(small_ct::digests(), std::fs::read_to_string(path).unwrap());
    }
}
