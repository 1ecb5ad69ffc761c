//! Campaign upload: the writer for a destination outside the hospital. What it knows of the patient is a pseudonym.
//!
//! It takes what the hospital's writer is told ([`ExportContext`]) and gives the same back with nothing of the patient in it, before
//! any object is written: images are known by replaced UIDs, dates are moved, names that the reader gave stay behind. What it writes is
//! de-identified where it is made, as PS3.15 table E.1-1 asks, because a stock anonymiser would empty a report.
//!
//! UIDs, pseudonym and the days that dates are moved by are HMAC-SHA-256 (RFC 2104) under a secret of the site: the same CT gives the
//! same ones in the hands of every reader, and nobody without the secret can go back, not even with a list of the hospital's UIDs.

use super::context::{Audience, ExportContext, ExportError, Filing};
use super::dataset::{DataSet, code, uid_of};
use super::seg::vocabulary_label;
use super::whole_ct::group_names;
use crate::annotation::{CodedConcept, Origin, SegmentMeaning, Subject, hex};
use crate::dicom::{Acquisition, Instance, LossyCompression, PatientModule, SeriesModule, StudyModule};
use chrono::{Days, NaiveDate};
use dicom_dictionary_std::tags;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// What a site sets for a campaign of readings that are collected elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// As the reader sees it; Clinical Trial Protocol Name.
    pub name: String,
    /// Clinical Trial Sponsor Name.
    pub sponsor: String,
    /// Clinical Trial Protocol ID.
    pub protocol: String,
    /// Clinical Trial Site ID.
    pub site: String,
    /// Of the site, never sent.
    pub secret: CampaignSecret,
    /// Whether the protocol asks for the patient's sex.
    pub with_sex: bool,
    /// Whether the protocol asks for the decade of the patient's age.
    pub with_age: bool,
}

/// The key of all replacements. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct CampaignSecret(String);

impl CampaignSecret {
    /// Fewest characters: shorter ones can be guessed.
    pub const FEWEST: usize = 32;

    /// `None` if it is too short.
    pub fn new(secret: &str) -> Option<Self> {
        (secret.chars().count() >= Self::FEWEST).then(|| Self(secret.to_owned()))
    }
    /// A digest of a value for one purpose.
    fn digest(&self, purpose: &str, value: &str) -> [u8; 32] {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) {
            Ok(mac) => mac,
            Err(never) => unreachable!("HMAC takes keys of any length: {never}"),
        };
        mac.update(&(purpose.len() as u64).to_le_bytes());
        mac.update(purpose.as_bytes());
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }
    fn uid(&self, uid: &str) -> String {
        if uid.is_empty() { String::new() } else { uid_of(&self.digest("uid", uid)) }
    }
}

impl fmt::Debug for CampaignSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CampaignSecret(…)")
    }
}

/// What objects of a campaign are filed under. Only [`context()`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pseudonymous {
    subject: String,
    sex: String,
    /// Patient's Age (AS): the first year of its decade.
    age: String,
    study_date: String,
    sponsor: String,
    protocol: String,
    protocol_name: String,
    site: String,
    /// What must not occur in any object: texts of the source, and its UIDs.
    source_texts: BTreeSet<String>,
    source_uids: BTreeSet<String>,
}

/// The longest code of a reader.
const LONGEST_CODE: usize = 16;

/// Whether a text can be the code of a reader: letters and digits of ASCII, `-` and `_`, at most 16. A name with spaces or accents cannot.
pub fn is_reader_code(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    !text.is_empty() && text.len() <= LONGEST_CODE && text.chars().all(allowed)
}

/// What a campaign's exports are told: `known` without anything of the patient. `reader_code` stands for the reader.
///
/// # Errors
/// [`ExportError::Unwritable`] if the reader has no code; [`ExportError::NoSource`] and [`ExportError::MissingUid`] as in
/// [`ExportContext`].
pub fn context(known: &ExportContext, campaign: &Campaign, reader_code: &str) -> Result<ExportContext, ExportError> {
    if !is_reader_code(reader_code) {
        return Err(ExportError::Unwritable("a campaign knows the reader by a code of letters and digits".to_owned()));
    }
    let first = known.first()?;
    let secret = &campaign.secret;
    let study_uid = &first.study.instance_uid;
    // Without a number every study is a patient of its own.
    let patient = if first.patient.id.trim().is_empty() { study_uid } else { &first.patient.id };
    let subject = subject_code(&secret.digest("subject", patient));
    let moved = moved_days(&secret.digest("dates", patient));
    let age = campaign.with_age.then(|| age_decade(&first.patient.birth_date, &first.study.date)).flatten();
    let identity = Pseudonymous {
        sex: if campaign.with_sex { first.patient.sex.clone() } else { String::new() },
        age: age.unwrap_or_default(),
        study_date: earlier(&first.study.date, moved).unwrap_or_default(),
        sponsor: campaign.sponsor.clone(),
        protocol: campaign.protocol.clone(),
        protocol_name: campaign.name.clone(),
        site: campaign.site.clone(),
        source_texts: source_texts(first),
        source_uids: source_uids(known),
        subject,
    };
    let mapped = |instance: &Instance| replaced(instance, secret);
    Ok(ExportContext {
        source: known.source.iter().map(|s| s.as_ref().map(mapped)).collect(),
        computed: known.computed.iter().map(|(k, images)| (*k, images.iter().map(mapped).collect())).collect(),
        reader: reader_code.to_owned(),
        reading_id: secret.uid(&known.reading_id),
        date: earlier(&known.date, moved).ok_or_else(|| ExportError::Unwritable("the date is none".to_owned()))?,
        time: known.time.clone(),
        software_version: known.software_version.clone(),
        quality_notes: known.quality_notes.clone(),
        filing: Filing::Campaign(Box::new(identity)),
    })
}

/// An image, known by what its place and its replaced UIDs are, and by nothing else.
fn replaced(instance: &Instance, secret: &CampaignSecret) -> Instance {
    Instance {
        sop_class_uid: instance.sop_class_uid.clone(),
        sop_instance_uid: secret.uid(&instance.sop_instance_uid),
        transfer_syntax_uid: String::new(),
        image_type: Vec::new(),
        instance_number: None,
        patient: PatientModule::default(),
        study: StudyModule { instance_uid: secret.uid(&instance.study.instance_uid), ..StudyModule::default() },
        series: SeriesModule {
            instance_uid: secret.uid(&instance.series.instance_uid),
            frame_of_reference_uid: instance.series.frame_of_reference_uid.as_deref().map(|uid| secret.uid(uid)),
            ..SeriesModule::default()
        },
        acquisition: Acquisition::default(),
        plane: instance.plane.clone(),
        pixels: instance.pixels.clone(),
        windows: Vec::new(),
        frames: Vec::new(),
        lossy: instance.lossy.as_ref().map(|lossy| LossyCompression {
            ratios: lossy.ratios.clone(),
            // One for each step: without one of them the others say too little.
            methods: if lossy.methods.iter().all(|m| is_lossy_method(m)) { lossy.methods.clone() } else { Vec::new() },
        }),
        frame_number: instance.frame_number,
    }
}

/// Whether a text is a defined term of Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1); anything else may say who or where.
pub(super) fn is_lossy_method(text: &str) -> bool {
    const TERMS: [&str; 9] = [
        "ISO_10918_1",
        "ISO_14495_1",
        "ISO_15444_1",
        "ISO_15444_2",
        "ISO_15444_15",
        "ISO_18181_1",
        "ISO_13818_2",
        "ISO_14496_10",
        "ISO_23008_2",
    ];
    TERMS.contains(&text)
}

/// Patient, study and trial modules (PS3.3 C.7.1.1, C.7.2.1, C.7.1.3), and how identity was removed (C.12.1.1.7, PS3.16 CID 7050).
pub(super) fn fill_identity(set: &mut DataSet, identity: &Pseudonymous, source: &Instance) {
    set.text(tags::PATIENT_NAME, &format!("{}^", identity.subject));
    set.text(tags::PATIENT_ID, &identity.subject);
    set.text(tags::PATIENT_BIRTH_DATE, "");
    set.text(tags::PATIENT_SEX, &identity.sex);
    set.text(tags::PATIENT_IDENTITY_REMOVED, "YES");
    let mut options = vec![BASIC_PROFILE, CLEAN_STRUCTURED_CONTENT, CLEAN_DESCRIPTORS, MODIFIED_DATES];
    if !identity.age.is_empty() {
        set.text(tags::PATIENT_AGE, &identity.age);
    }
    if !identity.age.is_empty() || !identity.sex.is_empty() {
        options.push(PATIENT_CHARACTERISTICS);
    }
    set.items(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, options.into_iter().map(DataSet::of_code).collect());
    set.text(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, "MODIFIED");

    set.text(tags::CLINICAL_TRIAL_SPONSOR_NAME, &identity.sponsor);
    set.text(tags::CLINICAL_TRIAL_PROTOCOL_ID, &identity.protocol);
    set.text(tags::CLINICAL_TRIAL_PROTOCOL_NAME, &identity.protocol_name);
    set.text(tags::CLINICAL_TRIAL_SITE_ID, &identity.site);
    set.text(tags::CLINICAL_TRIAL_SITE_NAME, "");
    set.text(tags::CLINICAL_TRIAL_SUBJECT_ID, &identity.subject);

    set.text(tags::STUDY_INSTANCE_UID, &source.study.instance_uid);
    set.text(tags::STUDY_DATE, &identity.study_date);
    set.text(tags::STUDY_TIME, "");
    set.text(tags::REFERRING_PHYSICIAN_NAME, "");
    set.text(tags::STUDY_ID, "");
    set.text(tags::ACCESSION_NUMBER, "");
}

impl Pseudonymous {
    /// What a bundle says of the patient.
    pub(super) fn subject(&self) -> Subject {
        Subject {
            sponsor: self.sponsor.clone(),
            protocol: self.protocol.clone(),
            protocol_name: self.protocol_name.clone(),
            site: self.site.clone(),
            subject: self.subject.clone(),
            sex: self.sex.clone(),
            age: self.age.clone(),
            study_date: self.study_date.clone(),
        }
    }
    /// Whether a text of an object could come from the source: it is one of its texts, or holds a longer one as a whole word. What the
    /// program or the site's configuration writes of every CT tells nothing of this one, even where the CT says the same.
    pub(super) fn betrays(&self, text: &str) -> bool {
        let text = plain(text);
        let of_campaign = [&self.sponsor, &self.protocol, &self.protocol_name, &self.site];
        if is_own(&text) || of_campaign.iter().any(|own| plain(own) == text) {
            return false;
        }
        self.source_texts.iter().any(|known| *known == text || (known.len() > 4 && holds_word(&text, known)))
    }
    /// Whether a text holds a UID of the source.
    pub(super) fn holds_source_uid(&self, text: &str) -> bool {
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).any(|word| self.source_uids.contains(word))
    }
    /// Whether a UID is one of the source.
    pub(super) fn is_source_uid(&self, uid: &str) -> bool {
        self.source_uids.contains(uid)
    }
}

/// Every text of patient, study and series that says who or where; a description in words of our own says nothing.
fn source_texts(source: &Instance) -> BTreeSet<String> {
    let Instance { patient, study, series, .. } = source;
    let names = [&patient.name, &study.referring_physician];
    let who = [&patient.id, &patient.id_issuer, &patient.birth_date, &study.date, &study.id, &study.accession_number];
    let parts = names.into_iter().flat_map(|name| name.split(['^', '=', ' ']));
    let who = names.into_iter().chain(who).map(String::as_str).chain(parts).map(plain);
    let own_words: BTreeSet<String> =
        own_texts().flat_map(|own| own.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let says = |text: &String| !text.split(' ').all(|word| own_words.contains(word));
    let described = [&study.description, &series.description].into_iter().map(|text| plain(text)).filter(says);
    who.chain(described).filter(|t| t.chars().count() > 2).collect()
}

/// Texts that the program writes whatever the CT is, besides the labels of segments.
const OWN_TEXTS: &[&str] = &[
    "Hilum",
    "Segmentation",
    "Measurements",
    "Structure set",
    "Segmentation of a chest CT",
    "Imported segmentation",
    "Codes of Hilum for concepts that no standard scheme has",
    "Segment",
    "Position",
    "Measurement",
];

/// Algorithms of the program.
const OWN_ALGORITHMS: &[&str] = &[
    "Hilum lungs by threshold and closing",
    "Hilum opacities by threshold and opening",
    "Hilum lung vessels by local contrast",
    "Hilum anterior chest wall on one slice",
    "Hilum dense spots in the heart",
    "Hilum region growing",
    "Hilum lesion by strokes",
    "Hilum competing regions",
    "Hilum threshold in an outline",
];

/// What a campaign is told of any other algorithm, besides a digest.
const MODEL: &str = "Model of the site";

/// How a segment came to be, as it may leave. A campaign knows the program's own algorithms by name. Others, the models of a site, are
/// named in its own words: they are told apart by a digest of these (of the name and of the parameters, parted by a line feed).
pub(super) fn told(origin: &Origin, audience: Audience) -> Origin {
    match origin {
        Origin::Proposed { algorithm, version, parameters, edited }
            if audience == Audience::Campaign && !is_coded(origin) =>
        {
            let digest = Sha256::digest(format!("{algorithm}\n{parameters}"));
            let version: String = version.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
            // Algorithm Version may not be empty (PS3.3 10.16).
            let version = if version.is_empty() { "0".to_owned() } else { version };
            Origin::Proposed {
                algorithm: MODEL.to_owned(),
                version,
                parameters: format!("sha256={}", hex(&digest)),
                edited: *edited,
            }
        }
        other => other.clone(),
    }
}

/// Whether an algorithm is one of the program's; any other is the model of a site, or of another program.
pub(super) fn is_own_algorithm(name: &str) -> bool {
    OWN_ALGORITHMS.contains(&name)
}

/// Whether how a segment came to be is told without words of the site.
pub(super) fn is_coded(origin: &Origin) -> bool {
    match origin {
        Origin::Proposed { algorithm, parameters, .. } if algorithm == MODEL => parameters
            .strip_prefix("sha256=")
            .is_some_and(|digest| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit())),
        Origin::Proposed { algorithm, .. } => is_own_algorithm(algorithm),
        Origin::Manual | Origin::Imported => true,
    }
}

/// Whether a [`plain`] text is one of the program's own as a whole, alone or with short numbers behind it ("Measurement 3").
fn is_own(text: &str) -> bool {
    let is_short = |word: &&str| word.len() <= 3 && word.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = text.split(' ').collect();
    let named = words.len() - words.iter().rev().take_while(|word| is_short(word)).count();
    let text = words[..named].join(" ");
    own_texts().any(|own| own == text)
}

/// All of the program's own, [`plain`].
fn own_texts() -> impl Iterator<Item = String> {
    let labels = SegmentMeaning::ALL.iter().map(|meaning| plain(&vocabulary_label(*meaning)));
    let texts = OWN_TEXTS.iter().chain(OWN_ALGORITHMS).copied().chain([MODEL]).chain(group_names());
    texts.map(plain).chain(labels)
}

fn source_uids(known: &ExportContext) -> BTreeSet<String> {
    let images = known.source.iter().flatten().chain(known.computed.values().flatten());
    let uids = images.flat_map(|i| {
        let named = [&i.sop_instance_uid, &i.study.instance_uid, &i.series.instance_uid];
        named.into_iter().chain(&i.series.frame_of_reference_uid)
    });
    uids.filter(|uid| !uid.is_empty()).cloned().collect()
}

/// Lower case, with single spaces for all that is neither letter nor digit.
fn plain(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn holds_word(text: &str, word: &str) -> bool {
    format!(" {text} ").contains(&format!(" {word} "))
}

/// Ten signs of Crockford's base 32 from fifty bits: no two of ten thousand patients share one, but once in ten million campaigns.
fn subject_code(digest: &[u8; 32]) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = digest.iter().take(8).fold(0u64, |n, b| n << 8 | u64::from(*b));
    (0..10).map(|n| char::from(SIGNS[(bits >> (5 * n) & 31) as usize])).collect()
}

/// One to ten years, the same for all that is written of one patient: what lies between two dates stays.
fn moved_days(digest: &[u8; 32]) -> u64 {
    let number = digest.iter().take(8).fold(0u64, |n, b| n << 8 | u64::from(*b));
    365 + number % 3287
}

fn day(date: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(date.trim(), "%Y%m%d").ok()
}

fn earlier(date: &str, days: u64) -> Option<String> {
    Some(day(date)?.checked_sub_days(Days::new(days))?.format("%Y%m%d").to_string())
}

/// The first year of the decade of an age, as an Age String; all from ninety on are one.
fn age_decade(birth: &str, at: &str) -> Option<String> {
    let years = day(at)?.years_since(day(birth)?)?;
    Some(format!("{:03}Y", (years / 10 * 10).min(90)))
}

const BASIC_PROFILE: CodedConcept = code("113100", "DCM", "Basic Application Confidentiality Profile");
const CLEAN_STRUCTURED_CONTENT: CodedConcept = code("113104", "DCM", "Clean Structured Content Option");
const CLEAN_DESCRIPTORS: CodedConcept = code("113105", "DCM", "Clean Descriptors Option");
const MODIFIED_DATES: CodedConcept =
    code("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option");
const PATIENT_CHARACTERISTICS: CodedConcept = code("113108", "DCM", "Retain Patient Characteristics Option");

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> CampaignSecret {
        CampaignSecret::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn replacements_follow_the_secret_and_the_value_alone() {
        let other = CampaignSecret::new("0123456789abcdef0123456789abcdeX").unwrap();
        let uid = secret().uid("1.2.3");
        assert_eq!(uid, secret().uid("1.2.3"));
        assert!(uid.starts_with("2.25.") && uid.len() <= 44);
        assert_ne!(uid, other.uid("1.2.3"));
        assert_ne!(uid, secret().uid("1.2.4"));
        assert_eq!(CampaignSecret::new("short"), None);
        assert_eq!(format!("{:?}", secret()), "CampaignSecret(…)");
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        // RFC 4231 test case 2.
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(digest[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }

    #[test]
    fn dates_keep_their_distance() {
        let days = moved_days(&secret().digest("dates", "patient"));
        assert!((365..365 + 3287).contains(&days));
        let [first, second] = ["20200301", "20200331"].map(|d| day(&earlier(d, days).unwrap()).unwrap());
        assert_eq!((second - first).num_days(), 30);
        assert_eq!(earlier("", days), None);
        assert_eq!(earlier("2020-03", days), None);
    }

    #[test]
    fn ages_are_told_by_decades() {
        assert_eq!(age_decade("19500615", "20200614").as_deref(), Some("060Y"));
        assert_eq!(age_decade("19500615", "20200615").as_deref(), Some("070Y"));
        assert_eq!(age_decade("19190101", "20200615").as_deref(), Some("090Y"));
        assert_eq!(age_decade("20210101", "20200615"), None);
        assert_eq!(age_decade("", "20200615"), None);
    }

    #[test]
    fn a_reader_is_a_code() {
        assert!(is_reader_code("R07") && is_reader_code("site-2_b"));
        assert!(
            !is_reader_code("")
                && !is_reader_code("Zoé")
                && !is_reader_code("A B")
                && !is_reader_code("abcdefghijklmnopq")
        );
    }
}
