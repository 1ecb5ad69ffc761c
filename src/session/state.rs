//! Everything the page knows, held together.

use super::blinding::Blinding;
use super::cine::Cine;
use super::command::{LedgerEntry, PaneId, PaneSize, Tool, VolumeStyle};
use super::contouring::ContourJoin;
use super::gesture::Gesture;
use super::handing_over::Written;
use super::layout::Layout;
use super::marking::BrushSettings;
use super::outbox::Outbox;
use super::piecewise::Piecewise;
use super::preflight::Preflight;
use super::prior::Prior;
use super::refining::RefineSettings;
use super::region::Region;
use super::region_voxels::VoxelNeeds;
use super::scan::Scan;
use super::sending::{Destinations, UploadState};
use super::transfer_editor::TransferEditor;
use super::turntable::Turntable;
use super::volume_view::CutKind;
use super::windowing::OwnWindow;
use super::words::Lang;
use crate::analysis::{Agreement, QualityFlag};
use crate::annotation::{Answer, Bundle, Document, History, Measured, Measurement};
use crate::dicom::{Instance, Series};
use crate::export::Audience;
use crate::geometry::{Grid, IndexBox, PatientPoint};
use crate::import::{
    Assembly, ImportError, Reduction, SliceSource, Stack, StackPlan, ValueReport, VolumeFile, load_order,
};
use crate::jobs::{FileId, Job, JobError, JobId, Priority};
use crate::report::{Profile, Quantity};
use crate::view::{Camera, Clip, Interpolation, PaneState, Slab, TransferFunction, VolumePreset, Window};
use crate::volume::CtVolume;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gpu {
    /// Not known yet.
    #[default]
    Probing,
    /// WebGPU, proved by drawing.
    WebGpu,
    /// WebGL2, proved by drawing.
    WebGl2,
    /// Neither: the CPU twins draw.
    Cpu,
}

/// A job to run and what it needs of the page.
#[derive(Clone, Debug)]
pub struct JobRequest {
    /// Its name.
    pub id: JobId,
    /// Lower runs first.
    pub priority: Priority,
    /// The work.
    pub job: Job,
    /// Files it reads.
    pub files: Vec<FileId>,
    /// Voxels it needs.
    pub voxels: VoxelNeeds,
}

/// What a running job is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Purpose {
    Scan(Vec<FileId>),
    Decode {
        sources: Vec<SliceSource>,
        /// Of the CT beside the open one.
        beside: bool,
    },
    InnerArchive(FileId),
    DecodeVolume {
        file: FileId,
    },
    ReadSegmentation(FileId),
    /// The files of a bundle.
    ReadBundle(FileId),
    /// The labels of a volume file, on the grid of the CT that was open; the spacing of its own.
    ReadLabels {
        file: FileId,
        grid: Box<Grid>,
        spacing_mm: [f64; 3],
    },
    Demonstration,
    /// Labels of these voxels are proposed.
    Proposal(super::words::Text, IndexBox),
    Region,
    /// The CT is compared with a prior one.
    Change,
    /// Two segments are compared, as they were at this revision of the history.
    Compare([u8; 2], u64),
    /// A table of a reader, of this name.
    Reading {
        reader: usize,
        name: String,
    },
    /// Files that are saved when they are written.
    Save(super::words::Text),
}

/// A file or series that was not opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The file's name, or the series' description.
    pub name: String,
    /// Why.
    pub reason: ProblemReason,
}

/// Why something was not opened.
#[derive(Clone, Debug, PartialEq)]
pub enum ProblemReason {
    /// A file.
    Job(JobError),
    /// A series.
    Import(ImportError),
    /// A segmentation that does not fit.
    Segmentation(String),
    /// A DICOMDIR lists files that were not found or not read.
    Absent {
        /// Files it lists.
        listed: usize,
        /// Those that are absent.
        absent: usize,
        /// The first of them.
        first: String,
    },
    /// A sentence.
    Text(super::words::Text),
}

/// The CT that is open, and what the reader marked on it.
#[derive(Debug)]
pub struct Case {
    /// The series.
    pub series: Series,
    /// Which of its stacks is shown.
    pub stack: usize,
    /// Which of its slices are shown, if it is too large to be shown whole.
    pub reduction: Option<Reduction>,
    /// How that became a volume.
    pub plan: StackPlan,
    /// Its voxels.
    pub volume: CtVolume,
    /// The reader's document.
    pub document: Document,
    /// Undo and redo.
    pub history: History,
    /// The segment that tools edit.
    pub active: Option<u8>,
    /// The pane that each segment was last marked in, as it was then; only what was marked since the CT was opened.
    pub(super) marked_in: BTreeMap<u8, PaneState>,
    /// Images still being decoded.
    pub(super) pending: usize,
    /// Slices that wait for the second of the two images they are made of.
    pub(super) assembly: Assembly,
    /// One slice to look at while headers are read; the CT takes its place.
    pub(super) is_preview: bool,
    /// Identifies this reading of this CT in what is exported.
    pub(super) reading_id: String,
    /// What the values of a volume file have turned out to be so far; `None` for DICOM.
    pub(super) values: Option<ValueReport>,
}

impl Case {
    /// Whether the CT came as DICOM: only then is there a study to file annotations in.
    pub fn is_dicom(&self) -> bool {
        self.values.is_none()
    }
    /// Whether no slice is on its way any more: marking may begin.
    pub fn is_settled(&self) -> bool {
        self.pending == 0 && !self.is_preview
    }
    /// Whether a slice that did not arrive is made of one of these images, named by SOP Instance UID.
    pub(super) fn lacks(&self, images: &[String]) -> bool {
        let missing = (0..self.plan.slices.len()).filter(|k| !images.is_empty() && !self.volume.is_loaded(*k));
        let sources = missing.flat_map(|k| self.plan.sources(k));
        let instances = sources.filter_map(|source| self.series.instances.get(source.instance));
        let unread: BTreeSet<&String> = instances.map(|i| &i.sop_instance_uid).collect();
        images.iter().any(|uid| unread.contains(uid))
    }
    /// Slices that have arrived, in the order they are wanted on screen.
    pub fn arrived(&self) -> Vec<usize> {
        let order = load_order(self.plan.slices.len(), self.plan.slices.len() / 2);
        order.into_iter().filter(|k| self.volume.is_loaded(*k)).collect()
    }
    /// Where its marks belong; `None` without slices.
    pub(super) fn mark_key(&self) -> Option<MarkKey> {
        let source = self.plan.slices.iter().flatten().next()?;
        let instance = self.series.instances.get(source.instance)?;
        Some((self.series.uid.clone(), instance.sop_instance_uid.clone(), source.frame, self.reduction))
    }
    /// The first image of the stack that is open: the others were made like it.
    pub(super) fn first_image(&self) -> Option<Instance> {
        let source = self.plan.slices.iter().flatten().next()?;
        self.series.instances.get(source.instance)?.of_frame(source.frame)
    }
    /// The image that is a slice; `None` where it is missing or was computed.
    pub fn image(&self, k: usize) -> Option<Instance> {
        let source = (*self.plan.slices.get(k)?)?;
        self.series.instances.get(source.instance)?.of_frame(source.frame)
    }
}

/// Where marks belong: Series Instance UID, SOP Instance UID and frame of a slice of the stack, and the part of it that was open.
pub(super) type MarkKey = (String, String, usize, Option<Reduction>);

/// Marks kept while another CT is open.
#[derive(Debug)]
pub(super) struct Shelved {
    pub(super) document: Document,
    pub(super) history: History,
    pub(super) active: Option<u8>,
    pub(super) marked_in: BTreeMap<u8, PaneState>,
    pub(super) reading_id: String,
}

/// How far the full 3D picture is, where the machine cannot draw it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refinement {
    None,
    /// A picture of this reduction is put together.
    Going(u32),
    /// The full picture is on screen; one of several rays for each px is put together.
    Converging,
    Done,
}

/// Progress of a named job.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Running {
    /// Its name.
    pub(super) title: super::words::Text,
    /// 0..=1.
    pub(super) fraction: f32,
}

/// The session: `update` takes a command and says what changed and what to do.
#[derive(Debug)]
pub struct Session {
    pub(super) lang: Lang,
    pub(super) gpu: Gpu,
    /// What the page does not tell.
    pub(super) blinding: Blinding,
    /// Where objects can be sent.
    pub(super) destinations: Destinations,
    /// Who reads: by name in the hospital, by code in a campaign.
    pub(super) readers: BTreeMap<Audience, String>,
    pub(super) series: Vec<Series>,
    /// The stacks of each series that holds CT images, by Series Instance UID.
    pub(super) stacks: BTreeMap<String, Vec<Stack>>,
    pub(super) file_of: BTreeMap<String, FileId>,
    /// The last other file of each, and its header: read if the first cannot be.
    pub(super) spares: BTreeMap<String, (FileId, Instance)>,
    /// SOP Instance UIDs that DICOMDIRs list, by Series Instance UID.
    pub(super) listed: BTreeMap<String, BTreeSet<String>>,
    pub(super) names: BTreeMap<FileId, String>,
    /// Opened files that are no DICOM, by what stands for their Series Instance UID: the header, and the file of the voxels.
    pub(super) volume_files: BTreeMap<String, (VolumeFile, FileId)>,
    /// Names of the archives that were unpacked; the names of their entries begin with them.
    pub(super) archives: BTreeSet<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) case: Option<Case>,
    /// A second CT beside it.
    pub(super) beside: Option<super::beside::Beside>,
    /// The pointer is in its half of the pane.
    pub(super) pointer_beside: bool,
    /// Voxels along an axis that the GPU holds.
    pub(super) longest_axis: Option<usize>,
    /// A CT too large to be opened whole waits for the reader's choice.
    pub(super) preflight: Option<Preflight>,
    /// Marks put aside.
    pub(super) shelved: BTreeMap<MarkKey, Shelved>,
    pub(super) jobs: BTreeMap<JobId, Purpose>,
    pub(super) next_job: u32,
    pub(super) scan: Scan,
    pub(super) running: BTreeMap<JobId, Running>,
    pub(super) panes: [PaneState; 3],
    /// What the open CT has of each pane.
    pub(super) sizes: [PaneSize; 4],
    /// The panes on the page.
    pub(super) page_sizes: [PaneSize; 4],
    pub(super) px_ratio: f64,
    pub(super) camera: Camera,
    pub(super) volume_revision: u64,
    /// Of the 3D picture with this revision.
    pub(super) refinement: (u64, Refinement),
    /// What the 3D picture would cost in full, ms; `None` until one was timed.
    pub(super) full_cast_ms: Option<f64>,
    pub(super) windows: [Window; 4],
    /// All panes share one window.
    pub(super) linked_window: bool,
    /// All planes share one zoom and pan.
    pub(super) linked_view: bool,
    pub(super) slab: Slab,
    /// Thickness that a slab begins with, mm.
    pub(super) slab_mm: f64,
    pub(super) inverted: bool,
    pub(super) interpolation: Interpolation,
    /// Compartments inside the lungs are coloured.
    pub(super) compartments: bool,
    pub(super) cine: Cine,
    pub(super) volume_style: VolumeStyle,
    /// What the reader made of presets.
    pub(super) transfers: BTreeMap<VolumePreset, TransferFunction>,
    pub(super) transfer_editor: Option<TransferEditor>,
    /// A point of the curve is being moved.
    pub(super) transfer_held: bool,
    /// A turn of the 3D picture that is being drawn.
    pub(super) turntable: Option<Turntable>,
    /// How many were begun.
    pub(super) turntables: u32,
    pub(super) turntable_frames: u32,
    /// Saved pictures say whose they are.
    pub(super) patient_text: bool,
    pub(super) own_windows: Vec<OwnWindow>,
    /// What the 3D picture leaves out.
    pub(super) clip: Clip,
    /// What is cut off at each face of the volume is shown.
    pub(super) clip_box: bool,
    pub(super) cut_kind: CutKind,
    pub(super) crosshair: PatientPoint,
    pub(super) pointer: Option<(PaneId, crate::geometry::PanePoint)>,
    pub(super) maximised: Option<PaneId>,
    pub(super) layout: Layout,
    /// The pane the layout was made about.
    pub(super) main: PaneId,
    /// The pane last pressed.
    pub(super) active: PaneId,
    /// The smaller side of each pane when it was last on screen, CSS px.
    pub(super) shown_px: [f64; 4],
    pub(super) tool: Tool,
    /// The active segment is shown alone.
    pub(super) solo: bool,
    pub(super) subtract: bool,
    /// What leads from one point of a contour to the next.
    pub(super) join: ContourJoin,
    pub(super) brush: BrushSettings,
    pub(super) gesture: Gesture,
    /// A change of a region that is on show.
    pub(super) region: Option<Box<Region>>,
    pub(super) refine: RefineSettings,
    /// The segments compared last, the history's revision they were of, and how far they agree.
    pub(super) agreement: Option<([u8; 2], u64, Agreement)>,
    /// The measurement that keys act on.
    pub(super) selected: Option<u16>,
    /// The measurements of the document with their numbers.
    pub(super) measured: Vec<(Measurement, Vec<(Measured, f64)>)>,
    pub(super) notice: Option<String>,
    pub(super) upload: UploadState,
    pub(super) remote: super::remote::Remote,
    /// The connection test.
    pub(super) connection: super::connection::Connection,
    /// How signing in went.
    pub(super) signed_in: BTreeMap<Audience, Result<(), super::sign_in::SignInError>>,
    pub(super) ledger: Vec<LedgerEntry>,
    /// What was confirmed and is not stored yet.
    pub(super) outbox: Outbox,
    /// Objects as last exported, the history's revision they are of and their reader: a report refers to the segmentation that was
    /// saved.
    pub(super) exported: BTreeMap<Audience, (u64, String, Written)>,
    /// Local time of the command being done, `YYYYMMDDHHMMSS`.
    pub(super) now: String,
    /// What no other page has: it makes the names of readings different.
    pub(super) page: String,
    /// Measurements of the document as it is, but for a stroke in progress.
    pub(super) quantities: Vec<Quantity>,
    /// Opacities that lie outside the lungs, as of then, ml.
    pub(super) findings_outside_ml: f64,
    /// The reader's planes between the zones that they are of.
    pub(super) measured_planes: [Option<Answer>; 2],
    /// Labels changed here since.
    pub(super) unmeasured: Option<IndexBox>,
    /// Lung and findings slice by slice.
    pub(super) profile: Profile,
    /// The slice where fat of the chest wall is measured, and whether the field of view cuts off the body there.
    pub(super) wall: Option<(usize, bool)>,
    /// What makes the numbers of the lungs doubtful.
    pub(super) lung_flags: Vec<QualityFlag>,
    /// Lesions one by one.
    pub(super) piecewise: Piecewise,
    /// The CT that was compared with.
    pub(super) prior: Option<Prior>,
    /// The reading form is on screen.
    pub(super) form_open: bool,
    /// Tables of two readers.
    pub(super) comparison: super::double_reading::Comparison,
    /// Published associations are on screen.
    pub(super) associations_open: bool,
    /// The report is on screen.
    pub(super) report_open: bool,
    /// Marks that meet what is there, until the reader says what becomes of them.
    pub(super) arrivals: VecDeque<super::arrivals::Waiting>,
    /// Bundles, by their file's name, whose CT is not open.
    pub(super) bundles: Vec<(String, Bundle)>,
    /// Autosave.
    pub(super) keeping: super::keeping::Keeping,
}

impl Session {
    /// Nothing open. `page` is what no other page has, by whomever it is open: readings begun at the same second are told apart by it.
    pub fn new(lang: Lang, page: String) -> Self {
        let origin = PatientPoint::new(0.0, 0.0, 0.0);
        Self {
            lang,
            gpu: Gpu::Probing,
            blinding: Blinding::default(),
            destinations: Destinations::default(),
            readers: BTreeMap::new(),
            series: Vec::new(),
            stacks: BTreeMap::new(),
            file_of: BTreeMap::new(),
            spares: BTreeMap::new(),
            listed: BTreeMap::new(),
            names: BTreeMap::new(),
            volume_files: BTreeMap::new(),
            archives: BTreeSet::new(),
            problems: Vec::new(),
            case: None,
            beside: None,
            pointer_beside: false,
            longest_axis: None,
            preflight: None,
            shelved: BTreeMap::new(),
            jobs: BTreeMap::new(),
            next_job: 0,
            scan: Scan::default(),
            running: BTreeMap::new(),
            panes: crate::geometry::AnatomicalPlane::ALL.map(|plane| PaneState::new(plane, origin)),
            sizes: [PaneSize::default(); 4],
            page_sizes: [PaneSize::default(); 4],
            px_ratio: 1.0,
            camera: Camera::default(),
            volume_revision: 0,
            refinement: (0, Refinement::None),
            full_cast_ms: None,
            windows: [crate::view::PRESETS[0]; 4],
            linked_window: true,
            linked_view: false,
            slab: Slab::default(),
            slab_mm: 10.0,
            inverted: false,
            interpolation: Interpolation::default(),
            compartments: false,
            cine: Cine::default(),
            volume_style: VolumeStyle::Preset(VolumePreset::default()),
            transfers: BTreeMap::new(),
            transfer_editor: None,
            transfer_held: false,
            turntable: None,
            turntables: 0,
            turntable_frames: 72,
            patient_text: false,
            own_windows: Vec::new(),
            clip: Clip::default(),
            clip_box: false,
            cut_kind: CutKind::None,
            crosshair: origin,
            pointer: None,
            maximised: None,
            layout: Layout::default(),
            main: PaneId::Axial,
            active: PaneId::Axial,
            shown_px: [0.0; 4],
            tool: Tool::Navigate,
            solo: false,
            subtract: false,
            join: ContourJoin::default(),
            brush: BrushSettings { radius_mm: 6.0, ball: false, range_hu: None, in_lungs: false },
            gesture: Gesture::None,
            region: None,
            refine: RefineSettings::default(),
            agreement: None,
            selected: None,
            measured: Vec::new(),
            notice: None,
            upload: UploadState::default(),
            remote: super::remote::Remote::default(),
            connection: super::connection::Connection::default(),
            signed_in: BTreeMap::new(),
            ledger: Vec::new(),
            outbox: Outbox::default(),
            exported: BTreeMap::new(),
            now: String::new(),
            page,
            quantities: Vec::new(),
            findings_outside_ml: 0.0,
            measured_planes: [None, None],
            unmeasured: None,
            profile: Profile::default(),
            wall: None,
            lung_flags: Vec::new(),
            piecewise: Piecewise::default(),
            prior: None,
            form_open: false,
            comparison: super::double_reading::Comparison::default(),
            associations_open: false,
            report_open: false,
            arrivals: VecDeque::new(),
            bundles: Vec::new(),
            keeping: super::keeping::Keeping::default(),
        }
    }
    /// The CT that is open.
    pub fn case(&self) -> Option<&Case> {
        self.case.as_ref()
    }
    /// While headers are read, the grid that the CT will have if each file is a slice like the first; for its size only. `None`
    /// where that could not be held whole.
    pub fn expected_grid(&self) -> Option<Grid> {
        let case = self.case.as_ref().filter(|c| c.is_preview)?;
        let grid = case.volume.grid();
        let [ni, nj, _] = grid.size();
        Grid::new([ni, nj, self.scan.total], grid.origin(), [0, 1, 2].map(|a| grid.step(a)))
            .filter(|grid| self.capacity().offer(grid).is_none())
    }
    /// The language of the interface.
    pub fn lang(&self) -> Lang {
        self.lang
    }
    /// What could not be opened.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
    /// The crosshair.
    pub fn crosshair(&self) -> PatientPoint {
        self.crosshair
    }
    /// The pane shown alone.
    pub fn maximised(&self) -> Option<PaneId> {
        self.maximised
    }
    /// The tool in hand.
    pub fn tool(&self) -> Tool {
        self.tool
    }
    /// Whether headers are being read or slices decoded.
    pub fn is_loading(&self) -> bool {
        self.scan.goes_on()
            || self.case.as_ref().is_some_and(|c| !c.is_settled())
            || self.jobs.values().any(|p| *p == Purpose::Demonstration)
    }

    /// Whether the reader waits for a job that the page shows.
    pub fn is_awaited(&self) -> bool {
        !self.running.is_empty()
    }

    pub(super) fn start_job(
        &mut self,
        purpose: Purpose,
        priority: Priority,
        job: Job,
        files: Vec<FileId>,
    ) -> Box<JobRequest> {
        let id = JobId(self.next_job);
        self.next_job = self.next_job.wrapping_add(1);
        if let Purpose::Proposal(title, _) | Purpose::Save(title) = &purpose {
            self.running.insert(id, Running { title: *title, fraction: 0.0 });
        }
        self.jobs.insert(id, purpose);
        Box::new(JobRequest { id, priority, job, files, voxels: VoxelNeeds::Nothing })
    }
}
