//! Numbers of the lungs and the findings.

use super::profile::Profile;
use crate::annotation::{Document, SegmentMeaning};
use crate::volume::Histogram;

/// A number with its unit and how it was got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Key: `lung-volume`, `lesion-volume`, `involvement`, …
    pub name: &'static str,
    /// The number; `None` where it cannot be had.
    pub value: Option<f64>,
    /// Unit as a UCUM code: `ml`, `%`.
    pub unit: &'static str,
    /// Decimals worth showing.
    pub digits: usize,
    /// How it was got, in English.
    pub method: &'static str,
    /// Whether reconstruction kernel and slice thickness move it by more than disease may.
    pub is_sensitive: bool,
}

/// Volumes of the lungs, volume and share of the findings inside them, and the densities of both.
///
/// Findings are opacities (`SegmentMeaning::is_involvement`); lobes count as lung. Volumes are voxel counts times the voxel's volume; the space of airways and large vessels counts where the reader's lung
/// segments hold it. A voxel counts once whatever the number of findings segments. Without lung voxels what needs them is `None`.
/// Densities are of all voxels of the lung segments, findings and vessels among them. Compartments: M. Negroni's ranges below
/// −950, to −700, to −250, then to +100 HU (J. Digit. Imaging 2022); well-aerated lung as G. Colombi et al., Radiology 296 (2020) E86–E96 take it
/// (−950 … −700 HU); high opacity from −200 HU as S. Chaganti et al., Radiol. Artif. Intell. 2 (2020) e200048; lung mass from
/// (HU + 1000) / 1000 g/ml.
pub fn quantities(document: &Document, profile: &Profile) -> Vec<Quantity> {
    let merged = |is_meant: &dyn Fn(SegmentMeaning) -> bool| {
        let mut all = Histogram::default();
        for segment in document.segments().iter().filter(|s| is_meant(s.meaning)) {
            all.merge(document.histogram(segment.number));
        }
        all
    };
    let lungs = merged(&|m| m.is_lung());
    let findings = merged(&|m| m.is_involvement());
    let ml = |voxels: u64| document.grid().millilitres(voxels);
    let total = profile.total();
    let [right, left] = total.lung;
    let (lung_voxels, involved) = (right + left, total.involved[0] + total.involved[1]);
    let share = |part: u64, of: u64| (of > 0).then(|| 100.0 * part as f64 / of as f64);
    let volume = |voxels: u64| (voxels > 0).then(|| ml(voxels));
    let of_lung = |low: i16, high: i16| share(lungs.count(low, high), lungs.total());
    let percentile = |fraction: f64| lungs.percentile(fraction).map(f64::from);
    let grams = lungs.bins().map(|(hu, count)| ml(count) * (f64::from(hu) + 1000.0).max(0.0) / 1000.0).sum::<f64>();
    let plain = |name, value, unit, digits, method| Quantity { name, value, unit, digits, method, is_sensitive: false };
    let sensitive =
        |name, value, unit, digits, method| Quantity { name, value, unit, digits, method, is_sensitive: true };
    let least = i16::MIN;
    let most = i16::MAX;
    vec![
        plain("lung-volume", volume(lung_voxels), "ml", 0, "voxels of the lung segments × voxel volume"),
        plain("right-lung-volume", volume(right), "ml", 0, "voxels of the right lung segments × voxel volume"),
        plain("left-lung-volume", volume(left), "ml", 0, "voxels of the left lung segments × voxel volume"),
        plain(
            "lesion-volume",
            (lung_voxels > 0).then(|| ml(involved)),
            "ml",
            1,
            "voxels of findings inside the lung segments × voxel volume",
        ),
        plain(
            "involvement",
            share(involved, lung_voxels),
            "%",
            1,
            "volume of findings inside the lung segments / volume of the lung segments",
        ),
        plain(
            "high-opacity",
            share(findings.count(-200, most), findings.total()),
            "%",
            1,
            "findings from −200 HU / findings",
        ),
        sensitive("well-aerated", of_lung(-950, -700), "%", 1, "lung from −950 to −700 HU / lung"),
        sensitive(
            "well-aerated-volume",
            volume(lungs.count(-950, -700)),
            "ml",
            0,
            "voxels of lung from −950 to −700 HU × voxel volume",
        ),
        sensitive("compartment-ground-glass", of_lung(-699, -250), "%", 1, "lung from −699 to −250 HU / lung"),
        sensitive("compartment-consolidation", of_lung(-249, 100), "%", 1, "lung from −249 to 100 HU / lung"),
        sensitive("compartment-dense", of_lung(101, most), "%", 1, "lung above 100 HU / lung"),
        sensitive("laa-950", of_lung(least, -951), "%", 1, "lung below −950 HU / lung"),
        sensitive("laa-910", of_lung(least, -911), "%", 1, "lung below −910 HU / lung"),
        sensitive("haa-600", of_lung(-599, most), "%", 1, "lung above −600 HU / lung"),
        sensitive("haa-250", of_lung(-249, most), "%", 1, "lung above −250 HU / lung"),
        plain("lung-p15", percentile(0.15), "[hnsf'U]", 0, "HU that 15 % of the lung does not exceed"),
        plain("lung-p50", percentile(0.5), "[hnsf'U]", 0, "median HU of the lung"),
        plain("lung-p85", percentile(0.85), "[hnsf'U]", 0, "HU that 85 % of the lung does not exceed"),
        plain(
            "lung-mass",
            (lungs.total() > 0).then_some(grams),
            "g",
            0,
            "Σ voxel volume × (HU + 1000) / 1000 over the lung",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Edit, Origin};
    use crate::geometry::{Grid, PatientPoint, PatientVector};
    use crate::volume::CtVolume;

    fn value(document: &Document, name: &str) -> Option<f64> {
        quantities(document, &Profile::of(document)).into_iter().find(|q| q.name == name).and_then(|q| q.value)
    }

    #[test]
    fn findings_count_once_and_only_inside_the_lungs() {
        let steps = [(2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 2.5)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let grid = Grid::new([40, 40, 40], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        let volume = CtVolume::empty(grid).unwrap();
        let mut document = Document::empty(grid).unwrap();
        assert!(quantities(&document, &Profile::of(&document)).iter().all(|q| q.value.is_none()));
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
        // Emphysema is no opacity; a lobe is lung of its side.
        add(&mut document, SegmentMeaning::Emphysema, 21..29);
        add(&mut document, SegmentMeaning::LeftLowerLobe, 25..30);
        assert_eq!(value(&document, "involvement"), Some(40.0));
        assert_eq!(value(&document, "left-lung-volume"), Some(10.0 * row_ml));
    }
}
