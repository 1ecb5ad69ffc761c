//! Numbers of the whole CT as groups of a report (PS3.16 TID 1501), one group for each place: lungs, each lung, zones, vessels, wall of
//! the chest, arteries; and how the CT was made, as far as numbers depend on it.
//!
//! A number (TID 300) carries the HU between which voxels were counted, what makes it doubtful as codes, and for the hospital how it was
//! got in words (Equation, TID 315): a campaign is told codes alone, which `docs/codes.md` defines.

use super::content::{ContentItem, Relationship};
use super::context::{Audience, ExportContext, ExportError};
use super::dataset::{code, derived_uid};
use super::drawn::{AREA, MAXIMUM, MILLIMETRE, MINIMUM, STANDARD_DEVIATION};
use super::modules::SCHEME;
use super::sr::{ATTENUATION, HOUNSFIELD_UNIT, LUNG_SITE, MEAN, MILLILITRE, Measurement, PERCENT, VOLUME, group, site};
use crate::annotation::{CodedConcept, Document, SegmentMeaning};
use crate::report::{Doubt, Profile, Quantity, quantities};

/// What is told of the whole CT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WholeCt {
    /// Its numbers, and what makes each doubtful; those without a value are left out.
    pub numbers: Vec<(Quantity, Vec<Doubt>)>,
    /// Heights of the planes between the zones, patient z in mm, lower and upper.
    pub zone_planes_mm: Option<[f64; 2]>,
    /// Whether the reconstruction kernel enhances edges, as far as its name tells.
    pub sharp_kernel: Option<bool>,
    /// Whether the header names a contrast agent.
    pub contrast: Option<bool>,
}

impl WholeCt {
    /// What a document tells alone: its numbers, without doubts.
    pub fn of(document: &Document) -> Self {
        let numbers = quantities(document, &Profile::of(document)).into_iter().map(|q| (q, Vec::new())).collect();
        Self { numbers, ..Self::default() }
    }
}

/// What a number is of: a group of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Lungs,
    RightLung,
    LeftLung,
    /// Of [`ZONES`].
    Zone(usize),
    /// Of [`LOBES`].
    Lobe(usize),
    Vessels,
    Fat,
    Muscle,
    Coronaries,
    Trunk,
    Aorta,
}

impl Place {
    const ALL: [Self; 20] = [
        Self::Lungs,
        Self::RightLung,
        Self::LeftLung,
        Self::Zone(0),
        Self::Zone(1),
        Self::Zone(2),
        Self::Zone(3),
        Self::Zone(4),
        Self::Zone(5),
        Self::Lobe(0),
        Self::Lobe(1),
        Self::Lobe(2),
        Self::Lobe(3),
        Self::Lobe(4),
        Self::Vessels,
        Self::Fat,
        Self::Muscle,
        Self::Coronaries,
        Self::Trunk,
        Self::Aorta,
    ];

    /// Tracking Identifier.
    fn name(self) -> &'static str {
        match self {
            Self::Lungs => "Lungs",
            Self::RightLung => "Right lung",
            Self::LeftLung => "Left lung",
            Self::Zone(n) => ZONES[n].0,
            Self::Lobe(n) => LOBES[n].0,
            Self::Vessels => "Lung vessels",
            Self::Fat => "Chest wall fat",
            Self::Muscle => "Chest wall muscle",
            Self::Coronaries => "Coronary arteries",
            Self::Trunk => "Pulmonary trunk",
            Self::Aorta => "Ascending aorta",
        }
    }
    fn site(self) -> (CodedConcept, Option<CodedConcept>) {
        match self {
            Self::Lungs => LUNG_SITE,
            Self::RightLung => (LUNG_SITE.0, SegmentMeaning::RightLung.modifier()),
            Self::LeftLung => (LUNG_SITE.0, SegmentMeaning::LeftLung.modifier()),
            Self::Zone(n) => (ZONES[n].1, ZONES[n].2.modifier()),
            Self::Lobe(n) => (LOBES[n].1.property_type(), LOBES[n].1.modifier()),
            Self::Vessels => (code("59820001", "SCT", "Blood vessel"), None),
            Self::Fat => (SegmentMeaning::SubcutaneousFat.property_type(), None),
            Self::Muscle => (SegmentMeaning::SkeletalMuscle.property_type(), None),
            Self::Coronaries => (code("41801008", "SCT", "Coronary artery"), None),
            Self::Trunk => (SegmentMeaning::PulmonaryTrunk.property_type(), None),
            Self::Aorta => (code("54247002", "SCT", "Ascending aorta"), None),
        }
    }
}

/// How a number is coded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coded {
    /// Its key in `report::quantities`.
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) concept: CodedConcept,
    pub(super) unit: CodedConcept,
    derivation: Option<CodedConcept>,
    /// The lowest and the highest HU that count, where the definition has such.
    pub(super) range_hu: [Option<i16>; 2],
}

const fn coded(name: &'static str, place: Place, concept: CodedConcept, unit: CodedConcept) -> Coded {
    Coded { name, place, concept, unit, derivation: None, range_hu: [None; 2] }
}
const fn hu(name: &'static str, place: Place, derivation: CodedConcept) -> Coded {
    Coded { derivation: Some(derivation), ..coded(name, place, ATTENUATION, HOUNSFIELD_UNIT) }
}
const fn share(name: &'static str, concept: CodedConcept, range_hu: [Option<i16>; 2]) -> Coded {
    Coded { range_hu, ..coded(name, Place::Lungs, concept, PERCENT) }
}
const fn own(value: &'static str, meaning: &'static str) -> CodedConcept {
    code(value, SCHEME, meaning)
}

/// Share of the lung volume, or of that of a zone or lobe, that findings involve.
const INVOLVEMENT: CodedConcept = own("LUNG_INVOLVEMENT", "Share of lung volume involved by findings");
const FINDINGS_VOLUME: CodedConcept = own("FINDINGS_VOLUME", "Volume of findings inside the lungs");
const P15: CodedConcept = own("LUNG_P15", "HU that 15 percent of the lung does not exceed");
const P50: CodedConcept = own("LUNG_P50", "Median HU of the lung");
const MASS: CodedConcept = own("LUNG_MASS", "Mass of the lung from its HU");
const P85: CodedConcept = own("LUNG_P85", "HU that 85 percent of the lung does not exceed");
const DIAMETER: CodedConcept = code("81827009", "SCT", "Diameter");
const SQUARE_CENTIMETRE: CodedConcept = code("cm2", "UCUM", "square centimeter");
const CUBIC_MILLIMETRE: CodedConcept = code("mm3", "UCUM", "cubic millimeter");
const GRAM: CodedConcept = code("g", "UCUM", "gram");
const NO_UNIT: CodedConcept = code("1", "UCUM", "no units");

/// Every number, in the order of `report::quantities` and `report::arteries`.
pub(super) const NUMBERS: &[Coded] = &[
    coded("lung-volume", Place::Lungs, VOLUME, MILLILITRE),
    coded("right-lung-volume", Place::RightLung, VOLUME, MILLILITRE),
    coded("left-lung-volume", Place::LeftLung, VOLUME, MILLILITRE),
    coded("lesion-volume", Place::Lungs, FINDINGS_VOLUME, MILLILITRE),
    coded("involvement", Place::Lungs, INVOLVEMENT, PERCENT),
    share("high-opacity", own("HIGH_OPACITY", "Share of findings from -200 HU"), [Some(-200), None]),
    coded("vessel-volume", Place::Vessels, VOLUME, MILLILITRE),
    share("well-aerated", own("WELL_AERATED", "Share of lung from -950 to -700 HU"), [Some(-950), Some(-700)]),
    Coded {
        unit: MILLILITRE,
        ..share(
            "well-aerated-volume",
            own("WELL_AERATED_V", "Volume of lung from -950 to -700 HU"),
            [Some(-950), Some(-700)],
        )
    },
    share(
        "compartment-ground-glass",
        own("HU_699_250", "Share of lung from -699 to -250 HU"),
        [Some(-699), Some(-250)],
    ),
    share("compartment-consolidation", own("HU_249_100", "Share of lung from -249 to 100 HU"), [Some(-249), Some(100)]),
    share("compartment-dense", own("HU_101", "Share of lung above 100 HU"), [Some(101), None]),
    share("laa-950", own("LAA_950", "Share of lung below -950 HU"), [None, Some(-951)]),
    share("laa-910", own("LAA_910", "Share of lung below -910 HU"), [None, Some(-911)]),
    share("haa-600", own("HAA_600", "Share of lung above -600 HU"), [Some(-599), None]),
    share("haa-250", own("HAA_250", "Share of lung above -250 HU"), [Some(-249), None]),
    hu("lung-mean", Place::Lungs, MEAN),
    hu("lung-deviation", Place::Lungs, STANDARD_DEVIATION),
    hu("right-lung-mean", Place::RightLung, MEAN),
    hu("left-lung-mean", Place::LeftLung, MEAN),
    hu("right-lung-deviation", Place::RightLung, STANDARD_DEVIATION),
    hu("left-lung-deviation", Place::LeftLung, STANDARD_DEVIATION),
    coded("lung-p15", Place::Lungs, P15, HOUNSFIELD_UNIT),
    coded("right-lung-p15", Place::RightLung, P15, HOUNSFIELD_UNIT),
    coded("left-lung-p15", Place::LeftLung, P15, HOUNSFIELD_UNIT),
    coded("lung-p50", Place::Lungs, P50, HOUNSFIELD_UNIT),
    coded("right-lung-p50", Place::RightLung, P50, HOUNSFIELD_UNIT),
    coded("left-lung-p50", Place::LeftLung, P50, HOUNSFIELD_UNIT),
    coded("lung-p85", Place::Lungs, P85, HOUNSFIELD_UNIT),
    coded("right-lung-p85", Place::RightLung, P85, HOUNSFIELD_UNIT),
    coded("left-lung-p85", Place::LeftLung, P85, HOUNSFIELD_UNIT),
    coded("lung-mass", Place::Lungs, MASS, GRAM),
    coded("right-lung-mass", Place::RightLung, MASS, GRAM),
    coded("left-lung-mass", Place::LeftLung, MASS, GRAM),
    coded("fat-area", Place::Fat, AREA, SQUARE_CENTIMETRE),
    hu("fat-hu", Place::Fat, MEAN),
    coded("muscle-area", Place::Muscle, AREA, SQUARE_CENTIMETRE),
    hu("muscle-hu", Place::Muscle, MEAN),
    coded("calcium-volume", Place::Coronaries, VOLUME, CUBIC_MILLIMETRE),
    coded("zone-right-upper-extent", Place::Zone(0), INVOLVEMENT, PERCENT),
    coded("zone-right-middle-extent", Place::Zone(1), INVOLVEMENT, PERCENT),
    coded("zone-right-lower-extent", Place::Zone(2), INVOLVEMENT, PERCENT),
    coded("zone-left-upper-extent", Place::Zone(3), INVOLVEMENT, PERCENT),
    coded("zone-left-middle-extent", Place::Zone(4), INVOLVEMENT, PERCENT),
    coded("zone-left-lower-extent", Place::Zone(5), INVOLVEMENT, PERCENT),
    coded("zone-score", Place::Lungs, own("ZONE_SCORE", "Score of six zones by measured extent"), NO_UNIT),
    coded("lobe-right-upper-extent", Place::Lobe(0), INVOLVEMENT, PERCENT),
    coded("lobe-middle-extent", Place::Lobe(1), INVOLVEMENT, PERCENT),
    coded("lobe-right-lower-extent", Place::Lobe(2), INVOLVEMENT, PERCENT),
    coded("lobe-left-upper-extent", Place::Lobe(3), INVOLVEMENT, PERCENT),
    coded("lobe-left-lower-extent", Place::Lobe(4), INVOLVEMENT, PERCENT),
    coded("lobe-score", Place::Lungs, own("LOBE_SCORE", "Score of five lobes by measured extent"), NO_UNIT),
    coded("trunk-diameter", Place::Trunk, DIAMETER, MILLIMETRE),
    coded("aorta-diameter", Place::Aorta, DIAMETER, MILLIMETRE),
    coded("artery-ratio", Place::Trunk, own("HT5", "Pulmonary trunk / ascending aorta"), NO_UNIT),
];

/// Concepts of the private scheme that a report holds besides the form's and those of doubts: where they stand, and in which unit.
#[cfg(test)]
pub(crate) fn own_concepts() -> Vec<(CodedConcept, String, &'static str)> {
    let of = |concept, place: &str, unit| (concept, place.to_owned(), unit);
    let numbers = NUMBERS.iter().map(|c| (c.concept, format!("number `{}`", c.name), c.unit.value));
    let planes = ZONE_PLANES.map(|plane| of(plane, "boundary of the involvement of a zone", MILLIMETRE.value));
    let others = [
        of(INVOLVEMENT, "involvement of a zone", PERCENT.value),
        of(DOUBT, "property of a number", ""),
        of(CT_KERNEL, "acquisition", ""),
        of(CT_CONTRAST, "acquisition", ""),
        of(super::sr::GEOMETRY, "qualitative evaluation, as text", ""),
    ];
    let kept = SOFT_AND_SHARP.map(|c| of(c, "answer of `CT_KERNEL`", ""));
    let given = WITHOUT_AND_WITH.map(|c| of(c, "answer of `CT_CONTRAST`", ""));
    let all = numbers.chain(planes).chain(others).chain(kept).chain(given);
    all.filter(|(concept, ..)| concept.scheme == SCHEME).collect()
}

/// Tracking Identifiers of the groups: texts of our own.
pub(super) fn group_names() -> impl Iterator<Item = &'static str> {
    Place::ALL.into_iter().map(Place::name).chain([ACQUISITION])
}

const ACQUISITION: &str = "Acquisition";
const UPPER: CodedConcept = code("281392002", "SCT", "Upper zone of lung");
const MIDDLE: CodedConcept = code("281393007", "SCT", "Middle zone of lung");
const LOWER: CodedConcept = code("281394001", "SCT", "Lower zone of lung");
/// Name, place, and a lung of the same side.
const ZONES: [(&str, CodedConcept, SegmentMeaning); 6] = [
    ("Right upper zone", UPPER, SegmentMeaning::RightLung),
    ("Right middle zone", MIDDLE, SegmentMeaning::RightLung),
    ("Right lower zone", LOWER, SegmentMeaning::RightLung),
    ("Left upper zone", UPPER, SegmentMeaning::LeftLung),
    ("Left middle zone", MIDDLE, SegmentMeaning::LeftLung),
    ("Left lower zone", LOWER, SegmentMeaning::LeftLung),
];

/// Name, and the lobe.
const LOBES: [(&str, SegmentMeaning); 5] = [
    ("Right upper lobe", SegmentMeaning::RightUpperLobe),
    ("Middle lobe", SegmentMeaning::MiddleLobe),
    ("Right lower lobe", SegmentMeaning::RightLowerLobe),
    ("Left upper lobe", SegmentMeaning::LeftUpperLobe),
    ("Left lower lobe", SegmentMeaning::LeftLowerLobe),
];

const THRESHOLD: CodedConcept = code("112032", "DCM", "Threshold Attenuation Coefficient");
const EQUATION: CodedConcept = code("121420", "DCM", "Equation");
const SLICE_THICKNESS: CodedConcept = code("112225", "DCM", "Slice Thickness");
const SPACING: CodedConcept = code("112226", "DCM", "Spacing between slices");
const DOUBT: CodedConcept = own("DOUBT", "What makes the number doubtful");
const ZONE_PLANES: [CodedConcept; 2] = [
    own("ZONE_PLANE_LOW", "Height of the plane below the middle zones, patient z"),
    own("ZONE_PLANE_HIGH", "Height of the plane below the upper zones, patient z"),
];
const CT_KERNEL: CodedConcept = own("CT_KERNEL", "Kernel by the header of the CT");
const CT_CONTRAST: CodedConcept = own("CT_CONTRAST", "Contrast by the header of the CT");
const SOFT_AND_SHARP: [CodedConcept; 2] = [own("HC4", "Soft kernel"), own("HC5", "Sharp kernel")];
const WITHOUT_AND_WITH: [CodedConcept; 2] = [own("HC1", "No contrast"), own("HC2", "Contrast")];

/// The groups of a report.
///
/// # Errors
/// [`ExportError::NotANumber`] for a value that is not finite.
pub(super) fn groups(
    whole: &WholeCt,
    document: &Document,
    context: &ExportContext,
) -> Result<Vec<ContentItem>, ExportError> {
    let with_words = context.filing.audience() == Audience::Hospital;
    let tracked = |name: &str, place: (CodedConcept, Option<CodedConcept>)| {
        let of = name.to_lowercase();
        let uid = derived_uid("tracking", &[context.reading_id.as_bytes(), of.as_bytes()]);
        group("1501", name, &uid).with(site(place.0, place.1))
    };
    let mut groups = Vec::new();
    for place in Place::ALL {
        let mut items = Vec::new();
        for coded in NUMBERS.iter().filter(|c| c.place == place) {
            let Some((quantity, doubts)) = whole.numbers.iter().find(|(q, _)| q.name == coded.name) else { continue };
            let Some(value) = quantity.value else { continue };
            let mut item = number(coded.concept, value, coded.unit, coded.derivation)?;
            for (hu, end) in coded.range_hu.into_iter().zip([MINIMUM, MAXIMUM]) {
                let Some(hu) = hu else { continue };
                let limit = Measurement { derivation: Some(end), ..plain(THRESHOLD, f64::from(hu), HOUNSFIELD_UNIT) };
                item.push(limit.related(Relationship::InferredFrom));
            }
            let planes = whole.zone_planes_mm.filter(|_| matches!(place, Place::Zone(_)));
            for (plane, z_mm) in ZONE_PLANES.into_iter().zip(planes.into_iter().flatten()) {
                item.push(plain(plane, z_mm, MILLIMETRE).related(Relationship::InferredFrom));
            }
            if with_words {
                item.push(ContentItem::text(Relationship::InferredFrom, EQUATION, quantity.method));
            }
            items.push(doubted(item, doubts));
        }
        if !items.is_empty() {
            groups.push(items.into_iter().fold(tracked(place.name(), place.site()), ContentItem::with));
        }
    }
    if !groups.is_empty() {
        groups.push(acquisition(whole, document, context, tracked(ACQUISITION, LUNG_SITE))?);
    }
    Ok(groups)
}

/// How the CT was made.
fn acquisition(
    whole: &WholeCt,
    document: &Document,
    context: &ExportContext,
    mut group: ContentItem,
) -> Result<ContentItem, ExportError> {
    for (concept, known) in [
        (CT_KERNEL, whole.sharp_kernel.map(|sharp| SOFT_AND_SHARP[usize::from(sharp)])),
        (CT_CONTRAST, whole.contrast.map(|contrast| WITHOUT_AND_WITH[usize::from(contrast)])),
    ] {
        if let Some(known) = known {
            group.push(ContentItem::code(Relationship::Contains, concept, known));
        }
    }
    if let Some(mm) = context.first()?.plane.slice_thickness_mm {
        group.push(number(SLICE_THICKNESS, mm, MILLIMETRE, None)?);
    }
    Ok(group.with(number(SPACING, document.grid().spacing_mm()[2], MILLIMETRE, None)?))
}

fn plain(concept: CodedConcept, value: f64, unit: CodedConcept) -> Measurement {
    Measurement { concept, value, unit, derivation: None }
}

fn number(
    concept: CodedConcept,
    value: f64,
    unit: CodedConcept,
    derivation: Option<CodedConcept>,
) -> Result<ContentItem, ExportError> {
    if !value.is_finite() {
        return Err(ExportError::NotANumber { concept: concept.meaning });
    }
    Ok(Measurement { derivation, ..plain(concept, value, unit) }.related(Relationship::Contains))
}

fn doubted(mut item: ContentItem, doubts: &[Doubt]) -> ContentItem {
    for doubt in doubts {
        item.push(ContentItem::code(Relationship::HasProperties, DOUBT, doubt.code()));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Grid, PatientPoint, PatientVector};
    use crate::report::arteries;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_has_a_code_and_its_unit() {
        let steps = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let document = Document::empty(Grid::new([2; 3], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap()).unwrap();
        let all = quantities(&document, &Profile::of(&document)).into_iter().chain(arteries(None, None));
        let coded = NUMBERS.iter().map(|c| (c.name, c.unit.value));
        assert!(all.map(|q| (q.name, q.unit)).eq(coded));
        // Nothing tells two numbers of a group apart but concept and derivation.
        let told: BTreeSet<String> =
            NUMBERS.iter().map(|c| format!("{:?} {} {:?}", c.place, c.concept.value, c.derivation)).collect();
        assert_eq!(told.len(), NUMBERS.len());
    }
}
