//! Lesions one by one, arteries, the chest wall and proposals of boxes, as a reader meets them.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by stopping")]

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use hilum::annotation::{Layer, MeasurementKind, Origin, Segment, SegmentMeaning};
use hilum::session::{
    Action, Command, FormInput, MeasurementChange, PaneId, PieceAction, Proposable, SegmentChange, Tool,
};

mod files;
mod tab;
use tab::{SIZE, Tab, ct, noise};

fn quantity(tab: &Tab, name: &str) -> (Option<f64>, String) {
    let row = tab.session.view_model().quantities.into_iter().find(|q| q.name == name).unwrap();
    (row.value, row.text)
}

fn rows(tab: &Tab) -> Vec<(f64, bool, bool)> {
    tab.session.view_model().pieces.rows.into_iter().map(|r| (r.ml, r.current, r.accepted)).collect()
}

fn brushed(tab: &mut Tab, meaning: SegmentMeaning, strokes: &[&[(f64, f64)]]) {
    tab.does(Command::AddSegment(meaning));
    tab.does(Command::BrushRadius(1.5));
    tab.acts(Action::Tool(Tool::Brush));
    for stroke in strokes {
        tab.drags(PaneId::Axial, stroke);
    }
}

#[test]
fn lesions_are_gone_through_by_key() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.521", &noise(1)));
    tab.acts(Action::Piece(PieceAction::Step(1)));
    assert!(tab.session.view_model().notice.is_some(), "there is nothing to go to");
    brushed(&mut tab, SegmentMeaning::Lesion, &[&[(20.0, 25.0), (24.0, 25.0)], &[(70.0, 75.0), (90.0, 75.0)]]);
    let list = rows(&tab);
    assert_eq!(list.len(), 2);
    assert!(list[0].0 > list[1].0, "largest first");
    let whole = tab.said();
    tab.acts(Action::Piece(PieceAction::Reject));
    assert_eq!(tab.said(), whole, "none was chosen");
    tab.acts(Action::Piece(PieceAction::Step(1)));
    let label = |tab: &Tab| {
        let case = tab.session.case().unwrap();
        let at = case.volume.grid().voxel_at(tab.session.crosshair()).unwrap();
        case.document.layer(Layer::Findings).at(at)
    };
    assert_eq!((label(&tab), rows(&tab)[0].1), (1, true), "the crosshair is inside the largest");
    tab.acts(Action::Piece(PieceAction::Accept));
    assert_eq!(rows(&tab).iter().map(|r| (r.1, r.2)).collect::<Vec<_>>(), [(false, true), (true, false)]);
    assert_eq!(label(&tab), 1);
    tab.acts(Action::Piece(PieceAction::Reject));
    assert_eq!(rows(&tab), [(list[0].0, true, true)], "what was rejected is gone, what was accepted stays so");
    let case = tab.session.case().unwrap();
    assert!((case.document.volume_ml(1) - list[0].0).abs() < 1e-9);
    tab.acts(Action::Undo);
    assert_eq!(tab.said(), whole);
    assert_eq!(rows(&tab).len(), 2);
    // A locked segment loses nothing.
    tab.does(Command::Piece(1));
    tab.does(Command::ChangeSegment(1, SegmentChange::ToggleLocked));
    tab.acts(Action::Piece(PieceAction::Reject));
    assert_eq!(rows(&tab).len(), 2);
    // Vessels are not gone through one by one, and an opacity is not drawn over by them.
    tab.does(Command::ChangeSegment(1, SegmentChange::ToggleLocked));
    brushed(&mut tab, SegmentMeaning::PulmonaryVessels, &[&[(20.0, 60.0), (60.0, 60.0)]]);
    assert_eq!(rows(&tab).len(), 2);
    assert!(quantity(&tab, "vessel-volume").0.unwrap() > 0.0);
}

#[test]
fn the_readers_lengths_become_those_of_the_arteries() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.522", &noise(2)));
    assert_eq!(quantity(&tab, "artery-ratio").0, None);
    tab.acts(Action::Artery(true));
    assert!(tab.session.view_model().notice.is_some(), "no length was measured");
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Length)));
    tab.drags(PaneId::Axial, &[(20.0, 30.0), (60.0, 30.0)]);
    tab.acts(Action::Artery(true));
    tab.drags(PaneId::Axial, &[(20.0, 60.0), (40.0, 60.0)]);
    tab.acts(Action::Artery(false));
    let lengths: Vec<f64> = tab.session.view_model().measurements.iter().map(|m| m.value.unwrap().0).collect();
    assert_eq!(quantity(&tab, "trunk-diameter").0, Some(lengths[0]));
    assert_eq!(quantity(&tab, "aorta-diameter").0, Some(lengths[1]));
    assert!((quantity(&tab, "artery-ratio").0.unwrap() - lengths[0] / lengths[1]).abs() < 1e-12);
    tab.acts(Action::Undo);
    assert_eq!(quantity(&tab, "aorta-diameter").0, None, "choosing undoes by itself");
    tab.acts(Action::Redo);
    tab.does(Command::Measurement(1, MeasurementChange::Remove));
    assert_eq!((quantity(&tab, "trunk-diameter").0, quantity(&tab, "artery-ratio").0), (None, None));
    tab.acts(Action::ExportCsv);
    let table = String::from_utf8(tab.downloads.last().unwrap().1.clone()).unwrap();
    assert!(table.contains("aorta-diameter") && !table.contains("trunk-diameter"));
}

/// A body of 40 HU in the middle of air, or reaching the edges.
fn body(clipped: bool) -> Vec<Vec<i16>> {
    let [ni, nj, nk] = SIZE;
    let inside = |n: usize| {
        let (x, y) = ((n % ni) as f64 - 11.5, (n / ni) as f64 - 9.5);
        clipped || (x / 10.5).powi(2) + (y / 8.5).powi(2) < 1.0
    };
    (0..nk).map(|_| (0..ni * nj).map(|n| if inside(n) { 40 } else { -1000 }).collect()).collect()
}

#[test]
fn the_area_of_the_chest_wall_is_of_one_slice_and_refused_where_the_body_is_cut_off() {
    let fat = SegmentMeaning::SubcutaneousFat;
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.523", &body(false)));
    brushed(&mut tab, fat, &[&[(40.0, 40.0), (60.0, 40.0)]]);
    let pixels = tab.session.case().unwrap().document.voxel_count(1) as f64;
    let (value, text) = quantity(&tab, "fat-area");
    assert!((value.unwrap() - pixels / 100.0).abs() < 1e-9 && text.contains("cm²"), "{text}");
    assert_eq!(quantity(&tab, "fat-hu").0, Some(40.0));
    // On a second slice the area is of none.
    tab.acts(Action::Scroll(1));
    tab.drags(PaneId::Axial, &[(40.0, 40.0), (60.0, 40.0)]);
    assert_eq!(quantity(&tab, "fat-area").0, None);
    assert!(quantity(&tab, "fat-area").1.contains("one slice"));
    let mut tab = Tab::open(&Default::default(), 2);
    tab.opens(&ct("1.2.826.0.1.3680043.10.524", &body(true)));
    brushed(&mut tab, fat, &[&[(40.0, 40.0), (60.0, 40.0)]]);
    let (value, text) = quantity(&tab, "fat-area");
    assert!(value.is_none() && text.contains("field of view"), "{text}");
    // Nor does the table say it.
    tab.acts(Action::ExportCsv);
    let table = String::from_utf8(tab.downloads.last().unwrap().1.clone()).unwrap();
    assert!(!table.contains("fat-area"), "{table}");
}

#[test]
fn what_needs_lungs_says_so_and_refusals_are_in_words() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.525", &body(true)));
    for what in [Proposable::Vessels, Proposable::ChestWall, Proposable::Calcium] {
        tab.acts(Action::Propose(what));
        assert!(tab.session.view_model().notice.unwrap().contains("lungs"), "{what:?}");
        assert_eq!(tab.session.case().unwrap().document.segments().len(), 0);
    }
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    let before = tab.said();
    tab.acts(Action::Propose(Proposable::ChestWall));
    assert!(tab.session.view_model().notice.unwrap().contains("field of view"));
    tab.acts(Action::Propose(Proposable::Calcium));
    assert!(tab.session.view_model().notice.unwrap().contains("heart"));
    assert_eq!(tab.said(), before, "a refusal changes nothing");
    // Lungs of one side only are said beside their volume for as long as they are.
    let doubt =
        |tab: &Tab| tab.session.view_model().quantities.into_iter().find(|q| q.name == "lung-volume").unwrap().doubt;
    assert!(doubt(&tab).unwrap().contains("one lung"));
    brushed(&mut tab, SegmentMeaning::LeftLung, &[&[(60.0, 50.0), (70.0, 50.0)]]);
    assert!(!doubt(&tab).is_some_and(|d| d.contains("one lung")));
}

#[test]
fn another_ct_of_the_patient_is_compared_zone_by_zone() {
    let mut tab = Tab::open(&Default::default(), 1);
    let lungs = |tab: &mut Tab, lesion: bool| {
        tab.acts(Action::ToggleBall);
        for (meaning, x) in [(SegmentMeaning::RightLung, 30.0), (SegmentMeaning::LeftLung, 70.0)] {
            tab.does(Command::AddSegment(meaning));
            tab.does(Command::BrushRadius(4.0));
            tab.acts(Action::Tool(Tool::Brush));
            tab.drags(PaneId::Axial, &[(x, 35.0), (x, 65.0)]);
        }
        tab.acts(Action::ToggleBall);
        tab.does(Command::AddSegment(SegmentMeaning::Lesion));
        if lesion {
            brushed(tab, SegmentMeaning::GroundGlass, &[&[(28.0, 45.0), (32.0, 45.0)]]);
        }
    };
    let uid = "1.2.826.0.1.3680043.10.526";
    tab.opens(&ct(uid, &noise(3)));
    tab.acts(Action::ComparePrior);
    assert!(tab.session.view_model().notice.unwrap().contains("lungs"));
    lungs(&mut tab, false);
    tab.acts(Action::ComparePrior);
    assert!(tab.session.view_model().notice.unwrap().contains("Patient ID"), "there is no other CT");
    tab.opens(&ct("1.2.826.0.1.3680043.10.527", &noise(4)));
    tab.does(Command::OpenSeries("1.2.826.0.1.3680043.10.527.2".to_owned()));
    lungs(&mut tab, true);
    tab.acts(Action::ComparePrior);
    let change = tab.session.view_model().change.unwrap();
    let value = |name: &str| change.rows.iter().find(|r| r.name == name).unwrap().value;
    let involved = quantity(&tab, "involvement").0.unwrap();
    assert!((value("total").unwrap() - involved).abs() < 1e-6, "{change:?}");
    assert!(value("lung-volume").unwrap().abs() < 1e-6, "{change:?}");
    assert!(involved > 0.0 && change.doubt.is_none(), "{change:?}");
    // Nor is the change of one CT shown on another, at once or late; the revisions of both are alike here.
    brushed(&mut tab, SegmentMeaning::Nodule, &[&[(70.0, 50.0), (72.0, 50.0)]]);
    tab.acts(Action::Undo);
    for late in [false, true] {
        tab.slow_worker = late;
        tab.acts(Action::ComparePrior);
        assert_eq!(tab.session.view_model().change.is_none(), late);
        let revision = tab.session.case().unwrap().history.revision();
        tab.slow_worker = false;
        let done = std::mem::take(&mut tab.undone);
        tab.does(Command::OpenSeries(format!("{uid}.2")));
        while tab.session.case().unwrap().history.revision() < revision {
            let twice = [Action::ZonePlane(true), Action::Undo];
            twice.into_iter().for_each(|action| tab.acts(action));
        }
        done.into_iter().for_each(|done| tab.does(done));
        assert_eq!(tab.session.view_model().change, None);
        tab.does(Command::OpenSeries("1.2.826.0.1.3680043.10.527.2".to_owned()));
        assert_eq!(tab.session.view_model().change, None);
    }
    tab.acts(Action::ComparePrior);
    assert!(tab.session.view_model().change.is_some());
    // Numbers of what is no more are not shown.
    brushed(&mut tab, SegmentMeaning::Nodule, &[&[(70.0, 50.0), (72.0, 50.0)]]);
    assert_eq!(tab.session.view_model().change, None);
}

/// Files with an element more, or another value of it.
fn with(files: &[Vec<u8>], tag: Tag, vr: VR, value: &str) -> Vec<Vec<u8>> {
    let changed = files.iter().map(|bytes| {
        let mut file = dicom_object::from_reader(&bytes[..]).unwrap();
        file.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
        let mut out = Vec::new();
        file.write_all(&mut out).unwrap();
        out
    });
    changed.collect()
}

#[test]
fn a_prior_ct_is_the_last_one_before_and_a_later_one_is_said_to_be() {
    let mut tab = Tab::open(&Default::default(), 1);
    // 2024, 2025, 2026 and 2027, marked in this order; the lungs grow.
    let uid = |n: usize| format!("1.2.826.0.1.3680043.10.53{n}");
    for n in [1, 0, 3, 2] {
        let files = ct(&uid(n), &noise(n as u32));
        tab.opens(&with(&files, tags::STUDY_DATE, VR::DA, &format!("202{}0105", 4 + n)));
        let lungs = [(SegmentMeaning::RightLung, 30.0), (SegmentMeaning::LeftLung, 70.0)];
        tab.acts(Action::ToggleBall);
        for (meaning, x) in lungs {
            tab.does(Command::AddSegment(meaning));
            tab.does(Command::BrushRadius(4.0));
            tab.acts(Action::Tool(Tool::Brush));
            tab.drags(PaneId::Axial, &[(x, 45.0 - 5.0 * n as f64), (x, 55.0 + 5.0 * n as f64)]);
        }
        tab.acts(Action::ToggleBall);
    }
    for (open, other, is_later) in [(3, "2026", false), (2, "2025", false), (1, "2024", false), (0, "2025", true)] {
        tab.does(Command::OpenSeries(format!("{}.2", uid(open))));
        tab.acts(Action::ComparePrior);
        let change = tab.session.view_model().change.unwrap();
        assert!(change.about.contains(other) && change.about.contains("later") == is_later, "{}", change.about);
        let value = |name: &str| change.rows.iter().find(|r| r.name == name).unwrap().value;
        assert!(value("lung-volume").unwrap() > 0.0, "in the order of time: {change:?}");
        assert_eq!(value("total"), None, "opacities were not looked for");
    }
}

#[test]
fn how_a_ct_was_made_is_that_of_the_stack_on_screen() {
    let files = ct("1.2.826.0.1.3680043.10.540", &noise(5));
    let mut kernels = with(&files[..4], tags::CONVOLUTION_KERNEL, VR::SH, "B30f");
    kernels.extend(with(&files[4..], tags::CONVOLUTION_KERNEL, VR::SH, "B70f"));
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&kernels);
    let says = |tab: &Tab, kernel: &str| {
        let view = tab.session.view_model();
        view.acquisition.unwrap().contains(kernel)
    };
    assert!(says(&tab, "B70f"), "the larger stack");
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    let doubt = |tab: &Tab, name: &str| {
        tab.session.view_model().quantities.into_iter().find(|q| q.name == name).unwrap().doubt.unwrap_or_default()
    };
    assert!(doubt(&tab, "laa-950").contains("sharp kernel") && !doubt(&tab, "lung-mean").contains("kernel"));
    tab.does(Command::OpenStack("1.2.826.0.1.3680043.10.540.2".to_owned(), 1));
    assert!(says(&tab, "B30f"));
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    assert!(!doubt(&tab, "laa-950").contains("kernel"));
    // Without a kernel nothing vouches for what noise moves.
    let mut tab = Tab::open(&Default::default(), 2);
    tab.opens(&files);
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    brushed(&mut tab, SegmentMeaning::Calcification, &[&[(30.0, 70.0), (40.0, 70.0)]]);
    for name in ["laa-950", "calcium-volume"] {
        assert!(doubt(&tab, name).contains("kernel not known"), "{name}");
    }
    // And the report holds what the page shows.
    brushed(&mut tab, SegmentMeaning::Lesion, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    tab.acts(Action::ExportSr);
    let report = &tab.downloads.last().unwrap().1;
    let says = |said: &str| report.windows(said.len()).any(|w| w == said.as_bytes());
    for said in ["D_NO_KERNEL", "D_NOT_GATED", "Coronary arteries", "ZONE_PLANE_LOW"] {
        assert!(says(said), "{said}");
    }
    assert!(!says("CT_CONTRAST"), "a header without an agent does not say that there was none");
}

#[test]
fn opacities_that_were_looked_for_and_not_found_are_none() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.541", &noise(6)));
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    assert_eq!(quantity(&tab, "involvement"), (None, "needs findings".to_owned()));
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    assert_eq!(quantity(&tab, "involvement").0, Some(0.0), "the reader's own segment says so too");
    tab.acts(Action::Undo);
    assert_eq!(quantity(&tab, "involvement").0, None);
    tab.finds_none = true;
    tab.acts(Action::ProposeLesions);
    assert_eq!(quantity(&tab, "involvement").0, Some(0.0));
    let said = "No opacity was found in the lungs; an empty segment says that they were looked for.";
    assert_eq!(tab.session.view_model().notice.unwrap(), said);
    let segments = tab.session.case().unwrap().document.segments().len();
    tab.acts(Action::ProposeLesions);
    assert_eq!(tab.session.case().unwrap().document.segments().len(), segments, "one says it");
    tab.acts(Action::Undo);
    tab.acts(Action::Undo);
    assert_eq!(quantity(&tab, "involvement").0, None);
    // Where the reader marked some, no empty segment is there to speak of.
    brushed(&mut tab, SegmentMeaning::Lesion, &[&[(30.0, 70.0), (40.0, 70.0)]]);
    tab.acts(Action::ProposeLesions);
    assert_eq!(tab.session.view_model().notice.unwrap(), "No opacity was found in the lungs.");
}

#[test]
fn another_length_does_not_become_the_artery_of_one_that_is_gone() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.542", &noise(7)));
    tab.acts(Action::Tool(Tool::Measure(MeasurementKind::Length)));
    tab.drags(PaneId::Axial, &[(20.0, 30.0), (60.0, 30.0)]);
    tab.acts(Action::Artery(true));
    let trunk = quantity(&tab, "trunk-diameter").0;
    // Nobody answered the field: the panel of associations takes the length, and says so.
    tab.acts(Action::Associations);
    let association = |tab: &Tab| {
        let rows = tab.session.view_model().associations.unwrap();
        rows.into_iter().find(|row| row.key == "pulmonary-trunk").unwrap()
    };
    assert!(trunk.is_some() && association(&tab).value == trunk);
    assert!(association(&tab).measured.contains("chosen length"));
    tab.does(Command::Answer(1301, FormInput::Write("33".to_owned())));
    assert_eq!(association(&tab).value, Some(33.0));
    assert!(!association(&tab).measured.contains("chosen length"));
    tab.acts(Action::Undo);
    let before = tab.said();
    tab.does(Command::Measurement(1, MeasurementChange::Remove));
    tab.drags(PaneId::Axial, &[(20.0, 60.0), (40.0, 60.0)]);
    assert_eq!(tab.session.view_model().measurements[0].number, 1);
    assert_eq!(quantity(&tab, "trunk-diameter").0, None);
    tab.acts(Action::Undo);
    tab.acts(Action::Undo);
    assert!(tab.said() == before && quantity(&tab, "trunk-diameter").0 == trunk);
}

#[test]
fn a_segment_says_what_made_it_last() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.543", &noise(8)));
    tab.acts(Action::ProposeLungs);
    let of = |tab: &Tab, meaning: SegmentMeaning| {
        let segments = tab.session.case().unwrap().document.segments();
        segments.iter().find(|s| s.meaning == meaning).unwrap().clone()
    };
    let first = of(&tab, SegmentMeaning::GroundGlass);
    tab.now = "20261124090000".to_owned();
    tab.acts(Action::ProposeLungs);
    let second = of(&tab, SegmentMeaning::GroundGlass);
    assert_eq!(second.made_at, tab.now);
    let says = |s: &Segment, wanted: &str, changed: bool| matches!(&s.origin, Origin::Proposed { parameters, edited, .. } if parameters == wanted && *edited == changed);
    assert!(says(&first, "seed=0", false) && says(&second, "seed=1", false));
    tab.acts(Action::Undo);
    assert_eq!(of(&tab, SegmentMeaning::GroundGlass), first);
    tab.acts(Action::Redo);
    // Painted over, it is not what was proposed; what lies elsewhere is.
    brushed(&mut tab, SegmentMeaning::Consolidation, &[&[(20.0, 20.0), (80.0, 80.0)]]);
    assert!(says(&of(&tab, SegmentMeaning::GroundGlass), "seed=1", true));
    assert!(says(&of(&tab, SegmentMeaning::RightLung), "seed=1", false));
    tab.acts(Action::Undo);
    assert!(says(&of(&tab, SegmentMeaning::GroundGlass), "seed=1", false));
}

#[test]
fn tools_held_in_the_lungs_say_that_there_are_none() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.544", &noise(9)));
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    tab.acts(Action::ToggleInLungs);
    tab.opens(&ct("1.2.826.0.1.3680043.10.545", &noise(10)));
    brushed(&mut tab, SegmentMeaning::Lesion, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    assert!(tab.session.view_model().notice.unwrap().contains("stay in the lungs"));
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    assert!(tab.session.case().unwrap().document.voxel_count(2) > 0, "lungs are drawn on their own layer");
}

#[test]
fn a_rejected_lesion_is_kept_as_that() {
    let mut tab = Tab::open(&Default::default(), 1);
    let files = ct("1.2.826.0.1.3680043.10.546", &noise(11));
    tab.opens(&files);
    brushed(&mut tab, SegmentMeaning::Lesion, &[&[(20.0, 25.0), (24.0, 25.0)], &[(70.0, 75.0), (90.0, 75.0)]]);
    tab.does(Command::Piece(0));
    tab.acts(Action::Piece(PieceAction::Reject));
    assert_eq!(tab.session.case().unwrap().history.undo_name(), Some("reject-lesion"));
    let state = tab.state();
    let mut next = tab.killed(&files);
    next.acts(Action::AcceptKept);
    assert!(next.state() == state);
}

#[test]
fn the_report_is_of_what_was_accepted() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.547", &noise(12)));
    brushed(&mut tab, SegmentMeaning::Lesion, &[&[(20.0, 25.0), (70.0, 25.0)]]);
    tab.acts(Action::Scroll(2));
    tab.drags(PaneId::Axial, &[(20.0, 25.0), (70.0, 25.0)]);
    tab.acts(Action::Interpolate);
    assert!(tab.session.view_model().region.is_some());
    tab.acts(Action::Report);
    let view = tab.session.view_model();
    assert!(view.region.is_none() && view.report.is_some(), "as for all that leaves the page");
    tab.acts(Action::Undo);
    tab.acts(Action::Interpolate);
    let view = tab.session.view_model();
    assert!(view.region.is_some() && view.report.is_none());
    tab.acts(Action::FillZones);
    assert!(tab.session.view_model().region.is_none(), "scores are of what was accepted");
}

/// The rows of the table of numbers that was downloaded last, by name: value and doubts.
fn table(tab: &mut Tab) -> std::collections::BTreeMap<String, (f64, String)> {
    tab.acts(Action::ExportJson);
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&tab.downloads.last().unwrap().1).unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let quantities = rows.iter().filter(|row| row["kind"] == "quantity");
    quantities.map(|r| (text(r, "name"), (text(r, "value").parse().unwrap(), text(r, "doubts")))).collect()
}

#[test]
fn a_table_says_what_makes_each_number_doubtful() {
    let files = ct("1.2.826.0.1.3680043.10.550", &noise(13));
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&with(&files, tags::CONVOLUTION_KERNEL, VR::SH, "B70f"));
    brushed(&mut tab, SegmentMeaning::RightLung, &[&[(30.0, 50.0), (40.0, 50.0)]]);
    brushed(&mut tab, SegmentMeaning::Calcification, &[&[(30.0, 70.0), (40.0, 70.0)]]);
    let said = table(&mut tab);
    let doubts = |name: &str| said[name].1.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(doubts("laa-950"), ["D_SHARP_KERNEL", "D_THICK_SLICES"]);
    assert_eq!(doubts("calcium-volume"), ["D_NOT_GATED", "D_SHARP_KERNEL", "D_THIN_SLICES"]);
    assert_eq!(doubts("lung-mean"), [""]);
    assert!(doubts("lung-volume").contains(&"D_ONE_LUNG".to_owned()), "{said:?}");
    // Each number that is doubtful on the page is so in the table, and no other.
    for row in tab.session.view_model().quantities.iter().filter(|q| q.value.is_some()) {
        assert_eq!(row.doubt.is_some(), !said[row.name].1.is_empty(), "{}", row.name);
    }
    tab.acts(Action::ExportCsv);
    let csv = String::from_utf8(tab.downloads.last().unwrap().1.clone()).unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",doubts"), "{csv}");
    assert!(csv.lines().any(|l| l.contains("laa-950") && l.ends_with(",D_SHARP_KERNEL D_THICK_SLICES")), "{csv}");
}

#[test]
fn zones_follow_their_planes_into_the_table_and_onto_the_picture() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.551", &noise(14)));
    let lines = |tab: &Tab| tab.session.view_model().panes.iter().map(|p| p.zone_lines.len()).collect::<Vec<_>>();
    tab.acts(Action::Form);
    assert_eq!(lines(&tab), [0, 0, 0], "there are no lungs to cut");
    tab.acts(Action::ToggleBall);
    tab.does(Command::AddSegment(SegmentMeaning::RightLung));
    tab.does(Command::BrushRadius(9.0));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(40.0, 50.0), (60.0, 50.0)]);
    tab.acts(Action::ToggleBall);
    assert_eq!(quantity(&tab, "zone-right-upper-extent"), (None, "needs findings".to_owned()));
    assert_eq!(quantity(&tab, "lobe-middle-extent"), (None, "needs the segment".to_owned()));
    brushed(&mut tab, SegmentMeaning::GroundGlass, &[&[(45.0, 50.0), (55.0, 50.0)]]);
    // The opacity is on one slice: in one zone.
    let extents = |tab: &Tab| ["upper", "middle", "lower"].map(|l| quantity(tab, &format!("zone-right-{l}-extent")).0);
    let thirds = extents(&tab);
    assert_eq!(thirds.iter().filter(|e| e.unwrap() > 0.0).count(), 1, "{thirds:?}");
    assert_eq!(quantity(&tab, "zone-left-upper-extent").0, None, "there is no left lung");
    assert_eq!(quantity(&tab, "zone-score").0, None);
    let said = table(&mut tab);
    assert_eq!(said["zone-right-middle-extent"].0, thirds[1].unwrap());
    assert!(!said.contains_key("zone-left-upper-extent"));
    // Planes are lines where a pane climbs, with the names of the zones from head to feet.
    assert_eq!(lines(&tab), [0, 2, 2]);
    let view = tab.session.view_model();
    let mut names = view.panes[1].zone_names.clone();
    names.sort_by(|a, b| a.0.y.total_cmp(&b.0.y));
    assert_eq!(names.iter().map(|n| n.1).collect::<Vec<_>>(), ["upper zone", "middle zone", "lower zone"]);
    let heights: Vec<f64> = view.panes[1].zone_lines.iter().map(|l| l[0].y).collect();
    // Through the slice below the opacity, the upper plane leaves it to the upper zone.
    tab.acts(Action::Scroll(-1));
    tab.acts(Action::ZonePlane(true));
    let moved = extents(&tab);
    assert!(moved[0].unwrap() > 0.0 && moved[1] != thirds[1], "{moved:?} after {thirds:?}");
    let now: Vec<f64> = tab.session.view_model().panes[1].zone_lines.iter().map(|l| l[0].y).collect();
    assert!(now[0] == heights[0] && now[1] > heights[1], "{now:?} after {heights:?}");
    tab.acts(Action::Undo);
    assert_eq!(extents(&tab), thirds);
    tab.acts(Action::Form);
    assert_eq!(lines(&tab), [0, 0, 0]);
}

#[test]
fn lobes_that_are_drawn_are_measured_beside_the_readers_score() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.552", &noise(15)));
    let lobes = [
        SegmentMeaning::RightUpperLobe,
        SegmentMeaning::MiddleLobe,
        SegmentMeaning::RightLowerLobe,
        SegmentMeaning::LeftUpperLobe,
        SegmentMeaning::LeftLowerLobe,
    ];
    for (n, lobe) in lobes.into_iter().enumerate() {
        let y = 15.0 + 15.0 * n as f64;
        brushed(&mut tab, lobe, &[&[(20.0, y), (80.0, y)]]);
    }
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    assert_eq!(quantity(&tab, "lobe-score").0, Some(0.0), "looked for and not found");
    brushed(&mut tab, SegmentMeaning::GroundGlass, &[&[(20.0, 15.0), (40.0, 15.0)]]);
    let case = tab.session.case().unwrap();
    let marked = case.document.segments().iter().find(|s| s.meaning == SegmentMeaning::GroundGlass).unwrap().number;
    let percent = 100.0 * case.document.voxel_count(marked) as f64 / case.document.voxel_count(1) as f64;
    let extent = quantity(&tab, "lobe-right-upper-extent").0.unwrap();
    assert!((extent - percent).abs() < 1e-9 && (25.0..50.0).contains(&extent), "{extent} and {percent}");
    assert_eq!(quantity(&tab, "lobe-middle-extent").0, Some(0.0));
    assert_eq!(quantity(&tab, "lobe-score").0, Some(3.0));
    // Beside each choice once it is made; beside the sum once it is known.
    tab.acts(Action::Form);
    let form = |tab: &Tab| tab.session.view_model().form.unwrap();
    let row = |tab: &Tab, key: &str| {
        form(tab).sections.into_iter().flat_map(|s| s.fields).find(|f| f.key == key).unwrap().measured
    };
    assert_eq!(row(&tab, "lobe-right-upper"), None);
    for (field, choice) in (711..=715).zip([2, 0, 0, 0, 0]) {
        tab.does(Command::Answer(field, FormInput::Choose(choice)));
    }
    let (text, agrees) = row(&tab, "lobe-right-upper").unwrap();
    assert!(text.contains('%') && !agrees && row(&tab, "lobe-middle").unwrap().1, "{text}");
    let total = |tab: &Tab| form(tab).sections[6].scores.iter().find(|s| s.0 == "lobe-total").unwrap().1.clone();
    assert!(total(&tab).contains("2 (measured 3"), "{}", total(&tab));
    tab.does(Command::Answer(715, FormInput::Clear));
    assert!(!total(&tab).contains("measured"), "{}", total(&tab));
}
