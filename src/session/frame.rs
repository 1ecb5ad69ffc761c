//! The session as one frame of pictures.

use super::command::{PaneId, PaneSize};
use super::gesture::Gesture;
use super::state::Session;
use crate::view::{FrameInput, LabelLook, PaneContent, PaneInput, PxRect, SliceInput, TransferFunction, VolumeInput};

impl Session {
    /// What to draw now; `None` without an open CT.
    pub fn frame_input(&self) -> Option<FrameInput> {
        let case = self.case.as_ref()?;
        let mut look = LabelLook::default();
        for segment in case.document.segments().iter().filter(|s| s.visible) {
            look.show(segment.layer.index(), segment.number, segment.colour);
        }
        let mut size = [1, 1];
        let mut panes = Vec::new();
        for id in PaneId::ALL {
            let Some(rect) = self.px_rect(self.sizes[id.index()]) else { continue };
            size = [size[0].max(rect.x + rect.width), size[1].max(rect.y + rect.height)];
            let content = match self.panes.get(id.index()) {
                Some(pane) => PaneContent::Slice(SliceInput {
                    plane: pane.through(pane.centre),
                    mm_per_px: pane.mm_per_px / self.px_ratio,
                    window: self.window,
                }),
                None => PaneContent::Volume(self.volume_input()),
            };
            panes.push(PaneInput { rect, content });
        }
        Some(FrameInput { size, look, panes })
    }

    fn volume_input(&self) -> VolumeInput {
        let spacing = self.case.as_ref().map_or([1.0; 3], |c| c.volume.grid().spacing_mm());
        let finest = spacing.into_iter().fold(f64::MAX, f64::min).max(0.3);
        let reduced = self.is_orbiting();
        VolumeInput {
            camera: self.camera,
            transfer: TransferFunction::lungs_and_soft_tissue(),
            step_mm: if reduced { finest * 3.0 } else { finest },
            reduction: if reduced { 3 } else { 1 },
            revision: self.volume_revision,
        }
    }

    /// Whether the 3D view is being turned or zoomed: it is sampled coarsely then.
    pub fn is_orbiting(&self) -> bool {
        matches!(self.gesture, Gesture::Orbit { .. })
            || (matches!(self.gesture, Gesture::Zoom { .. }) && self.pointer.is_some_and(|p| p.0 == PaneId::Volume))
    }
    /// Whether a stroke is being painted: the 3D picture waits for its end.
    pub fn is_marking(&self) -> bool {
        matches!(self.gesture, Gesture::Stroke { .. })
    }

    fn px_rect(&self, size: PaneSize) -> Option<PxRect> {
        let px = |v: f64| (v * self.px_ratio).round().max(0.0) as u32;
        let (x, y) = (px(size.left), px(size.top));
        let rect = PxRect { x, y, width: px(size.left + size.width) - x, height: px(size.top + size.height) - y };
        (rect.width > 0 && rect.height > 0).then_some(rect)
    }
}
