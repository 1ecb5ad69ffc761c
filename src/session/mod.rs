//! All of it held together: a [`Command`] goes in, an [`Update`] comes out, and nothing is asked of the world.
//!
//! A reader's whole working day can be replayed natively: pick a tool, drag, press Escape, undo, and check the document's
//! invariants after every step.

mod arrivals;
mod associating;
mod beside;
mod blinding;
mod bundles;
mod case_identity;
mod change;
mod cine;
#[cfg(test)]
mod codes;
mod command;
mod command_table;
mod comparing;
mod connection;
mod contouring;
mod double_reading;
mod drawing;
mod effect;
mod explain;
mod explain_analysis;
mod explain_segmentation;
mod fetching;
mod form_words;
mod frame;
mod gesture;
mod handing_over;
mod keeping;
mod kernels;
mod label_maps;
mod layout;
mod loading;
mod looking;
mod marking;
mod measuring;
mod number_words;
mod numbers;
mod other_files;
mod outbox;
mod pane_header;
mod patient;
mod piecewise;
mod planes;
mod preflight;
mod prior;
mod proposing;
mod reading;
mod refining;
mod region;
mod region_plan;
mod region_voxels;
mod remote;
mod report_view;
mod saving;
mod scan;
mod screenshot;
mod sending;
mod sign_in;
mod state;
mod transfer_editor;
mod turntable;
mod update;
mod view_model;
mod volume_view;
mod windowing;
pub mod words;

pub use crate::dicom::StudyQuery;
pub use crate::export::campaign::{Campaign, CampaignSecret};
pub use crate::export::{Audience, PreviewLine};
pub use crate::report::QuantityGroup;
pub use arrivals::ArrivalView;
pub use associating::AssociationRow;
pub use beside::{Beside, BesideHeader};
pub use blinding::SiteBlinding;
pub use case_identity::CaseDigest;
pub use change::{Changes, Update};
pub use cine::CINE_RATES_HZ;
pub use command::{
    Action, Command, LedgerEntry, MeasurementChange, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase,
    SegmentChange, Tool, UploadOutcome, UploadReply, VolumeStyle, WheelUse, WindowChange,
};
pub use command_table::{COMMANDS, CommandInfo, action_of_key, command_info};
pub use comparing::AgreementRow;
pub use connection::{Check, CheckRow, ConnectionEvent, ConnectionView, Fault, Seen, Target, Trial};
pub use contouring::ContourJoin;
pub use double_reading::{DoubleReadingRow, DoubleReadingView};
pub use drawing::PaneDrawing;
pub use effect::Effect;
pub use explain::meaning as meaning_words;
pub use keeping::{AutosaveView, FoundRecords, KeepError, KeepNews, KeepRequest, ParcelName};
pub use layout::{Arrangement, Layout};
pub use marking::BrushSettings;
pub use measuring::{MeasurementDrawing, MeasurementRow, measurement_words};
pub use number_words::group_words as quantity_group_words;
pub use outbox::{ObjectRow, OutboxEvent, ParcelId, ParcelRow, patience_ms};
pub use pane_header::{PaneHeader, tissue_words};
pub use piecewise::{PieceAction, PieceRow, PieceView};
pub use preflight::PreflightView;
pub use prior::{ChangeRow, ChangeView};
pub use proposing::{Proposable, model_names};
pub use reading::{FormInput, FormRow, FormSection, FormView};
pub use refining::{Refine, RefineSettings};
pub use region::{RegionTool, RegionView};
pub use region_voxels::VoxelNeeds;
pub use remote::{AnswerFault, AnswerForm, Authentication, MOST_ARCHIVE, RemoteError, RemoteEvent, RemoteView};
pub use report_view::{HistogramView, NumberRow, ReportView};
pub use screenshot::{Mark, ROW_PX, Screenshot, Side};
pub use sending::{Delivery, Destination, Destinations, PreviewView, UploadView, reason_words};
pub use sign_in::{Begun, Provider, RANDOM_BYTES, SignInError, Tokens};
pub use state::{Case, Gpu, JobRequest, Problem, ProblemReason, Session};
pub use transfer_editor::{TransferChange, TransferPoint, TransferView};
pub use turntable::TURNTABLE_FRAMES;
pub use view_model::{
    GeometryRow, Probe, QuantityRow, SegmentRow, SeriesRow, StackRow, Status, StatusState, ViewModel, counted,
};
pub use volume_view::{ClipFace, CutKind};
pub use windowing::OwnWindow;
