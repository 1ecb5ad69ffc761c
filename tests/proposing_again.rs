//! A second proposal of opacities: what it replaces, and what it leaves alone.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by stopping")]

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use hilum::annotation::{Origin, Segment, SegmentMeaning};
use hilum::session::{Action, Command, PaneId, PieceAction, PointerPhase, SegmentChange, Tool};

mod files;
mod tab;
use tab::{Tab, ct, noise};

fn brushed(tab: &mut Tab, meaning: SegmentMeaning, stroke: &[(f64, f64)]) {
    tab.does(Command::AddSegment(meaning));
    tab.does(Command::BrushRadius(1.5));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, stroke);
}

/// Segments of opacities: meaning, number, voxels, and whether they are an untouched proposal.
fn opacities(tab: &Tab) -> Vec<(SegmentMeaning, u8, u64, bool)> {
    let document = &tab.session.case().unwrap().document;
    let untouched = |s: &Segment| matches!(s.origin, Origin::Proposed { edited: false, .. });
    let involved = document.segments().iter().filter(|s| s.meaning.is_involvement());
    involved.map(|s| (s.meaning, s.number, document.voxel_count(s.number), untouched(s))).collect()
}

#[test]
fn opacities_proposed_again_replace_what_nobody_accepted_or_edited() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.553", &noise(16)));
    brushed(&mut tab, SegmentMeaning::RightLung, &[(30.0, 50.0), (40.0, 50.0)]);
    tab.acts(Action::ProposeLesions);
    let first = opacities(&tab);
    assert!(matches!(first[..], [(SegmentMeaning::GroundGlass, _, 1.., true)]), "{first:?}");
    // Untouched, it is replaced.
    tab.acts(Action::ProposeLesions);
    let second = opacities(&tab);
    assert_eq!((second.len(), second[0].1), (1, first[0].1));
    // A piece that was accepted stays, with its mark, and the rest of that proposal goes.
    tab.does(Command::Piece(0));
    let rows = |tab: &Tab| tab.session.view_model().pieces.rows;
    let accepted = rows(&tab)[0].ml;
    tab.acts(Action::Piece(PieceAction::Accept));
    let before = tab.said();
    tab.acts(Action::ProposeLesions);
    let third = opacities(&tab);
    assert_eq!(third.len(), 2, "{third:?}");
    let kept = third.iter().find(|s| s.1 == second[0].1).unwrap();
    let ml = tab.session.case().unwrap().document.grid().millilitres(kept.2);
    assert!(!kept.3 && (ml - accepted).abs() < 1e-9, "{third:?}");
    assert_eq!(rows(&tab).iter().filter(|r| r.accepted).count(), 1, "it is still accepted");
    tab.acts(Action::Undo);
    assert!(tab.said() == before);
    tab.acts(Action::Redo);
    // What the reader drew stays too; the proposal of the last time goes.
    brushed(&mut tab, SegmentMeaning::Consolidation, &[(20.0, 25.0), (24.0, 25.0)]);
    let drawn = opacities(&tab).iter().find(|s| s.0 == SegmentMeaning::Consolidation).unwrap().2;
    tab.acts(Action::ProposeLesions);
    let fourth = opacities(&tab);
    assert_eq!(
        fourth.iter().filter(|s| s.0 == SegmentMeaning::Consolidation).map(|s| s.2).collect::<Vec<_>>(),
        [drawn]
    );
    assert!(fourth.iter().any(|s| (s.1, s.2) == (kept.1, kept.2)), "{fourth:?}");
}

#[test]
fn opacities_of_another_proposal_make_way_unless_they_were_touched() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.554", &noise(17)));
    brushed(&mut tab, SegmentMeaning::RightLung, &[(30.0, 50.0), (40.0, 50.0)]);
    // As a model of the reader's proposes: one class for all opacities.
    tab.proposes = SegmentMeaning::Lesion;
    tab.acts(Action::ProposeLesions);
    assert!(matches!(opacities(&tab)[..], [(SegmentMeaning::Lesion, _, 1.., true)]));
    let before = tab.said();
    tab.proposes = SegmentMeaning::GroundGlass;
    tab.acts(Action::ProposeLesions);
    assert!(matches!(opacities(&tab)[..], [(SegmentMeaning::GroundGlass, _, 1.., true)]), "{:?}", opacities(&tab));
    tab.acts(Action::Undo);
    assert!(tab.said() == before, "one step back");
    // Edited, it stays.
    let number = opacities(&tab)[0].1;
    tab.does(Command::SelectSegment(number));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(20.0, 25.0), (60.0, 25.0)]);
    let edited = opacities(&tab);
    tab.acts(Action::ProposeLesions);
    let all = opacities(&tab);
    assert!(all.len() == 2 && all.contains(&edited[0]), "{all:?}");
    // Locked, it stays as well.
    tab.acts(Action::Undo);
    tab.acts(Action::Undo);
    tab.does(Command::ChangeSegment(number, SegmentChange::ToggleLocked));
    let locked = opacities(&tab);
    tab.acts(Action::ProposeLesions);
    assert!(opacities(&tab).contains(&locked[0]), "{:?}", opacities(&tab));
}

/// A proposal that comes in the middle of a stroke takes neither its first half nor where the second goes.
#[test]
fn a_stroke_goes_on_over_a_proposal_that_comes_meanwhile() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.556", &noise(19)));
    brushed(&mut tab, SegmentMeaning::RightLung, &[(30.0, 50.0), (40.0, 50.0)]);
    tab.acts(Action::ProposeLesions);
    let first = opacities(&tab)[0].1;
    tab.does(Command::SelectSegment(first));
    let before = tab.said();
    tab.slow_worker = true;
    tab.acts(Action::ProposeLesions);
    tab.pointer(PaneId::Axial, PointerPhase::Down, 20.0, 25.0);
    tab.pointer(PaneId::Axial, PointerPhase::Move, 40.0, 25.0);
    let half = opacities(&tab)[0].2;
    tab.worker_answers();
    assert!(opacities(&tab).iter().any(|s| (s.1, s.2, s.3) == (first, half, false)), "{:?}", opacities(&tab));
    tab.pointer(PaneId::Axial, PointerPhase::Move, 70.0, 25.0);
    tab.pointer(PaneId::Axial, PointerPhase::Up, 70.0, 25.0);
    let case = tab.session.case().unwrap();
    assert_eq!(case.document.problems(&case.volume), Vec::<String>::new());
    assert!(opacities(&tab).iter().any(|s| s.1 == first && s.2 > half), "the rest is painted where it began");
    for _ in 0..3 {
        tab.acts(Action::Undo);
    }
    assert!(tab.said() == before, "half a stroke, the proposal, the other half");
}

#[test]
fn opacities_nobody_touched_are_doubted_on_thick_slices() {
    let thick = |(k, bytes): (usize, &Vec<u8>)| {
        let mut file = dicom_object::from_reader(&bytes[..]).unwrap();
        let at = PrimitiveValue::from(format!("-12\\-10\\{}", k * 4));
        file.put(DataElement::new(tags::IMAGE_POSITION_PATIENT, VR::DS, at));
        let mut out = Vec::new();
        file.write_all(&mut out).unwrap();
        out
    };
    let mut tab = Tab::open(&Default::default(), 1);
    let files: Vec<_> = ct("1.2.826.0.1.3680043.10.555", &noise(18)).iter().enumerate().map(thick).collect();
    tab.opens(&files);
    let doubt = |tab: &Tab| {
        let row = tab.session.view_model().quantities.into_iter().find(|q| q.name == "involvement").unwrap();
        row.doubt.unwrap_or_default()
    };
    brushed(&mut tab, SegmentMeaning::RightLung, &[(30.0, 30.0), (70.0, 30.0), (70.0, 70.0)]);
    tab.acts(Action::ProposeLesions);
    assert!(doubt(&tab).contains("slices 4.0 mm apart"), "{}", doubt(&tab));
    let number = opacities(&tab)[0].1;
    tab.does(Command::SelectSegment(number));
    tab.acts(Action::Tool(Tool::Brush));
    tab.drags(PaneId::Axial, &[(20.0, 25.0), (60.0, 25.0)]);
    assert!(!doubt(&tab).contains("apart"), "the reader worked on them: {}", doubt(&tab));
}
