//! What the page shows, derived from the session as plain data. Nothing is pushed by hand.

use super::command::{Tool, VolumeStyle};
use super::contouring::ContourJoin;
use super::explain;
use super::layout::{Arrangement, Layout};
use super::measuring::MeasurementRow;
use super::pane_header::PaneHeader;
use super::piecewise::PieceView;
use super::prior::ChangeView;
use super::sending::UploadView;
use super::state::{Gpu, Problem, ProblemReason, Purpose, Session};
use super::volume_view::CutKind;
use super::windowing::OwnWindow;
use super::words::{self, Lang};
use crate::annotation::Segment;
use crate::dicom::SeriesKind;
use crate::export::Audience;
use crate::geometry::PatientPoint;
use crate::import::{GeometryFinding, Severity, Stack};
use crate::report::QuantityGroup;
use crate::view::{Interpolation, Slab, Window};
use crate::volume::sample_nearest;

/// A row of the series list.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRow {
    /// Series Instance UID.
    pub uid: String,
    /// Series number and description.
    pub title: String,
    /// Modality.
    pub modality: String,
    /// Date of its study, and whose it is where the list holds several patients.
    pub study: String,
    /// Number of instances.
    pub instances: usize,
    /// Whether it can be shown as a volume.
    pub can_open: bool,
    /// Whether it is shown.
    pub is_open: bool,
    /// Its stacks, if it has several.
    pub stacks: Vec<StackRow>,
    /// Whether it can be shown beside the open CT.
    pub can_compare: bool,
    /// Whether it is.
    pub is_beside: bool,
}

/// A stack of a series of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct StackRow {
    /// Its place among the stacks of the series.
    pub stack: usize,
    /// Number of images.
    pub instances: usize,
    /// What tells it from the others, and how many images it has.
    pub text: String,
    /// Whether it is shown.
    pub is_open: bool,
    /// Whether it can be put beside the open CT.
    pub can_compare: bool,
    /// Whether it is beside the open CT.
    pub is_beside: bool,
}

/// A row of the segment list.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentRow {
    /// Segment number.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// What it is.
    pub meaning: String,
    /// `#rrggbb`.
    pub colour: String,
    /// Whether panes draw it.
    pub visible: bool,
    /// Whether tools leave it alone.
    pub locked: bool,
    /// Who made it, and when.
    pub made: String,
    /// Whether tools edit it.
    pub active: bool,
    /// Number of voxels.
    pub voxels: u64,
    /// Volume, ml.
    pub volume_ml: f64,
    /// Volume, ready to read, with a mark where the geometry makes it doubtful.
    pub volume: String,
    /// Mean HU.
    pub mean_hu: Option<f64>,
}

/// A measurement shown.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantityRow {
    /// Its key ("lung-volume").
    pub name: &'static str,
    /// Its words.
    pub title: String,
    /// Its number, ready to read; why it is absent otherwise.
    pub text: String,
    /// Its value.
    pub value: Option<f64>,
    /// Its unit (UCUM).
    pub unit: &'static str,
    /// What it is of.
    pub group: QuantityGroup,
    /// How it is got, with its thresholds.
    pub definition: &'static str,
    /// Why it is to be read with care.
    pub doubt: Option<String>,
}

/// HU under the pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// HU; `None` where the slice is missing.
    pub hu: Option<i16>,
    /// Where, LPS mm.
    pub at: PatientPoint,
    /// Words.
    pub text: String,
}

/// State of loading, as the automation contract names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusState {
    /// Nothing asked for.
    #[default]
    Idle,
    /// Headers or slices are on their way.
    Loading,
    /// A CT is there.
    Ready,
    /// Nothing could be opened.
    Error,
}

impl StatusState {
    /// `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Error => "error",
        }
    }
}

/// The status line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Its state.
    pub state: StatusState,
    /// Done so far.
    pub loaded: usize,
    /// Of so many.
    pub total: usize,
    /// Words.
    pub text: String,
}

/// A line of the geometry report.
#[derive(Clone, Debug, PartialEq)]
pub struct GeometryRow {
    /// Words.
    pub text: String,
    /// Whether measurements may be affected.
    pub is_warning: bool,
}

/// Everything the page shows beside the pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewModel {
    /// Language.
    pub lang: Lang,
    /// Whether the page tells nothing of the patient, and whether the site wants it so.
    pub blinded: (bool, bool),
    /// What draws.
    pub gpu: Gpu,
    /// Status line.
    pub status: Status,
    /// Whose the open CT is.
    pub patient: Vec<String>,
    /// A sentence for the reader.
    pub notice: Option<String>,
    /// A named job and its percentage.
    pub running: Option<String>,
    /// Series list.
    pub series: Vec<SeriesRow>,
    /// What was not opened: name and reason.
    pub problems: Vec<(String, String)>,
    /// Geometry report.
    pub geometry: Vec<GeometryRow>,
    /// Segment list.
    pub segments: Vec<SegmentRow>,
    /// The active one is shown alone.
    pub solo: bool,
    /// Lengths, angles and regions.
    pub measurements: Vec<MeasurementRow>,
    /// Measurements of the whole CT.
    pub quantities: Vec<QuantityRow>,
    /// How the CT was made: what densities depend on.
    pub acquisition: Option<String>,
    /// Lesions one by one.
    pub pieces: PieceView,
    /// What changed against a prior CT.
    pub change: Option<ChangeView>,
    /// The three slice panes.
    pub panes: [PaneHeader; 3],
    /// The same of the CT beside the open one, if there is one.
    pub beside: [Option<super::beside::BesideHeader>; 3],
    /// The panes on screen.
    pub arrangement: Arrangement,
    /// The layout chosen, also while one pane is shown alone.
    pub layout: Layout,
    /// The pane that the toolbar acts on.
    pub active: usize,
    /// The window of each pane.
    pub windows: [Option<Window>; 4],
    /// All panes share one window.
    pub linked_window: bool,
    /// All planes share one zoom and pan.
    pub linked_view: bool,
    /// Windows that the file proposes.
    pub own_windows: Vec<OwnWindow>,
    /// What slices show about their plane.
    pub slab: Slab,
    /// Thickness that a slab begins with, mm.
    pub slab_mm: f64,
    /// Dark is dense.
    pub inverted: bool,
    /// How voxels are blended.
    pub interpolation: Interpolation,
    /// Compartments inside the lungs are coloured.
    pub compartments: bool,
    /// The pane whose slices are played.
    pub playing: Option<usize>,
    /// Slices per second that are wanted of cine, and what it comes to where that is less.
    pub cine_rate_hz: (f64, Option<f64>),
    /// At its end cine turns round.
    pub cine_ping_pong: bool,
    /// What the 3D picture shows.
    pub volume_style: Option<VolumeStyle>,
    /// Its colours and opacities, while they are edited.
    pub transfer: Option<super::transfer_editor::TransferView>,
    /// A turn of it is being saved, and pictures of a turn.
    pub turntable: (bool, u32),
    /// Saved pictures say whose they are.
    pub patient_text: bool,
    /// The 3D picture is cropped to the lungs.
    pub crops: bool,
    /// What is cut off at each face of the volume; `None` if it is not shown.
    pub clip_box: Option<[super::volume_view::ClipFace; 6]>,
    /// How the 3D picture is cut.
    pub cut: CutKind,
    /// The 3D picture is sampled coarsely while it moves.
    pub reduced: bool,
    /// Tool in hand.
    pub tool: Option<Tool>,
    /// Contours subtract.
    pub subtract: bool,
    /// What leads from one point of a contour to the next.
    pub join: ContourJoin,
    /// The brush is a ball.
    pub ball: bool,
    /// Brush and contour stay in the lungs.
    pub in_lungs: bool,
    /// Brush radius, mm.
    pub brush_radius_mm: f64,
    /// HU the brush may paint.
    pub brush_range: Option<(i16, i16)>,
    /// How far the two segments compared last agree.
    pub agreement: Vec<super::comparing::AgreementRow>,
    /// Two readers compared, where that is open.
    pub comparison: Option<super::double_reading::DoubleReadingView>,
    /// Published associations, where the reader asked for them.
    pub associations: Option<Vec<super::associating::AssociationRow>>,
    /// The report, where it is open.
    pub report: Option<super::report_view::ReportView>,
    /// The reading form, where it is open.
    pub form: Option<super::reading::FormView>,
    /// A region on show that is not accepted yet.
    pub region: Option<super::region::RegionView>,
    /// Sizes refinements take.
    pub refine: super::refining::RefineSettings,
    /// Whether there is something to undo and to redo.
    pub can_undo: bool,
    /// See `can_undo`.
    pub can_redo: bool,
    /// Whether a CT is open and marking may begin.
    pub can_mark: bool,
    /// Whether a CT is open.
    pub has_case: bool,
    /// Names of the hospital's server and of the campaign, where configured.
    pub destinations: [Option<String>; 2],
    /// What was confirmed and is not stored yet.
    pub outbox: Vec<super::outbox::ParcelRow>,
    /// A CT that is too large, and what of it can be opened.
    pub preflight: Option<super::preflight::PreflightView>,
    /// The upload dialog.
    pub upload: UploadView,
    /// What was opened meets what is there.
    pub arrival: Option<super::arrivals::ArrivalView>,
    /// The server dialog.
    pub remote: super::remote::RemoteView,
    /// The connection test.
    pub connection: super::connection::ConnectionView,
    /// Where the reader signed in at an identity provider, or why not.
    pub signed_in: Vec<(Audience, Result<(), String>)>,
    /// Requests made: method, url, bytes, kind, time.
    pub ledger: Vec<super::command::LedgerEntry>,
    /// What is kept on this computer.
    pub autosave: super::keeping::AutosaveView,
}

/// A number of things in words.
pub fn counted(n: usize, one: words::Text, several: words::Text, lang: Lang) -> String {
    if n == 1 { one.in_lang(lang).to_owned() } else { several.with(lang, &[&n.to_string()]) }
}

impl Session {
    /// What the page shows now.
    pub fn view_model(&self) -> ViewModel {
        let lang = self.lang;
        let case = self.case.as_ref();
        ViewModel {
            lang,
            blinded: self.blinded_view(),
            gpu: self.gpu,
            status: self.status(),
            patient: self.patient_rows(),
            notice: self.notice.clone(),
            running: self.running_words(),
            series: self.series_rows(),
            problems: self
                .problems
                .iter()
                .enumerate()
                .map(|(n, p)| self.shown_problem(n, p))
                .map(|p| (p.name.clone(), problem_text(&p, lang)))
                .collect(),
            geometry: case.map_or_else(Vec::new, |c| {
                let row = |f: &GeometryFinding| GeometryRow {
                    text: explain::geometry_finding(f, lang),
                    is_warning: f.severity() == Severity::Warning,
                };
                c.plan.findings.iter().map(row).collect()
            }),
            segments: self.segment_rows(),
            solo: self.solo,
            measurements: self.measurement_rows(),
            quantities: self.quantity_rows(),
            acquisition: self.acquisition_words(),
            pieces: self.piece_view(),
            change: self.change_view(),
            panes: [0, 1, 2].map(|n| self.pane_header(n)),
            beside: [0, 1, 2].map(|n| self.beside_header(n)),
            arrangement: self.arrangement(),
            layout: self.layout,
            active: self.maximised.unwrap_or(self.active).index(),
            windows: self.windows.map(Some),
            linked_window: self.linked_window,
            linked_view: self.linked_view,
            own_windows: self.own_windows.clone(),
            slab: self.slab,
            slab_mm: self.slab_mm,
            inverted: self.inverted,
            interpolation: self.interpolation,
            compartments: self.compartments && case.is_some_and(super::state::Case::has_lungs),
            playing: self.cine.playing.map(|p| p.pane.index()),
            // Whole numbers: the page is not told of every flicker.
            cine_rate_hz: (self.cine.rate_hz, self.cine_lags_hz().map(f64::round)),
            cine_ping_pong: self.cine.ping_pong,
            volume_style: Some(self.volume_style),
            transfer: self.transfer_view(),
            turntable: (self.turntable.is_some(), self.turntable_frames),
            patient_text: self.patient_text,
            crops: self.clip.voxels.is_some(),
            clip_box: self.clip_faces(),
            cut: self.cut_kind,
            reduced: case.is_some() && self.is_reduced(),
            tool: Some(self.tool),
            subtract: self.subtract,
            join: self.join,
            ball: self.brush.ball,
            in_lungs: self.brush.in_lungs,
            brush_radius_mm: self.brush.radius_mm,
            brush_range: self.brush.range_hu,
            agreement: self.agreement_rows(),
            comparison: self.comparison_view(),
            associations: self.association_rows(),
            report: self.report_view(),
            form: self.form_view(),
            region: self.region_view(),
            refine: self.refine,
            can_undo: self.is_making()
                || self.region.is_some()
                || case.is_some_and(|c| c.history.undo_name().is_some()),
            can_redo: !self.is_making() && case.is_some_and(|c| c.history.redo_name().is_some()),
            can_mark: case.is_some_and(super::state::Case::is_settled),
            has_case: case.is_some(),
            destinations: [Audience::Hospital, Audience::Campaign]
                .map(|to| self.destinations.of(to).map(|d| d.name.clone())),
            remote: self.remote_view(),
            connection: self.connection_view(),
            signed_in: self
                .signed_in
                .iter()
                .map(|(to, result)| (*to, result.clone().map_err(|e| e.words(self.lang))))
                .collect(),
            preflight: self.preflight_view(),
            upload: self.upload_view(),
            arrival: self.arrival_view(),
            outbox: self.outbox_view(),
            ledger: self.ledger.iter().map(|e| self.shown_entry(e)).collect(),
            autosave: self.autosave_view(),
        }
    }

    /// The job that goes on, and how far it is.
    fn running_words(&self) -> Option<String> {
        let percent = |fraction: f64| format!("{:.0}", fraction * 100.0);
        let turn = self.turntable.as_ref();
        let turn = turn.map(|t| words::pictures::TURNTABLE_GOES.with(self.lang, &[&percent(t.fraction())]));
        turn.or_else(|| {
            let job = self.running.values().next()?;
            Some(words::WORKING.with(self.lang, &[job.title.in_lang(self.lang), &percent(job.fraction.into())]))
        })
    }

    fn status(&self) -> Status {
        let lang = self.lang;
        let numbers = |done: usize, total: usize| [done.to_string(), total.to_string()];
        if self.scan.goes_on() || self.jobs.values().any(|p| *p == Purpose::Demonstration) {
            let (loaded, total) = (self.scan.done, self.scan.total);
            let n = numbers(loaded, total);
            let text = if loaded < total || self.scan.coming == 0 {
                words::READING_HEADERS.with(lang, &[&n[0], &n[1]])
            } else {
                words::UNPACKING.in_lang(lang).to_owned()
            };
            return Status { state: StatusState::Loading, loaded, total, text };
        }
        let Some(case) = &self.case else {
            let state = if self.problems.is_empty() && !self.scan.found_nothing {
                StatusState::Idle
            } else {
                StatusState::Error
            };
            return Status { state, loaded: 0, total: 0, text: words::IDLE.in_lang(lang).to_owned() };
        };
        let (loaded, total) = (case.volume.loaded_count(), case.plan.slices.len());
        let n = numbers(loaded, total);
        if !case.is_settled() {
            let text = words::LOADING_SLICES.with(lang, &[&n[0], &n[1]]);
            return Status { state: StatusState::Loading, loaded, total, text };
        }
        let text = if loaded == total {
            words::READY.with(lang, &[&n[0]])
        } else {
            words::READY_INCOMPLETE.with(lang, &[&n[0], &n[1]])
        };
        Status { state: StatusState::Ready, loaded, total, text }
    }

    fn series_rows(&self) -> Vec<SeriesRow> {
        let open = self.case.as_ref().map(|c| c.series.uid.as_str());
        self.series
            .iter()
            .filter(|s| s.instances.first().is_none_or(|i| self.is_listed(&i.series.modality)))
            .map(|s| {
                let first = s.instances.first();
                let number = first.and_then(|i| i.series.number).map_or_else(String::new, |n| format!("{n} · "));
                let description = self.or_hidden(first.map_or("", |i| i.series.description.as_str()));
                let stacks = self.stack_rows(&s.uid);
                SeriesRow {
                    uid: s.uid.clone(),
                    title: format!("{number}{}", words::isolated(description)),
                    modality: first.map_or_else(String::new, |i| i.series.modality.clone()),
                    study: first.map_or_else(String::new, |i| self.study_words(i)),
                    instances: s.instances.len(),
                    can_open: s.kind == SeriesKind::CtVolume,
                    is_open: open == Some(s.uid.as_str()),
                    can_compare: s.kind == SeriesKind::CtVolume && stacks.is_empty() && self.can_compare(&s.uid, 0),
                    is_beside: stacks.is_empty() && self.is_beside(&s.uid, 0),
                    stacks,
                }
            })
            .collect()
    }

    pub(super) fn stack_rows(&self, uid: &str) -> Vec<StackRow> {
        let stacks = self.stacks.get(uid).map_or(&[][..], Vec::as_slice);
        if stacks.len() < 2 {
            return Vec::new();
        }
        let open = self.case.as_ref().filter(|c| c.series.uid == uid).map(|c| c.stack);
        let row = |(n, stack): (usize, &Stack)| {
            let images = words::INSTANCES.with(self.lang, &[&stack.sources.len().to_string()]);
            let about = explain::stack_traits(&self.shown_traits(&stack.traits), self.lang);
            let text = if about.is_empty() { images } else { format!("{} · {images}", words::isolated(&about)) };
            StackRow {
                stack: n,
                instances: stack.sources.len(),
                text,
                is_open: open == Some(n),
                can_compare: self.can_compare(uid, n),
                is_beside: self.is_beside(uid, n),
            }
        };
        stacks.iter().enumerate().map(row).collect()
    }

    pub(super) fn segment_rows(&self) -> Vec<SegmentRow> {
        let Some(case) = &self.case else { return Vec::new() };
        let made = |s: &Segment| {
            let at = (!s.made_at.is_empty()).then(|| self.lang.date_and_time(&s.made_at));
            let author = (!s.author.is_empty()).then(|| s.author.replace('^', " "));
            author.into_iter().chain(at).collect::<Vec<_>>().join(" · ")
        };
        case.document
            .listed()
            .into_iter()
            .map(|s| SegmentRow {
                made: made(s),
                number: s.number,
                name: s.name.clone(),
                meaning: explain::meaning(s.meaning).in_lang(self.lang).to_owned(),
                colour: format!("#{:02x}{:02x}{:02x}", s.colour[0], s.colour[1], s.colour[2]),
                visible: s.visible,
                locked: s.locked,
                active: case.active == Some(s.number),
                voxels: case.document.voxel_count(s.number),
                volume_ml: case.document.volume_ml(s.number),
                volume: self.marked(format!("{} ml", self.lang.number(case.document.volume_ml(s.number), 2))),
                mean_hu: case.document.mean_hu(s.number),
            })
            .collect()
    }

    /// A volume in words, marked where it is not that of the patient's anatomy.
    pub(super) fn marked(&self, volume: String) -> String {
        let findings = self.case.as_ref().map_or(&[][..], |c| &c.plan.findings);
        let is_doubtful = findings.iter().any(GeometryFinding::affects_volumes);
        if is_doubtful { words::DOUBTFUL_VOLUME.with(self.lang, &[&volume]) } else { volume }
    }

    /// HU under the pointer, read from the voxels, never from a texture.
    pub fn probe(&self) -> Option<Probe> {
        let case = self.case.as_ref()?;
        let (id, at) = self.pointer?;
        let pane = self.panes.get(id.index())?;
        let size = self.sizes[id.index()];
        let p = pane.patient_from_pane(at, [size.width, size.height]);
        let (p, volume) = if self.pointer_beside { self.place_beside(p)? } else { (p, &case.volume) };
        volume.grid().voxel_at(p)?;
        let hu = sample_nearest(volume, p);
        let words = hu.map_or_else(|| "—".to_owned(), |hu| self.lang.number(f64::from(hu), 0));
        let [x, y, z] = p.0.to_array().map(|c| self.lang.number(c, 1));
        Some(Probe { hu, at: p, text: words::PROBE.with(self.lang, &[&words, &x, &y, &z]) })
    }
}

fn problem_text(problem: &Problem, lang: Lang) -> String {
    match &problem.reason {
        ProblemReason::Job(error) => explain::job_error(error, lang),
        ProblemReason::Import(error) => explain::import_error(error, lang),
        ProblemReason::Segmentation(why) => why.clone(),
        ProblemReason::Absent { listed, absent, first } => {
            words::DIRECTORY_ABSENT.with(lang, &[&listed.to_string(), &absent.to_string(), first])
        }
        ProblemReason::Text(text) => text.in_lang(lang).to_owned(),
    }
}
