//! The command table: what buttons, keys, the help page and tests all read.

use super::command::{Action, Tool};
use super::contouring::ContourJoin;
use super::layout::Layout;
use super::piecewise::PieceAction;
use super::proposing::Proposable;
use super::refining::Refine;
use super::region::RegionTool;
use super::words::{self, Text, numbers};
use crate::annotation::MeasurementKind;

/// How an action appears to people and to tests.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// What it does.
    pub action: Action,
    /// `data-testid` of its button.
    pub test_id: &'static str,
    /// Keys, as `KeyboardEvent.key`, with `Ctrl+`, `Alt+` and `Shift+` before, in this order.
    pub keys: &'static [&'static str],
    /// Its name.
    pub title: Text,
}

const fn info(action: Action, test_id: &'static str, keys: &'static [&'static str], title: Text) -> CommandInfo {
    CommandInfo { action, test_id, keys, title }
}

/// All actions.
pub const COMMANDS: &[CommandInfo] = &[
    info(Action::Tool(Tool::Navigate), "tool-navigate", &["n"], words::TOOL_NAVIGATE),
    info(Action::Tool(Tool::Window), "tool-window", &["w"], words::TOOL_WINDOW),
    info(Action::Tool(Tool::Pan), "tool-pan", &["p"], words::TOOL_PAN),
    info(Action::Tool(Tool::Zoom), "tool-zoom", &["z"], words::TOOL_ZOOM),
    info(Action::Tool(Tool::Contour), "tool-contour", &["c"], words::TOOL_CONTOUR),
    info(Action::Tool(Tool::Brush), "tool-brush", &["b"], words::TOOL_BRUSH),
    info(Action::Tool(Tool::Eraser), "tool-eraser", &["e"], words::TOOL_ERASER),
    info(Action::Tool(Tool::Push), "tool-push", &["Shift+n"], words::marking::TOOL_PUSH),
    info(Action::Join(ContourJoin::Lines), "contour-lines", &["Shift+d"], words::marking::JOIN_LINES),
    info(Action::Join(ContourJoin::Spline), "contour-spline", &["Shift+k"], words::marking::JOIN_SPLINE),
    info(Action::Join(ContourJoin::Edges), "contour-edges", &["Shift+w"], words::marking::JOIN_EDGES),
    info(Action::Tool(Tool::Measure(MeasurementKind::Length)), "tool-length", &["Shift+l"], words::MEASURE_LENGTH),
    info(
        Action::Tool(Tool::Measure(MeasurementKind::Bidirectional)),
        "tool-bidirectional",
        &["Shift+b"],
        words::MEASURE_BIDIRECTIONAL,
    ),
    info(Action::Tool(Tool::Measure(MeasurementKind::Angle)), "tool-angle", &["Shift+a"], words::MEASURE_ANGLE),
    info(Action::Tool(Tool::Measure(MeasurementKind::Ellipse)), "tool-ellipse", &["Shift+e"], words::MEASURE_ELLIPSE),
    info(
        Action::Tool(Tool::Measure(MeasurementKind::Freehand)),
        "tool-freehand",
        &["Shift+f"],
        words::MEASURE_FREEHAND,
    ),
    info(Action::Tool(Tool::Measure(MeasurementKind::Arrow)), "tool-arrow", &["Shift+t"], words::MEASURE_ARROW),
    info(Action::DeleteMeasurement, "delete-measurement", &["Backspace"], words::DELETE_MEASUREMENT),
    info(Action::Tool(Tool::Region(RegionTool::Lesion)), "tool-lesion", &["Shift+o"], words::TOOL_LESION),
    info(Action::Tool(Tool::Region(RegionTool::Grow)), "tool-grow", &["Shift+g"], words::TOOL_GROW),
    info(Action::Tool(Tool::Region(RegionTool::Compete)), "tool-compete", &["Shift+s"], words::TOOL_COMPETE),
    info(
        Action::Tool(Tool::Region(RegionTool::Threshold)),
        "tool-threshold",
        &["Shift+m"],
        words::marking::TOOL_THRESHOLD,
    ),
    info(Action::AcceptRegion, "region-accept", &[], words::REGION_ACCEPT),
    info(Action::ToggleSubtract, "mode-subtract", &["x"], words::MODE_SUBTRACT),
    info(Action::ToggleBall, "brush-ball", &["o"], words::BRUSH_BALL),
    info(Action::ToggleInLungs, "brush-in-lungs", &["Shift+i"], words::BRUSH_IN_LUNGS),
    info(Action::BrushStep(1), "brush-larger", &["]", "+"], words::BRUSH_LARGER),
    info(Action::BrushStep(-1), "brush-smaller", &["[", "-"], words::BRUSH_SMALLER),
    info(Action::CloseContour, "close-contour", &["Enter"], words::CLOSE_CONTOUR),
    info(Action::CopySlice(1), "copy-slice-next", &["Shift+PageUp"], words::COPY_SLICE_NEXT),
    info(Action::CopySlice(-1), "copy-slice-previous", &["Shift+PageDown"], words::COPY_SLICE_PREVIOUS),
    info(Action::Interpolate, "interpolate", &["i"], words::INTERPOLATE),
    info(Action::Refine(Refine::FillHoles), "refine-fill-holes", &[], words::REFINE_FILL_HOLES),
    info(Action::Refine(Refine::KeepLargest), "refine-keep-largest", &[], words::REFINE_KEEP_LARGEST),
    info(Action::Refine(Refine::RemoveIslands), "refine-remove-islands", &[], words::REFINE_REMOVE_ISLANDS),
    info(Action::Refine(Refine::Median), "refine-median", &[], words::REFINE_MEDIAN),
    info(Action::Refine(Refine::Gaussian), "refine-gaussian", &[], words::REFINE_GAUSSIAN),
    info(Action::Refine(Refine::JointGaussian), "refine-joint", &[], words::REFINE_JOINT),
    info(Action::Refine(Refine::Grow), "refine-grow", &[], words::REFINE_GROW),
    info(Action::Refine(Refine::Shrink), "refine-shrink", &[], words::REFINE_SHRINK),
    info(Action::Refine(Refine::Union), "refine-union", &[], words::REFINE_UNION),
    info(Action::Refine(Refine::Subtract), "refine-subtract", &[], words::REFINE_SUBTRACT),
    info(Action::Refine(Refine::Intersect), "refine-intersect", &[], words::REFINE_INTERSECT),
    info(Action::Refine(Refine::Split), "refine-split", &[], words::REFINE_SPLIT),
    info(Action::Refine(Refine::ThresholdSegment), "refine-threshold-segment", &[], words::REFINE_THRESHOLD_SEGMENT),
    info(Action::Refine(Refine::ThresholdLungs), "refine-threshold-lungs", &[], words::REFINE_THRESHOLD_LUNGS),
    info(Action::CompareSegments, "compare-segments", &[], words::COMPARE),
    info(Action::Undo, "undo", &["Ctrl+z"], words::UNDO),
    info(Action::Redo, "redo", &["Ctrl+Shift+z", "Ctrl+y"], words::REDO),
    info(Action::Escape, "escape", &["Escape"], words::ESCAPE),
    info(Action::MoveSegment(-1), "segment-up", &["Alt+PageUp"], words::marking::SEGMENT_UP),
    info(Action::MoveSegment(1), "segment-down", &["Alt+PageDown"], words::marking::SEGMENT_DOWN),
    info(Action::Solo, "segment-solo", &["Shift+v"], words::marking::SOLO),
    info(Action::DeleteSegment, "delete-segment", &["Delete"], words::DELETE_SEGMENT),
    info(Action::Window(0), "window-0", &["0"], words::WINDOW_OWN),
    info(Action::Window(1), "window-1", &["1"], words::WINDOW_LUNG),
    info(Action::Window(2), "window-2", &["2"], words::WINDOW_MEDIASTINUM),
    info(Action::Window(3), "window-3", &["3"], words::WINDOW_BONE),
    info(Action::Window(4), "window-4", &["4"], words::WINDOW_SOFT),
    info(Action::Window(5), "window-5", &["5"], words::WINDOW_EMPHYSEMA),
    info(Action::Scroll(1), "scroll-next", &["ArrowUp", "ArrowRight"], words::NEXT_SLICE),
    info(Action::Scroll(-1), "scroll-previous", &["ArrowDown", "ArrowLeft"], words::PREVIOUS_SLICE),
    info(Action::Scroll(10), "scroll-next-ten", &["PageUp"], words::NEXT_TEN),
    info(Action::Scroll(-10), "scroll-previous-ten", &["PageDown"], words::PREVIOUS_TEN),
    info(Action::Zoom(1), "zoom-in", &["Ctrl+ArrowUp"], words::ZOOM_IN),
    info(Action::Zoom(-1), "zoom-out", &["Ctrl+ArrowDown"], words::ZOOM_OUT),
    info(Action::Maximise, "maximise", &["m"], words::MAXIMISE),
    info(Action::Layout(Layout::One), "layout-1x1", &["6"], words::LAYOUT_ONE),
    info(Action::Layout(Layout::Two), "layout-1x2", &["7"], words::LAYOUT_TWO),
    info(Action::Layout(Layout::Four), "layout-2x2", &["8"], words::LAYOUT_FOUR),
    info(Action::Layout(Layout::OneAndThree), "layout-1-3", &["9"], words::LAYOUT_ONE_AND_THREE),
    info(Action::Layout(Layout::LargeVolume), "layout-3d", &["d"], words::LAYOUT_LARGE_VOLUME),
    info(Action::ResetView, "reset-view", &["r"], words::RESET_VIEW),
    info(Action::TurnPlanes(5), "turn-planes-right", &["Alt+ArrowRight"], words::TURN_RIGHT),
    info(Action::TurnPlanes(-5), "turn-planes-left", &["Alt+ArrowLeft"], words::TURN_LEFT),
    info(Action::TurnPlanes(1), "turn-planes-right-little", &["Alt+Shift+ArrowRight"], words::TURN_RIGHT_LITTLE),
    info(Action::TurnPlanes(-1), "turn-planes-left-little", &["Alt+Shift+ArrowLeft"], words::TURN_LEFT_LITTLE),
    info(Action::ResetPlanes, "reset-planes", &["a"], words::RESET_PLANES),
    info(Action::CycleSlab, "slab-next", &["t"], words::SLAB_NEXT),
    info(Action::SlabStep(1), "slab-thicker", &["Shift+ArrowUp"], words::SLAB_THICKER),
    info(Action::SlabStep(-1), "slab-thinner", &["Shift+ArrowDown"], words::SLAB_THINNER),
    info(Action::Invert, "invert", &["v"], words::INVERT),
    info(Action::Nearest, "nearest", &["y"], words::NEAREST),
    info(Action::Cubic, "cubic", &["s"], words::CUBIC),
    info(Action::Compartments, "compartments", &["f"], words::COMPARTMENTS),
    info(Action::LinkWindow, "link-window", &["q"], words::LINK_WINDOW),
    info(Action::LinkView, "link-view", &["="], words::LINK_VIEW),
    info(Action::Flip(true), "flip-horizontal", &["h"], words::FLIP_HORIZONTAL),
    info(Action::Flip(false), "flip-vertical", &["j"], words::FLIP_VERTICAL),
    info(Action::TurnPicture(1), "turn-picture", &["g"], words::TURN_PICTURE),
    info(Action::Cine, "cine", &[" "], words::CINE),
    info(Action::CinePingPong, "cine-ping-pong", &[], words::CINE_PING_PONG),
    info(Action::PickSurface, "pick-surface", &["F2"], words::PICK_SURFACE),
    info(Action::CropToLungs, "crop-to-lungs", &["F4"], words::CROP_TO_LUNGS),
    info(Action::ClipBox, "clip-box", &["Shift+F4"], words::CLIP_BOX),
    info(Action::CycleCut, "cut-next", &["F7"], words::CUT_NEXT),
    info(Action::CutStep(1), "cut-deeper", &["F8"], words::CUT_DEEPER),
    info(Action::CutStep(-1), "cut-back", &["F9"], words::CUT_BACK),
    info(Action::TransferEditor, "transfer-editor", &["Shift+h"], words::pictures::TRANSFER),
    info(Action::Turntable, "turntable", &["Shift+y"], words::pictures::TURNTABLE),
    info(Action::Screenshot(true), "screenshot", &["Shift+c"], words::pictures::SCREENSHOT),
    info(Action::Screenshot(false), "screenshot-plain", &["Shift+x"], words::pictures::SCREENSHOT_PLAIN),
    info(Action::PatientText, "screenshot-patient", &[], words::pictures::PATIENT_TEXT),
    info(Action::EndCompare, "compare-end", &["Shift+z"], words::beside::COMPARE_END),
    info(Action::StepBeside(1), "beside-next", &["Alt+ArrowUp"], words::beside::STEP_BESIDE_NEXT),
    info(Action::StepBeside(-1), "beside-previous", &["Alt+ArrowDown"], words::beside::STEP_BESIDE_PREVIOUS),
    info(Action::ProposeLungs, "propose-lungs", &["l"], words::PROPOSE_LUNGS),
    info(Action::ProposeLesions, "propose-lesions", &["k"], words::PROPOSE_LESIONS),
    info(Action::Blinded, "blinded", &["Ctrl+b"], words::BLINDED),
    info(Action::Propose(Proposable::Vessels), "propose-vessels", &[], numbers::PROPOSE_VESSELS),
    info(Action::Propose(Proposable::ChestWall), "propose-chest-wall", &[], numbers::PROPOSE_CHEST_WALL),
    info(Action::Propose(Proposable::Calcium), "propose-calcium", &[], numbers::PROPOSE_CALCIUM),
    info(Action::CancelProposal, "propose-cancel", &[], numbers::PROPOSE_CANCEL),
    info(Action::Piece(PieceAction::Step(1)), "lesion-next", &["."], numbers::PIECE_NEXT),
    info(Action::Piece(PieceAction::Step(-1)), "lesion-previous", &[","], numbers::PIECE_PREVIOUS),
    info(Action::Piece(PieceAction::Accept), "lesion-accept", &["Shift+q"], numbers::PIECE_ACCEPT),
    info(Action::Piece(PieceAction::Reject), "lesion-reject", &["Shift+j"], numbers::PIECE_REJECT),
    info(Action::ComparePrior, "compare-prior", &[], numbers::PRIOR_COMPARE),
    info(Action::Artery(true), "artery-trunk", &[], numbers::ARTERY_TRUNK),
    info(Action::Artery(false), "artery-aorta", &[], numbers::ARTERY_AORTA),
    info(Action::Form, "form", &["Shift+r"], words::FORM),
    info(Action::Associations, "associations", &[], words::ASSOCIATIONS),
    info(Action::CompareReadings, "readings", &[], words::READINGS),
    info(Action::ExportComparison, "readings-save", &[], words::READINGS_SAVE),
    info(Action::FillZones, "form-fill-zones", &[], words::FORM_FILL_ZONES),
    info(Action::ZonePlane(true), "zone-upper", &[], words::ZONE_UPPER),
    info(Action::ZonePlane(false), "zone-lower", &[], words::ZONE_LOWER),
    info(Action::ExportSeg, "export-seg", &["Ctrl+s"], words::EXPORT_SEG),
    info(Action::ExportLabelMaps, "export-seg-labels", &[], words::sending::EXPORT_SEG_LABELS),
    info(Action::ExportSr, "export-sr", &["Ctrl+Shift+s"], words::EXPORT_SR),
    info(Action::ExportRtstruct, "export-rtstruct", &[], words::sending::EXPORT_RTSTRUCT),
    info(Action::ExportBundle, "export-bundle", &[], words::arriving::EXPORT_BUNDLE),
    info(Action::TakeArrival, "arrival-take", &[], words::arriving::ARRIVING_TAKE),
    info(Action::KeepMine, "arrival-keep", &[], words::arriving::ARRIVING_KEEP),
    info(Action::LeaveArrival, "arrival-leave", &[], words::arriving::ARRIVING_LEAVE),
    info(Action::ExportCsv, "export-csv", &[], words::EXPORT_CSV),
    info(Action::ExportJson, "export-json", &[], words::EXPORT_JSON),
    info(Action::ExportNifti, "export-nifti", &[], words::EXPORT_NIFTI),
    info(Action::Report, "report", &["Shift+p"], words::REPORT),
    info(Action::PrepareUpload, "upload", &["u"], words::sending::UPLOAD_SEND),
    info(Action::PrepareCampaign, "upload-campaign", &["Shift+u"], words::sending::CAMPAIGN_SEND),
    info(Action::ConfirmUpload, "upload-confirm", &[], words::sending::UPLOAD_CONFIRM),
    info(Action::CancelUpload, "upload-cancel", &[], words::CANCEL),
    info(Action::SavePreview, "upload-save-list", &[], words::sending::PREVIEW_SAVE),
    info(Action::SaveLedger, "ledger-save", &[], words::sending::LEDGER_SAVE),
    info(Action::OpenDicomweb, "open-dicomweb", &["Ctrl+o"], words::OPEN_DICOMWEB),
    info(Action::ConnectionTest, "connection-test", &["F6"], words::connection::CONNECTION),
    info(Action::OpenDemonstration, "open-demo", &[], words::OPEN_DEMO),
    info(Action::OpenEverySecond, "preflight-every-second", &[], words::PREFLIGHT_OPEN_EVERY),
    info(Action::OpenSlab, "preflight-slab", &[], words::PREFLIGHT_OPEN_SLAB),
    info(Action::DeclinePart, "preflight-cancel", &[], words::CANCEL),
    info(Action::CancelLoading, "cancel-loading", &[], words::CANCEL),
    info(Action::AcceptKept, "restore-accept", &[], words::RESTORE_ACCEPT),
    info(Action::DeclineKept, "restore-decline", &[], words::RESTORE_DECLINE),
    info(Action::TakeOver, "autosave-take-over", &[], words::AUTOSAVE_TAKE_OVER),
    info(Action::ClearKept, "autosave-clear", &["Ctrl+Shift+x"], words::AUTOSAVE_CLEAR),
    info(Action::ConfirmClear, "autosave-clear-confirm", &[], words::AUTOSAVE_CLEAR_CONFIRM),
    info(Action::CancelClear, "autosave-clear-cancel", &[], words::CANCEL),
];

/// The entry of an action.
pub fn command_info(action: Action) -> Option<&'static CommandInfo> {
    COMMANDS.iter().find(|c| c.action == action)
}

/// The action of a key ("Ctrl+Shift+z"), if it has one.
pub fn action_of_key(key: &str) -> Option<Action> {
    COMMANDS.iter().find(|c| c.keys.contains(&key)).map(|c| c.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_and_no_test_id_is_used_twice() {
        let mut keys: Vec<_> = COMMANDS.iter().flat_map(|c| c.keys).collect();
        let mut ids: Vec<_> = COMMANDS.iter().map(|c| c.test_id).collect();
        let (k, i) = (keys.len(), ids.len());
        keys.sort();
        keys.dedup();
        ids.sort();
        ids.dedup();
        assert_eq!((keys.len(), ids.len()), (k, i));
        assert_eq!(action_of_key("Ctrl+z"), Some(Action::Undo));
    }
}
