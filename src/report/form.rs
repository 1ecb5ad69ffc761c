//! The structured reading form: fields, choices, codes, and the scores that follow from them.
//!
//! Twenty sections, each of one or more fields. A field without an answer is *not assessed*, never normal. Codes are SNOMED CT, DCM
//! or RadLex where these have one, else of the scheme 99HILUM. Extent classes are those of the French reporting standard for chest CT
//! in COVID-19; lobar scores those of M. Francone et al., Eur. Radiol. 30 (2020) 6808–6817 (0 to 5 for five lobes); coronary calcium
//! is the ordinal score of J. Shemesh et al., Radiology 257 (2010) 541–548 (0 to 3 for four vessels).

use crate::annotation::{Answer, CodedConcept};
use std::collections::BTreeMap;

/// One of the answers a field offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Key of its words.
    pub key: &'static str,
    /// Its code.
    pub code: CodedConcept,
}

/// What can be answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldKind {
    /// One choice.
    OneOf(&'static [Choice]),
    /// Any number of them.
    SomeOf(&'static [Choice]),
    /// A number.
    Number {
        /// UCUM.
        unit: CodedConcept,
        /// Least that is taken.
        least: f64,
        /// Most that is taken.
        most: f64,
        /// Decimals shown.
        digits: usize,
    },
    /// Free words; they never leave in a campaign.
    Words,
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Section × 100 + place in it; stored, so it never changes.
    pub number: u16,
    /// Key of its words, and its name in tests and tables.
    pub key: &'static str,
    /// What is answered.
    pub kind: FieldKind,
    /// Its code.
    pub concept: CodedConcept,
}

impl Field {
    /// Whether it is answered by what happens, not by the reader.
    pub fn is_automatic(&self) -> bool {
        self.number == BLINDED
    }
    /// Whether it takes a number.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, Number { .. })
    }
    /// Whether its choices follow one another, so that neighbours differ less.
    pub fn is_ordered(&self) -> bool {
        let ordered =
            [QUALITY, CO_RADS, EXTENT, ZONE, LOBE, CORONARY, GRADES, AMOUNTS, EMPHYSEMA, PARASEPTAL, FAT, CONFIDENCE];
        matches!(self.kind, OneOf(choices) if ordered.contains(&choices))
    }
    /// The section, 1 to 20.
    pub fn section(&self) -> u16 {
        self.number / 100
    }
    /// Whether an answer is one this field offers.
    pub fn takes(&self, answer: &Answer) -> bool {
        answer.is_sound()
            && match (self.kind, answer) {
                (FieldKind::OneOf(choices), Answer::Choice(n)) => usize::from(*n) < choices.len(),
                (FieldKind::SomeOf(choices), Answer::Choices(bits)) => bits >> choices.len() == 0,
                (FieldKind::Number { least, most, .. }, Answer::Number(value)) => (least..=most).contains(value),
                (FieldKind::Words, Answer::Text(_)) => true,
                _ => false,
            }
    }
    /// The choices an answer names.
    pub fn chosen(&self, answer: &Answer) -> Vec<Choice> {
        match (self.kind, answer) {
            (FieldKind::OneOf(choices), Answer::Choice(n)) => {
                choices.get(usize::from(*n)).copied().into_iter().collect()
            }
            (FieldKind::SomeOf(choices), Answer::Choices(bits)) => {
                choices.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, c)| *c).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The field that says whether the reading was blinded.
pub const BLINDED: u16 = 2002;
/// When the form was begun and when it was last answered, `YYYYMMDDHHMMSS`: fields of their own that no form shows.
pub const BEGUN: u16 = 2003;
/// See [`BEGUN`].
pub const ENDED: u16 = 2004;
/// Heights of the planes below the middle and the upper zones, patient z in mm: fields that no form shows.
pub const ZONE_PLANES: [u16; 2] = [2005, 2006];
/// The reader's lengths across pulmonary trunk and ascending aorta, by number of measurement: fields that no form shows.
pub const ARTERIES: [u16; 2] = [2011, 2012];

/// Whether a reading can hold an answer: one of the form, or of a field that no form shows.
pub fn is_known(number: u16, answer: &Answer) -> bool {
    match (number, answer) {
        (BEGUN | ENDED, Answer::Text(at)) => at.len() == 14 && at.bytes().all(|b| b.is_ascii_digit()),
        (number, Answer::Number(z)) if ZONE_PLANES.contains(&number) => z.is_finite(),
        (number, Answer::Number(n)) if ARTERIES.contains(&number) => n.fract() == 0.0 && (1.0..=65535.0).contains(n),
        _ => field(number).is_some_and(|f| f.takes(answer)),
    }
}

/// The field with a number.
pub fn field(number: u16) -> Option<&'static Field> {
    FORM.iter().find(|f| f.number == number)
}

/// The field with a key.
pub fn field_of(key: &str) -> Option<&'static Field> {
    FORM.iter().find(|f| f.key == key)
}

/// A score that follows from answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Key of its words.
    pub key: &'static str,
    /// The section it belongs to.
    pub section: u16,
    /// `None` until all it needs is answered.
    pub value: Option<f64>,
    /// Decimals shown.
    pub digits: usize,
    /// Its code.
    pub concept: CodedConcept,
    /// UCUM.
    pub unit: CodedConcept,
}

/// The value of one score.
pub(super) fn score_of(key: &str, answers: &BTreeMap<u16, Answer>) -> Option<f64> {
    scores(answers).into_iter().find(|s| s.key == key).and_then(|s| s.value)
}

/// All scores.
pub fn scores(answers: &BTreeMap<u16, Answer>) -> Vec<Score> {
    let choice = |number: u16| match answers.get(&number) {
        Some(Answer::Choice(n)) => Some(f64::from(*n)),
        _ => None,
    };
    let number = |number: u16| match answers.get(&number) {
        Some(Answer::Number(value)) => Some(*value),
        _ => None,
    };
    let sum = |numbers: std::ops::RangeInclusive<u16>| numbers.map(choice).sum::<Option<f64>>();
    let has_device = choice(1105).is_some_and(|n| n > 0.0);
    // Of five lobes by four classes: those below 5 % and from 5 to 25 % are one (Li et al. 2020, PMC7095246).
    let severity = (711..=715).map(|n| choice(n).map(|c| c - f64::from(u8::from(c > 1.0)))).sum::<Option<f64>>();
    let coronary = sum(1101..=1104).filter(|_| !has_device);
    let class = coronary.map(|sum| match sum {
        0.0 => 0.0,
        s if s <= 3.0 => 1.0,
        s if s <= 6.0 => 2.0,
        _ => 3.0,
    });
    let ratio = number(1301).zip(number(1302)).map(|(trunk, aorta)| trunk / aorta);
    let index = number(1602).zip(number(1603)).map(|(area, height)| area / (height / 100.0).powi(2));
    let liver = [1801, 1802, 1803].map(number).into_iter().sum::<Option<f64>>().map(|sum| sum / 3.0);
    let moment = |number: u16| match answers.get(&number) {
        Some(Answer::Text(at)) => chrono::NaiveDateTime::parse_from_str(at, "%Y%m%d%H%M%S").ok(),
        _ => None,
    };
    let seconds = moment(BEGUN).zip(moment(ENDED)).map(|(begun, ended)| (ended - begun).num_seconds() as f64);
    let one = code("1", "UCUM", "no units");
    let score = |key, section, value, digits, concept, unit| Score { key, section, value, digits, concept, unit };
    vec![
        score("zone-total", 7, sum(701..=706), 0, own("HT1", "Score of six zones, 0 to 24"), one),
        score("lobe-total", 7, sum(711..=715), 0, own("HT2", "Score of five lobes, 0 to 25"), one),
        score("severity-total", 7, severity, 0, own("HT9", "Total severity score, 0 to 20"), one),
        score("coronary-total", 11, coronary, 0, own("HT3", "Ordinal coronary calcium, 0 to 12"), one),
        score("coronary-class", 11, class, 0, own("HT4", "Class of coronary calcium, 0 to 3"), one),
        score("artery-ratio", 13, ratio, 2, own("HT5", "Pulmonary trunk / ascending aorta"), one),
        score(
            "fat-index",
            16,
            index,
            1,
            own("HT6", "Chest-wall fat / height squared"),
            code("cm2/m2", "UCUM", "cm2/m2"),
        ),
        score(
            "liver-mean",
            18,
            liver,
            0,
            own("HT7", "Mean attenuation of the liver"),
            code("[hnsf'U]", "UCUM", "Hounsfield unit"),
        ),
        score(
            "reading-time",
            20,
            seconds.filter(|s| *s >= 0.0),
            0,
            own("HT8", "Time from the first answer to the last"),
            code("s", "UCUM", "second"),
        ),
    ]
}

/// The extent class of a share of the lungs, percent: 0, below 10, 10 to 25, 25 to 50, 50 to 75, above 75.
pub fn extent_class(percent: f64) -> u8 {
    match percent {
        p if p <= 0.0 => 0,
        p if p < 10.0 => 1,
        p if p <= 25.0 => 2,
        p if p <= 50.0 => 3,
        p if p <= 75.0 => 4,
        _ => 5,
    }
}

const fn code(value: &'static str, scheme: &'static str, meaning: &'static str) -> CodedConcept {
    CodedConcept { value, scheme, meaning }
}
const fn sct(value: &'static str, meaning: &'static str) -> CodedConcept {
    code(value, "SCT", meaning)
}
const fn dcm(value: &'static str, meaning: &'static str) -> CodedConcept {
    code(value, "DCM", meaning)
}
/// Of the private scheme.
pub(super) const fn own(value: &'static str, meaning: &'static str) -> CodedConcept {
    code(value, "99HILUM", meaning)
}
const fn choice(key: &'static str, code: CodedConcept) -> Choice {
    Choice { key, code }
}
const fn field_with(number: u16, key: &'static str, kind: FieldKind, concept: CodedConcept) -> Field {
    Field { number, key, kind, concept }
}

use FieldKind::{Number, OneOf, SomeOf, Words};

const ABSENT_PRESENT: &[Choice] =
    &[choice("absent", sct("272519000", "Absent")), choice("present", sct("52101004", "Present"))];
const NO_YES: &[Choice] = &[choice("no", sct("373067005", "No")), choice("yes", sct("373066001", "Yes"))];
const GRADES: &[Choice] = &[
    choice("none", sct("260413007", "None")),
    choice("mild", sct("255604002", "Mild")),
    choice("moderate", sct("6736007", "Moderate")),
    choice("severe", sct("24484000", "Severe")),
];
const AMOUNTS: &[Choice] = &[
    choice("none", sct("260413007", "None")),
    choice("small", sct("255507004", "Small")),
    choice("medium", sct("255508009", "Medium")),
    choice("large", sct("255509001", "Large")),
];
const SIDES: &[Choice] = &[
    choice("absent", sct("272519000", "Absent")),
    choice("right", sct("24028007", "Right")),
    choice("left", sct("7771000", "Left")),
    choice("bilateral", sct("51440002", "Bilateral")),
];
const PLACES: &[Choice] = &[
    choice("lower", own("HD1", "Lower predominance")),
    choice("posterior", own("HD2", "Posterior predominance")),
    choice("peripheral", own("HD3", "Peripheral predominance")),
    choice("central", own("HD4", "Central predominance")),
    choice("diffuse", sct("19648000", "Diffuse")),
];
const QUALITY: &[Choice] = &[
    choice("good", own("HQ1", "Good quality")),
    choice("limited", own("HQ2", "Limited quality")),
    choice("not-readable", own("HQ3", "Not readable")),
];
const REASONS: &[Choice] = &[
    choice("motion", own("HR1", "Motion")),
    choice("truncated", own("HR2", "Truncated field of view")),
    choice("incomplete", own("HR3", "Lungs not covered")),
    choice("expiration", own("HR4", "Expiration")),
    choice("metal", own("HR5", "Metal artifacts")),
    choice("kernel", own("HR6", "Unsuitable kernel")),
];
const CONTRAST: &[Choice] = &[
    choice("none", own("HC1", "No contrast")),
    choice("contrast", own("HC2", "Contrast")),
    choice("angiography", own("HC3", "Pulmonary angiography")),
];
const KERNEL: &[Choice] = &[choice("soft", own("HC4", "Soft kernel")), choice("sharp", own("HC5", "Sharp kernel"))];
const CATEGORY: &[Choice] = &[
    choice("normal", sct("17621005", "Normal")),
    choice("other", own("HK2", "Other disease")),
    choice("indeterminate", sct("82334004", "Indeterminate")),
    choice("compatible", own("HK4", "Compatible with COVID-19")),
    choice("typical", own("HK5", "Typical of COVID-19")),
];
const CO_RADS: &[Choice] = &[
    choice("1", own("HKR1", "CO-RADS 1")),
    choice("2", own("HKR2", "CO-RADS 2")),
    choice("3", own("HKR3", "CO-RADS 3")),
    choice("4", own("HKR4", "CO-RADS 4")),
    choice("5", own("HKR5", "CO-RADS 5")),
];
const EXTENT: &[Choice] = &[
    choice("0", own("HE0", "0 %")),
    choice("to-10", own("HE1", "Less than 10 %")),
    choice("to-25", own("HE2", "10 to 25 %")),
    choice("to-50", own("HE3", "25 to 50 %")),
    choice("to-75", own("HE4", "50 to 75 %")),
    choice("over-75", own("HE5", "More than 75 %")),
];
const PATTERN: &[Choice] = &[
    choice("ggo", dcm("112120", "Ground glass opacity")),
    choice("crazy-paving", code("RID43256", "RADLEX", "Crazy paving")),
    choice("consolidation", sct("95436008", "Lung consolidation")),
    choice("mixed", own("HP4", "Mixed pattern")),
];
const ZONE: &[Choice] = &[
    choice("0", own("HZ0", "0: none")),
    choice("1", own("HZ1", "1: less than 25 %")),
    choice("2", own("HZ2", "2: 25 to 50 %")),
    choice("3", own("HZ3", "3: 50 to 75 %")),
    choice("4", own("HZ4", "4: 75 % or more")),
];
const LOBE: &[Choice] = &[
    choice("0", own("HL0", "0: none")),
    choice("1", own("HL1", "1: less than 5 %")),
    choice("2", own("HL2", "2: 5 to 25 %")),
    choice("3", own("HL3", "3: 26 to 50 %")),
    choice("4", own("HL4", "4: 51 to 75 %")),
    choice("5", own("HL5", "5: more than 75 %")),
];
const SIGNS: &[Choice] = &[
    choice("bands", dcm("112112", "Parenchymal band")),
    choice("halo", dcm("112073", "Halo sign")),
    choice("reversed-halo", own("HS3", "Reversed halo sign")),
    choice("bronchogram", dcm("112071", "Air bronchogram")),
    choice("distortion", own("HS5", "Bronchial distortion")),
    choice("vessels", own("HS6", "Vascular enlargement")),
    choice("septal", dcm("112114", "Septal line(s)")),
    choice("honeycomb", dcm("112106", "Honeycomb pattern")),
];
const EMBOLISM: &[Choice] = &[
    choice("not-assessable", own("HM1", "Not assessable")),
    choice("no", sct("373067005", "No")),
    choice("yes", sct("373066001", "Yes")),
];
const CORONARY: &[Choice] = &[
    choice("0", own("HA0", "0: no calcification")),
    choice("1", own("HA1", "1: less than a third of the length")),
    choice("2", own("HA2", "2: one to two thirds of the length")),
    choice("3", own("HA3", "3: more than two thirds of the length")),
];
const DEVICE: &[Choice] = &[
    choice("none", sct("260413007", "None")),
    choice("stent", own("HV1", "Coronary stent")),
    choice("bypass", own("HV2", "Coronary bypass")),
];
const EMPHYSEMA: &[Choice] = &[
    choice("none", sct("260413007", "None")),
    choice("trace", own("HH1", "Trace")),
    choice("mild", sct("255604002", "Mild")),
    choice("moderate", sct("6736007", "Moderate")),
    choice("confluent", own("HH4", "Confluent")),
    choice("advanced", own("HH5", "Advanced destructive")),
];
const PARASEPTAL: &[Choice] = &[
    choice("none", sct("260413007", "None")),
    choice("mild", sct("255604002", "Mild")),
    choice("substantial", own("HH7", "Substantial")),
];
const FIBROSIS: &[Choice] = &[
    choice("none", sct("260413007", "None")),
    choice("reticulation", dcm("112113", "Reticular pattern")),
    choice("honeycomb", dcm("112106", "Honeycomb pattern")),
    choice("traction", own("HB4", "Traction bronchiectasis")),
];
const FAT: &[Choice] = &[
    choice("low", sct("62482003", "Low")),
    choice("usual", own("HG2", "Usual")),
    choice("abundant", own("HG3", "Abundant")),
];
const CONFIDENCE: &[Choice] = &[
    choice("1", own("HN1", "Confidence 1 of 5")),
    choice("2", own("HN2", "Confidence 2 of 5")),
    choice("3", own("HN3", "Confidence 3 of 5")),
    choice("4", own("HN4", "Confidence 4 of 5")),
    choice("5", own("HN5", "Confidence 5 of 5")),
];
const ROLE: &[Choice] = &[
    choice("first", own("HW1", "First reading")),
    choice("second", own("HW2", "Second reading")),
    choice("arbitration", code("C96561", "NCIt", "Adjudicator")),
];

/// All fields, in the order of the form.
pub const FORM: &[Field] = &[
    field_with(101, "quality", OneOf(QUALITY), own("HF101", "Quality of the CT")),
    field_with(102, "quality-reasons", SomeOf(REASONS), own("HF102", "What limits the quality")),
    field_with(201, "contrast", OneOf(CONTRAST), own("HF201", "Contrast")),
    field_with(202, "kernel", OneOf(KERNEL), own("HF202", "Convolution kernel")),
    field_with(
        203,
        "thickness",
        Number { unit: code("mm", "UCUM", "millimeter"), least: 0.1, most: 20.0, digits: 2 },
        own("HF203", "Slice thickness"),
    ),
    field_with(301, "category", OneOf(CATEGORY), own("HF301", "Conclusion")),
    field_with(302, "co-rads", OneOf(CO_RADS), own("HF302", "CO-RADS")),
    field_with(401, "extent", OneOf(EXTENT), own("HF401", "Extent of disease, % of lung volume")),
    field_with(501, "pattern", OneOf(PATTERN), own("HF501", "Dominant pattern")),
    field_with(601, "ggo", OneOf(SIDES), dcm("112120", "Ground glass opacity")),
    field_with(602, "ggo-places", SomeOf(PLACES), own("HF602", "Predominance of ground glass")),
    field_with(603, "crazy-paving", OneOf(SIDES), code("RID43256", "RADLEX", "Crazy paving")),
    field_with(604, "crazy-paving-places", SomeOf(PLACES), own("HF604", "Predominance of crazy paving")),
    field_with(605, "consolidation", OneOf(SIDES), sct("95436008", "Lung consolidation")),
    field_with(606, "consolidation-places", SomeOf(PLACES), own("HF606", "Predominance of consolidation")),
    field_with(701, "zone-right-upper", OneOf(ZONE), own("HF701", "Right upper zone, score 0 to 4")),
    field_with(702, "zone-right-middle", OneOf(ZONE), own("HF702", "Right middle zone, score 0 to 4")),
    field_with(703, "zone-right-lower", OneOf(ZONE), own("HF703", "Right lower zone, score 0 to 4")),
    field_with(704, "zone-left-upper", OneOf(ZONE), own("HF704", "Left upper zone, score 0 to 4")),
    field_with(705, "zone-left-middle", OneOf(ZONE), own("HF705", "Left middle zone, score 0 to 4")),
    field_with(706, "zone-left-lower", OneOf(ZONE), own("HF706", "Left lower zone, score 0 to 4")),
    field_with(711, "lobe-right-upper", OneOf(LOBE), own("HF711", "Right upper lobe, score 0 to 5")),
    field_with(712, "lobe-middle", OneOf(LOBE), own("HF712", "Middle lobe, score 0 to 5")),
    field_with(713, "lobe-right-lower", OneOf(LOBE), own("HF713", "Right lower lobe, score 0 to 5")),
    field_with(714, "lobe-left-upper", OneOf(LOBE), own("HF714", "Left upper lobe, score 0 to 5")),
    field_with(715, "lobe-left-lower", OneOf(LOBE), own("HF715", "Left lower lobe, score 0 to 5")),
    field_with(801, "signs", SomeOf(SIGNS), own("HF801", "Other signs in the lungs")),
    field_with(901, "effusion-right", OneOf(AMOUNTS), own("HF901", "Pleural effusion, right")),
    field_with(902, "effusion-left", OneOf(AMOUNTS), own("HF902", "Pleural effusion, left")),
    field_with(903, "nodes", OneOf(NO_YES), own("HF903", "Lymph nodes above 10 mm")),
    field_with(904, "pericardium", OneOf(ABSENT_PRESENT), sct("373945007", "Pericardial effusion")),
    field_with(1001, "embolism", OneOf(EMBOLISM), sct("59282003", "Pulmonary embolism")),
    field_with(1101, "coronary-lm", OneOf(CORONARY), own("HF1101", "Left main coronary artery, calcium 0 to 3")),
    field_with(
        1102,
        "coronary-lad",
        OneOf(CORONARY),
        own("HF1102", "Left anterior descending coronary artery, calcium 0 to 3"),
    ),
    field_with(1103, "coronary-lcx", OneOf(CORONARY), own("HF1103", "Left circumflex coronary artery, calcium 0 to 3")),
    field_with(1104, "coronary-rca", OneOf(CORONARY), own("HF1104", "Right coronary artery, calcium 0 to 3")),
    field_with(1105, "coronary-device", OneOf(DEVICE), own("HF1105", "Coronary stent or bypass")),
    field_with(1201, "aorta", OneOf(GRADES), own("HF1201", "Calcification of the aorta")),
    field_with(1202, "aortic-valve", OneOf(NO_YES), own("HF1202", "Calcification of the aortic valve")),
    field_with(
        1301,
        "pulmonary-artery",
        Number { unit: code("mm", "UCUM", "millimeter"), least: 5.0, most: 80.0, digits: 1 },
        own("HF1301", "Diameter of the pulmonary trunk"),
    ),
    field_with(
        1302,
        "ascending-aorta",
        Number { unit: code("mm", "UCUM", "millimeter"), least: 5.0, most: 120.0, digits: 1 },
        own("HF1302", "Diameter of the ascending aorta"),
    ),
    field_with(1401, "emphysema", OneOf(EMPHYSEMA), sct("87433001", "Pulmonary emphysema")),
    field_with(1402, "paraseptal", OneOf(PARASEPTAL), own("HF1402", "Paraseptal emphysema")),
    field_with(1501, "fibrosis", SomeOf(FIBROSIS), own("HF1501", "Signs of fibrosis")),
    field_with(1502, "resection", OneOf(NO_YES), own("HF1502", "Resection of lung")),
    field_with(1503, "nodule", OneOf(NO_YES), own("HF1503", "Nodule or mass to follow")),
    field_with(1601, "fat", OneOf(FAT), own("HF1601", "Fat of the chest wall")),
    field_with(
        1602,
        "fat-area",
        Number { unit: code("cm2", "UCUM", "square centimeter"), least: 0.0, most: 600.0, digits: 1 },
        own("HF1602", "Area of chest-wall fat above the aortic arch"),
    ),
    field_with(
        1603,
        "height",
        Number { unit: code("cm", "UCUM", "centimeter"), least: 30.0, most: 250.0, digits: 0 },
        sct("50373000", "Body height"),
    ),
    field_with(
        1701,
        "pectoral-area",
        Number { unit: code("cm2", "UCUM", "square centimeter"), least: 0.0, most: 200.0, digits: 1 },
        own("HF1701", "Area of the pectoral muscles"),
    ),
    field_with(
        1702,
        "pectoral-hu",
        Number { unit: code("[hnsf'U]", "UCUM", "Hounsfield unit"), least: -200.0, most: 300.0, digits: 0 },
        own("HF1702", "Mean attenuation of the pectoral muscles"),
    ),
    field_with(
        1801,
        "liver-1",
        Number { unit: code("[hnsf'U]", "UCUM", "Hounsfield unit"), least: -200.0, most: 400.0, digits: 0 },
        own("HF1801", "Mean attenuation of the liver, region 1"),
    ),
    field_with(
        1802,
        "liver-2",
        Number { unit: code("[hnsf'U]", "UCUM", "Hounsfield unit"), least: -200.0, most: 400.0, digits: 0 },
        own("HF1802", "Mean attenuation of the liver, region 2"),
    ),
    field_with(
        1803,
        "liver-3",
        Number { unit: code("[hnsf'U]", "UCUM", "Hounsfield unit"), least: -200.0, most: 400.0, digits: 0 },
        own("HF1803", "Mean attenuation of the liver, region 3"),
    ),
    field_with(1901, "confidence", OneOf(CONFIDENCE), own("HF1901", "Confidence")),
    field_with(1902, "comment", Words, dcm("121106", "Comment")),
    field_with(2001, "role", OneOf(ROLE), own("HF2001", "Reading")),
    field_with(2002, "blinded", OneOf(NO_YES), own("HF2002", "Blinded")),
];
