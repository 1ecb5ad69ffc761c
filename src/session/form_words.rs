//! The words of the reading form, in both languages: titles of sections and fields by key, choices by field and key.

use super::words::{Text, text};
use crate::report::{Field, FieldKind};

/// The title of a section, 1 to 20.
pub(super) fn section_title(section: u16) -> Text {
    usize::from(section).checked_sub(1).and_then(|n| SECTIONS.get(n)).copied().unwrap_or(text("", ""))
}

/// The title of a field.
pub(super) fn field_title(field: &Field) -> Text {
    find(FIELDS, field.key)
}

/// The title of a score.
pub(super) fn score_title(key: &str) -> Text {
    find(SCORES, key)
}

/// The words of a field's choices, in their order.
pub(super) fn choice_words(field: &Field) -> &'static [Text] {
    match field.kind {
        FieldKind::OneOf(_) | FieldKind::SomeOf(_) => {
            CHOICES.iter().find(|(number, _)| *number == field.number).map_or(&[], |(_, words)| words)
        }
        FieldKind::Number { .. } | FieldKind::Words => &[],
    }
}

fn find(table: &[(&str, Text)], key: &str) -> Text {
    table.iter().find(|(k, _)| *k == key).map_or(text("", ""), |(_, t)| *t)
}

const SECTIONS: &[Text] = &[
    text("Quality", "Qualité"),
    text("Acquisition", "Acquisition"),
    text("Conclusion", "Conclusion"),
    text("Extent", "Étendue"),
    text("Dominant pattern", "Aspect dominant"),
    text("Patterns", "Aspects"),
    text("Scores", "Scores"),
    text("Other signs in the lungs", "Autres signes pulmonaires"),
    text("Pleura, nodes, pericardium", "Plèvre, ganglions, péricarde"),
    text("Pulmonary embolism", "Embolie pulmonaire"),
    text("Arteries: coronary calcium", "Artères : calcium coronaire"),
    text("Arteries: aorta and valve", "Artères : aorte et valve"),
    text("Arteries: pulmonary trunk", "Artères : tronc pulmonaire"),
    text("Uninvolved lung: emphysema", "Poumon sain : emphysème"),
    text("Uninvolved lung: fibrosis, other", "Poumon sain : fibrose, autre"),
    text("Chest-wall fat", "Graisse de la paroi"),
    text("Muscle", "Muscle"),
    text("Liver", "Foie"),
    text("Confidence and comment", "Confiance et commentaire"),
    text("Reading", "Lecture"),
];

const FIELDS: &[(&str, Text)] = &[
    ("quality", text("Quality", "Qualité")),
    ("quality-reasons", text("What limits it", "Ce qui la limite")),
    ("contrast", text("Contrast", "Injection")),
    ("kernel", text("Kernel", "Noyau")),
    ("thickness", text("Slice thickness, mm", "Épaisseur de coupe, mm")),
    ("category", text("Conclusion", "Conclusion")),
    ("co-rads", text("CO-RADS", "CO-RADS")),
    ("extent", text("Extent, % of the lungs", "Étendue, % des poumons")),
    ("pattern", text("Dominant pattern", "Aspect dominant")),
    ("ggo", text("Ground glass", "Verre dépoli")),
    ("ggo-places", text("Ground glass, where", "Verre dépoli, où")),
    ("crazy-paving", text("Crazy paving", "Crazy paving")),
    ("crazy-paving-places", text("Crazy paving, where", "Crazy paving, où")),
    ("consolidation", text("Consolidation", "Condensation")),
    ("consolidation-places", text("Consolidation, where", "Condensation, où")),
    ("zone-right-upper", text("Right upper zone", "Zone supérieure droite")),
    ("zone-right-middle", text("Right middle zone", "Zone moyenne droite")),
    ("zone-right-lower", text("Right lower zone", "Zone inférieure droite")),
    ("zone-left-upper", text("Left upper zone", "Zone supérieure gauche")),
    ("zone-left-middle", text("Left middle zone", "Zone moyenne gauche")),
    ("zone-left-lower", text("Left lower zone", "Zone inférieure gauche")),
    ("lobe-right-upper", text("Right upper lobe", "Lobe supérieur droit")),
    ("lobe-middle", text("Middle lobe", "Lobe moyen")),
    ("lobe-right-lower", text("Right lower lobe", "Lobe inférieur droit")),
    ("lobe-left-upper", text("Left upper lobe", "Lobe supérieur gauche")),
    ("lobe-left-lower", text("Left lower lobe", "Lobe inférieur gauche")),
    ("signs", text("Other signs", "Autres signes")),
    ("effusion-right", text("Pleural effusion, right", "Épanchement pleural droit")),
    ("effusion-left", text("Pleural effusion, left", "Épanchement pleural gauche")),
    ("nodes", text("Nodes above 10 mm", "Adénopathies de plus de 10 mm")),
    ("pericardium", text("Pericardial effusion", "Épanchement péricardique")),
    ("embolism", text("Pulmonary embolism", "Embolie pulmonaire")),
    ("coronary-lm", text("Left main", "Tronc commun")),
    ("coronary-lad", text("Left anterior descending", "Interventriculaire antérieure")),
    ("coronary-lcx", text("Left circumflex", "Circonflexe")),
    ("coronary-rca", text("Right coronary", "Coronaire droite")),
    ("coronary-device", text("Stent or bypass", "Stent ou pontage")),
    ("aorta", text("Aortic calcification", "Calcification aortique")),
    ("aortic-valve", text("Calcified aortic valve", "Valve aortique calcifiée")),
    ("pulmonary-artery", text("Pulmonary trunk, mm", "Tronc pulmonaire, mm")),
    ("ascending-aorta", text("Ascending aorta, mm", "Aorte ascendante, mm")),
    ("emphysema", text("Emphysema", "Emphysème")),
    ("paraseptal", text("Paraseptal emphysema", "Emphysème paraseptal")),
    ("fibrosis", text("Fibrosis", "Fibrose")),
    ("resection", text("Resection", "Résection")),
    ("nodule", text("Nodule or mass to follow", "Nodule ou masse à suivre")),
    ("fat", text("Chest-wall fat", "Graisse pariétale")),
    ("fat-area", text("Its area above the arch, cm²", "Surface au-dessus de la crosse, cm²")),
    ("height", text("Height of the patient, cm", "Taille du patient, cm")),
    ("pectoral-area", text("Pectoral muscles, cm²", "Muscles pectoraux, cm²")),
    ("pectoral-hu", text("Pectoral muscles, HU", "Muscles pectoraux, UH")),
    ("liver-1", text("Liver, region 1, HU", "Foie, région 1, UH")),
    ("liver-2", text("Liver, region 2, HU", "Foie, région 2, UH")),
    ("liver-3", text("Liver, region 3, HU", "Foie, région 3, UH")),
    ("confidence", text("Confidence", "Confiance")),
    ("comment", text("Comment", "Commentaire")),
    ("role", text("Reading", "Lecture")),
    ("blinded", text("Blinded", "En aveugle")),
];

const SCORES: &[(&str, Text)] = &[
    ("zone-total", text("Six zones, 0–24", "Six zones, 0–24")),
    ("lobe-total", text("CT-SS, five lobes, 0–25", "CT-SS, cinq lobes, 0–25")),
    ("severity-total", text("TSS, five lobes, 0–20", "TSS, cinq lobes, 0–20")),
    ("coronary-total", text("Coronary calcium, 0–12", "Calcium coronaire, 0–12")),
    ("coronary-class", text("Its class, 0–3", "Sa classe, 0–3")),
    ("artery-ratio", text("Trunk / aorta", "Tronc / aorte")),
    ("fat-index", text("Fat index, cm²/m²", "Indice de graisse, cm²/m²")),
    ("reading-time", text("First to last answer, s", "De la première à la dernière réponse, s")),
    ("liver-mean", text("Liver, mean HU", "Foie, UH moyennes")),
];

const ABSENT_PRESENT: &[Text] = &[text("absent", "absent"), text("present", "présent")];
const NO_YES: &[Text] = &[text("no", "non"), text("yes", "oui")];
const GRADES: &[Text] =
    &[text("none", "aucune"), text("mild", "légère"), text("moderate", "modérée"), text("severe", "sévère")];
const AMOUNTS: &[Text] =
    &[text("none", "aucun"), text("small", "faible"), text("moderate", "moyen"), text("large", "abondant")];
const SIDES: &[Text] =
    &[text("absent", "absent"), text("right", "droit"), text("left", "gauche"), text("both", "bilatéral")];
const PLACES: &[Text] = &[
    text("lower", "inférieur"),
    text("posterior", "postérieur"),
    text("peripheral", "périphérique"),
    text("central", "central"),
    text("diffuse", "diffus"),
];
const QUALITY: &[Text] = &[text("good", "bonne"), text("limited", "limitée"), text("not readable", "illisible")];
const REASONS: &[Text] = &[
    text("motion", "mouvement"),
    text("truncated field", "champ tronqué"),
    text("incomplete lungs", "poumons incomplets"),
    text("expiration", "expiration"),
    text("metal", "métal"),
    text("wrong kernel", "noyau inadapté"),
];
const CONTRAST: &[Text] = &[text("none", "aucune"), text("contrast", "injecté"), text("angiography", "angioscanner")];
const KERNEL: &[Text] = &[text("soft", "mou"), text("sharp", "dur")];
const CATEGORY: &[Text] = &[
    text("normal", "normal"),
    text("other disease", "autre maladie"),
    text("indeterminate", "indéterminé"),
    text("compatible", "compatible"),
    text("typical COVID-19", "COVID-19 typique"),
];
const CO_RADS: &[Text] = &[text("1", "1"), text("2", "2"), text("3", "3"), text("4", "4"), text("5", "5")];
const EXTENT: &[Text] = &[
    text("0", "0"),
    text("<10", "<10"),
    text("10–25", "10–25"),
    text("25–50", "25–50"),
    text("50–75", "50–75"),
    text(">75", ">75"),
];
const PATTERN: &[Text] = &[
    text("ground glass", "verre dépoli"),
    text("crazy paving", "crazy paving"),
    text("consolidation", "condensation"),
    text("mixed", "mixte"),
];
const ZONE: &[Text] = &[text("0", "0"), text("1", "1"), text("2", "2"), text("3", "3"), text("4", "4")];
const LOBE: &[Text] = &[text("0", "0"), text("1", "1"), text("2", "2"), text("3", "3"), text("4", "4"), text("5", "5")];
const SIGNS: &[Text] = &[
    text("bands", "bandes"),
    text("halo", "halo"),
    text("reversed halo", "halo inversé"),
    text("air bronchogram", "bronchogramme"),
    text("bronchial distortion", "distorsion bronchique"),
    text("large vessels", "dilatation vasculaire"),
    text("septal thickening", "épaississement septal"),
    text("honeycombing", "rayon de miel"),
];
const EMBOLISM: &[Text] = &[text("not assessable", "non évaluable"), text("no", "non"), text("yes", "oui")];
const CORONARY: &[Text] = &[text("0", "0"), text("1", "1"), text("2", "2"), text("3", "3")];
const DEVICE: &[Text] = &[text("none", "aucun"), text("stent", "stent"), text("bypass", "pontage")];
const EMPHYSEMA: &[Text] = &[
    text("none", "aucun"),
    text("trace", "traces"),
    text("mild", "léger"),
    text("moderate", "modéré"),
    text("confluent", "confluent"),
    text("advanced", "avancé"),
];
const PARASEPTAL: &[Text] = &[text("none", "aucun"), text("mild", "léger"), text("substantial", "important")];
const FIBROSIS: &[Text] = &[
    text("none", "aucune"),
    text("reticulation", "réticulations"),
    text("honeycombing", "rayon de miel"),
    text("traction bronchiectasis", "bronchectasies de traction"),
];
const FAT: &[Text] = &[text("low", "faible"), text("usual", "habituelle"), text("abundant", "abondante")];
const CONFIDENCE: &[Text] = &[text("1", "1"), text("2", "2"), text("3", "3"), text("4", "4"), text("5", "5")];
const ROLE: &[Text] = &[text("first", "première"), text("second", "seconde"), text("arbitration", "arbitrage")];

/// What the numbers of a scale mean, at the first field that has it.
pub(super) fn scale_words(field: u16) -> Option<Text> {
    Some(match field {
        701 => text(
            "0 none · 1 <25 % · 2 25–50 % · 3 50–75 % · 4 ≥75 % of the zone",
            "0 rien · 1 <25 % · 2 25–50 % · 3 50–75 % · 4 ≥75 % de la zone",
        ),
        711 => text(
            "0 none · 1 <5 % · 2 5–25 % · 3 26–50 % · 4 51–75 % · 5 >75 % of the lobe",
            "0 rien · 1 <5 % · 2 5–25 % · 3 26–50 % · 4 51–75 % · 5 >75 % du lobe",
        ),
        1101 => text(
            "0 no calcification · 1 <1/3 · 2 1/3–2/3 · 3 >2/3 of the artery’s length",
            "0 pas de calcification · 1 <1/3 · 2 1/3–2/3 · 3 >2/3 de la longueur de l’artère",
        ),
        1901 => text("1 lowest · 5 highest", "1 la plus faible · 5 la plus forte"),
        _ => return None,
    })
}

const CHOICES: &[(u16, &[Text])] = &[
    (101, QUALITY),
    (102, REASONS),
    (201, CONTRAST),
    (202, KERNEL),
    (301, CATEGORY),
    (302, CO_RADS),
    (401, EXTENT),
    (501, PATTERN),
    (601, SIDES),
    (602, PLACES),
    (603, SIDES),
    (604, PLACES),
    (605, SIDES),
    (606, PLACES),
    (701, ZONE),
    (702, ZONE),
    (703, ZONE),
    (704, ZONE),
    (705, ZONE),
    (706, ZONE),
    (711, LOBE),
    (712, LOBE),
    (713, LOBE),
    (714, LOBE),
    (715, LOBE),
    (801, SIGNS),
    (901, AMOUNTS),
    (902, AMOUNTS),
    (903, NO_YES),
    (904, ABSENT_PRESENT),
    (1001, EMBOLISM),
    (1101, CORONARY),
    (1102, CORONARY),
    (1103, CORONARY),
    (1104, CORONARY),
    (1105, DEVICE),
    (1201, GRADES),
    (1202, NO_YES),
    (1401, EMPHYSEMA),
    (1402, PARASEPTAL),
    (1501, FIBROSIS),
    (1502, NO_YES),
    (1503, NO_YES),
    (1601, FAT),
    (1901, CONFIDENCE),
    (2001, ROLE),
    (2002, NO_YES),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{FORM, scores};

    #[test]
    fn everything_on_the_form_has_words() {
        for field in FORM {
            assert!(!field_title(field).en.is_empty() && !field_title(field).fr.is_empty(), "{}", field.key);
            assert!(!section_title(field.section()).en.is_empty());
            if let FieldKind::OneOf(choices) | FieldKind::SomeOf(choices) = field.kind {
                assert_eq!(choice_words(field).len(), choices.len(), "{}", field.key);
            }
        }
        assert!(scores(&std::collections::BTreeMap::new()).iter().all(|s| !score_title(s.key).fr.is_empty()));
    }
}
