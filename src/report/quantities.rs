//! Numbers of the lungs and the findings.

use crate::annotation::{Document, Layer, SegmentMeaning};

/// A number with its unit and how it was got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Key: `lung-volume`, `lesion-volume`, `involvement`.
    pub name: &'static str,
    /// The number; `None` where it cannot be had.
    pub value: Option<f64>,
    /// Unit as a UCUM code: `ml`, `%`.
    pub unit: &'static str,
    /// Decimals worth showing.
    pub digits: usize,
    /// How it was got, in English.
    pub method: &'static str,
}

/// Volume of both lungs, volume of findings inside them, and the share of the lungs they take.
///
/// Volumes are voxel counts times the voxel's volume; the space of airways and large vessels counts where the reader's lung
/// segments hold it. A voxel counts once whatever the number of findings segments. Without lung voxels volume inside and share
/// are `None`. One pass over both label maps, and only over slices where each holds something.
pub fn quantities(document: &Document) -> Vec<Quantity> {
    let lungs =
        labels_of(document, Layer::Anatomy, |m| matches!(m, SegmentMeaning::RightLung | SegmentMeaning::LeftLung));
    let findings = labels_of(document, Layer::Findings, |_| true);
    let lung_voxels: u64 = count(document, Layer::Anatomy, &lungs);
    let finding_voxels: u64 = count(document, Layer::Findings, &findings);
    let inside = if lung_voxels == 0 {
        None
    } else if finding_voxels == 0 {
        Some(0)
    } else {
        let (anatomy, marked) = (document.layer(Layer::Anatomy), document.layer(Layer::Findings));
        let slices = (0..document.grid().size()[2]).filter_map(|k| Some((anatomy.slice(k)?, marked.slice(k)?)));
        Some(slices.map(|(anatomy, marked)| overlap(anatomy, &lungs, marked, &findings)).sum())
    };
    let ml = |voxels: u64| document.grid().millilitres(voxels);
    vec![
        Quantity {
            name: "lung-volume",
            value: (lung_voxels > 0).then(|| ml(lung_voxels)),
            unit: "ml",
            digits: 0,
            method: "voxels of the lung segments × voxel volume",
        },
        Quantity {
            name: "lesion-volume",
            value: inside.map(ml),
            unit: "ml",
            digits: 1,
            method: "voxels of findings inside the lung segments × voxel volume",
        },
        Quantity {
            name: "involvement",
            value: inside.map(|voxels| 100.0 * voxels as f64 / lung_voxels as f64),
            unit: "%",
            digits: 1,
            method: "volume of findings inside the lung segments / volume of the lung segments",
        },
    ]
}

fn labels_of(document: &Document, layer: Layer, is_meant: impl Fn(SegmentMeaning) -> bool) -> [bool; 256] {
    let mut labels = [false; 256];
    for segment in document.segments().iter().filter(|s| s.layer == layer && is_meant(s.meaning)) {
        labels[usize::from(segment.number)] = true;
    }
    labels
}

fn count(document: &Document, layer: Layer, labels: &[bool; 256]) -> u64 {
    let map = document.layer(layer);
    (1..=255u8).filter(|l| labels[usize::from(*l)]).map(|l| map.count(l)).sum()
}

/// Voxels whose labels are chosen in both maps. Pieces without any finding, most of them, are skipped sixteen voxels at a time.
fn overlap(anatomy: &[u8], lungs: &[bool; 256], findings: &[u8], found: &[bool; 256]) -> u64 {
    const PIECE: usize = 1024;
    let mut voxels = 0;
    for (anatomy, findings) in anatomy.chunks(PIECE).zip(findings.chunks(PIECE)) {
        let (words, rest) = findings.as_chunks::<16>();
        let empty = words.iter().fold(0, |any, w| any | u128::from_ne_bytes(*w)) == 0 && rest.iter().all(|l| *l == 0);
        if empty {
            continue;
        }
        voxels += anatomy
            .iter()
            .zip(findings)
            .map(|(a, f)| u64::from(lungs[usize::from(*a)] & found[usize::from(*f)]))
            .sum::<u64>();
    }
    voxels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Edit, Origin};
    use crate::geometry::{Grid, PatientPoint, PatientVector};
    use crate::volume::CtVolume;

    fn value(document: &Document, name: &str) -> Option<f64> {
        quantities(document).into_iter().find(|q| q.name == name).and_then(|q| q.value)
    }

    #[test]
    fn findings_count_once_and_only_inside_the_lungs() {
        let steps = [(2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 2.5)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let grid = Grid::new([40, 40, 40], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        let volume = CtVolume::empty(grid).unwrap();
        let mut document = Document::empty(grid).unwrap();
        assert!(quantities(&document).iter().all(|q| q.value.is_none()));
        let add = |document: &mut Document, meaning: SegmentMeaning, rows: std::ops::Range<usize>| {
            let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
            let number = segment.number;
            let born = Edit::Segment { number, before: None, after: Some(segment) };
            document.apply(&born, &volume).unwrap();
            document.edit_voxels(meaning.layer(), &volume, |editor| {
                for j in rows {
                    editor.set_span(7, j, 0, 40, |_, _| Some(number));
                }
            });
        };
        add(&mut document, SegmentMeaning::Lesion, 2..6);
        assert_eq!(value(&document, "lesion-volume"), None);
        add(&mut document, SegmentMeaning::RightLung, 0..10);
        add(&mut document, SegmentMeaning::LeftLung, 20..30);
        add(&mut document, SegmentMeaning::Airways, 30..35);
        add(&mut document, SegmentMeaning::Consolidation, 5..12);
        let row_ml = 40.0 * 0.01;
        assert_eq!(value(&document, "lung-volume"), Some(20.0 * row_ml));
        assert_eq!(value(&document, "lesion-volume"), Some(8.0 * row_ml));
        assert_eq!(value(&document, "involvement"), Some(40.0));
    }
}
