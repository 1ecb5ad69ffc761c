//! Two readers compared: statistics against scikit-learn, statsmodels and pingouin, and tables as they are exported.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::analysis::{Weights, consistency, kappa};
use hilum::annotation::SegmentMeaning;
use hilum::jobs::{FileFacts, FileId};
use hilum::report::field_of;
use hilum::session::{Action, Command, FormInput, PaneId, Tool};

mod files;
mod tab;
use tab::{Tab, ct, noise};

#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, scratch};

/// Numbers that look random and are the same each time.
fn random(seed: u32) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    }
}

#[test]
fn other_programs_find_the_same() {
    for (seed, classes, readers) in [(1, 6usize, 2usize), (2, 4, 3), (3, 2, 2)] {
        let mut next = random(seed);
        let pairs: Vec<[usize; 2]> = (0..60)
            .map(|_| {
                let first = next(classes as u32) as usize;
                // Most often the same class or its neighbour.
                let second = match next(4) {
                    0 => next(classes as u32) as usize,
                    1 => (first + 1).min(classes - 1),
                    _ => first,
                };
                [first, second]
            })
            .collect();
        let cases: Vec<Vec<f64>> = (0..25)
            .map(|_| {
                let true_value = f64::from(next(2000));
                (0..readers).map(|r| true_value + f64::from(next(300)) + 60.0 * r as f64).collect()
            })
            .collect();
        let paths = ["pairs", "cases"].map(|name| scratch("double-reading", &format!("{name}-{seed}.json")));
        let given = serde_json::json!({ "classes": classes, "pairs": pairs });
        std::fs::write(&paths[0], given.to_string()).unwrap();
        std::fs::write(&paths[1], serde_json::json!(cases).to_string()).unwrap();
        let Some(judged) = ask_highdicom("check_raters.py", [&paths[0], &paths[1]]) else { return };
        for (name, weights) in
            [("nominal", Weights::Nominal), ("linear", Weights::Linear), ("quadratic", Weights::Quadratic)]
        {
            let ours = kappa(&pairs, classes, weights).unwrap();
            let theirs: Vec<f64> =
                judged["kappa"][name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            assert!((ours.value - theirs[0]).abs() < 1e-9, "{name}: {ours:?}, {theirs:?}");
            assert!((ours.interval[0] - theirs[1]).abs() < 1e-9, "{name}: {ours:?}, {theirs:?}");
            assert!((ours.interval[1] - theirs[2].min(1.0)).abs() < 1e-9, "{name}: {ours:?}, {theirs:?}");
        }
        let ours = consistency(&cases).unwrap();
        let icc = |name: &str| judged["icc"][name].as_f64().unwrap();
        // pingouin rounds to six places and more.
        assert!((ours.agreement - icc("ICC(2,1)")).abs() < 1e-6, "{ours:?}, {}", judged["icc"]);
        assert!((ours.consistency - icc("ICC(3,1)")).abs() < 1e-6, "{ours:?}, {}", judged["icc"]);
    }
}

/// A reading as its table: extent and coronary calcium as given, an opacity of some width.
fn table(case: usize, extent: usize, calcium: usize, width: f64) -> Vec<u8> {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct(&format!("1.2.826.0.1.3680043.10.511.{case}"), &noise(case as u32 + 1)));
    for (meaning, reach) in [(SegmentMeaning::RightLung, 80.0), (SegmentMeaning::Lesion, width)] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Contour));
        tab.drags(PaneId::Axial, &[(20.0, 20.0), (20.0 + reach, 20.0), (20.0 + reach, 80.0), (20.0, 80.0)]);
    }
    for (key, choice) in [
        ("extent", extent),
        ("coronary-lm", calcium),
        ("coronary-lad", calcium),
        ("coronary-lcx", 0),
        ("coronary-rca", 0),
        ("signs", 1),
    ] {
        tab.does(Command::Answer(field_of(key).unwrap().number, FormInput::Choose(choice)));
    }
    tab.does(Command::Answer(field_of("pulmonary-artery").unwrap().number, FormInput::Write(format!("{}", 25 + case))));
    tab.acts(Action::ExportJson);
    tab.downloads.pop().unwrap().1
}

#[test]
fn exported_tables_of_two_readers_are_paired_and_compared() {
    let first: Vec<Vec<u8>> = (0..4).map(|n| table(n, n, n.min(3), 10.0 + 10.0 * n as f64)).collect();
    let mut second: Vec<Vec<u8>> =
        [(0, 0, 0, 10.0), (1, 2, 1, 24.0), (2, 2, 2, 30.0)].map(|(n, e, c, w)| table(n, e, c, w)).into();
    // The fourth case differs by three classes; a fifth was read by one alone; one file is something else.
    second.push(table(3, 0, 0, 12.0));
    second.push(table(9, 1, 0, 10.0));
    second.push(b"{}".to_vec());
    let mut tab = Tab::open(&Default::default(), 1);
    tab.acts(Action::CompareReadings);
    tab.reads(0, &first);
    tab.reads(1, &second);
    let view = tab.session.view_model().comparison.unwrap();
    assert_eq!((view.read, view.refused.len()), ([4, 5], 1));
    assert!(view.about.starts_with("4 cases read by both, 1 by one alone, 0 repeated"), "{}", view.about);
    let row = |key: &str| view.rows.iter().find(|r| r.key == key).cloned().unwrap();
    assert_eq!((row("extent").cases, row("extent").plain.as_str()), (4, "50 %"));
    assert!(row("extent").value.is_some_and(|v| v > 0.0 && v < 1.0) && row("extent").text.contains("quadratic"));
    assert_eq!((row("pulmonary-artery").value, row("pulmonary-artery").cases), (Some(1.0), 4));
    assert!(row("coronary-total").value.is_some_and(|v| v < 1.0));
    assert!(row("lesion-volume").text.starts_with("ICC(2,1)"), "quantities are compared as well");
    assert_eq!(view.discords.len(), 1);
    assert!(view.discords[0].0.contains(".511.3.") && view.discords[0].1.contains("3 and 0"), "{:?}", view.discords);
    tab.acts(Action::ExportComparison);
    let (name, csv) = tab.downloads.pop().unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!(name, "hilum-agreement.csv");
    assert!(csv.contains("extent,4,kappa quadratic,") && csv.contains("adjudication"), "{csv}");
}

#[test]
fn what_is_too_large_for_a_table_is_not_read() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.acts(Action::CompareReadings);
    let facts = FileFacts { id: FileId(77), name: "film.json".to_owned(), size: 1 << 30 };
    tab.does(Command::OpenReadings(0, vec![facts]));
    assert_eq!(tab.session.view_model().comparison.unwrap().refused[0].0, "film.json");
}
