//! Published associations of what is measured with what became of patients: one cohort a line, as it was printed.
//!
//! They are no prediction for the patient on screen, and are never put together into one: cohorts, outcomes and adjustments differ.
//! Only what was found in the paper's own text stands here; where a paper does not say it, it is not filled in.

use super::form::score_of;
use super::quantities::Quantity;
use crate::annotation::Answer;
use std::collections::BTreeMap;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Share of the lungs outside the reader's findings, percent.
    Spared,
    /// Share of the lungs from −950 to −700 HU, percent.
    WellAerated,
    /// Their volume, litres.
    WellAeratedLitres,
    /// Share of the lungs inside the reader's findings, percent.
    Involved,
    /// Sum of five lobes, 0 to 25.
    LobeScore,
    /// Sum of five lobes, 0 to 20.
    SeverityScore,
    /// Sum of four coronary arteries, 0 to 12.
    Coronary,
    /// Diameter of the pulmonary trunk, mm.
    PulmonaryTrunk,
}

/// Which side of a cut-off the association is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CutOff {
    /// Less than it.
    Below(f64),
    /// More than it.
    Above(f64),
    /// It or more.
    AtLeast(f64),
}

impl CutOff {
    /// Whether a value lies on that side.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::Below(limit) => value < limit,
            Self::Above(limit) => value > limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

/// A line of the panel; its words are the session's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Association {
    /// Key of its words, and its name in tests.
    pub key: &'static str,
    /// What it is about.
    pub measure: Measure,
    /// The published cut-off.
    pub cut_off: CutOff,
    /// People in the cohort.
    pub n: u32,
    /// First authors, journal, year and DOI.
    pub source: &'static str,
}

/// All lines, in the order of the panel.
pub const ASSOCIATIONS: &[Association] = &[
    Association {
        key: "spared",
        measure: Measure::Spared,
        cut_off: CutOff::Below(73.0),
        n: 236,
        source: "Colombi, Radiology 2020 (PMC7233411)",
    },
    Association {
        key: "well-aerated",
        measure: Measure::WellAerated,
        cut_off: CutOff::Below(71.0),
        n: 236,
        source: "Colombi, Radiology 2020 (PMC7233411)",
    },
    Association {
        key: "well-aerated-volume",
        measure: Measure::WellAeratedLitres,
        cut_off: CutOff::Below(2.9),
        n: 236,
        source: "Colombi, Radiology 2020 (PMC7233411)",
    },
    Association {
        key: "extent",
        measure: Measure::Involved,
        cut_off: CutOff::Above(25.0),
        n: 214,
        source: "Guillo, Eur J Radiol 2020;131:109209 (10.1016/j.ejrad.2020.109209)",
    },
    Association {
        key: "lobe-score",
        measure: Measure::LobeScore,
        cut_off: CutOff::AtLeast(18.0),
        n: 130,
        source: "Francone, Eur Radiol 2020;30:6808 (10.1007/s00330-020-07033-y)",
    },
    Association {
        key: "severity-score",
        measure: Measure::SeverityScore,
        cut_off: CutOff::Above(7.5),
        n: 78,
        source: "Li et al. 2020 (PMC7095246)",
    },
    Association {
        key: "pulmonary-trunk",
        measure: Measure::PulmonaryTrunk,
        cut_off: CutOff::AtLeast(31.0),
        n: 1469,
        source: "Esposito, Eur Radiol 2021;31:4031 (10.1007/s00330-020-07622-x)",
    },
    Association {
        key: "coronary",
        measure: Measure::Coronary,
        cut_off: CutOff::AtLeast(4.0),
        n: 8782,
        source: "Shemesh, Radiology 2010;257:541 (10.1148/radiol.10100383)",
    },
];

/// The value of a line, of what was measured and answered; `None` where it was not. The reader's answer goes before the reader's length.
pub fn measured(of: Measure, quantities: &[Quantity], answers: &BTreeMap<u16, Answer>) -> Option<f64> {
    let quantity = |name: &str| quantities.iter().find(|q| q.name == name).and_then(|q| q.value);
    match of {
        Measure::Spared => quantity("involvement").map(|p| 100.0 - p),
        Measure::Involved => quantity("involvement"),
        Measure::WellAerated => quantity("well-aerated"),
        Measure::WellAeratedLitres => quantity("well-aerated-volume").map(|ml| ml / 1000.0),
        Measure::LobeScore => score_of("lobe-total", answers),
        Measure::SeverityScore => score_of("severity-total", answers),
        Measure::Coronary => score_of("coronary-total", answers),
        Measure::PulmonaryTrunk => match answers.get(&1301) {
            Some(Answer::Number(mm)) => Some(*mm),
            _ => quantity("trunk-diameter"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_the_cut_off_lies_where_the_paper_puts_it() {
        let at = |key: &str, value: f64| ASSOCIATIONS.iter().find(|a| a.key == key).map(|a| a.cut_off.holds(value));
        assert_eq!([at("spared", 73.0), at("spared", 72.9)], [Some(false), Some(true)]);
        assert_eq!([at("extent", 25.0), at("extent", 25.1)], [Some(false), Some(true)]);
        assert_eq!([at("lobe-score", 17.0), at("lobe-score", 18.0)], [Some(false), Some(true)]);
        assert_eq!([at("coronary", 3.0), at("coronary", 4.0)], [Some(false), Some(true)]);
    }

    #[test]
    fn scores_of_the_panel_follow_from_the_form() {
        let lobes = |each: [u8; 5]| (711..).zip(each).map(|(n, c)| (n, Answer::Choice(c))).collect::<BTreeMap<_, _>>();
        let of = |each| measured(Measure::SeverityScore, &[], &lobes(each));
        // Below 5 % and 5 to 25 % are one class of the score with four.
        assert_eq!([of([0; 5]), of([1, 2, 3, 4, 5]), of([5; 5])], [Some(0.0), Some(11.0), Some(20.0)]);
        assert_eq!(measured(Measure::LobeScore, &[], &lobes([1, 2, 3, 4, 5])), Some(15.0));
        assert_eq!(measured(Measure::Coronary, &[], &BTreeMap::new()), None);
        let trunk = BTreeMap::from([(1301, Answer::Number(32.5))]);
        assert_eq!(measured(Measure::PulmonaryTrunk, &[], &trunk), Some(32.5));
    }
}
