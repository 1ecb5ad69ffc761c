//! A tab without a browser: a session on a small CT, its files in memory, and an origin's storage that can be full, refused or in
//! another tab's hands.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses what it needs, and may stop")]

pub(crate) mod outbox;

use super::files::{Bytes, Kept};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use hilum::analysis::{Part, Proposal, Structure};
use hilum::annotation::{Answer, Document, Layer, Measurement, Segment, SegmentMeaning, snapshot_entry};
use hilum::export::Outbound;
use hilum::geometry::PanePoint;
use hilum::jobs::{FileFacts, FileId, Job, JobError, JobEvent, JobFacts, JobInput, JobOutput, Payload, run};
use hilum::session::words::Lang;
use hilum::session::{
    Action, AutosaveView, CaseDigest, Command, Effect, FoundRecords, KeepError, KeepNews, KeepRequest, PaneId,
    PaneSize, ParcelId, ParcelName, PointerButton, PointerInput, PointerPhase, Session, Update,
};
use hilum::volume::PackedLabels;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Columns, rows and slices of the small CT.
pub(crate) const SIZE: [usize; 3] = [24, 20, 10];

/// What all tabs of an origin share.
#[derive(Default)]
pub(crate) struct Origin {
    /// Records by CT, not encrypted.
    pub(crate) records: BTreeMap<CaseDigest, Vec<Vec<u8>>>,
    /// What waits to be sent, by what it lies under, not encrypted.
    pub(crate) parcels: BTreeMap<String, Vec<u8>>,
    /// Which tab has the outbox.
    pub(crate) outbox_keeper: Option<u32>,
    /// Which tab keeps a CT's reading.
    pub(crate) keepers: BTreeMap<CaseDigest, u32>,
    /// What every write is answered with.
    pub(crate) failing: Option<KeepError>,
    /// Bytes written.
    pub(crate) written: usize,
}

/// A tab.
pub(crate) struct Tab {
    pub(crate) session: Session,
    pub(crate) origin: Rc<RefCell<Origin>>,
    number: u32,
    pub(crate) files: BTreeMap<FileId, Vec<u8>>,
    /// A proposal's job ends like this instead.
    pub(crate) worker: Result<u8, JobError>,
    /// Of what is opened no more than the first slice arrives.
    pub(crate) stalled: bool,
    /// A proposal finds no opacity.
    pub(crate) finds_none: bool,
    /// What the opacities of a proposal are.
    pub(crate) proposes: SegmentMeaning,
    /// Writes are answered when told to, not at once.
    pub(crate) slow: bool,
    unanswered: Vec<Command>,
    /// Jobs are done when told to, not at once.
    pub(crate) slow_worker: bool,
    pub(crate) undone: Vec<Command>,
    /// Requests to be asked again later.
    pub(crate) later: Vec<CaseDigest>,
    pub(crate) now: String,
    /// What was sent and not answered.
    pub(crate) sent: Vec<(ParcelId, Outbound)>,
    /// How long each upload may be without an answer, ms.
    pub(crate) patience_ms: Vec<u32>,
    /// Parcels whose upload was given up.
    pub(crate) stopped: Vec<ParcelId>,
    /// Parcels to be sent again, after so many ms and so many failures.
    pub(crate) due: Vec<(ParcelId, u32, u32)>,
    /// Names of what was downloaded, with its bytes.
    pub(crate) downloads: Vec<(String, Vec<u8>)>,
    /// Measurements whose words the reader was asked for.
    pub(crate) asked_words: Vec<u16>,
}

/// What a parcel lies under.
fn name_of(parcel: &ParcelName) -> String {
    match parcel {
        ParcelName::Asked(digest) => format!("{digest:?}"),
        ParcelName::Found(name) => name.clone(),
    }
}

impl Drop for Tab {
    /// A tab that closes has the outbox no more.
    fn drop(&mut self) {
        let keeper = &mut self.origin.borrow_mut().outbox_keeper;
        *keeper = keeper.filter(|tab| *tab != self.number);
    }
}

/// Everything a document says.
pub(crate) type Said =
    (Vec<u8>, Vec<u8>, Vec<Segment>, Vec<(u64, Option<f64>)>, Vec<Measurement>, BTreeMap<u16, Answer>);

pub(crate) fn said(document: &Document) -> Said {
    (
        document.layer(Layer::Anatomy).to_vec(),
        document.layer(Layer::Findings).to_vec(),
        document.segments().to_vec(),
        (0..=255).map(|n| (document.voxel_count(n), document.mean_hu(n))).collect(),
        document.measurements().to_vec(),
        document.answers().clone(),
    )
}

impl Tab {
    pub(crate) fn open(origin: &Rc<RefCell<Origin>>, number: u32) -> Self {
        let mut tab = Self {
            session: Session::new(Lang::En, String::new()),
            origin: origin.clone(),
            number,
            files: BTreeMap::new(),
            worker: Ok(0),
            stalled: false,
            finds_none: false,
            proposes: SegmentMeaning::GroundGlass,
            slow: false,
            unanswered: Vec::new(),
            slow_worker: false,
            undone: Vec::new(),
            later: Vec::new(),
            now: "20261123101500".to_owned(),
            sent: Vec::new(),
            patience_ms: Vec::new(),
            stopped: Vec::new(),
            due: Vec::new(),
            downloads: Vec::new(),
            asked_words: Vec::new(),
        };
        let size = |left, top| PaneSize { left, top, width: 100.0, height: 100.0 };
        tab.does(Command::Resize([size(0.0, 0.0), size(100.0, 0.0), size(0.0, 100.0), size(100.0, 100.0)], 1.0));
        tab
    }

    /// The tab is killed; another opens the same files.
    pub(crate) fn killed(self, files: &[Vec<u8>]) -> Self {
        self.origin.borrow_mut().keepers.retain(|_, tab| *tab != self.number);
        let mut next = Self::open(&self.origin, self.number);
        next.opens(files);
        next
    }

    pub(crate) fn does(&mut self, command: Command) {
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            let Update { effects, .. } = self.session.update(command, &self.now);
            for effect in effects {
                match effect {
                    Effect::RunJob(request) => {
                        let files = request.files.iter().map(|f| Box::new(Bytes(self.files[f].clone())) as Box<_>);
                        let mut input = JobInput { files: files.collect(), ..JobInput::default() };
                        let part = |n| self.session.voxel_part(&request.voxels, n);
                        (0..).map_while(part).for_each(|part| input.add(part));
                        let mut kept = Kept::default();
                        let result = match request.job {
                            Job::ProposeLungs { .. } | Job::ProposeLesions { .. } => self.proposal(),
                            job => run(&job, input, &mut kept),
                        };
                        let done = Command::Job(JobEvent::Done(request.id, result));
                        if self.slow_worker {
                            self.undone.push(done);
                        } else {
                            commands.push(done);
                        }
                        let parts = kept.0.into_iter().map(|part| Command::Job(JobEvent::Part(request.id, part)));
                        commands.extend(parts);
                    }
                    Effect::AwaitImage if self.stalled => {}
                    Effect::AwaitImage => commands.push(Command::ReadOn),
                    Effect::Download { file_name, bytes, .. } => self.downloads.push((file_name, bytes)),
                    Effect::Upload(parcel, outbound, patience_ms) => {
                        self.sent.push((parcel, *outbound));
                        self.patience_ms.push(patience_ms);
                    }
                    Effect::StopUpload(parcel) => self.stopped.push(parcel),
                    Effect::AskWords(number) => self.asked_words.push(number),
                    Effect::SendLater(parcel, ms, tries) => self.due.push((parcel, ms, tries)),
                    Effect::Keep(KeepRequest::Later(case)) => self.later.push(case),
                    Effect::Keep(KeepRequest::DropParcel(name)) => {
                        self.origin.borrow_mut().parcels.remove(&name_of(&name));
                    }
                    Effect::Keep(request) => {
                        let news = Command::Keeping(self.kept(request));
                        if self.slow { self.unanswered.push(news) } else { commands.push(news) }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Answers to what was asked of a slow storage.
    pub(crate) fn storage_answers(&mut self) {
        for news in std::mem::take(&mut self.unanswered) {
            self.does(news);
        }
    }

    /// The tab that had the outbox has closed.
    pub(crate) fn outbox_comes(&mut self) {
        let news = self.kept(KeepRequest::FindParcels);
        self.does(Command::Keeping(news));
    }

    /// Jobs of a slow worker are done.
    pub(crate) fn worker_answers(&mut self) {
        self.slow_worker = false;
        for done in std::mem::take(&mut self.undone) {
            self.does(done);
        }
    }

    /// Time passes.
    pub(crate) fn waits(&mut self) {
        for case in std::mem::take(&mut self.later) {
            self.does(Command::Keeping(KeepNews::Again(case)));
        }
    }

    fn kept(&mut self, request: KeepRequest) -> KeepNews {
        let mut origin = self.origin.borrow_mut();
        let failing = origin.failing.clone();
        match request {
            KeepRequest::LookUp { case, take_over } => {
                if let Some(KeepError::Denied(why)) = failing {
                    return KeepNews::Found(case, Err(KeepError::Denied(why)));
                }
                let keeper = *origin.keepers.entry(case).or_insert(self.number);
                if keeper != self.number && !take_over {
                    return KeepNews::Found(case, Err(KeepError::OtherTab));
                }
                origin.keepers.insert(case, self.number);
                let records = origin.records.get(&case).cloned().unwrap_or_default();
                KeepNews::Found(case, Ok(FoundRecords { records, cut_short: false }))
            }
            KeepRequest::Write { case, replace, bytes } => {
                let result = match failing {
                    _ if origin.keepers.get(&case) != Some(&self.number) => Err(KeepError::OtherTab),
                    Some(error) => Err(error),
                    None => {
                        origin.written += bytes.len();
                        let records = origin.records.entry(case).or_default();
                        if replace {
                            records.clear();
                        }
                        records.push(bytes);
                        Ok(())
                    }
                };
                KeepNews::Written(case, result)
            }
            KeepRequest::ClearAll => {
                origin.records.clear();
                KeepNews::Cleared(Ok(()))
            }
            KeepRequest::PutParcel { parcel, bytes, instead_of } => {
                let result = failing.map_or(Ok(()), Err);
                if result.is_ok() {
                    let name = name_of(&ParcelName::Asked(parcel));
                    let older = instead_of.iter().map(name_of).filter(|older| *older != name);
                    older.for_each(|older| drop(origin.parcels.remove(&older)));
                    origin.parcels.insert(name, bytes);
                }
                KeepNews::ParcelWritten(parcel, result)
            }
            KeepRequest::FindParcels => {
                let is_mine = *origin.outbox_keeper.get_or_insert(self.number) == self.number;
                let found = origin.parcels.iter().filter(|_| is_mine);
                KeepNews::Parcels(found.map(|(name, bytes)| (name.clone(), bytes.clone())).collect())
            }
            KeepRequest::Later(_) | KeepRequest::DropParcel(_) => unreachable!("taken before"),
        }
    }

    /// What an algorithm might propose: a lung and an opacity in it, elsewhere each time.
    fn proposal(&mut self) -> Result<JobOutput, JobError> {
        let seed = self.worker.clone()?;
        self.worker = Ok(seed.wrapping_add(1));
        let voxels: usize = SIZE.iter().product();
        let label = |n: usize| match (n * 7 + usize::from(seed)) % 23 {
            0..4 => 1,
            4 if !self.finds_none => 2,
            _ => 0,
        };
        let labels: Vec<u8> = (0..voxels).map(label).collect();
        let count = |l| labels.iter().filter(|label| **label == l).count() as u64;
        let place = SegmentMeaning::ALL.iter().position(|m| *m == self.proposes).unwrap();
        let parts = vec![
            Part { structure: Structure::RightLung, label: 1, voxels: count(1) },
            Part { structure: Structure::Named(place as u8), label: 2, voxels: count(2) },
        ];
        let proposal = Proposal {
            algorithm: "none".to_owned(),
            parameters: format!("seed={seed}"),
            parts,
            flags: Vec::new(),
            labels: Vec::new(),
        };
        Ok(JobOutput {
            facts: JobFacts::Proposal(proposal),
            payloads: vec![Payload::Labels(PackedLabels::of(&labels))],
        })
    }

    pub(crate) fn opens(&mut self, files: &[Vec<u8>]) {
        self.opens_named("file", files);
    }

    pub(crate) fn opens_named(&mut self, name: &str, files: &[Vec<u8>]) {
        let facts = files.iter().map(|bytes| {
            let id = FileId(self.files.len() as u32);
            let facts = FileFacts { id, name: format!("{name}-{}", id.0), size: bytes.len() as u64 };
            self.files.insert(id, bytes.clone());
            facts
        });
        let facts = facts.collect();
        self.does(Command::OpenFiles(facts));
    }

    /// A model is chosen.
    pub(crate) fn runs_model(&mut self, bytes: &[u8]) {
        let id = FileId(self.files.len() as u32);
        self.files.insert(id, bytes.to_vec());
        let facts = FileFacts { id, name: "model.onnx".to_owned(), size: bytes.len() as u64 };
        self.does(Command::RunModel(vec![facts]));
    }

    /// Tables of the first (0) or second (1) reader are chosen.
    pub(crate) fn reads(&mut self, reader: usize, tables: &[Vec<u8>]) {
        let held = tables.iter().map(|bytes| {
            let id = FileId(self.files.len() as u32);
            self.files.insert(id, bytes.clone());
            FileFacts { id, name: format!("table-{}", id.0), size: bytes.len() as u64 }
        });
        let facts = held.collect();
        self.does(Command::OpenReadings(reader, facts));
    }

    pub(crate) fn acts(&mut self, action: Action) {
        self.does(Command::Do(action));
    }

    pub(crate) fn pointer(&mut self, pane: PaneId, phase: PointerPhase, x: f64, y: f64) {
        let at = PanePoint::new(x, y);
        let input = PointerInput { pane, phase, at, button: PointerButton::Primary, shift: false, ctrl: false };
        self.does(Command::Pointer(input));
    }

    pub(crate) fn drags(&mut self, pane: PaneId, path: &[(f64, f64)]) {
        self.pointer(pane, PointerPhase::Down, path[0].0, path[0].1);
        for (x, y) in path {
            self.pointer(pane, PointerPhase::Move, *x, *y);
        }
        self.pointer(pane, PointerPhase::Up, path[0].0, path[0].1);
    }

    pub(crate) fn autosave(&self) -> AutosaveView {
        self.session.view_model().autosave
    }

    pub(crate) fn said(&self) -> Said {
        said(&self.session.case().unwrap().document)
    }

    /// Document and history, undo and redo included, as bytes.
    pub(crate) fn state(&self) -> Vec<u8> {
        let case = self.session.case().unwrap();
        snapshot_entry(&case.document, &case.history, "").unwrap()
    }

    /// The records of the only CT there is.
    pub(crate) fn records(&self) -> Vec<Vec<u8>> {
        self.origin.borrow().records.values().next().cloned().unwrap_or_default()
    }
}

/// HU that look like noise: no run of bytes comes twice.
pub(crate) fn noise(seed: u32) -> Vec<Vec<i16>> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 20) as i16 - 1024
    };
    (0..SIZE[2]).map(|_| (0..SIZE[0] * SIZE[1]).map(|_| next()).collect()).collect()
}

/// The small CT as DICOM files; `uid` begins all its UIDs.
pub(crate) fn ct(uid: &str, slices: &[Vec<i16>]) -> Vec<Vec<u8>> {
    slices.iter().enumerate().map(|(k, hu)| file(uid, k, hu)).collect()
}

fn file(uid: &str, k: usize, hu: &[i16]) -> Vec<u8> {
    let mut o = InMemDicomObject::new_empty();
    let instance = format!("{uid}.3.{}", k + 1);
    let mut put = |tag: Tag, vr: VR, value: &str| {
        o.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    };
    put(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL");
    put(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE);
    put(tags::SOP_INSTANCE_UID, VR::UI, &instance);
    put(tags::STUDY_DATE, VR::DA, "20260105");
    put(tags::STUDY_TIME, VR::TM, "080000");
    put(tags::ACCESSION_NUMBER, VR::SH, "ACC-77");
    put(tags::MODALITY, VR::CS, "CT");
    put(tags::PATIENT_NAME, VR::PN, "SECRET^NAME");
    put(tags::PATIENT_ID, VR::LO, "SECRET-ID");
    put(tags::ISSUER_OF_PATIENT_ID, VR::LO, "SECRET-ISSUER");
    put(tags::PATIENT_BIRTH_DATE, VR::DA, "19501231");
    put(tags::PATIENT_SEX, VR::CS, "O");
    put(tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
    put(tags::STUDY_ID, VR::SH, "1");
    put(tags::STUDY_INSTANCE_UID, VR::UI, &format!("{uid}.1"));
    put(tags::SERIES_INSTANCE_UID, VR::UI, &format!("{uid}.2"));
    put(tags::SERIES_NUMBER, VR::IS, "2");
    put(tags::SERIES_DESCRIPTION, VR::LO, "SECRET THORAX");
    put(tags::STUDY_DESCRIPTION, VR::LO, "SECRET STUDY");
    put(tags::INSTANCE_NUMBER, VR::IS, &(k + 1).to_string());
    put(tags::IMAGE_POSITION_PATIENT, VR::DS, &format!("-12\\-10\\{}", k * 2));
    put(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0");
    put(tags::FRAME_OF_REFERENCE_UID, VR::UI, &format!("{uid}.4"));
    put(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    put(tags::PIXEL_SPACING, VR::DS, "1\\1");
    put(tags::RESCALE_INTERCEPT, VR::DS, "0");
    put(tags::RESCALE_SLOPE, VR::DS, "1");
    put(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
    put(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, "8.5");
    put(tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, "ISO_10918_1");
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, SIZE[1] as u16),
        (tags::COLUMNS, SIZE[0] as u16),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 16),
        (tags::HIGH_BIT, 15),
        (tags::PIXEL_REPRESENTATION, 1),
    ] {
        o.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let stored: Vec<u16> = hu.iter().map(|hu| *hu as u16).collect();
    o.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(stored.into())));
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
        .media_storage_sop_instance_uid(&instance)
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let mut bytes = Vec::new();
    o.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}
