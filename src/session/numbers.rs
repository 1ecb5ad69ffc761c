//! Numbers of the lungs in words, with what makes them doubtful; the zones.

use super::change::Update;
use super::kernels::Kernel;
use super::state::{Case, Session};
use super::view_model::QuantityRow;
use super::words::{self, Lang, Text, numbers};
use super::{explain_analysis, number_words::number_words};
use crate::analysis::{QualityFlag, opacity_flags};
use crate::annotation::{Answer, Edit, Measured, Measurement, MeasurementKind, Origin, Segment, Transaction};
use crate::export::WholeCt;
use crate::import::GeometryFinding;
use crate::report::{ARTERIES, Doubt, Quantity, QuantityGroup, ZONE_PLANES, arteries, zone_extents, zone_planes_mm};

/// Findings outside the lungs are told from here on: an outline passes by some voxels of most, ml.
const LEAST_OUTSIDE_ML: f64 = 1.0;
/// Distances of slices are fitted to their positions: those of a round number are so but for rounding, mm.
const SLACK_MM: f64 = 0.01;
/// Slices farther apart than this blur the ends of the density range, mm.
const THIN_MM: f64 = 1.5;
/// Calcium is scored on slices of this distance at least; on thinner ones noise passes its limit, mm.
const CALCIUM_MM: f64 = 2.5;

impl Session {
    pub(super) fn quantity_rows(&self) -> Vec<QuantityRow> {
        let doubts = self.doubts();
        self.all_quantities().iter().map(|q| self.quantity_row(q, &doubts)).collect()
    }

    /// The numbers of the document and those of the reader's lengths; what must not be shown has no value.
    pub(super) fn all_quantities(&self) -> Vec<Quantity> {
        let mut all = self.quantities.clone();
        for q in all.iter_mut().filter(|q| q.name == "fat-area" && self.wall_clips()) {
            q.value = None;
        }
        if self.case.is_some() {
            all.extend(arteries(self.artery_mm(ARTERIES[0]), self.artery_mm(ARTERIES[1])));
        }
        all
    }

    /// [`Self::all_quantities`], each with the codes of what makes it doubtful.
    pub(super) fn doubted_quantities(&self) -> Vec<(Quantity, String)> {
        let doubts = self.doubts();
        let codes = |q: &Quantity| doubts.of(q).iter().map(|d| d.code().value).collect::<Vec<_>>().join(" ");
        self.all_quantities().into_iter().map(|q| (q, codes(&q))).collect()
    }

    fn quantity_row(&self, q: &Quantity, doubts: &Doubts) -> QuantityRow {
        let lang = self.lang;
        let unit = match q.unit {
            "[hnsf'U]" => words::HU.in_lang(lang),
            "cm2" => "cm²",
            "mm3" => "mm³",
            "1" => "",
            unit => unit,
        };
        let text = match q.value {
            None => self.why_absent(q).in_lang(lang).to_owned(),
            Some(value) => {
                let number = format!("{} {unit}", lang.number(value, q.digits));
                let number = match q.part_ml {
                    Some(ml) => numbers::PART_OF_LUNGS.with(lang, &[&number, &lang.number(ml, 0)]),
                    None => number,
                };
                let is_volume = matches!(q.unit, "ml" | "%" | "g" | "cm2" | "mm3");
                if is_volume { self.marked(number) } else { number.trim_end().to_owned() }
            }
        };
        let words = number_words(q.name);
        QuantityRow {
            name: q.name,
            group: q.group,
            title: words.map_or(q.name, |w| w.title.in_lang(lang)).to_owned(),
            text,
            value: q.value,
            unit: q.unit,
            definition: words.map_or(q.method, |w| w.definition.in_lang(lang)),
            doubt: q.value.and_then(|_| doubt_words(&doubts.of(q), lang)),
        }
    }

    /// Whether the field of view cuts off the body where fat of the chest wall is measured.
    fn wall_clips(&self) -> bool {
        self.wall.is_some_and(|(_, clips)| clips)
    }

    fn why_absent(&self, q: &Quantity) -> Text {
        let wall = self.profile.total().wall;
        let has_lungs = self.profile.lungs().is_some();
        match (q.group, q.name) {
            (_, "high-opacity") => words::NEEDS_FINDINGS,
            (_, "lesion-volume" | "involvement") if has_lungs => words::NEEDS_FINDINGS,
            (QuantityGroup::Regions, name) if name.starts_with("lobe") && !self.has_all_lobes(name) => {
                numbers::NEEDS_SEGMENT
            }
            (QuantityGroup::Regions, _) if has_lungs => words::NEEDS_FINDINGS,
            (_, "fat-area") if self.wall_clips() => numbers::FIELD_CLIPS,
            (_, "fat-area" | "fat-hu") if wall[0] > 0 => numbers::ONE_SLICE,
            (_, "muscle-area" | "muscle-hu") if wall[1] > 0 => numbers::ONE_SLICE,
            (QuantityGroup::ChestWall, _) | (_, "vessel-volume" | "calcium-volume") => numbers::NEEDS_SEGMENT,
            (QuantityGroup::Arteries, _) => numbers::NEEDS_LENGTH,
            _ => words::NEEDS_LUNGS,
        }
    }

    /// Whether the lobe that a number is of is drawn, or all of them.
    fn has_all_lobes(&self, name: &str) -> bool {
        let drawn = self.profile.total().lobes.map(|voxels| voxels > 0);
        lobe_of(name).map_or(drawn == [true; 5], |n| drawn[n])
    }

    /// The length across an artery: that of the measurement the reader chose for it; of two axes the shorter.
    fn artery_mm(&self, field: u16) -> Option<f64> {
        let Some(Answer::Number(number)) = self.case.as_ref()?.document.answers().get(&field) else { return None };
        let (_, values) = self.measured.iter().find(|(m, _)| f64::from(m.number) == *number)?;
        let of = |wanted: Measured| values.iter().find(|(what, _)| *what == wanted).map(|(_, mm)| *mm);
        of(Measured::Length).or_else(|| of(Measured::ShortAxis))
    }

    /// The chosen length becomes that of the pulmonary trunk, or of the aorta.
    pub(super) fn set_artery(&mut self, trunk: bool, update: &mut Update) {
        let is_length = |m: &&Measurement| matches!(m.kind, MeasurementKind::Length | MeasurementKind::Bidirectional);
        let chosen = self.case.as_ref().and_then(|c| c.document.measurement(self.selected?));
        let Some(number) = chosen.filter(is_length).map(|m| m.number) else {
            return self.say(numbers::ARTERY_CHOOSE, update);
        };
        self.set_hidden_field(ARTERIES[usize::from(!trunk)], f64::from(number), update);
    }

    /// A field that no form shows, as a transaction of its own.
    fn set_hidden_field(&mut self, field: u16, value: f64, update: &mut Update) {
        let Some(case) = &mut self.case else { return };
        let before = case.document.answers().get(&field).cloned();
        let edit = Edit::Answer { field, before, after: Some(Answer::Number(value)) };
        case.apply(&edit, update);
        case.history.commit(Transaction { name: "answer", edits: vec![edit] });
        update.changes.facts = true;
    }

    /// Whether the reconstruction kernel of the CT enhances edges.
    pub(super) fn has_sharp_kernel(&self) -> bool {
        self.case.as_ref().is_some_and(|c| c.kernel() == Kernel::Sharp)
    }

    /// How the CT was made, in words: kernel, thickness, voltage, contrast.
    pub(super) fn acquisition_words(&self) -> Option<String> {
        let case = self.case.as_ref()?;
        let acquisition = case.first_image()?.acquisition;
        let kernel = if acquisition.kernel.is_empty() { "—" } else { acquisition.kernel.as_str() };
        let spacing = self.lang.number(case.volume.grid().spacing_mm()[2], 2);
        let kvp = acquisition.kvp.map_or_else(|| "—".to_owned(), |v| self.lang.number(v, 0));
        let contrast = if case.is_enhanced() { words::WITH_CONTRAST } else { words::NO_CONTRAST };
        Some(words::ACQUISITION.with(self.lang, &[kernel, &spacing, &kvp, contrast.in_lang(self.lang)]))
    }

    /// What makes the numbers of this CT doubtful.
    fn doubts(&self) -> Doubts {
        let of_air = |flag: &QualityFlag| matches!(flag, QualityFlag::AirIsOff { .. });
        let flags = |air: bool| self.lung_flags.iter().filter(move |f| of_air(f) == air).map(|f| Doubt::Flag(*f));
        let mut doubts = Doubts { lungs: flags(false).collect(), ..Doubts::default() };
        let Some(case) = &self.case else { return doubts };
        let spacing = case.volume.grid().spacing_mm()[2];
        let is_untouched =
            |s: &Segment| s.meaning.is_involvement() && matches!(s.origin, Origin::Proposed { edited: false, .. });
        if case.document.segments().iter().any(is_untouched) {
            let involved = self.quantities.iter().find(|q| q.name == "involvement").and_then(|q| q.value);
            let flags = opacity_flags(involved.unwrap_or(0.0) / 100.0, spacing);
            doubts.found = flags.into_iter().map(Doubt::Flag).collect();
        }
        let ml = self.findings_outside_ml;
        doubts.found.extend((ml >= LEAST_OUTSIDE_ML).then_some(Doubt::OutsideLungs { ml }));
        let kernel = match case.kernel() {
            _ if !case.is_dicom() => Some(Doubt::NotDicom),
            Kernel::Unknown => Some(Doubt::NoKernel),
            Kernel::Sharp => Some(Doubt::SharpKernel),
            Kernel::Soft => None,
        };
        let no_rescale = case.plan.findings.iter().any(|f| matches!(f, GeometryFinding::NoRescale { .. }));
        let not_hu = case.plan.findings.iter().any(|f| matches!(f, GeometryFinding::NotHu { .. }));
        let that = |is: bool, doubt: Doubt| is.then_some(doubt);
        doubts.hu = that(no_rescale, Doubt::NoRescale).into_iter().chain(that(not_hu, Doubt::NotHu)).collect();
        doubts.hu.extend(flags(true));
        doubts.contrast = that(case.is_enhanced(), Doubt::Contrast).into_iter().collect();
        doubts.sensitive = kernel.into_iter().chain(that(spacing > THIN_MM + SLACK_MM, Doubt::ThickSlices)).collect();
        let thin = that(spacing < CALCIUM_MM - SLACK_MM, Doubt::ThinSlices);
        doubts.calcium = [Doubt::NotGated].into_iter().chain(kernel).chain(thin).collect();
        doubts
    }

    /// What a report tells of the whole CT: the numbers as they are shown, with their doubts.
    pub(super) fn whole_ct(&self) -> WholeCt {
        let doubts = self.doubts();
        let Some(case) = &self.case else { return WholeCt::default() };
        let numbers: Vec<_> = self.all_quantities().into_iter().map(|q| (q, doubts.of(&q))).collect();
        WholeCt {
            numbers,
            zone_planes_mm: self.zone_planes_mm(),
            sharp_kernel: match case.kernel() {
                Kernel::Soft => Some(false),
                Kernel::Sharp => Some(true),
                Kernel::Unknown => None,
            },
            // A header that says nothing says nothing.
            contrast: case.is_enhanced().then_some(true),
        }
    }

    /// Heights of the planes between the zones: see [`zone_planes_mm`].
    pub(super) fn zone_planes_mm(&self) -> Option<[f64; 2]> {
        zone_planes_mm(&self.case.as_ref()?.document, &self.profile)
    }

    /// Extents of the zones: see [`zone_extents`].
    pub(super) fn zone_extents(&self) -> Option<[Option<f64>; 6]> {
        zone_extents(&self.case.as_ref()?.document, &self.profile)
    }

    /// The plane above the lower or the middle zone goes through the crosshair.
    pub(super) fn set_zone_plane(&mut self, upper: bool, update: &mut Update) {
        self.set_hidden_field(ZONE_PLANES[usize::from(upper)], self.crosshair.0.z, update);
    }
}

/// The lobe that a number is of, in the order of `SegmentMeaning::lobe`.
fn lobe_of(name: &str) -> Option<usize> {
    let names = ["right-upper", "middle", "right-lower", "left-upper", "left-lower"];
    names.iter().position(|lobe| name == format!("lobe-{lobe}-extent"))
}

/// What is doubtful.
#[derive(Default)]
struct Doubts {
    /// The outline of the lungs.
    lungs: Vec<Doubt>,
    /// Findings, as a share of the lungs.
    found: Vec<Doubt>,
    /// All HU.
    hu: Vec<Doubt>,
    /// HU of tissue that takes up contrast.
    contrast: Vec<Doubt>,
    /// The ends of the density range.
    sensitive: Vec<Doubt>,
    /// Calcium.
    calcium: Vec<Doubt>,
}

impl Doubts {
    fn of(&self, q: &Quantity) -> Vec<Doubt> {
        let doubts: &[&Vec<Doubt>] = match (q.group, q.name) {
            (_, "vessel-volume") => &[],
            (_, "high-opacity" | "fat-hu" | "muscle-hu") => &[&self.hu, &self.contrast],
            (QuantityGroup::Regions, _) | (_, "lesion-volume" | "involvement") => &[&self.lungs, &self.found],
            (QuantityGroup::Lungs, _) => &[&self.lungs],
            (QuantityGroup::Densities, _) if q.is_sensitive => &[&self.hu, &self.sensitive, &self.contrast],
            (QuantityGroup::Densities, _) => &[&self.hu, &self.contrast],
            (_, "calcium-volume") => &[&self.hu, &self.calcium, &self.contrast],
            _ => &[],
        };
        doubts.iter().copied().flatten().copied().collect()
    }
}

/// Doubts in words; `None` without any.
pub(super) fn doubt_words(doubts: &[Doubt], lang: Lang) -> Option<String> {
    let said = |doubt: &Doubt| {
        let text = match doubt {
            Doubt::NotDicom => numbers::DOUBT_NOT_DICOM,
            Doubt::NoKernel => numbers::DOUBT_NO_KERNEL,
            Doubt::SharpKernel => words::DOUBT_KERNEL,
            Doubt::ThickSlices => words::DOUBT_THICKNESS,
            Doubt::NoRescale => numbers::DOUBT_NO_RESCALE,
            Doubt::NotHu => numbers::DOUBT_NOT_HU,
            Doubt::Contrast => words::DOUBT_CONTRAST,
            Doubt::NotGated => numbers::DOUBT_GATING,
            Doubt::ThinSlices => numbers::DOUBT_NOISE_THIN,
            Doubt::OutsideLungs { ml } => return numbers::DOUBT_OUTSIDE.with(lang, &[&lang.number(*ml, 0)]),
            Doubt::Flag(flag) => return explain_analysis::quality_flag(flag, lang),
        };
        text.in_lang(lang).to_owned()
    };
    let said: Vec<String> = doubts.iter().map(said).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

impl Case {
    /// What its reconstruction kernel does to edges.
    fn kernel(&self) -> Kernel {
        self.first_image().map_or(Kernel::Unknown, |i| Kernel::of(&i.acquisition.kernel))
    }
    /// Whether its header names a contrast agent.
    fn is_enhanced(&self) -> bool {
        let agent = self.first_image().map(|i| i.acquisition.contrast_agent.trim().to_uppercase());
        agent.is_some_and(|agent| !matches!(agent.as_str(), "" | "NO" | "NONE" | "N"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_stands_beside_what_it_is_of() {
        let doubts = Doubts {
            lungs: vec![Doubt::Flag(QualityFlag::OneLungOnly)],
            found: vec![Doubt::OutsideLungs { ml: 5.0 }],
            hu: vec![Doubt::NotHu],
            contrast: vec![Doubt::Contrast],
            sensitive: vec![Doubt::SharpKernel],
            calcium: vec![Doubt::NotGated],
        };
        let of = |group, name, is_sensitive| {
            let method = "";
            let q =
                Quantity { name, group, value: Some(1.0), unit: "", digits: 0, method, is_sensitive, part_ml: None };
            doubts.of(&q)
        };
        for name in ["lung-mean", "lung-deviation", "lung-p15", "lung-mass"] {
            assert_eq!(of(QuantityGroup::Densities, name, false), [Doubt::NotHu, Doubt::Contrast]);
        }
        for name in ["laa-950", "well-aerated", "compartment-dense"] {
            assert_eq!(of(QuantityGroup::Densities, name, true), [Doubt::NotHu, Doubt::SharpKernel, Doubt::Contrast]);
        }
        assert_eq!(of(QuantityGroup::Lungs, "lung-volume", false), doubts.lungs);
        let found = [&doubts.lungs[..], &doubts.found[..]].concat();
        assert_eq!(of(QuantityGroup::Regions, "zone-score", false), found);
        assert_eq!(of(QuantityGroup::Lungs, "involvement", false), found);
        assert_eq!(of(QuantityGroup::Lungs, "high-opacity", false), [Doubt::NotHu, Doubt::Contrast]);
        assert_eq!(of(QuantityGroup::ChestWall, "fat-hu", false), [Doubt::NotHu, Doubt::Contrast]);
        assert_eq!(of(QuantityGroup::ChestWall, "fat-area", false), []);
        let calcium = [Doubt::NotHu, Doubt::NotGated, Doubt::Contrast];
        assert_eq!(of(QuantityGroup::Arteries, "calcium-volume", false), calcium);
        assert_eq!(of(QuantityGroup::Arteries, "trunk-diameter", false), []);
        let said = doubt_words(&calcium, Lang::En).unwrap();
        assert_eq!(
            said,
            format!("{} · {} · {}", numbers::DOUBT_NOT_HU.en, numbers::DOUBT_GATING.en, words::DOUBT_CONTRAST.en)
        );
    }
}
