//! Outlines as RT structure sets: written, read again, judged by other programs; and those that other programs wrote.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by stopping, and says what it skips"
)]

use hilum::annotation::{Document, Layer, Origin, SegmentMeaning};
use hilum::dicom::{Instance, group_into_series, read_header};
use hilum::export::campaign::{self, Campaign, CampaignSecret};
use hilum::export::{Audience, ExportError, rtstruct};
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
use hilum::import::{
    Collision, SegmentationError, SegmentationNote, plan_stack, read_marks, read_structure_set, segmentation_edits,
};
use hilum::session::{Action, Command, PaneId, Tool};
use proptest::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};

mod files;
mod small_ct;
mod tab;
use small_ct::{add, context, grid, volume};
use tab::{Tab, ct, noise};

#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, assert_conforms, scratch};

/// Along the patient, turned, and sheared as by a tilted gantry.
fn grids() -> [(&'static str, Grid); 3] {
    let v = PatientVector::new;
    let (s, c) = 0.3f64.sin_cos();
    let size = [13, 11, 5];
    let made =
        |origin: [f64; 3], steps| Grid::new(size, PatientPoint::new(origin[0], origin[1], origin[2]), steps).unwrap();
    let (across, down) = (v(c, s, 0.0), v(-s * c, c * c, s));
    let turned = made([-120.512_3, -95.25, 310.1], [across * 0.703_125, down * 0.703_125, across.cross(down) * 1.3]);
    let tilted = made([-33.3, 17.0, -200.0], [v(0.8, 0.0, 0.0), v(0.0, 0.8 * c, -0.8 * s), v(0.0, 0.0, 2.5)]);
    [("along", grid(size)), ("turned", turned), ("tilted", tilted)]
}

/// Rings, an island in a hole, cells that touch at corners, noise, and a segment that lies over another.
fn document(grid: Grid) -> Document {
    let volume = volume(grid);
    let mut document = Document::empty(grid).unwrap();
    let ring = |v: VoxelIndex, at: usize| [v.i.abs_diff(6), v.j.abs_diff(5)].into_iter().max() == Some(at);
    add(&mut document, &volume, SegmentMeaning::RightLung, Origin::Manual, |v| {
        v.k < 2 && (ring(v, 5) || ring(v, 3) || ring(v, 1))
    });
    add(&mut document, &volume, SegmentMeaning::LeftLung, Origin::Manual, |v| {
        v.k == 3 && (v.i + v.j).is_multiple_of(2)
    });
    add(&mut document, &volume, SegmentMeaning::GroundGlass, Origin::Manual, |v| {
        (v.i * 7 + v.j * 13 + v.k * 5) % 11 > 3
    });
    add(&mut document, &volume, SegmentMeaning::Nodule, Origin::Manual, |v| v.k == 4 && v.i == 0 && v.j == 10);
    document
}

fn assert_same(again: &Document, document: &Document) {
    for layer in Layer::ALL {
        assert_eq!(again.layer(layer).to_vec(), document.layer(layer).to_vec(), "{layer:?}");
    }
}

#[test]
fn outlines_give_back_every_voxel_here_and_elsewhere() {
    for (name, grid) in grids() {
        let (document, context) = (document(grid), context(&grid));
        let object = rtstruct::write(&document, &context).unwrap();
        assert_eq!(object, rtstruct::write(&document, &context).unwrap(), "the same bytes for the same reading");
        let path = scratch("structure_sets", &format!("{name}.dcm"));
        std::fs::write(&path, object.bytes()).unwrap();
        assert_conforms(&path);

        let incoming = read_marks(object.bytes(), &grid, &context.source).unwrap();
        assert_eq!(incoming.notes, []);
        let (volume, mut again) = (volume(grid), Document::empty(grid).unwrap());
        let (_, notes) = segmentation_edits(&incoming, Collision::KeepExisting, &mut again, &volume).unwrap();
        assert_eq!(notes, []);
        assert_same(&again, &document);
        let looks = |d: &Document| d.segments().iter().map(|s| (s.meaning, s.colour)).collect::<Vec<_>>();
        assert_eq!(looks(&again), looks(&document));

        let lattice = scratch("structure_sets", &format!("{name}.json"));
        let steps = [0, 1, 2].map(|axis| grid.step(axis).0.to_array());
        let about = json!({ "size": grid.size(), "origin": grid.origin().0.to_array(), "steps": steps });
        std::fs::write(&lattice, about.to_string()).unwrap();
        let Some(judged) = ask_highdicom("check_rtstruct.py", [&path, &lattice]) else { continue };
        assert!(judged["off_mm"].as_f64().unwrap() <= 0.01, "{name}: {}", judged["off_mm"]);
        for segment in document.segments() {
            let labels = document.layer(segment.layer).to_vec();
            let own: Vec<u64> = (0..).zip(&labels).filter(|(_, l)| **l == segment.number).map(|(n, _)| n).collect();
            let seen: Vec<u64> =
                serde_json::from_value(judged["rois"][segment.number.to_string()]["voxels"].clone()).unwrap();
            assert_eq!(seen, own, "{name}: {}", segment.number);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_marks_come_back(cells in proptest::collection::vec(0u8..4, 13 * 11 * 5), n in 0usize..3) {
        let (_, grid) = grids()[n];
        let volume = volume(grid);
        let mut document = Document::empty(grid).unwrap();
        for (number, meaning) in [(1, SegmentMeaning::Lesion), (2, SegmentMeaning::Emphysema), (3, SegmentMeaning::Nodule)] {
            add(&mut document, &volume, meaning, Origin::Manual, |v| cells[grid.offset(v)] == number);
        }
        let context = context(&grid);
        let object = rtstruct::write(&document, &context).unwrap();
        let incoming = read_structure_set(object.bytes(), &grid, &context.source).unwrap();
        let mut again = Document::empty(grid).unwrap();
        segmentation_edits(&incoming, Collision::KeepExisting, &mut again, &volume).unwrap();
        assert_same(&again, &document);
    }
}

#[test]
fn structure_sets_of_another_ct_are_refused() {
    let grid = grid([13, 11, 5]);
    let (document, known) = (document(grid), context(&grid));
    let bytes = rtstruct::write(&document, &known).unwrap().bytes().to_vec();
    let change = |change: &dyn Fn(&mut Instance)| {
        let mut source = known.source.clone();
        source.iter_mut().flatten().for_each(change);
        source
    };
    let foreign = change(&|s| {
        s.series.frame_of_reference_uid = Some("9.9".into());
        s.sop_instance_uid.push_str(".9");
    });
    assert_eq!(read_structure_set(&bytes, &grid, &foreign), Err(SegmentationError::OtherFrameOfReference));
    let same_images = change(&|s| s.series.frame_of_reference_uid = Some("9.9".into()));
    let read = read_structure_set(&bytes, &grid, &same_images).unwrap();
    assert_eq!(read.notes, [SegmentationNote::OtherFrameOfReference]);
    let empty = Document::empty(grid).unwrap();
    assert_eq!(rtstruct::write(&empty, &known), Err(ExportError::Empty));
}

#[test]
fn contours_of_thinner_slices_are_no_holes_of_each_other() {
    // Drawn on slices half as thick: every second contour lies between two slices of the CT.
    let fine = {
        let g = grid([13, 11, 9]);
        Grid::new(g.size(), g.origin(), [g.step(0), g.step(1), g.step(2) * 0.5]).unwrap()
    };
    let whole = volume(fine);
    let mut drawn = Document::empty(fine).unwrap();
    add(&mut drawn, &whole, SegmentMeaning::Lesion, Origin::Manual, |v| v.i > 2 && v.j > 2);
    let context = context(&fine);
    let bytes = rtstruct::write(&drawn, &context).unwrap().bytes().to_vec();
    let coarse = grid([13, 11, 5]);
    let every_second: Vec<_> = context.source.iter().step_by(2).cloned().collect();
    let read = read_structure_set(&bytes, &coarse, &every_second).unwrap();
    assert_eq!(read.segments[0].voxel_count(), 10 * 8 * 5);
    assert_eq!(read.notes, [SegmentationNote::LeftOut(4)]);
    // A CT a quarter of a slice off: the contours go to the nearest, and that is said.
    let origin = coarse.origin() + coarse.step(2) * 0.2;
    let shifted = Grid::new(coarse.size(), origin, [0, 1, 2].map(|a| coarse.step(a))).unwrap();
    let read = read_structure_set(&bytes, &shifted, &every_second).unwrap();
    assert_eq!(read.segments[0].voxel_count(), 10 * 8 * 5);
    assert_eq!(read.notes, [SegmentationNote::BetweenSlices(5), SegmentationNote::LeftOut(4)]);
}

#[test]
fn a_campaign_gets_outlines_without_names() {
    let grid = grid([13, 11, 5]);
    let campaign = Campaign {
        name: "Lungs of the North".into(),
        sponsor: "Consortium".into(),
        protocol: "LN-1".into(),
        site: "07".into(),
        secret: CampaignSecret::new("a secret that the site keeps to itself").unwrap(),
        with_sex: false,
        with_age: false,
    };
    let known = context(&grid);
    let context = campaign::context(&known, &campaign, "R07").unwrap();
    let object = rtstruct::write(&document(grid), &context).unwrap();
    assert_eq!(object.audience(), Audience::Campaign);
    for word in ["Zo", "P-1", "1.2.3.4.1", "Martin", "20200401", "20261123"] {
        assert!(!object.bytes().windows(word.len()).any(|w| w == word.as_bytes()), "{word}");
    }
    let path = scratch("structure_sets", "campaign.dcm");
    std::fs::write(&path, object.bytes()).unwrap();
    assert_conforms(&path);
    // Whoever holds the CT under the same replaced UIDs opens it.
    let read = read_structure_set(object.bytes(), &grid, &context.source).unwrap();
    assert_eq!(read.segments.len(), 4);
}

#[test]
fn a_reader_saves_outlines_and_opens_them_again() {
    let mut tab = Tab::open(&Default::default(), 1);
    let files = ct("1.2.826.0.1.3680043.10.511", &noise(1));
    tab.opens(&files);
    tab.acts(Action::ExportRtstruct);
    assert!(tab.downloads.is_empty(), "there is nothing to save yet");
    for meaning in [SegmentMeaning::RightUpperLobe, SegmentMeaning::Lesion] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    }
    tab.acts(Action::ExportRtstruct);
    let (name, saved) = tab.downloads[0].clone();
    assert_eq!(name, "hilum-rtstruct-20261123-101500.dcm");
    let said = tab.said();
    let mut other = Tab::open(&Default::default(), 2);
    other.opens(&[files, vec![saved.clone()]].concat());
    let again = other.said();
    assert_eq!((&again.0, &again.1), (&said.0, &said.1));
    assert_eq!(
        again.2.iter().map(|s| s.meaning).collect::<Vec<_>>(),
        [SegmentMeaning::RightUpperLobe, SegmentMeaning::Lesion]
    );
    other.acts(Action::Undo);
    assert!(other.said().2.is_empty(), "one step takes it all back");
    // Without its CT it is named among what was not opened.
    let mut alone = Tab::open(&Default::default(), 3);
    alone.opens(&[saved]);
    assert_eq!(alone.session.problems().len(), 1);
}

fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "test data {} are absent", path.display());
    println!("SKIPPED: test data {} are absent", path.display());
    None
}

/// Voxels were counted with scikit-image 0.26 (even-odd, contours of a slice together).
#[test]
fn structure_sets_of_other_programs_lie_on_their_ct() {
    let Some(folder) = data("conformance/rt-utils/mock_data") else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let headers = ["ct_1.dcm", "ct_2.dcm"].map(|name| read_header(&read(name)).unwrap());
    let series = group_into_series(headers.to_vec()).remove(0);
    let plan = plan_stack(&series).unwrap();
    let source: Vec<_> = plan.slices.iter().map(|s| s.map(|s| series.instances[s.instance].clone())).collect();
    let counts = |name: &str| {
        let read = read_marks(&read(name), &plan.grid, &source).expect(name);
        (read.segments.iter().map(|s| s.voxel_count()).collect::<Vec<_>>(), read.notes)
    };
    // Its regions name no frame of reference of this CT; its contours name its images. `ROI-1` says nothing.
    let (voxels, notes) = counts("rt.dcm");
    assert_eq!(voxels, [1443]);
    let taken = SegmentationNote::TakenForLesion { segment_number: 1, coded: "ROI-1".into() };
    assert_eq!(notes, [SegmentationNote::OtherFrameOfReference, taken]);
    // One slice of theirs is not among these two; the images they name are not all there, the frame of reference is.
    for name in ["non_existent_reference_rt.dcm", "invalid_reference_rt.dcm"] {
        let (voxels, notes) = counts(name);
        assert_eq!(voxels, [4976, 3697, 4519, 6954], "{name}");
        assert!(matches!(notes.last(), Some(SegmentationNote::LeftOut(_))), "{name}: {notes:?}");
    }
    // On another CT they are refused.
    let other = grid([13, 11, 5]);
    let refused = read_marks(&read("rt.dcm"), &other, &context(&other).source);
    assert_eq!(refused, Err(SegmentationError::OtherFrameOfReference));
}

#[test]
fn damage_never_stops_the_program() {
    let grid = grid([13, 11, 5]);
    let context = context(&grid);
    let whole = rtstruct::write(&document(grid), &context).unwrap().bytes().to_vec();
    for end in (0..whole.len()).step_by(97) {
        assert!(read_structure_set(&whole[..end], &grid, &context.source).is_err(), "{end}");
    }
    for at in (132..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        if let Ok(read) = read_structure_set(&damaged, &grid, &context.source) {
            assert!(read.segments.iter().flat_map(|s| &s.spans).all(|s| s.k < 5 && s.j < 11 && s.i_end <= 13));
        }
    }
}
