//! The portable form of a reading: a few files, named and hashed by a manifest, that find their CT again by UIDs and by the voxels'
//! own digest. What the files are is `docs/bundle.md`; how they leave is the matter of `export`, how they come in that of `import`.

use super::{Answer, Author, Document, Edit, Layer, Measurement, Segment};
use crate::geometry::{Grid, PatientPoint, PatientVector};
use crate::volume::{CtVolume, LabelDelta};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Value of `format` in the manifest.
const FORMAT: &str = "hilum-bundle";
/// Goes up with every change of the form; newer ones are refused.
const VERSION: u8 = 1;
/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";
const READING: &str = "reading.json";
/// Labels by layer.
const LABELS: [&str; 2] = ["anatomy.runs", "findings.runs"];
/// Name of the list of everything a bundle carries, with the reason why.
pub const AUDIT: &str = "audit.csv";
/// Names of all files, in their order.
pub const BUNDLE_FILES: [&str; 5] = [MANIFEST, AUDIT, READING, LABELS[0], LABELS[1]];

/// Why a bundle was not taken in. Holds no patient attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A file is absent.
    #[error("{name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A file is not the one that the manifest names: changed on the way, or damaged.
    #[error("{name} is not what its manifest says (SHA-256)")]
    Changed {
        /// Its name.
        name: &'static str,
    },
    /// A file says nothing that can be read.
    #[error("{name} cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// It was written by a newer version.
    #[error("it was written by a newer version")]
    Newer,
}

/// A reading and what it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// What it is and what it belongs to; its list of files is made when it is written.
    pub manifest: Manifest,
    /// What was marked, without voxels.
    pub reading: Reading,
    /// What makes the label map of each layer of an empty one.
    pub labels: [LabelDelta; 2],
}

/// `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `hilum-bundle`.
    pub format: String,
    /// Of the form.
    pub version: u8,
    /// `hospital` or `campaign`.
    pub audience: String,
    /// Program and version.
    pub software: String,
    /// When it was made, `YYYYMMDD`; moved by years for a campaign.
    pub date: String,
    /// `HHMMSS`.
    pub time: String,
    /// Who read: a name, or a code.
    pub reader: String,
    /// Names the reading: the same in every bundle of it, and as in the tracking UIDs of its objects nobody else's.
    pub reading_uid: String,
    /// What a campaign knows of the patient; `None` for a hospital.
    pub subject: Option<Subject>,
    /// The CT.
    pub ct: CtIdentity,
    /// What is odd about its geometry.
    pub remarks: Vec<String>,
    /// The other files.
    pub files: Vec<FileEntry>,
}

/// What stands in the place of the patient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Clinical Trial Sponsor Name.
    pub sponsor: String,
    /// Clinical Trial Protocol ID.
    pub protocol: String,
    /// Clinical Trial Protocol Name.
    pub protocol_name: String,
    /// Clinical Trial Site ID.
    pub site: String,
    /// The pseudonym.
    pub subject: String,
    /// Patient's Sex, if the protocol asks for it.
    pub sex: String,
    /// Decade of age (`060Y`), if the protocol asks for it.
    pub age: String,
    /// Study Date, moved by years.
    pub study_date: String,
}

/// What tells a CT from any other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CtIdentity {
    /// Study Instance UID; UIDs are replaced in a campaign, and empty where the CT came without.
    pub study_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// Frame of Reference UID.
    pub frame_of_reference_uid: String,
    /// Columns, rows, slices.
    pub size: [u32; 3],
    /// Centre of voxel (0, 0, 0), LPS mm.
    pub origin: [f64; 3],
    /// Displacement for a step in i, j, k, mm.
    pub steps: [[f64; 3]; 3],
    /// SHA-256 of the HU of about eight rows of each slice, in hexadecimal digits.
    pub content_sha256: String,
    /// The images of each slice: SOP Instance UID, with `#` and the frame number of a multi-frame object; none where a slice is
    /// missing, two where it was computed.
    pub images: Vec<Vec<String>>,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// `reading.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Segments, by number.
    pub segments: Vec<Segment>,
    /// Measurements, by number.
    pub measurements: Vec<Measurement>,
    /// Answers of the form, by the number of their field.
    pub answers: BTreeMap<u16, Answer>,
    /// Whose hands it went through; the last is who made this bundle.
    pub authors: Vec<Author>,
}

impl Manifest {
    /// An empty one of this version.
    pub fn current() -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, ..Self::default() }
    }
}

impl CtIdentity {
    /// The grid; `None` if it is none.
    pub fn grid(&self) -> Option<Grid> {
        let [x, y, z] = self.origin;
        let steps = self.steps.map(|[x, y, z]| PatientVector::new(x, y, z));
        Grid::new(self.size.map(|n| n as usize), PatientPoint::new(x, y, z), steps)
    }
}

impl Bundle {
    /// Its files but the list of what it carries, which is `audit`; the manifest first, with the hashes of the others.
    ///
    /// # Errors
    /// [`BundleError::Unreadable`] for what cannot be written, which is nothing that a document holds.
    pub fn files(&self, audit: Vec<u8>) -> Result<Vec<(&'static str, Vec<u8>)>, BundleError> {
        let refused = |name| move |e: serde_json::Error| BundleError::Unreadable { name, reason: e.to_string() };
        let mut files = vec![(AUDIT, audit)];
        files.push((READING, serde_json::to_vec_pretty(&self.reading).map_err(refused(READING))?));
        for (name, labels) in LABELS.into_iter().zip(&self.labels) {
            let bytes = postcard::to_allocvec(labels);
            files.push((name, bytes.map_err(|e| BundleError::Unreadable { name, reason: e.to_string() })?));
        }
        let entry = |(name, bytes): &(&str, Vec<u8>)| FileEntry {
            name: (*name).to_owned(),
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        };
        let named = Manifest { files: files.iter().map(entry).collect(), ..self.manifest.clone() };
        files.insert(0, (MANIFEST, serde_json::to_vec_pretty(&named).map_err(refused(MANIFEST))?));
        Ok(files)
    }

    /// Reads the files of a bundle, by name. Others beside them are passed over.
    ///
    /// # Errors
    /// See [`BundleError`].
    pub fn read(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, BundleError> {
        let get = |name: &'static str| files.get(name).map(Vec::as_slice).ok_or(BundleError::Missing { name });
        /// What every version has.
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u8,
        }
        let unreadable = |name| move |e: serde_json::Error| BundleError::Unreadable { name, reason: e.to_string() };
        let head: Head = serde_json::from_slice(get(MANIFEST)?).map_err(unreadable(MANIFEST))?;
        if head.format != FORMAT {
            return Err(BundleError::Unreadable { name: MANIFEST, reason: "another format".to_owned() });
        }
        if head.version > VERSION {
            return Err(BundleError::Newer);
        }
        let manifest: Manifest = serde_json::from_slice(get(MANIFEST)?).map_err(unreadable(MANIFEST))?;
        for name in BUNDLE_FILES.into_iter().skip(1) {
            let bytes = get(name)?;
            let entry = manifest.files.iter().find(|f| f.name == name);
            let is_it = |f: &FileEntry| f.bytes == bytes.len() as u64 && f.sha256 == hex(&Sha256::digest(bytes));
            if !entry.is_some_and(is_it) {
                return Err(BundleError::Changed { name });
            }
        }
        let reading: Reading = serde_json::from_slice(get(READING)?).map_err(unreadable(READING))?;
        let runs = |name| {
            let read = postcard::from_bytes::<LabelDelta>(get(name)?);
            read.map_err(|e| BundleError::Unreadable { name, reason: e.to_string() })
        };
        let bundle = Self { manifest, reading, labels: [runs(LABELS[0])?, runs(LABELS[1])?] };
        bundle.check()?;
        Ok(bundle)
    }

    /// That its parts fit each other.
    fn check(&self) -> Result<(), BundleError> {
        let wrong = |name, reason: &str| Err(BundleError::Unreadable { name, reason: reason.to_owned() });
        let Some(grid) = self.manifest.ct.grid() else { return wrong(MANIFEST, "its CT has no grid") };
        if self.manifest.ct.images.len() != grid.size()[2] {
            return wrong(MANIFEST, "another number of slices than its grid");
        }
        let Reading { segments, measurements, answers, .. } = &self.reading;
        let ascend = segments.windows(2).all(|w| w[0].number < w[1].number)
            && measurements.windows(2).all(|w| w[0].number < w[1].number);
        if !ascend || segments.iter().any(|s| s.number == 0) {
            return wrong(READING, "numbers come twice");
        }
        if segments.iter().any(|s| s.layer != s.meaning.layer()) {
            return wrong(READING, "a segment on the layer of another kind");
        }
        if !measurements.iter().all(Measurement::is_sound) || !answers.values().all(Answer::is_sound) {
            return wrong(READING, "a measurement or answer that is none");
        }
        for (layer, (name, delta)) in Layer::ALL.into_iter().zip(LABELS.into_iter().zip(&self.labels)) {
            let known = |label: u8| segments.iter().any(|s| s.number == label && s.layer == layer);
            let end = delta.runs().last().map_or(0, |r| u64::from(r.start) + u64::from(r.len));
            if end > grid.voxel_count() as u64 || delta.runs().iter().any(|r| !known(r.xor)) {
                return wrong(name, "voxels outside the grid, or of no segment");
            }
        }
        Ok(())
    }

    /// The document that it is, on a CT with its grid.
    ///
    /// # Errors
    /// [`BundleError::Unreadable`] where it cannot be one: too little memory.
    pub fn document(&self, grid: Grid, volume: &CtVolume) -> Result<Document, BundleError> {
        let refused = |reason: &str| BundleError::Unreadable { name: READING, reason: reason.to_owned() };
        let mut document = Document::empty(grid).ok_or_else(|| refused("not enough memory"))?;
        for edit in self.edits() {
            document.apply(&edit, volume).map_err(|e| refused(&e.to_string()))?;
        }
        Ok(document)
    }

    /// The edits that make it of an empty document.
    fn edits(&self) -> Vec<Edit> {
        let Reading { segments, measurements, answers, authors } = &self.reading;
        let voxels = Layer::ALL.into_iter().zip(&self.labels);
        let voxels = voxels.map(|(layer, delta)| Edit::Voxels { layer, delta: delta.clone() });
        let born = |s: &Segment| Edit::Segment { number: s.number, before: None, after: Some(s.clone()) };
        let drawn = |m: &Measurement| Edit::Measurement { number: m.number, before: None, after: Some(m.clone()) };
        let answered = |(f, a): (&u16, &Answer)| Edit::Answer { field: *f, before: None, after: Some(a.clone()) };
        let author = |(n, a): (u16, &Author)| Edit::Author { number: n, before: None, after: Some(a.clone()) };
        let others = segments.iter().map(born).chain(measurements.iter().map(drawn));
        voxels.chain(others).chain(answers.iter().map(answered)).chain((0..).zip(authors).map(author)).collect()
    }
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
