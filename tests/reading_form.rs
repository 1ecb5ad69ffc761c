//! The reading form: what fields take, scores, undo, what is measured beside a choice; numbers against counts by hand.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::annotation::{Answer, Document, Edit, Layer, Origin, SegmentMeaning};
use hilum::geometry::{Grid, PatientPoint, PatientVector};
use hilum::report::{FORM, FieldKind, Profile, extent_class, field_of, quantities, scores};
use hilum::session::{Action, Command, FormInput, FormRow};
use hilum::volume::CtVolume;
use ndarray::Array3;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

mod files;
mod tab;
use tab::{Tab, ct, noise};

fn reading() -> Tab {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab.acts(Action::Form);
    tab
}
fn number(key: &str) -> u16 {
    field_of(key).unwrap().number
}
fn answers(tab: &mut Tab, key: &str, input: FormInput) {
    tab.does(Command::Answer(number(key), input));
}
fn row(tab: &Tab, key: &str) -> FormRow {
    let form = tab.session.view_model().form.unwrap();
    form.sections.into_iter().flat_map(|s| s.fields).find(|r| r.key == key).unwrap()
}
fn score(tab: &Tab, key: &str) -> Option<f64> {
    let form = tab.session.view_model().form.unwrap();
    form.sections.into_iter().flat_map(|s| s.scores).find(|s| s.0 == key).unwrap().2
}

#[test]
fn numbers_keys_and_codes_are_used_once() {
    let numbers: BTreeSet<u16> = FORM.iter().map(|f| f.number).collect();
    let keys: BTreeSet<&str> = FORM.iter().map(|f| f.key).collect();
    assert_eq!((numbers.len(), keys.len()), (FORM.len(), FORM.len()));
    assert!(FORM.is_sorted_by_key(|f| f.number), "fields stand in the order of their sections");
    assert_eq!(FORM.iter().map(|f| f.section()).collect::<BTreeSet<_>>(), (1..=20).collect());
    for field in FORM {
        // Code Value is a short string of 16 characters (PS3.5 6.2), Code Meaning a long one of 64.
        let choices = match field.kind {
            FieldKind::OneOf(choices) | FieldKind::SomeOf(choices) => choices,
            _ => &[],
        };
        for code in choices.iter().map(|c| c.code).chain([field.concept]) {
            assert!(code.value.len() <= 16 && code.meaning.len() <= 64, "{code:?}");
        }
        let distinct: BTreeSet<_> = choices.iter().map(|c| (c.code.scheme, c.code.value)).collect();
        assert_eq!(distinct.len(), choices.len(), "{}", field.key);
    }
}

#[test]
fn nothing_is_assessed_until_the_reader_says_so() {
    let tab = reading();
    let form = tab.session.view_model().form.unwrap();
    assert_eq!(form.answered, (0, FORM.iter().filter(|f| !f.is_automatic()).count()));
    assert!(form.sections.iter().flat_map(|s| &s.fields).all(|r| !r.answered && r.choices.iter().all(|c| !c.2)));
    assert!(form.sections.iter().flat_map(|s| &s.scores).all(|s| s.2.is_none()));
}

#[test]
fn answers_are_chosen_taken_back_and_undone_one_by_one() {
    let mut tab = reading();
    let start = tab.state();
    answers(&mut tab, "extent", FormInput::Choose(2));
    answers(&mut tab, "signs", FormInput::Choose(0));
    answers(&mut tab, "signs", FormInput::Choose(3));
    answers(&mut tab, "pulmonary-artery", FormInput::Write("31,5".to_owned()));
    answers(&mut tab, "ascending-aorta", FormInput::Write(" 35 ".to_owned()));
    answers(&mut tab, "comment", FormInput::Write("to\u{7} follow".to_owned()));
    let document = &tab.session.case().unwrap().document;
    assert_eq!(document.answers()[&number("extent")], Answer::Choice(2));
    assert_eq!(document.answers()[&number("signs")], Answer::Choices(0b1001));
    assert_eq!(document.answers()[&number("comment")], Answer::Text("to follow".to_owned()));
    assert_eq!(score(&tab, "artery-ratio"), Some(31.5 / 35.0));
    // None and any other exclude each other.
    answers(&mut tab, "fibrosis", FormInput::Choose(2));
    answers(&mut tab, "fibrosis", FormInput::Choose(0));
    assert_eq!(tab.session.case().unwrap().document.answers()[&number("fibrosis")], Answer::Choices(0b1));
    answers(&mut tab, "fibrosis", FormInput::Choose(3));
    assert_eq!(tab.session.case().unwrap().document.answers()[&number("fibrosis")], Answer::Choices(0b1000));
    answers(&mut tab, "fibrosis", FormInput::Choose(3));
    // The same choice again takes it back; so does the last of several.
    answers(&mut tab, "extent", FormInput::Choose(2));
    assert!(!row(&tab, "extent").answered);
    answers(&mut tab, "signs", FormInput::Choose(0));
    answers(&mut tab, "signs", FormInput::Choose(3));
    assert!(!row(&tab, "signs").answered);
    for _ in 0..13 {
        tab.acts(Action::Undo);
    }
    assert!(tab.state() != start && tab.session.case().unwrap().document.answers().is_empty());
    while tab.session.view_model().can_redo {
        tab.acts(Action::Redo);
    }
    assert_eq!(score(&tab, "artery-ratio"), Some(31.5 / 35.0));
}

#[test]
fn what_a_field_does_not_take_is_said_and_changes_nothing() {
    let mut tab = reading();
    for (key, input) in [
        ("extent", FormInput::Choose(6)),
        ("signs", FormInput::Choose(40)),
        ("pulmonary-artery", FormInput::Write("wide".to_owned())),
        ("pulmonary-artery", FormInput::Write("1e9".to_owned())),
        ("pulmonary-artery", FormInput::Write("NaN".to_owned())),
        ("extent", FormInput::Write("3".to_owned())),
    ] {
        let before = tab.state();
        answers(&mut tab, key, input.clone());
        assert!(tab.state() == before && tab.session.view_model().notice.is_some(), "{key} {input:?}");
    }
}

#[test]
fn scores_wait_for_all_they_need() {
    let mut tab = reading();
    for (n, key) in ["coronary-lm", "coronary-lad", "coronary-lcx"].into_iter().enumerate() {
        answers(&mut tab, key, FormInput::Choose(n));
        assert_eq!(score(&tab, "coronary-total"), None);
    }
    answers(&mut tab, "coronary-rca", FormInput::Choose(3));
    assert_eq!((score(&tab, "coronary-total"), score(&tab, "coronary-class")), (Some(6.0), Some(2.0)));
    answers(&mut tab, "coronary-device", FormInput::Choose(1));
    assert_eq!(score(&tab, "coronary-total"), None, "a stent cannot be scored");
    for (n, key) in ["right-upper", "middle", "right-lower", "left-upper", "left-lower"].into_iter().enumerate() {
        answers(&mut tab, &format!("lobe-{key}"), FormInput::Choose(n));
    }
    assert_eq!(score(&tab, "lobe-total"), Some(10.0));
}

#[test]
fn the_measured_extent_is_shown_only_beside_a_choice() {
    let mut tab = reading();
    tab.does(Command::AddSegment(SegmentMeaning::RightLung));
    tab.acts(Action::Tool(hilum::session::Tool::Contour));
    tab.drags(hilum::session::PaneId::Axial, &[(20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)]);
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab.drags(hilum::session::PaneId::Axial, &[(20.0, 20.0), (80.0, 20.0), (80.0, 50.0), (20.0, 50.0)]);
    assert_eq!(row(&tab, "extent").measured, None);
    answers(&mut tab, "extent", FormInput::Choose(1));
    let (text, agrees) = row(&tab, "extent").measured.unwrap();
    assert!(text.contains('%') && !agrees, "half of the lung is not below 10 %: {text}");
    let involved = tab.session.view_model().quantities.iter().find(|q| q.name == "involvement").unwrap().value.unwrap();
    answers(&mut tab, "extent", FormInput::Choose(usize::from(extent_class(involved))));
    assert!(row(&tab, "extent").measured.unwrap().1);
    // Zones are filled from what was measured, and undone together; there is no left lung.
    let zones = |tab: &Tab| ["zone-right-upper", "zone-left-upper"].map(|key| row(tab, key).answered);
    tab.acts(Action::FillZones);
    assert_eq!((zones(&tab), score(&tab, "zone-total")), ([true, false], None));
    tab.acts(Action::Undo);
    assert_eq!(zones(&tab), [false, false]);
}

#[test]
fn zones_are_filled_once_opacities_were_looked_for() {
    let mut tab = reading();
    tab.does(Command::AddSegment(SegmentMeaning::RightLung));
    tab.acts(Action::Tool(hilum::session::Tool::Contour));
    tab.drags(hilum::session::PaneId::Axial, &[(20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)]);
    answers(&mut tab, "extent", FormInput::Choose(0));
    let before = tab.state();
    tab.acts(Action::FillZones);
    assert!(tab.state() == before && tab.session.view_model().notice.unwrap().contains("opacities"));
    assert_eq!(row(&tab, "extent").measured, None, "nothing was measured");
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    answers(&mut tab, "zone-left-upper", FormInput::Choose(2));
    tab.acts(Action::FillZones);
    assert_eq!(row(&tab, "zone-left-upper").choices.iter().position(|c| c.2), Some(2), "scored by eye");
    assert_eq!(row(&tab, "zone-right-upper").choices.iter().position(|c| c.2), Some(0));
    assert!(row(&tab, "extent").measured.unwrap().1);
}

#[test]
fn extent_classes_are_those_of_the_standard() {
    let classes = [0.0, 0.1, 9.99, 10.0, 25.0, 25.1, 50.0, 50.1, 75.0, 75.1, 100.0].map(extent_class);
    assert_eq!(classes, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
}

proptest! {
    #[test]
    fn scores_are_sums_of_what_was_answered(zones in prop::collection::vec(0u8..5, 6), missing in 0usize..7) {
        let mut answers = BTreeMap::new();
        for (n, zone) in zones.iter().enumerate().filter(|(n, _)| *n != missing) {
            answers.insert(701 + n as u16, Answer::Choice(*zone));
        }
        let total = scores(&answers).into_iter().find(|s| s.key == "zone-total").unwrap().value;
        let sum = zones.iter().map(|z| f64::from(*z)).sum::<f64>();
        prop_assert_eq!(total, (missing == 6).then_some(sum));
    }

    /// Numbers of random lungs and findings equal those counted voxel by voxel.
    #[test]
    fn quantities_equal_counts_by_hand(
        hu in prop::collection::vec(-1100i16..300, 6 * 5 * 4),
        anatomy in prop::collection::vec(0u8..4, 6 * 5 * 4),
        marked in prop::collection::vec(prop::sample::select(vec![0u8, 4, 5]), 6 * 5 * 4),
    ) {
        let steps = [(0.8, 0.0, 0.0), (0.0, 0.9, 0.0), (0.0, 0.0, 2.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let grid = Grid::new([6, 5, 4], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        let volume = CtVolume::from_array(grid, Array3::from_shape_vec((4, 5, 6), hu.clone()).unwrap()).unwrap();
        let mut document = Document::empty(grid).unwrap();
        for meaning in [
            SegmentMeaning::RightLung, SegmentMeaning::LeftLung, SegmentMeaning::Airways, SegmentMeaning::Lesion, SegmentMeaning::GroundGlass,
        ] {
            let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
            let number = segment.number;
            document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, &volume).unwrap();
        }
        for (layer, labels) in [(Layer::Anatomy, &anatomy), (Layer::Findings, &marked)] {
            document.edit_voxels(layer, &volume, |editor| {
                for row in 0..20 {
                    editor.set_span(row / 5, row % 5, 0, 6, |n, _| Some(labels[n]));
                }
            });
        }
        prop_assert_eq!(document.problems(&volume), Vec::<String>::new());
        let profile = Profile::of(&document);
        let all = quantities(&document, &profile);
        let value = |name: &str| all.iter().find(|q| q.name == name).unwrap().value;
        let lung: Vec<usize> = (0..120).filter(|n| matches!(anatomy[*n], 1 | 2)).collect();
        let share = |is: &dyn Fn(i16) -> bool| {
            (!lung.is_empty()).then(|| 100.0 * lung.iter().filter(|n| is(hu[**n])).count() as f64 / lung.len() as f64)
        };
        let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9 * b.abs().max(1.0),
            (a, b) => a.is_none() && b.is_none(),
        };
        prop_assert!(close(value("laa-950"), share(&|v| v < -950)));
        prop_assert!(close(value("well-aerated"), share(&|v| (-950..=-700).contains(&v))));
        prop_assert!(close(value("haa-250"), share(&|v| v > -250)));
        let involved = lung.iter().filter(|n| marked[**n] != 0).count() as f64;
        prop_assert!(close(value("involvement"), (!lung.is_empty()).then(|| 100.0 * involved / lung.len() as f64)));
        let ml = 0.8 * 0.9 * 2.0 / 1000.0;
        prop_assert!(close(value("lung-volume"), (!lung.is_empty()).then_some(lung.len() as f64 * ml)));
        let grams: f64 = lung.iter().map(|n| ml * f64::from(hu[*n].max(-1000) + 1000) / 1000.0).sum();
        prop_assert!(close(value("lung-mass"), (!lung.is_empty()).then_some(grams)));
        for (side, label) in [("right", 1), ("left", 2)] {
            let of = |what: &str| value(&format!("{side}-lung-{what}"));
            let mut of_side: Vec<i16> = (0..120).filter(|n| anatomy[*n] == label).map(|n| hu[n]).collect();
            of_side.sort_unstable();
            let rank = |fraction: f64| of_side.get((of_side.len().max(1) as f64 * fraction).ceil() as usize - 1).copied();
            for (percentile, fraction) in [("p15", 0.15), ("p50", 0.5), ("p85", 0.85)] {
                prop_assert!(close(of(percentile), rank(fraction).map(f64::from)));
            }
            let count = of_side.len() as f64;
            let mean = of_side.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
            let spread = (of_side.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count).sqrt();
            prop_assert!(close(of("deviation"), (count > 0.0).then_some(spread)));
            let grams: f64 = of_side.iter().map(|hu| ml * f64::from((*hu).max(-1000) + 1000) / 1000.0).sum();
            prop_assert!(close(of("mass"), (count > 0.0).then_some(grams)));
        }
        let mut sorted: Vec<i16> = lung.iter().map(|n| hu[*n].max(-1536)).collect();
        sorted.sort_unstable();
        let median = sorted.get((sorted.len().max(1) as f64 * 0.5).ceil() as usize - 1).map(|v| f64::from(*v));
        prop_assert!(close(value("lung-p50"), median));
        // Zones: each lung voxel lies in one of six.
        let zones = profile.zones(1, 3);
        for (n, zone) in zones.iter().enumerate() {
            let ks = [3..4, 1..3, 0..1][n % 3].clone();
            let of_zone: Vec<usize> =
                (0..120).filter(|v| ks.contains(&(v / 30)) && usize::from(anatomy[*v]) == n / 3 + 1).collect();
            let hit = of_zone.iter().filter(|v| marked[**v] != 0).count() as f64;
            prop_assert!(close(*zone, (!of_zone.is_empty()).then(|| 100.0 * hit / of_zone.len() as f64)));
        }
    }
}
