//! Numbers of the lungs, the findings, the chest wall and the arteries, and what makes those of the lungs doubtful.

use super::profile::Profile;
use super::regions::regions;
use crate::analysis::QualityFlag;
use crate::annotation::{Document, SegmentMeaning};
use crate::geometry::{PatientVector, VoxelPoint};
use crate::volume::Histogram;

/// What a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityGroup {
    /// Volumes of the lungs and of findings inside them.
    Lungs,
    /// Extent by zone and by lobe.
    Regions,
    /// Densities of the lungs.
    Densities,
    /// Fat and muscle of the chest wall on one slice.
    ChestWall,
    /// Coronary arteries, pulmonary trunk, aorta.
    Arteries,
}

impl QuantityGroup {
    /// All, in the order they are shown.
    pub const ALL: [Self; 5] = [Self::Lungs, Self::Regions, Self::Densities, Self::ChestWall, Self::Arteries];
}

/// A number with its unit and how it was got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Key: `lung-volume`, `lesion-volume`, `involvement`, …
    pub name: &'static str,
    /// What it is of.
    pub group: QuantityGroup,
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
    /// The volume that a share of the lungs stands for, ml.
    pub part_ml: Option<f64>,
}

impl Quantity {
    /// One that the ends of the density range do not move, and no share of the lungs.
    pub(super) fn new(
        group: QuantityGroup,
        name: &'static str,
        value: Option<f64>,
        unit: &'static str,
        digits: usize,
        method: &'static str,
    ) -> Self {
        Self { name, group, value, unit, digits, method, is_sensitive: false, part_ml: None }
    }
}

/// Volumes of the lungs, volume and share of the findings inside them, also by zone and by lobe, densities of the lungs, both together
/// and each; fat and muscle of the chest wall; volume of calcium.
///
/// Findings are opacities (`SegmentMeaning::is_involvement`); lobes count as lung. Volumes are voxel counts times the voxel's
/// volume; the space of airways and large vessels counts where the reader's lung segments hold it. A voxel counts once whatever the
/// number of findings segments. Without lung voxels what needs them is `None`; without a segment of findings, be it empty, nobody looked
/// for them, and what is said of them is `None` too. Densities are of all voxels of the lung segments,
/// findings and vessels among them. Compartments: M. Negroni's ranges below −950, to −700, to −250, then to +100 HU (J. Digit.
/// Imaging 2022); well-aerated lung is the second of them, as the group of G. Colombi et al., Radiology 296 (2020) E86–E96 takes it; high opacity from
/// −200 HU as S. Chaganti et al., Radiol. Artif. Intell. 2 (2020) e200048; lung mass from (HU + 1000) / 1000 g/ml. Areas of the
/// chest wall are voxels times the area of a pixel, where all of the segment lies on one slice.
pub fn quantities(document: &Document, profile: &Profile) -> Vec<Quantity> {
    let merged = |is_meant: &dyn Fn(SegmentMeaning) -> bool| {
        let mut all = Histogram::default();
        for segment in document.segments().iter().filter(|s| is_meant(s.meaning)) {
            all.merge(document.histogram(segment.number));
        }
        all
    };
    let lungs = merged(&|m| m.is_lung());
    // From the exact sums: a histogram holds the lowest HU together.
    let mean_of = |is_meant: &dyn Fn(SegmentMeaning) -> bool| {
        let meant = document.segments().iter().filter(|s| is_meant(s.meaning));
        let parts = meant.filter_map(|s| Some((document.mean_hu(s.number)?, document.voxel_count(s.number) as f64)));
        let (sum, count) = parts.fold((0.0, 0.0), |(sum, count), (mean, n)| (sum + mean * n, count + n));
        (count > 0.0).then(|| sum / count)
    };
    let findings = merged(&|m| m.is_involvement());
    let vessels = merged(&|m| m == SegmentMeaning::PulmonaryVessels).total();
    let calcium = merged(&|m| m == SegmentMeaning::Calcification).total();
    let wall = [SegmentMeaning::SubcutaneousFat, SegmentMeaning::SkeletalMuscle];
    let ml = |voxels: u64| document.grid().millilitres(voxels);
    let total = profile.total();
    let [right, left] = total.lung;
    let (lung_voxels, involved) = (right + left, total.involved[0] + total.involved[1]);
    let share = |part: u64, of: u64| (of > 0).then(|| 100.0 * part as f64 / of as f64);
    let volume = |voxels: u64| (voxels > 0).then(|| ml(voxels));
    let [right_lung, left_lung] = [0, 1].map(|side| merged(&|m| m.lung_side() == Some(side)));
    let percentile = |of: &Histogram, fraction: f64| of.percentile(fraction).map(f64::from);
    let grams = |of: &Histogram| {
        let mass = of.bins().map(|(hu, count)| ml(count) * (f64::from(hu) + 1000.0).max(0.0) / 1000.0).sum::<f64>();
        (of.total() > 0).then_some(mass)
    };
    let of = Quantity::new;
    let plain = |name, value, unit, digits, method| of(QuantityGroup::Lungs, name, value, unit, digits, method);
    let density = |name, value, method| of(QuantityGroup::Densities, name, value, HU, 0, method);
    let mass = |name, lung: &Histogram| of(QuantityGroup::Densities, name, grams(lung), "g", 0, MASS);
    let range = |name, low: i16, high: i16, method| {
        let part = lungs.count(low, high);
        let value = share(part, lungs.total());
        let part_ml = value.map(|_| ml(part));
        Quantity { is_sensitive: true, part_ml, ..of(QuantityGroup::Densities, name, value, "%", 1, method) }
    };
    let pixel_cm2 = document.grid().step(0).cross(document.grid().step(1)).length() / 100.0;
    let area = |tissue: usize| profile.wall(tissue).map(|(_, pixels)| pixels as f64 * pixel_cm2);
    let mean_of_wall = |tissue: usize| profile.wall(tissue).and_then(|_| mean_of(&|m| m == wall[tissue]));
    let on_wall = |name, value, unit, method| of(QuantityGroup::ChestWall, name, value, unit, 1, method);
    let (least, most) = (i16::MIN, i16::MAX);
    let mut all = vec![
        plain("lung-volume", volume(lung_voxels), "ml", 0, "voxels of the lung segments × voxel volume"),
        plain("right-lung-volume", volume(right), "ml", 0, "voxels of the right lung segments × voxel volume"),
        plain("left-lung-volume", volume(left), "ml", 0, "voxels of the left lung segments × voxel volume"),
        plain(
            "lesion-volume",
            (lung_voxels > 0 && document.was_searched()).then(|| ml(involved)),
            "ml",
            1,
            "voxels of findings inside the lung segments × voxel volume",
        ),
        plain(
            "involvement",
            share(involved, lung_voxels).filter(|_| document.was_searched()),
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
        plain("vessel-volume", volume(vessels), "ml", 0, "voxels of the lung vessel segments × voxel volume"),
        range("well-aerated", -950, -700, "lung from −950 to −700 HU / lung"),
        Quantity {
            is_sensitive: true,
            ..of(
                QuantityGroup::Densities,
                "well-aerated-volume",
                volume(lungs.count(-950, -700)),
                "ml",
                0,
                "voxels of lung from −950 to −700 HU × voxel volume",
            )
        },
        range("compartment-ground-glass", -699, -250, "lung from −699 to −250 HU / lung"),
        range("compartment-consolidation", -249, 100, "lung from −249 to 100 HU / lung"),
        range("compartment-dense", 101, most, "lung above 100 HU / lung"),
        range("laa-950", least, -951, "lung below −950 HU / lung"),
        range("laa-910", least, -911, "lung below −910 HU / lung"),
        range("haa-600", -599, most, "lung above −600 HU / lung"),
        range("haa-250", -249, most, "lung above −250 HU / lung"),
        density("lung-mean", mean_of(&|m| m.is_lung()), "mean HU of the lung"),
        density("lung-deviation", deviation(&lungs), DEVIATION),
        density("right-lung-mean", mean_of(&|m| m.lung_side() == Some(0)), "mean HU of the right lung"),
        density("left-lung-mean", mean_of(&|m| m.lung_side() == Some(1)), "mean HU of the left lung"),
        density("right-lung-deviation", deviation(&right_lung), DEVIATION),
        density("left-lung-deviation", deviation(&left_lung), DEVIATION),
        density("lung-p15", percentile(&lungs, 0.15), P15),
        density("right-lung-p15", percentile(&right_lung, 0.15), P15),
        density("left-lung-p15", percentile(&left_lung, 0.15), P15),
        density("lung-p50", percentile(&lungs, 0.5), P50),
        density("right-lung-p50", percentile(&right_lung, 0.5), P50),
        density("left-lung-p50", percentile(&left_lung, 0.5), P50),
        density("lung-p85", percentile(&lungs, 0.85), P85),
        density("right-lung-p85", percentile(&right_lung, 0.85), P85),
        density("left-lung-p85", percentile(&left_lung, 0.85), P85),
        mass("lung-mass", &lungs),
        mass("right-lung-mass", &right_lung),
        mass("left-lung-mass", &left_lung),
        on_wall("fat-area", area(0), "cm2", "pixels of chest-wall fat on its slice × pixel area"),
        Quantity { digits: 0, ..on_wall("fat-hu", mean_of_wall(0), HU, "mean HU of the chest-wall fat") },
        on_wall("muscle-area", area(1), "cm2", "pixels of chest-wall muscle on its slice × pixel area"),
        Quantity { digits: 0, ..on_wall("muscle-hu", mean_of_wall(1), HU, "mean HU of the chest-wall muscle") },
        of(
            QuantityGroup::Arteries,
            "calcium-volume",
            (calcium > 0).then(|| ml(calcium) * 1000.0),
            "mm3",
            0,
            "voxels of calcification × voxel volume; candidates from 130 HU in the heart; no Agatston score",
        ),
    ];
    all.extend(regions(document, profile));
    all
}

const HU: &str = "[hnsf'U]";
const DEVIATION: &str = "standard deviation of the HU of the lung, those below −1536 taken for −1536";
const P15: &str = "HU that 15 % of the lung does not exceed";
const P50: &str = "median HU of the lung";
const P85: &str = "HU that 85 % of the lung does not exceed";
const MASS: &str = "Σ voxel volume × (HU + 1000) / 1000 over the lung";

/// Diameters of pulmonary trunk and ascending aorta, mm, as the reader measured them, and their ratio.
pub fn arteries(trunk_mm: Option<f64>, aorta_mm: Option<f64>) -> [Quantity; 3] {
    let of =
        |name, value, unit, digits, method| Quantity::new(QuantityGroup::Arteries, name, value, unit, digits, method);
    let by_hand = "distance of the two points the reader set";
    let ratio = trunk_mm.zip(aorta_mm).filter(|(_, aorta)| *aorta > 0.0).map(|(trunk, aorta)| trunk / aorta);
    [
        of("trunk-diameter", trunk_mm, "mm", 1, by_hand),
        of("aorta-diameter", aorta_mm, "mm", 1, by_hand),
        of("artery-ratio", ratio, "1", 2, "diameter of the pulmonary trunk / of the ascending aorta"),
    ]
}

/// Findings that count as involved lung and lie outside the lung segments, ml.
pub fn findings_outside_ml(document: &Document, profile: &Profile) -> f64 {
    let findings = document.segments().iter().filter(|s| s.meaning.is_involvement());
    let all: u64 = findings.map(|s| document.voxel_count(s.number)).sum();
    let [right, left] = profile.total().lung;
    let inside: u64 = profile.total().involved.iter().sum();
    // Without lungs there is nothing to be outside of.
    document.grid().millilitres(all.saturating_sub(inside)) * f64::from(u8::from(right + left > 0))
}

/// Of all n values, not n − 1.
fn deviation(values: &Histogram) -> Option<f64> {
    let total = values.total() as f64;
    if total == 0.0 {
        return None;
    }
    let mean = values.bins().map(|(hu, count)| f64::from(hu) * count as f64).sum::<f64>() / total;
    let sum: f64 = values.bins().map(|(hu, count)| (f64::from(hu) - mean).powi(2) * count as f64).sum();
    Some((sum / total).sqrt())
}

/// Volumes of the right and the left lung have a ratio in here.
const RATIO: std::ops::RangeInclusive<f64> = 0.7..=1.7;
/// From here on lung is not air, HU.
const NOT_AIR_HU: i16 = -400;
/// More of the lungs than this is not air: dense disease, or tissue taken for lung.
const NOT_AIR_SHARE: f64 = 0.2;
/// Lung on an end slice from this on, mm².
const END_MM2: f64 = 200.0;
/// Between neighbouring slices the area of a lung changes by less than this share of its largest, and this share for each mm
/// between them.
const LEAST_JUMP: (f64, f64) = (0.2, 0.05);
/// Air of the trachea is −1000 HU, give or take this.
const AIR_HU: f64 = 60.0;
/// Fewer airways than this are walls mostly, ml.
const AIRWAYS_ML: f64 = 5.0;

/// What makes the numbers of the lungs doubtful, whoever drew them: volumes of the two sides that do not go together, lung at the
/// ends of the scan, an abrupt change of area, much that is not air, air of the trachea that is not −1000 HU. `is_there` tells which
/// slices arrived.
pub fn lung_flags(document: &Document, profile: &Profile, is_there: impl Fn(usize) -> bool) -> Vec<QualityFlag> {
    let grid = document.grid();
    let [right, left] = profile.total().lung;
    let mut flags = Vec::new();
    if right + left == 0 {
        return flags;
    }
    if right == 0 || left == 0 {
        flags.push(QualityFlag::OneLungOnly);
    } else if !RATIO.contains(&(right as f64 / left as f64)) {
        flags.push(QualityFlag::LungRatio { right_to_left: right as f64 / left as f64 });
    }
    let mut lungs = Histogram::default();
    let mut air = Histogram::default();
    for segment in document.segments() {
        if segment.meaning.is_lung() {
            lungs.merge(document.histogram(segment.number));
        } else if segment.meaning == SegmentMeaning::Airways {
            air.merge(document.histogram(segment.number));
        }
    }
    let fraction = lungs.count(NOT_AIR_HU, i16::MAX) as f64 / lungs.total().max(1) as f64;
    if fraction > NOT_AIR_SHARE {
        flags.push(QualityFlag::LargeClosing { fraction });
    }
    let lowest_quarter = air.percentile(0.25).filter(|_| grid.millilitres(air.total()) > AIRWAYS_ML);
    if let Some(hu) = lowest_quarter.map(f64::from).filter(|hu| (hu + 1000.0).abs() > AIR_HU) {
        flags.push(QualityFlag::AirIsOff { hu });
    }
    let up = grid.step(2).0.z;
    if grid.axis_along(PatientVector::new(0.0, 0.0, 1.0)) != 2 || up == 0.0 {
        return flags;
    }
    let pixel_mm2 = grid.step(0).cross(grid.step(1)).length();
    let slices = profile.slices();
    let ends = [slices.first(), slices.last()];
    let [first, last] = ends.map(|s| s.is_some_and(|s| (s.lung[0] + s.lung[1]) as f64 * pixel_mm2 > END_MM2));
    if first || last {
        let (bottom, top) = if up > 0.0 { (first, last) } else { (last, first) };
        flags.push(QualityFlag::LungsTouchEnd { bottom, top });
    }
    let there: Vec<usize> = (0..slices.len()).filter(|k| is_there(*k)).collect();
    let mut worst: Option<(f64, f64)> = None;
    for side in 0..2 {
        let largest = slices.iter().map(|s| s.lung[side]).max().unwrap_or(0).max(1) as f64;
        for pair in there.windows(2) {
            let change = slices[pair[0]].lung[side].abs_diff(slices[pair[1]].lung[side]) as f64 / largest;
            let mm = grid.spacing_mm()[2] * (pair[1] - pair[0]) as f64;
            if change > LEAST_JUMP.0 + LEAST_JUMP.1 * mm && worst.is_none_or(|(most, _)| change > most) {
                let between = (pair[0] + pair[1]) as f64 / 2.0;
                worst = Some((change, grid.patient_from_voxel(VoxelPoint::new(0.0, 0.0, between)).0.z));
            }
        }
    }
    flags.extend(worst.map(|(_, z_mm)| QualityFlag::AreaJump { z_mm }));
    flags
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
        assert_eq!((value(&document, "lesion-volume"), value(&document, "involvement")), (None, None));
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

    fn boxes(hu: i16, parts: &[(SegmentMeaning, std::ops::Range<usize>)]) -> Document {
        let steps = [(2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 2.5)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let grid = Grid::new([40, 40, 40], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        let volume = CtVolume::from_array(grid, ndarray::Array3::from_elem([40, 40, 40], hu)).unwrap();
        let mut document = Document::empty(grid).unwrap();
        for (meaning, slices) in parts {
            let segment = document.new_segment(*meaning, String::new(), Origin::Manual).unwrap();
            let number = segment.number;
            document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, &volume).unwrap();
            document.edit_voxels(meaning.layer(), &volume, |editor| {
                slices.clone().for_each(|k| (0..40).for_each(|j| editor.set_span(k, j, 0, 40, |_, _| Some(number))));
            });
        }
        document
    }

    #[test]
    fn what_nobody_looked_for_is_not_none() {
        let lungs = (SegmentMeaning::RightLung, 0..10);
        let of = |parts: &[_]| {
            let document = boxes(-800, parts);
            [value(&document, "lesion-volume"), value(&document, "involvement")]
        };
        assert_eq!(of(std::slice::from_ref(&lungs)), [None, None]);
        assert_eq!(of(&[lungs.clone(), (SegmentMeaning::Nodule, 2..3)]), [None, None], "a nodule is no opacity");
        assert_eq!(of(&[lungs, (SegmentMeaning::GroundGlass, 0..0)]), [Some(0.0), Some(0.0)]);
    }

    #[test]
    fn air_is_off_to_either_side() {
        for (hu, off) in [(-1500, true), (-1100, true), (-1050, false), (-1000, false), (-900, true), (0, true)] {
            let document = boxes(hu, &[(SegmentMeaning::RightLung, 0..10), (SegmentMeaning::Airways, 10..14)]);
            let flags = lung_flags(&document, &Profile::of(&document), |_| true);
            let said = flags.iter().any(|f| *f == QualityFlag::AirIsOff { hu: f64::from(hu) });
            assert_eq!(said, off, "{hu} HU: {flags:?}");
        }
    }
}
