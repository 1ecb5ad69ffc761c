//! Everything that can be asked of the session, and everything it asks of the page.

use super::contouring::ContourJoin;
use super::layout::Layout;
use super::piecewise::PieceAction;
use super::proposing::Proposable;
use super::reading::FormInput;
use super::refining::{Refine, RefineSettings};
use super::region::RegionTool;
use super::words::{self, Text};
use crate::annotation::{MeasurementKind, SegmentMeaning};
use crate::geometry::PanePoint;
use crate::jobs::{FileFacts, FileId, JobEvent};
use crate::view::{Projection, Slab, VoiFunction, VolumePreset};

/// A pane of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaneId {
    /// Axial slices.
    Axial,
    /// Coronal slices.
    Coronal,
    /// Sagittal slices.
    Sagittal,
    /// The 3D picture.
    Volume,
}

impl PaneId {
    /// All, in reading order.
    pub const ALL: [Self; 4] = [Self::Axial, Self::Coronal, Self::Sagittal, Self::Volume];
    /// 0..=3.
    pub fn index(self) -> usize {
        self as usize
    }
    /// Its name in the automation contract.
    pub fn test_id(self) -> &'static str {
        match self {
            Self::Axial => "pane-axial",
            Self::Coronal => "pane-coronal",
            Self::Sagittal => "pane-sagittal",
            Self::Volume => "pane-volume",
        }
    }
    /// Its title.
    pub fn title(self) -> Text {
        match self {
            Self::Axial => words::AXIAL,
            Self::Coronal => words::CORONAL,
            Self::Sagittal => words::SAGITTAL,
            Self::Volume => words::VOLUME,
        }
    }
}

/// What the primary button does in a slice pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Moves the crosshair.
    Navigate,
    /// Drags the window.
    Window,
    /// Moves the picture.
    Pan,
    /// Zooms the picture.
    Zoom,
    /// Draws a closed contour that fills the active segment.
    Contour,
    /// Paints the active segment.
    Brush,
    /// Erases the active segment.
    Eraser,
    /// Pushes the border of the active segment.
    Push,
    /// Measures.
    Measure(MeasurementKind),
    /// Finds a region from clicks and strokes.
    Region(RegionTool),
}

/// What the 3D picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeStyle {
    /// Tissue one looks through.
    Preset(VolumePreset),
    /// One value of each ray.
    Projection(Projection),
}

impl VolumeStyle {
    /// All, in the order of the list.
    pub fn all() -> impl Iterator<Item = Self> {
        VolumePreset::ALL.into_iter().map(Self::Preset).chain(Projection::ALL.into_iter().map(Self::Projection))
    }
    /// Its name.
    pub fn title(self) -> Text {
        match self {
            Self::Preset(VolumePreset::Lungs) => words::VOLUME_LUNGS,
            Self::Preset(VolumePreset::Vessels) => words::VOLUME_VESSELS,
            Self::Preset(VolumePreset::Airways) => words::VOLUME_AIRWAYS,
            Self::Preset(VolumePreset::Mediastinum) => words::VOLUME_MEDIASTINUM,
            Self::Preset(VolumePreset::Lesions) => words::VOLUME_LESIONS,
            Self::Preset(VolumePreset::Bone) => words::VOLUME_BONE,
            Self::Preset(VolumePreset::Skin) => words::VOLUME_SKIN,
            Self::Preset(VolumePreset::Segments) => words::VOLUME_SEGMENTS,
            Self::Projection(Projection::Mean) => words::VOLUME_MEAN,
            Self::Projection(Projection::Highest) => words::VOLUME_MIP,
            Self::Projection(Projection::Lowest) => words::VOLUME_MINIP,
        }
    }
}

/// Something a reader can ask for by button or key, without further detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Choose a tool.
    Tool(Tool),
    /// Window preset: 0 the series' own, 1–5 as the keys.
    Window(usize),
    /// Take back the last change.
    Undo,
    /// Make it again.
    Redo,
    /// Give up the gesture in progress.
    Escape,
    /// Scroll the pane under the pointer.
    Scroll(i32),
    /// Zoom the pane under the pointer: in (+1) or out (−1).
    Zoom(i32),
    /// Show one pane alone, or all again.
    Maximise,
    /// How the panes share the screen.
    Layout(Layout),
    /// Fit all panes again.
    ResetView,
    /// Turn the planes of the other panes by so many degrees, clockwise in the pane under the pointer.
    TurnPlanes(i32),
    /// All planes as the CT lies.
    ResetPlanes,
    /// The plane alone, then slabs of each projection in turn.
    CycleSlab,
    /// The slab by one step of thickness.
    SlabStep(i32),
    /// Dark is dense, or light is.
    Invert,
    /// Voxels as they are, or blended.
    Nearest,
    /// Voxels blended by cubics, or by straight lines.
    Cubic,
    /// Colours of the compartments inside the lungs.
    Compartments,
    /// One window for all panes, or one each.
    LinkWindow,
    /// One zoom and pan for all planes, or one each.
    LinkView,
    /// Mirrors the pane left to right (`true`) or top to bottom.
    Flip(bool),
    /// Turns the picture of the pane clockwise by so many quarters.
    TurnPicture(i32),
    /// Plays the slices of the pane one after another, or stops.
    Cine,
    /// At its end cine turns round, or begins anew.
    CinePingPong,
    /// The crosshair to what the 3D picture shows under the pointer.
    PickSurface,
    /// The 3D picture of the lungs' box alone, or of everything.
    CropToLungs,
    /// Shows what is cut off at each face of the volume, or hides it.
    ClipBox,
    /// No cut of the 3D picture, then one along each plane in turn, then one that faces the viewer.
    CycleCut,
    /// The cut deeper (+1) or back (−1).
    CutStep(i32),
    /// Opens the editor of colours and opacities of the 3D picture, or closes it.
    TransferEditor,
    /// Save a turn of the 3D picture, or stop doing so.
    Turntable,
    /// Save a picture of the pane that keys act on: with annotations (`true`) or without.
    Screenshot(bool),
    /// Whether saved pictures say whose they are.
    PatientText,
    /// Only the open CT is shown.
    EndCompare,
    /// The CT beside the open one by so many slices.
    StepBeside(i32),
    /// Contours subtract instead of adding.
    ToggleSubtract,
    /// What leads from one point of a contour to the next; takes the contour in hand.
    Join(ContourJoin),
    /// The brush is a ball instead of a disc.
    ToggleBall,
    /// Brush and contour touch nothing outside the lungs.
    ToggleInLungs,
    /// Brush radius by one step.
    BrushStep(i32),
    /// Close the contour whose points are set by clicks, or accept the region on show.
    CloseContour,
    /// Accept the region on show.
    AcceptRegion,
    /// Change the whole active segment.
    Refine(Refine),
    /// How far the active segment and the other one agree.
    CompareSegments,
    /// The slice of the active segment on a neighbouring slice too.
    CopySlice(i32),
    /// Fill the slices between contoured ones.
    Interpolate,
    /// The active segment up (−1) or down (+1) the list.
    MoveSegment(i32),
    /// Show the active segment alone, or all again.
    Solo,
    /// Delete the active segment.
    DeleteSegment,
    /// Delete the measurement that was made or chosen last.
    DeleteMeasurement,
    /// Find the lungs.
    ProposeLungs,
    /// Find opacities inside the lungs.
    ProposeLesions,
    /// The page tells nothing of the patient, or all again.
    Blinded,
    /// Compare tables of two readers, or close that.
    CompareReadings,
    /// Save how far they agree.
    ExportComparison,
    /// Show what was published about values like these, or hide it.
    Associations,
    /// Find something else.
    Propose(Proposable),
    /// Stop finding.
    CancelProposal,
    /// One lesion of the list after another.
    Piece(PieceAction),
    /// What changed against a prior CT of the patient.
    ComparePrior,
    /// The chosen length is the diameter of the pulmonary trunk (`true`) or of the ascending aorta.
    Artery(bool),
    /// Open the reading form, or close it.
    Form,
    /// The zone scores from what was measured.
    FillZones,
    /// The upper (`true`) or lower plane between the zones to the crosshair.
    ZonePlane(bool),
    /// Save a DICOM SEG.
    ExportSeg,
    /// Save DICOM label map segmentations.
    ExportLabelMaps,
    /// Save a DICOM SR.
    ExportSr,
    /// Save a DICOM RT Structure Set.
    ExportRtstruct,
    /// Save the whole reading as a bundle.
    ExportBundle,
    /// Take in what arrived; it comes first.
    TakeArrival,
    /// Take in what arrived; what is there comes first.
    KeepMine,
    /// Leave out what arrived.
    LeaveArrival,
    /// Save all numbers as a table.
    ExportCsv,
    /// Save them as JSON.
    ExportJson,
    /// Save the label maps.
    ExportNifti,
    /// Open the one-page report, or close it.
    Report,
    /// Show what would be sent to the hospital's server.
    PrepareUpload,
    /// Show what would be sent to the campaign.
    PrepareCampaign,
    /// Send it.
    ConfirmUpload,
    /// Do not send it.
    CancelUpload,
    /// Save the list of what would leave.
    SavePreview,
    /// Save the list of requests.
    SaveLedger,
    /// Open the built-in phantom.
    OpenDemonstration,
    /// Look for studies on the site's server.
    OpenDicomweb,
    /// Open the connection test, or close it.
    ConnectionTest,
    /// Open every second slice of a CT that is too large, or every n-th.
    OpenEverySecond,
    /// Open neighbouring slices of a CT that is too large.
    OpenSlab,
    /// Leave a CT that is too large unopened.
    DeclinePart,
    /// Stop loading.
    CancelLoading,
    /// Take up the kept reading.
    AcceptKept,
    /// Begin anew instead.
    DeclineKept,
    /// This tab keeps the reading from now on, not the other.
    TakeOver,
    /// Delete all kept readings; asks first.
    ClearKept,
    /// Delete them.
    ConfirmClear,
    /// Do not delete them.
    CancelClear,
}

/// The part of a gesture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerPhase {
    /// Pressed.
    Down,
    /// Moved, pressed or not.
    Move,
    /// Released.
    Up,
    /// Taken away by the system.
    Cancel,
    /// Left the pane.
    Leave,
}

/// The button a gesture began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerButton {
    /// Left: the tool.
    Primary,
    /// Wheel: pan.
    Middle,
    /// Right: zoom.
    Secondary,
}

/// What the wheel does over a slice; the 3D picture it zooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WheelUse {
    /// Scrolls.
    Scroll,
    /// With Ctrl: zooms.
    Zoom,
    /// With Shift: what [`Action::BrushStep`] does.
    Brush,
}

/// A pointer event of a pane.
#[derive(Clone, Copy, Debug)]
pub struct PointerInput {
    /// Which pane.
    pub pane: PaneId,
    /// Which part of the gesture.
    pub phase: PointerPhase,
    /// Where, CSS px from the pane's top left corner.
    pub at: PanePoint,
    /// The button of a `Down`.
    pub button: PointerButton,
    /// Shift is held.
    pub shift: bool,
    /// Ctrl or Command is held.
    pub ctrl: bool,
}

/// A change of a segment's looks or name.
#[derive(Clone, Debug, PartialEq)]
pub enum SegmentChange {
    /// Another name.
    Name(String),
    /// Another colour, sRGB.
    Colour([u8; 3]),
    /// Shown or hidden.
    ToggleVisible,
    /// Locked or not.
    ToggleLocked,
}

/// What is done with a measurement of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum MeasurementChange {
    /// The planes go to it, and keys act on it.
    Select,
    /// Other words.
    Name(String),
    /// Shown or hidden.
    ToggleVisible,
    /// Gone.
    Remove,
}

/// A change of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowChange {
    /// Window Center, HU.
    Centre(f64),
    /// Window Width, HU.
    Width(f64),
    /// VOI LUT Function.
    Function(VoiFunction),
}

/// Size of a pane on the page and its place on the canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PaneSize {
    /// Left edge on the canvas, CSS px.
    pub left: f64,
    /// Top edge on the canvas, CSS px.
    pub top: f64,
    /// CSS px; 0 when hidden.
    pub width: f64,
    /// CSS px.
    pub height: f64,
}

/// How an upload ended.
pub type UploadOutcome = Result<UploadReply, super::remote::RemoteError>;

/// What the server said.
#[derive(Clone, Debug, Default)]
pub struct UploadReply {
    /// HTTP status.
    pub status: u16,
    /// Whether it answered with a web page (`text/html`).
    pub is_page: bool,
    /// The data set of its answer; empty where it gave none.
    pub answer: crate::dicom::JsonDataSet,
}

/// A request that left, or is about to leave, this page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// HTTP method.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Bytes of the body.
    pub bytes: usize,
    /// What it carries ("seg+sr", "configuration").
    pub kind: String,
    /// Local date and time, `YYYYMMDDHHMMSS`.
    pub at: String,
}

/// Everything that can be asked of the session.
#[derive(Clone, Debug)]
pub enum Command {
    /// A table action.
    Do(Action),
    /// Files were chosen or dropped.
    OpenFiles(Vec<FileFacts>),
    /// A model of the reader's is run over the CT: the first of these files.
    RunModel(Vec<FileFacts>),
    /// Tables of the first (0) or second (1) reader were chosen.
    OpenReadings(usize, Vec<FileFacts>),
    /// A series of the list was chosen, by Series Instance UID.
    OpenSeries(String),
    /// A stack of a series of the list was chosen, by Series Instance UID and its place among the series' stacks.
    OpenStack(String, usize),
    /// A stack of a series of the list goes beside the open CT, or leaves it, as for [`Command::OpenStack`].
    Compare(String, usize),
    /// News of a job.
    Job(JobEvent),
    /// The panes have these sizes now, in the order of [`PaneId::ALL`], at this many device px per CSS px.
    Resize([PaneSize; 4], f64),
    /// A pane was reached by key: keys act on it until the pointer moves.
    Activate(PaneId),
    /// A pointer event.
    Pointer(PointerInput),
    /// Two clicks on a pane: it is shown alone, unless the tool in hand draws.
    DoubleClick(PaneId),
    /// The wheel over a pane: whole steps, positive towards the reader.
    Wheel(PaneId, PanePoint, i32, WheelUse),
    /// A number or the function of the window of the pane last pressed, or of all that share it.
    Window(WindowChange),
    /// A window that the file proposes, by its place among them.
    OwnWindow(usize),
    /// Slices per second of cine.
    CineRate(f64),
    /// Cine shows the next slice; the time is in ms.
    CineStep(f64),
    /// What slices show of the tissue about their plane.
    Slab(Slab),
    /// What the 3D picture shows.
    VolumeStyle(VolumeStyle),
    /// Its colours and opacities.
    Transfer(super::transfer_editor::TransferChange),
    /// Cuts so many mm off a face of the volume, one of six.
    ClipFace(usize, f64),
    /// Pictures of a turn of it.
    TurntableFrames(u32),
    /// A picture of this turn is drawn and kept, or why not.
    FrameDrawn(u32, Result<FileId, String>),
    /// A picture to be saved could not be made.
    NotDrawn(String),
    /// Brush radius, mm.
    BrushRadius(f64),
    /// HU the brush may paint; `None` all.
    BrushRange(Option<(i16, i16)>),
    /// Sizes that refinements take.
    RefineSettings(RefineSettings),
    /// A new segment of this kind becomes the active one.
    AddSegment(SegmentMeaning),
    /// The active segment.
    SelectSegment(u8),
    /// A lesion of the list, by its place.
    Piece(usize),
    /// Looks or name of a segment.
    ChangeSegment(u8, SegmentChange),
    /// What a label of the label map on show means, by its place; `None`: it is left out.
    ArrivalMeaning(usize, Option<SegmentMeaning>),
    /// A field of the reading form, by its number.
    Answer(u16, FormInput),
    /// A measurement of the list.
    Measurement(u16, MeasurementChange),
    /// The interface's language.
    Language(super::words::Lang),
    /// What the site asks: a page that tells nothing of the patient.
    Blinding(super::blinding::SiteBlinding),
    /// Where objects can be sent.
    Destinations(Box<super::sending::Destinations>),
    /// Who reads: a name for the hospital, a code for a campaign.
    Reader(crate::export::Audience, String),
    /// News of the site's DICOMweb server, or a wish for it.
    Remote(super::remote::RemoteEvent),
    /// News of the connection test, or a wish for it.
    Connection(super::connection::ConnectionEvent),
    /// The reader signed in at an audience's identity provider, or could not.
    SignedIn(crate::export::Audience, Result<(), super::sign_in::SignInError>),
    /// The reader signed out there, or the provider could not be told.
    SignedOut(crate::export::Audience, Result<(), super::sign_in::SignInError>),
    /// A request was entered in the ledger.
    Ledger(LedgerEntry),
    /// News of the outbox, or a wish for it.
    Outbox(super::outbox::OutboxEvent),
    /// The first slice is on screen, or took its time: the other files may be read.
    ReadOn,
    /// A 3D picture of this reduction took so many ms to draw.
    CastTook(u32, f64),
    /// The full 3D picture has been put together.
    Refined,
    /// Voxels along an axis of the volumes that what draws can hold; `None`: any number.
    LongestAxis(Option<usize>),
    /// The slice in the middle of the slab that is offered of a CT too large to be opened.
    SlabCentre(usize),
    /// What can draw, and why not better.
    Gpu(super::state::Gpu),
    /// News of what is kept on this computer.
    Keeping(super::keeping::KeepNews),
}
