//! The panel of published associations: off until the reader asks for it, each line with its cohort beside the measured value.

use super::state::Session;
use super::words::{self, Text, text};
use crate::report::{ASSOCIATIONS, CutOff, Measure, measured};

/// A line of the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct AssociationRow {
    /// Its name in tests.
    pub key: &'static str,
    /// The quantity and the cut-off.
    pub title: String,
    /// What was measured here, in words.
    pub measured: String,
    /// The value; `None` where it was not measured.
    pub value: Option<f64>,
    /// What was found in the cohort.
    pub found: &'static str,
    /// Whom, how many, where and when.
    pub cohort: String,
    /// Where it is printed.
    pub source: &'static str,
}

struct Words {
    key: &'static str,
    title: Text,
    found: Text,
    cohort: Text,
}

const WORDS: &[Words] = &[
    Words {
        key: "spared",
        title: text("Lung without opacity", "Poumon sans opacité"),
        found: text(
            "Below, by eye: odds ratio 5.4 (2.7–10.8) for intensive care or death. Here: lung outside the marked findings.",
            "En dessous, à l’œil : odds ratio 5,4 (2,7–10,8) pour réanimation ou décès. Ici : poumon hors des lésions annotées.",
        ),
        cohort: text(
            "COVID-19 pneumonia; period not stated in the text at hand, published 2020",
            "Pneumonie COVID-19 ; période non précisée dans le texte consulté, publié en 2020",
        ),
    },
    Words {
        key: "well-aerated",
        title: text("Well-aerated lung, by software", "Poumon bien aéré, par logiciel"),
        found: text(
            "Below: odds ratio 3.8 (1.9–7.5) for intensive care or death. Here: lung from −950 to −700 HU; whether the paper used this range was not confirmed.",
            "En dessous : odds ratio 3,8 (1,9–7,5) pour réanimation ou décès. Ici : poumon de −950 à −700 UH ; non confirmé que l’article utilise cette plage.",
        ),
        cohort: text(
            "COVID-19 pneumonia; period not stated in the text at hand, published 2020",
            "Pneumonie COVID-19 ; période non précisée dans le texte consulté, publié en 2020",
        ),
    },
    Words {
        key: "well-aerated-volume",
        title: text("Well-aerated volume", "Volume bien aéré"),
        found: text(
            "Below: odds ratio 2.6 (1.2–5.8) for intensive care or death. Range as in the line above.",
            "En dessous : odds ratio 2,6 (1,2–5,8) pour réanimation ou décès. Plage comme à la ligne précédente.",
        ),
        cohort: text(
            "COVID-19 pneumonia; period not stated in the text at hand, published 2020",
            "Pneumonie COVID-19 ; période non précisée dans le texte consulté, publié en 2020",
        ),
    },
    Words {
        key: "extent",
        title: text("Extent of disease", "Étendue des lésions"),
        found: text(
            "Above: 68 % of severe and 26 % of other patients (death or intubation within 3 weeks).",
            "Au-dessus : 68 % des patients graves et 26 % des autres (décès ou intubation à 3 semaines).",
        ),
        cohort: text(
            "suspected COVID-19, one hospital in Paris, 1–28 March 2020",
            "suspicion de COVID-19, un hôpital parisien, 1er–28 mars 2020",
        ),
    },
    Words {
        key: "lobe-score",
        title: text("CT score of five lobes, 0–25", "Score TDM des cinq lobes, 0–25"),
        found: text(
            "From there on: hazard ratio 8.33 (3.19–21.73) for death, 3.74 (1.10–12.77) adjusted.",
            "À partir de là : hazard ratio 8,33 (3,19–21,73) pour le décès, 3,74 (1,10–12,77) après ajustement.",
        ),
        cohort: text(
            "symptomatic COVID-19, one centre, 6–22 March 2020",
            "COVID-19 symptomatique, un centre, 6–22 mars 2020",
        ),
    },
    Words {
        key: "severity-score",
        title: text("Total severity score, 0–20", "Score de sévérité total, 0–20"),
        found: text(
            "Above: sensitivity 82.6 %, specificity 100 % for the severe or critical type (8 patients), area under the curve 0.918.",
            "Au-dessus : sensibilité 82,6 %, spécificité 100 % pour la forme sévère ou critique (8 patients), aire sous la courbe 0,918.",
        ),
        cohort: text(
            "COVID-19, one centre in Zhuhai, China, 18 January – 7 February 2020",
            "COVID-19, un centre à Zhuhai, Chine, 18 janvier – 7 février 2020",
        ),
    },
    Words {
        key: "pulmonary-trunk",
        title: text("Pulmonary trunk", "Tronc pulmonaire"),
        found: text(
            "From there on: hazard ratio 1.59 (1.15–2.20) for death, adjusted for age, sex, creatinine, well-aerated lung and extent.",
            "À partir de là : hazard ratio 1,59 (1,15–2,20) pour le décès, ajusté sur âge, sexe, créatinine, poumon bien aéré et étendue.",
        ),
        cohort: text(
            "COVID-19 admitted to seven hospitals in Northern Italy, 1 March – 20 April 2020",
            "COVID-19, sept hôpitaux d’Italie du Nord, 1er mars – 20 avril 2020",
        ),
    },
    Words {
        key: "coronary",
        title: text("Ordinal coronary calcium, 0–12", "Calcium coronaire ordinal, 0–12"),
        found: text(
            "Cardiovascular death: 1.2 % (score 0), 1.8 % (1–3), 5.0 % (4–6), 5.3 % (7–12); significant from 4 on.",
            "Décès cardiovasculaire : 1,2 % (score 0), 1,8 % (1–3), 5,0 % (4–6), 5,3 % (7–12) ; significatif à partir de 4.",
        ),
        cohort: text(
            "smokers of 40–85 years screened without COVID-19, CT June 2000 – December 2005, median follow-up 72.3 months",
            "fumeurs de 40–85 ans en dépistage, sans COVID-19, scanners juin 2000 – décembre 2005, suivi médian 72,3 mois",
        ),
    },
];

impl Session {
    /// The lines, where the reader asked for them.
    pub(super) fn association_rows(&self) -> Option<Vec<AssociationRow>> {
        let case = self.case.as_ref().filter(|_| self.associations_open)?;
        let lang = self.lang;
        let quantities = self.all_quantities();
        let row = |a: &'static crate::report::Association| {
            let words = WORDS.iter().find(|w| w.key == a.key)?;
            let (unit, digits) = match a.measure {
                Measure::Spared | Measure::WellAerated | Measure::Involved => (" %", 1),
                Measure::WellAeratedLitres => (" L", 2),
                Measure::PulmonaryTrunk => (" mm", 1),
                Measure::LobeScore | Measure::SeverityScore | Measure::Coronary => ("", 0),
            };
            let number = |limit: f64| format!("{}{unit}", lang.number(limit, usize::from(limit.fract() != 0.0)));
            let (sign, limit) = match a.cut_off {
                CutOff::Below(limit) => ("<", limit),
                CutOff::Above(limit) => (">", limit),
                CutOff::AtLeast(limit) => ("≥", limit),
            };
            let value = measured(a.measure, &quantities, case.document.answers());
            let is_length = a.measure == Measure::PulmonaryTrunk && !case.document.answers().contains_key(&1301);
            let measured = match value {
                None => words::ASSOCIATION_UNMEASURED.in_lang(lang).to_owned(),
                Some(value) => {
                    let text = self.marked(format!("{}{unit}", lang.number(value, digits)));
                    let side =
                        if a.cut_off.holds(value) { words::ASSOCIATION_WITHIN } else { words::ASSOCIATION_OUTSIDE };
                    let here = if is_length { words::ASSOCIATION_LENGTH } else { words::ASSOCIATION_HERE };
                    format!("{} ({})", here.with(lang, &[&text]), side.in_lang(lang))
                }
            };
            Some(AssociationRow {
                key: a.key,
                title: format!("{} {sign} {}", words.title.in_lang(lang), number(limit)),
                measured,
                value,
                found: words.found.in_lang(lang),
                cohort: format!("n = {}, {}", a.n, words.cohort.in_lang(lang)),
                source: a.source,
            })
        };
        Some(ASSOCIATIONS.iter().filter_map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_words_in_both_languages() {
        assert_eq!(WORDS.len(), ASSOCIATIONS.len());
        for association in ASSOCIATIONS {
            let words = WORDS.iter().find(|w| w.key == association.key);
            assert!(words.is_some(), "{}", association.key);
            for text in words.iter().flat_map(|w| [w.title, w.found, w.cohort]) {
                assert!(!text.en.is_empty() && !text.fr.is_empty());
                // Decimals are written as the language writes them.
                assert!(!text.fr.chars().zip(text.fr.chars().skip(1)).any(|(a, b)| a == '.' && b.is_ascii_digit()));
            }
            assert!(association.n > 0 && !association.source.is_empty());
        }
    }
}
