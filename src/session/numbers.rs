//! Numbers of the lungs in words, with what makes them doubtful; the zones.

use super::change::Update;
use super::kernels::Kernel;
use super::state::{Case, Session};
use super::view_model::QuantityRow;
use super::words::{self, Text, numbers};
use super::{explain_analysis, number_words::number_words};
use crate::analysis::QualityFlag;
use crate::annotation::{Answer, Edit, Measured, Measurement, MeasurementKind, Transaction};
use crate::geometry::PatientVector;
use crate::import::GeometryFinding;
use crate::report::{ARTERIES, Quantity, QuantityGroup, ZONE_PLANES, arteries};

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
            doubt: q.value.and_then(|_| doubts.of(q)),
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
            (_, "fat-area") if self.wall_clips() => numbers::FIELD_CLIPS,
            (_, "fat-area" | "fat-hu") if wall[0] > 0 => numbers::ONE_SLICE,
            (_, "muscle-area" | "muscle-hu") if wall[1] > 0 => numbers::ONE_SLICE,
            (QuantityGroup::ChestWall, _) | (_, "vessel-volume" | "calcium-volume") => numbers::NEEDS_SEGMENT,
            (QuantityGroup::Arteries, _) => numbers::NEEDS_LENGTH,
            _ => words::NEEDS_LUNGS,
        }
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
        let contrast = if acquisition.contrast_agent.is_empty() { words::NO_CONTRAST } else { words::WITH_CONTRAST };
        Some(words::ACQUISITION.with(self.lang, &[kernel, &spacing, &kvp, contrast.in_lang(self.lang)]))
    }

    /// What makes the numbers of this CT doubtful.
    fn doubts(&self) -> Doubts {
        let lang = self.lang;
        let (of_air, of_lungs): (Vec<QualityFlag>, Vec<_>) =
            self.lung_flags.iter().partition(|flag| matches!(flag, QualityFlag::AirIsOff { .. }));
        let mut doubts = Doubts { lungs: explain_analysis::flags(&of_lungs, lang), ..Doubts::default() };
        let Some(case) = &self.case else { return doubts };
        let spacing = case.volume.grid().spacing_mm()[2];
        let kernel = match case.kernel() {
            _ if !case.is_dicom() => Some(numbers::DOUBT_NOT_DICOM),
            Kernel::Unknown => Some(numbers::DOUBT_NO_KERNEL),
            Kernel::Sharp => Some(words::DOUBT_KERNEL),
            Kernel::Soft => None,
        };
        let no_rescale = case.plan.findings.iter().any(|f| matches!(f, GeometryFinding::NoRescale { .. }));
        let not_hu = case.plan.findings.iter().any(|f| matches!(f, GeometryFinding::NotHu { .. }));
        let enhanced = case.first_image().is_some_and(|i| !i.acquisition.contrast_agent.is_empty());
        let said = |texts: &[Option<Text>]| texts.iter().flatten().map(|t| t.in_lang(lang).to_owned()).collect();
        doubts.hu = said(&[no_rescale.then_some(numbers::DOUBT_NO_RESCALE), not_hu.then_some(numbers::DOUBT_NOT_HU)]);
        doubts.hu.extend(explain_analysis::flags(&of_air, lang));
        doubts.contrast = said(&[enhanced.then_some(words::DOUBT_CONTRAST)]);
        doubts.sensitive = said(&[kernel, (spacing > THIN_MM).then_some(words::DOUBT_THICKNESS)]);
        let thin = (spacing < CALCIUM_MM).then_some(numbers::DOUBT_NOISE_THIN);
        doubts.calcium = said(&[Some(numbers::DOUBT_GATING), kernel, thin]);
        doubts
    }

    /// Heights of the planes between the zones, patient z in mm, lower and upper: the reader's, else thirds of the lungs. `None` without
    /// lungs, or where slices do not follow one another from feet to head.
    pub(super) fn zone_planes_mm(&self) -> Option<[f64; 2]> {
        let case = self.case.as_ref()?;
        let grid = case.volume.grid();
        let (lungs, up) = (self.profile.lungs()?, grid.step(2).0.z);
        if grid.axis_along(PatientVector::new(0.0, 0.0, 1.0)) != 2 || up == 0.0 {
            return None;
        }
        // Between slices, in the middle of the volume.
        let middle = grid.size()[2] as f64 / 2.0;
        let height = |k: usize| grid.centre().0.z + (k as f64 - middle) * up;
        let thirds = [1, 2].map(|n| height(lungs.start + lungs.len() * n / 3));
        let [low, high] = [thirds[0].min(thirds[1]), thirds[0].max(thirds[1])];
        let plane = |field: u16, otherwise: f64| match case.document.answers().get(&field) {
            Some(Answer::Number(z)) => *z,
            _ => otherwise,
        };
        Some([plane(ZONE_PLANES[0], low), plane(ZONE_PLANES[1], high)])
    }

    /// Percent of each of the six zones that findings involve: right upper, middle, lower, then left; as for
    /// [`Self::zone_planes_mm`]. `None` where opacities were not looked for, and of a zone without lung.
    pub(super) fn zone_extents(&self) -> Option<[Option<f64>; 6]> {
        let planes = self.zone_planes_mm()?;
        let case = self.case.as_ref().filter(|c| c.document.was_searched())?;
        let grid = case.volume.grid();
        let (count, up) = (grid.size()[2], grid.step(2).0.z);
        // The first slice above a plane, from the feet.
        let above = planes.map(|z| {
            let from_middle = (z - grid.centre().0.z) / up.abs();
            (from_middle + count as f64 / 2.0 + 1e-6).clamp(0.0, count as f64) as usize
        });
        let zones = |profile: &crate::report::Profile| profile.zones(above[0], above[1]);
        Some(if up > 0.0 { zones(&self.profile) } else { zones(&self.profile.reversed()) })
    }

    /// The plane above the lower or the middle zone goes through the crosshair.
    pub(super) fn set_zone_plane(&mut self, upper: bool, update: &mut Update) {
        self.set_hidden_field(ZONE_PLANES[usize::from(upper)], self.crosshair.0.z, update);
    }
}

/// What is doubtful, in words.
#[derive(Default)]
struct Doubts {
    /// The outline of the lungs.
    lungs: Option<String>,
    /// All HU.
    hu: Vec<String>,
    /// HU of tissue that takes up contrast.
    contrast: Vec<String>,
    /// The ends of the density range.
    sensitive: Vec<String>,
    /// Calcium.
    calcium: Vec<String>,
}

impl Doubts {
    fn of(&self, q: &Quantity) -> Option<String> {
        let doubts = match (q.group, q.name) {
            (_, "vessel-volume") => return None,
            (_, "high-opacity" | "fat-hu" | "muscle-hu") => vec![&self.hu, &self.contrast],
            (QuantityGroup::Lungs, _) => return self.lungs.clone(),
            (QuantityGroup::Densities, _) if q.is_sensitive => vec![&self.hu, &self.sensitive, &self.contrast],
            (QuantityGroup::Densities, _) => vec![&self.hu, &self.contrast],
            (_, "calcium-volume") => vec![&self.hu, &self.calcium, &self.contrast],
            _ => return None,
        };
        let said: Vec<&str> = doubts.into_iter().flatten().map(String::as_str).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

impl Case {
    /// What its reconstruction kernel does to edges.
    fn kernel(&self) -> Kernel {
        self.first_image().map_or(Kernel::Unknown, |i| Kernel::of(&i.acquisition.kernel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_stands_beside_what_it_is_of() {
        let one = |text: &str| vec![text.to_owned()];
        let doubts = Doubts {
            lungs: Some("outline".to_owned()),
            hu: one("hu"),
            contrast: one("contrast"),
            sensitive: one("kernel"),
            calcium: one("calcium"),
        };
        let of = |group, name, is_sensitive| {
            let method = "";
            let q =
                Quantity { name, group, value: Some(1.0), unit: "", digits: 0, method, is_sensitive, part_ml: None };
            doubts.of(&q).unwrap_or_default()
        };
        for name in ["lung-mean", "lung-deviation", "lung-p15", "lung-mass"] {
            assert_eq!(of(QuantityGroup::Densities, name, false), "hu, contrast");
        }
        for name in ["laa-950", "well-aerated", "compartment-dense"] {
            assert_eq!(of(QuantityGroup::Densities, name, true), "hu, kernel, contrast");
        }
        assert_eq!(of(QuantityGroup::Lungs, "lung-volume", false), "outline");
        assert_eq!(of(QuantityGroup::Lungs, "high-opacity", false), "hu, contrast");
        assert_eq!(of(QuantityGroup::ChestWall, "fat-hu", false), "hu, contrast");
        assert_eq!(of(QuantityGroup::ChestWall, "fat-area", false), "");
        assert_eq!(of(QuantityGroup::Arteries, "calcium-volume", false), "hu, calcium, contrast");
        assert_eq!(of(QuantityGroup::Arteries, "trunk-diameter", false), "");
    }
}
