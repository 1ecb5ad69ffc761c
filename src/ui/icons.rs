//! Icons as path data on a 24 × 24 field, drawn with a 2 px stroke.

use crate::annotation::MeasurementKind;
use crate::session::{Action, ContourJoin, Layout, RegionTool, Tool};

/// The icon of an action, for those that have one.
pub(super) fn icon(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::Tool(Tool::Navigate) => "M12 2v7M12 15v7M2 12h7M15 12h7",
        Action::Tool(Tool::Window) => "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18M12 7h5M12 12h8M12 17h5",
        Action::Tool(Tool::Pan) => {
            "M12 2l-3 3M12 2l3 3M12 2v20M12 22l-3-3M12 22l3-3M2 12l3-3M2 12l3 3M2 12h20M22 12l-3-3M22 12l-3 3"
        }
        Action::Tool(Tool::Zoom) => "M10 4a6 6 0 1 0 0 12a6 6 0 1 0 0-12M14.5 14.5L21 21M7.5 10h5M10 7.5v5",
        Action::Tool(Tool::Contour) => "M5 15C2 9 7 3 13 5s9 5 6 10-11 6-14 0M5 15l-1 5",
        Action::Tool(Tool::Brush) => "M20 4L10 14M10 14c-3-1-5 1-5 3s-1 3-3 3c6 2 10-1 8-6",
        Action::Tool(Tool::Eraser) => "M8 20h12M4 15l9-10 7 6-8 9H8z",
        Action::Tool(Tool::Push) => "M3 20c5 0 4-14 9-14s4 14 9 14M12 16V9M9 12l3-3 3 3",
        Action::Join(ContourJoin::Lines) => "M4 18L9 6l8 3 3 9z",
        Action::Join(ContourJoin::Spline) => "M4 14c0-12 15-12 16-2 1 9-16 12-16 2M10 4h4v3h-4zM18 15h4v3h-4z",
        Action::Join(ContourJoin::Edges) => "M4 18c3-1 2-5 5-6s3-5 6-5 3-3 5-4M3 21l3-3M17 3h4v4",
        Action::Tool(Tool::Measure(MeasurementKind::Length)) => "M4 20L20 4M2 18l4 4M18 2l4 4",
        Action::Tool(Tool::Measure(MeasurementKind::Bidirectional)) => "M4 20L20 4M9 9l6 6M2 18l4 4M18 2l4 4",
        Action::Tool(Tool::Measure(MeasurementKind::Angle)) => "M20 5L4 19h17M11 19a7 7 0 0 0-2-5",
        Action::Tool(Tool::Measure(MeasurementKind::Ellipse)) => "M12 6a9 6 0 1 0 0 12a9 6 0 1 0 0-12",
        Action::Tool(Tool::Measure(MeasurementKind::Freehand)) => "M6 6c5-5 13 0 13 6s-3 8-8 6-3-4-6-4-3-5 1-8",
        Action::Tool(Tool::Measure(MeasurementKind::Arrow)) => "M20 20L5 5M5 12V5h7",
        Action::Tool(Tool::Region(RegionTool::Lesion)) => {
            "M12 2v4M12 18v4M2 12h4M18 12h4M9 8c4-3 8 0 7 4s-4 5-7 4-4-6 0-8"
        }
        Action::Tool(Tool::Region(RegionTool::Grow)) => {
            "M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6M12 6V2M12 22v-4M6 12H2M22 12h-4"
        }
        Action::Tool(Tool::Region(RegionTool::Compete)) => "M4 7c3-3 6 3 9 0M11 17c3-3 6 3 9 0M3 21L21 3",
        Action::Tool(Tool::Region(RegionTool::Threshold)) => {
            "M5 15C2 9 7 3 13 5s9 5 6 10-11 6-14 0M6 12h4l2-3 2 6 2-3h2"
        }
        Action::MoveSegment(-1) => "M12 19V6M6 12l6-6 6 6",
        Action::MoveSegment(_) => "M12 5v13M6 12l6 6 6-6",
        Action::Solo => "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M3 3h4M3 3v4M21 3h-4M21 3v4M3 21h4M3 21v-4M21 21h-4M21 21v-4",
        Action::CopySlice(_) => "M4 9h11v11H4zM9 9V4h11v11h-5",
        Action::Undo => "M8 5L3 10l5 5M3 10h11a6 6 0 0 1 0 12h-3",
        Action::Redo => "M16 5l5 5-5 5M21 10H10a6 6 0 0 0 0 12h3",
        Action::Invert => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 3v18M12 6h6M12 10h8M12 14h8M12 18h6",
        Action::Nearest => "M3 19h6v-7h6V5h6",
        Action::Cubic => "M3 18c4 0 5-12 9-12s5 12 9 12",
        Action::Compartments => "M12 3v9M9 8c-4 1-6 7-6 12h6zM15 8c4 1 6 7 6 12h-6z",
        Action::LinkView => "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5M9 12h6M12 9v6",
        Action::LinkWindow => "M10 14a4 4 0 0 1 0-6l3-3a4 4 0 0 1 6 6l-2 2M14 10a4 4 0 0 1 0 6l-3 3a4 4 0 0 1-6-6l2-2",
        Action::Flip(true) => "M12 3v18M9 7L4 17h5zM15 7l5 10h-5z",
        Action::Flip(false) => "M3 12h18M7 9L17 4v5zM7 15l10 5v-5z",
        Action::TurnPicture(_) => "M19 8a8 8 0 1 0 1 6M19 3v5h-5",
        Action::Cine => "M7 4l13 8-13 8z",
        Action::ResetPlanes => "M12 3v18M3 12h18M17 8a6 6 0 0 0-3-2M17 8l1-4M17 8l-4 0",
        Action::OpenDemonstration => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M10 8l6 4-6 4z",
        Action::OpenDicomweb => "M4 4h16v6H4zM4 14h16v6H4zM8 7h.1M8 17h.1",
        Action::Maximise => "M14 4h6v6M10 20H4v-6M20 4l-7 7M4 20l7-7",
        Action::Layout(Layout::One) => "M4 4h16v16H4z",
        Action::Layout(Layout::Two) => "M4 4h16v16H4zM12 4v16",
        Action::Layout(Layout::Four) => "M4 4h16v16H4zM12 4v16M4 12h16",
        Action::Layout(Layout::OneAndThree) => "M4 4h16v16H4zM14 4v16M14 9.3h6M14 14.7h6",
        Action::Layout(Layout::LargeVolume) => {
            "M4 4h16v16H4zM15 4v16M15 9.3h5M15 14.7h5M6 10l3.5-2 3.5 2v4l-3.5 2L6 14zM9.5 12v4M6 10l3.5 2L13 10"
        }
        Action::ClipBox => "M8 8h8v8H8zM12 2v4M12 18v4M2 12h4M18 12h4",
        Action::CropToLungs => "M6 2v16h16M2 6h16v16",
        Action::CycleCut => "M4 20L20 4M6 6h6M6 6v6M18 18h-6M18 18v-6",
        Action::CutStep(1) => "M3 12h12M11 7l5 5-5 5M20 4v16",
        Action::CutStep(_) => "M21 12H9M13 7l-5 5 5 5M4 4v16",
        Action::Blinded => {
            "M3 3l18 18M10 6c6-1 10 6 10 6a16 16 0 0 1-3 4M7 8c-3 2-5 4-5 4s4 7 10 7a9 9 0 0 0 4-1M10 10a3 3 0 0 0 4 4"
        }
        Action::TransferEditor => "M3 19l5-3 4-9 4 6 5-2M8 16h.1M12 7h.1M16 13h.1",
        Action::Turntable => "M12 5c5 0 9 2 9 5s-4 5-9 5M12 15l3-3M12 15l3 3M12 5c-5 0-9 2-9 5 0 2 2 4 5 4.7",
        Action::Screenshot(true) => "M3 8h4l2-3h6l2 3h4v12H3zM12 10a4 4 0 1 0 0 8a4 4 0 1 0 0-8",
        Action::Screenshot(false) => "M3 5h18v14H3z",
        Action::ResetView => "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
        _ => return None,
    })
}
