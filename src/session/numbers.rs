//! Numbers of the lungs in words, with what makes them doubtful; the zones.

use super::change::Update;
use super::state::Session;
use super::view_model::QuantityRow;
use super::words::{self, Text};
use crate::annotation::{Answer, Edit, Transaction};
use crate::report::Quantity;

/// Slices farther apart than this blur the ends of the density range, mm.
const THIN_MM: f64 = 1.5;
/// Heights of the planes between the zones, patient z in mm: fields that no form shows.
const LOWER: u16 = 2005;
/// See [`LOWER`].
const UPPER: u16 = 2006;

impl Session {
    pub(super) fn quantity_rows(&self) -> Vec<QuantityRow> {
        let doubt = self.density_doubts();
        self.quantities.iter().map(|q| self.quantity_row(q, doubt.as_deref())).collect()
    }

    fn quantity_row(&self, q: &Quantity, doubt: Option<&str>) -> QuantityRow {
        let lang = self.lang;
        let unit = if q.unit == "[hnsf'U]" { words::HU.in_lang(lang) } else { q.unit };
        let text = match q.value {
            None if q.name == "high-opacity" => words::NEEDS_FINDINGS.in_lang(lang).to_owned(),
            None => words::NEEDS_LUNGS.in_lang(lang).to_owned(),
            Some(value) => {
                let number = format!("{} {unit}", lang.number(value, q.digits));
                if matches!(q.unit, "ml" | "%" | "g") { self.marked(number) } else { number }
            }
        };
        QuantityRow {
            name: q.name,
            title: title(q.name).in_lang(lang).to_owned(),
            text,
            value: q.value,
            unit: q.unit,
            method: q.method,
            doubt: doubt.filter(|_| q.is_sensitive && q.value.is_some()).map(str::to_owned),
        }
    }

    /// How the CT was made, in words: kernel, thickness, voltage, contrast.
    pub(super) fn acquisition_words(&self) -> Option<String> {
        let case = self.case.as_ref()?;
        let acquisition = &case.series.instances.first()?.acquisition;
        let kernel = if acquisition.kernel.is_empty() { "—" } else { acquisition.kernel.as_str() };
        let spacing = self.lang.number(case.volume.grid().spacing_mm()[2], 2);
        let kvp = acquisition.kvp.map_or_else(|| "—".to_owned(), |v| self.lang.number(v, 0));
        let contrast = if acquisition.contrast_agent.is_empty() { words::NO_CONTRAST } else { words::WITH_CONTRAST };
        Some(words::ACQUISITION.with(self.lang, &[kernel, &spacing, &kvp, contrast.in_lang(self.lang)]))
    }

    /// Why densities of this CT are to be read with care; `None` where nothing speaks against them.
    fn density_doubts(&self) -> Option<String> {
        let case = self.case.as_ref()?;
        let acquisition = &case.series.instances.first()?.acquisition;
        let mut doubts: Vec<&str> = Vec::new();
        if is_sharp(&acquisition.kernel) {
            doubts.push(words::DOUBT_KERNEL.in_lang(self.lang));
        }
        if case.volume.grid().spacing_mm()[2] > THIN_MM {
            doubts.push(words::DOUBT_THICKNESS.in_lang(self.lang));
        }
        if !acquisition.contrast_agent.is_empty() {
            doubts.push(words::DOUBT_CONTRAST.in_lang(self.lang));
        }
        (!doubts.is_empty()).then(|| doubts.join(", "))
    }

    /// Percent of each of the six zones that findings involve: right upper, middle, lower, then left. `None` without lungs, or where
    /// slices do not follow one another from feet to head.
    pub(super) fn zone_extents(&self) -> Option<[f64; 6]> {
        let case = self.case.as_ref()?;
        let grid = case.volume.grid();
        let (lungs, up) = (self.profile.lungs()?, grid.step(2).0.z);
        if grid.axis_along(crate::geometry::PatientVector::new(0.0, 0.0, 1.0)) != 2 || up == 0.0 {
            return None;
        }
        let count = grid.size()[2];
        let at = |z: f64| {
            ((z - grid.centre().0.z) / up + (count as f64 - 1.0) / 2.0 + 0.5).clamp(0.0, count as f64) as usize
        };
        // Without planes of the reader, thirds of the lungs.
        let third = |n: usize| lungs.start + lungs.len() * n / 3;
        let plane = |field: u16, otherwise: usize| match case.document.answers().get(&field) {
            Some(Answer::Number(z)) => at(*z),
            _ => otherwise,
        };
        Some(if up > 0.0 {
            self.profile.zones(plane(LOWER, third(1)), plane(UPPER, third(2)))
        } else {
            let from_feet = |k: usize| count - k;
            self.profile.reversed().zones(from_feet(plane(LOWER, third(2))), from_feet(plane(UPPER, third(1))))
        })
    }

    /// The plane above the lower or the middle zone goes through the crosshair.
    pub(super) fn set_zone_plane(&mut self, upper: bool, update: &mut Update) {
        let z = self.crosshair.0.z;
        let Some(case) = &mut self.case else { return };
        let field = if upper { UPPER } else { LOWER };
        let before = case.document.answers().get(&field).cloned();
        let edit = Edit::Answer { field, before, after: Some(Answer::Number(z)) };
        case.apply(&edit, update);
        case.history.commit(Transaction { name: "answer", edits: vec![edit] });
        update.changes.facts = true;
    }
}

/// Whether a convolution kernel enhances edges, by the names that the large manufacturers give theirs.
fn is_sharp(kernel: &str) -> bool {
    let name = kernel.trim().to_ascii_uppercase();
    let number = |prefix: &str| {
        let digits: String = name.strip_prefix(prefix)?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let siemens = ["BR", "BL", "BF", "B", "QR", "HR", "I"].iter().find_map(|prefix| number(prefix));
    let toshiba = number("FC").is_some_and(|n| (50..60).contains(&n) || (80..90).contains(&n));
    let named = ["LUNG", "BONE", "BONEPLUS", "EDGE", "DETAIL", "ULTRA", "YA", "YB", "YC", "YD", "YE", "L", "E", "D"];
    siemens.is_some_and(|n| n >= 55) || toshiba || named.contains(&name.as_str())
}

pub(super) fn title(name: &str) -> Text {
    match name {
        "lung-volume" => words::LUNG_VOLUME,
        "right-lung-volume" => words::RIGHT_LUNG_VOLUME,
        "left-lung-volume" => words::LEFT_LUNG_VOLUME,
        "lesion-volume" => words::LESION_VOLUME,
        "involvement" => words::INVOLVEMENT,
        "high-opacity" => words::HIGH_OPACITY,
        "well-aerated" => words::WELL_AERATED,
        "well-aerated-volume" => words::WELL_AERATED_VOLUME,
        "compartment-ground-glass" => words::DENSITY_GROUND_GLASS,
        "compartment-consolidation" => words::DENSITY_CONSOLIDATION,
        "compartment-dense" => words::DENSITY_DENSE,
        "laa-950" => words::LAA_950,
        "laa-910" => words::LAA_910,
        "haa-600" => words::HAA_600,
        "haa-250" => words::HAA_250,
        "lung-p15" => words::LUNG_P15,
        "lung-p50" => words::LUNG_P50,
        "lung-p85" => words::LUNG_P85,
        _ => words::LUNG_MASS,
    }
}

#[cfg(test)]
mod tests {
    use super::is_sharp;

    #[test]
    fn kernels_are_told_by_their_names() {
        for sharp in ["B70f", "Br64d", "BONE", "LUNG", "FC51", "YA", "B60s", "Bl57"] {
            assert!(is_sharp(sharp), "{sharp}");
        }
        for soft in ["B31f", "STANDARD", "FC08", "SOFT", "Br40", "B30f", "I30f", "", "COMPUTED", "B45f"] {
            assert!(!is_sharp(soft), "{soft}");
        }
    }
}
