//! Whatever is done with the tools, undo leads back byte for byte and the document stays sound.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by stopping")]

use hilum::annotation::{
    Brush, BrushShape, ContourAction, Document, DocumentError, Edit, Gate, History, Layer, Origin, SegmentMeaning,
    Transaction, brush_stroke, fill_contour,
};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector, Plane};
use hilum::volume::{CtVolume, LabelDelta};
use ndarray::Array3;
use proptest::prelude::*;

/// What a reader can do.
#[derive(Clone, Debug)]
enum Deed {
    Contour {
        segment: u8,
        plane: AnatomicalPlane,
        at: [f64; 3],
        radius_mm: f64,
        subtract: bool,
    },
    Stroke {
        segment: u8,
        plane: AnatomicalPlane,
        path: Vec<[f64; 3]>,
        radius_mm: f64,
        ball: bool,
        erase: bool,
        soft: bool,
    },
    Born(SegmentMeaning),
    Lock(u8),
    Undo,
    Redo,
}

fn deed() -> impl Strategy<Value = Deed> {
    let plane = || prop::sample::select(AnatomicalPlane::ALL.to_vec());
    let place = || [-30.0..30.0f64, -30.0..30.0f64, -30.0..30.0f64];
    prop_oneof![
        4 => (1u8..5, plane(), place(), 2.0..20.0f64, any::<bool>())
            .prop_map(|(segment, plane, at, radius_mm, subtract)| Deed::Contour { segment, plane, at, radius_mm, subtract }),
        4 => (1u8..5, plane(), prop::collection::vec(place(), 1..4), 0.2..9.0f64, any::<[bool; 3]>()).prop_map(
            |(segment, plane, path, radius_mm, [ball, erase, soft])| Deed::Stroke {
                segment, plane, path, radius_mm, ball, erase, soft
            }
        ),
        1 => prop::sample::select(SegmentMeaning::ALL.to_vec()).prop_map(Deed::Born),
        1 => (1u8..5).prop_map(Deed::Lock),
        3 => Just(Deed::Undo),
        2 => Just(Deed::Redo),
    ]
}

fn volume() -> CtVolume {
    let steps = [(1.4, 0.2, 0.0), (-0.2, 1.4, 0.0), (0.0, 0.5, 2.5)].map(|(x, y, z)| PatientVector::new(x, y, z));
    let size = [40, 36, 24];
    let half = [0, 1, 2].map(|a| steps[a] * (size[a] as f64 / 2.0));
    let grid = Grid::new(size, PatientPoint::new(0.0, 0.0, 0.0) + (-(half[0] + half[1] + half[2])), steps).unwrap();
    let hu = Array3::from_shape_fn((24, 36, 40), |(k, j, i)| ((i * 37 + j * 101 + k * 13) % 1100) as i16 - 900);
    CtVolume::from_array(grid, hu).unwrap()
}

/// Everything a document says.
type Said = (Vec<u8>, Vec<u8>, Vec<hilum::annotation::Segment>, Vec<(u64, Option<f64>)>);

fn said(document: &Document) -> Said {
    (
        document.layer(Layer::Anatomy).to_vec(),
        document.layer(Layer::Findings).to_vec(),
        document.segments().to_vec(),
        (0..=255).map(|n| (document.voxel_count(n), document.mean_hu(n))).collect(),
    )
}

fn born(document: &mut Document, volume: &CtVolume, meaning: SegmentMeaning) -> Result<Edit, DocumentError> {
    let segment = document.new_segment(meaning, String::new(), Origin::Manual)?;
    let edit = Edit::Segment { number: segment.number, before: None, after: Some(segment) };
    document.apply(&edit, volume)?;
    Ok(edit)
}

fn lock(document: &mut Document, volume: &CtVolume, number: u8) -> Result<Edit, DocumentError> {
    let before = document.segment(number).cloned().ok_or(DocumentError::NoSuchSegment(number))?;
    let mut after = before.clone();
    after.locked = !before.locked;
    let edit = Edit::Segment { number, before: Some(before), after: Some(after) };
    document.apply(&edit, volume)?;
    Ok(edit)
}

fn make(document: &mut Document, volume: &CtVolume, deed: &Deed) -> Result<Edit, DocumentError> {
    let point = |[x, y, z]: [f64; 3]| PatientPoint::new(x, y, z);
    match deed {
        Deed::Contour { segment, plane, at, radius_mm, subtract } => {
            let outline: Vec<[f64; 2]> = (0..24)
                .map(|n| f64::from(n) / 24.0 * std::f64::consts::TAU)
                .map(|t| [radius_mm * t.cos(), radius_mm * t.sin()])
                .collect();
            let action = if *subtract { ContourAction::Subtract } else { ContourAction::Add };
            fill_contour(document, volume, *segment, &Plane::anatomical(*plane, point(*at)), &outline, action)
        }
        Deed::Stroke { segment, plane, path, radius_mm, ball, erase, soft } => {
            let brush = Brush {
                radius_mm: *radius_mm,
                shape: if *ball { BrushShape::Ball } else { BrushShape::Disc },
                gate: Gate { range_hu: soft.then_some((-500, 100)), in_lungs: *ball && !soft },
            };
            let path: Vec<PatientPoint> = path.iter().map(|p| point(*p)).collect();
            brush_stroke(document, volume, *segment, &brush, &Plane::anatomical(*plane, path[0]), &path, *erase)
        }
        Deed::Born(meaning) => born(document, volume, *meaning),
        Deed::Lock(number) => lock(document, volume, *number),
        Deed::Undo | Deed::Redo => unreachable!("the history's own"),
    }
}

proptest! {
    #[test]
    fn dabs_joined_are_the_stroke(
        dabs in prop::collection::vec((1u8..4, [-20.0..20.0f64, -20.0..20.0f64, -20.0..20.0f64], 1.0..9.0f64, any::<[bool; 2]>()), 1..12),
    ) {
        let volume = volume();
        let mut document = Document::empty(*volume.grid()).unwrap();
        for meaning in [SegmentMeaning::Lesion, SegmentMeaning::GroundGlass, SegmentMeaning::Consolidation] {
            born(&mut document, &volume, meaning).unwrap();
        }
        let start = said(&document);
        let mut deltas = Vec::new();
        for (segment, [x, y, z], radius_mm, [ball, erase]) in dabs {
            let shape = if ball { BrushShape::Ball } else { BrushShape::Disc };
            let (brush, at) = (Brush { radius_mm, shape, gate: Gate::default() }, PatientPoint::new(x, y, z));
            let plane = Plane::anatomical(AnatomicalPlane::Axial, at);
            let edit = brush_stroke(&mut document, &volume, segment, &brush, &plane, &[at], erase).unwrap();
            let Edit::Voxels { delta, .. } = edit else { unreachable!("a brush changes voxels") };
            deltas.push(delta);
        }
        let end = said(&document);
        let joined = LabelDelta::joined(&deltas);
        prop_assert_eq!(joined.is_empty(), start == end);
        for (offset, (a, b)) in start.1.iter().zip(&end.1).enumerate().filter(|(_, (a, b))| a != b) {
            prop_assert!(joined.bounds().unwrap().contains(volume.grid().index_at(offset)), "{a} {b}");
        }
        let edit = Edit::Voxels { layer: Layer::Findings, delta: joined };
        for wanted in [&start, &end] {
            document.apply(&edit, &volume).unwrap();
            prop_assert_eq!(&said(&document), wanted);
            prop_assert_eq!(document.problems(&volume), Vec::<String>::new());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_leads_back_byte_for_byte(deeds in prop::collection::vec(deed(), 1..24)) {
        let volume = volume();
        let mut document = Document::empty(*volume.grid()).unwrap();
        for meaning in [SegmentMeaning::Lesion, SegmentMeaning::RightLung, SegmentMeaning::GroundGlass] {
            born(&mut document, &volume, meaning).unwrap();
        }
        let mut history = History::default();
        // What the document said after each transaction that can be undone, the newest last.
        let mut past = vec![said(&document)];
        let mut future: Vec<Said> = Vec::new();
        for deed in &deeds {
            match deed {
                Deed::Undo => {
                    let Some(transaction) = history.undo() else {
                        prop_assert_eq!(past.len(), 1);
                        continue;
                    };
                    for edit in transaction.edits.iter().rev() {
                        document.apply(&edit.inverse(), &volume).unwrap();
                    }
                    future.push(past.pop().unwrap());
                }
                Deed::Redo => {
                    let Some(transaction) = history.redo() else {
                        prop_assert!(future.is_empty());
                        continue;
                    };
                    for edit in &transaction.edits {
                        document.apply(edit, &volume).unwrap();
                    }
                    past.push(future.pop().unwrap());
                }
                _ => {
                    let locked = document.locked_labels(Layer::Findings);
                    let before = said(&document);
                    let Ok(edit) = make(&mut document, &volume, deed) else {
                        prop_assert_eq!(&said(&document), &before, "what is refused changes nothing");
                        continue;
                    };
                    for (old, new) in before.1.iter().zip(&document.layer(Layer::Findings).to_vec()) {
                        prop_assert!(!locked[usize::from(*old)] || old == new, "a locked voxel changed");
                    }
                    let transaction = Transaction { name: "deed", edits: vec![edit] };
                    if !transaction.is_empty() {
                        past.push(said(&document));
                        future.clear();
                    }
                    history.commit(transaction);
                }
            }
            prop_assert_eq!(&said(&document), past.last().unwrap());
            prop_assert_eq!(document.problems(&volume), Vec::<String>::new());
        }
    }
}
