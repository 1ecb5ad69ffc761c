//! The session as one frame of pictures.

use super::command::{PaneId, PaneSize, VolumeStyle};
use super::gesture::Gesture;
use super::state::{Refinement, Session};
use crate::annotation::Segment;
use crate::view::{FrameInput, LabelLook, PRESETS, PaneContent, PaneInput, PxRect, SliceInput, VolumeInput};

/// What a 3D picture may cost while it moves, ms.
const MOVING_MS: f64 = 40.0;
/// What it may cost when it stands still, ms.
const STILL_MS: f64 = 300.0;
/// What a band of the full picture may cost while it is put together, ms.
const BAND_MS: f64 = 60.0;
/// Fewest rows of a band.
const LEAST_ROWS: u32 = 4;
/// Rays through each px of a picture that nothing moves.
const STILL_RAYS: u32 = 4;
/// A full picture that takes longer is good enough: it is not drawn so many times more, ms.
const CONVERGES_MS: f64 = 1500.0;
/// The coarsest sampling.
const COARSEST: u32 = 6;

impl Session {
    /// What to draw now; `None` without an open CT.
    pub fn frame_input(&self) -> Option<FrameInput> {
        self.case.as_ref()?;
        let mut size = [1, 1];
        let mut panes = Vec::new();
        for id in PaneId::ALL {
            let Some(rect) = self.px_rect(self.sizes[id.index()]) else { continue };
            size = [size[0].max(rect.x + rect.width), size[1].max(rect.y + rect.height)];
            panes.push(PaneInput { rect, content: self.content_of(id) });
        }
        for id in PaneId::ALL {
            let Some(rect) = self.half_beside(id).and_then(|half| self.px_rect(half)) else { continue };
            let PaneContent::Slice(slice) = self.content_of(id) else { continue };
            size = [size[0].max(rect.x + rect.width), size[1].max(rect.y + rect.height)];
            panes.extend(self.slice_beside(slice).map(|s| PaneInput { rect, content: PaneContent::Slice(s) }));
        }
        Some(FrameInput { size, look: self.look(), panes })
    }

    /// Colours of what is shown of the document.
    pub(super) fn look(&self) -> LabelLook {
        let mut look = LabelLook::default();
        let Some(case) = &self.case else { return look };
        let alone = case.active.filter(|_| self.solo);
        let is_shown = |s: &&Segment| s.visible && alone.is_none_or(|number| number == s.number);
        for segment in case.document.segments().iter().filter(is_shown) {
            look.show(segment.layer.index(), segment.number, segment.colour);
        }
        if self.compartments {
            case.lung_numbers().into_iter().for_each(|n| look.show_compartments(n));
        }
        look
    }

    pub(super) fn content_of(&self, id: PaneId) -> PaneContent {
        let Some(pane) = self.panes.get(id.index()) else { return PaneContent::Volume(self.volume_input()) };
        PaneContent::Slice(SliceInput {
            slab: self.slab,
            inverted: self.inverted,
            interpolation: self.interpolation,
            compartments: self.compartments,
            ..SliceInput::new(pane.through(pane.centre), pane.mm_per_px / self.px_ratio, self.window_of(id))
        })
    }

    /// The 3D picture as good as it becomes when nothing moves, whatever is on screen; in bands of what a frame may cost.
    pub(super) fn still_input(&self) -> VolumeInput {
        let rays = if self.converges() { STILL_RAYS } else { 1 };
        let rows_at_once = self.full_cast_ms.map_or(LEAST_ROWS, |full| self.rows_of(1, rays, full));
        let input = self.volume_input();
        VolumeInput { step_mm: self.finest_mm(), rays, shadows: true, reduction: 1, rows_at_once, ..input }
    }

    /// Distance of samples that pass no voxel by.
    fn finest_mm(&self) -> f64 {
        let spacing = self.case.as_ref().map_or([1.0; 3], |c| c.volume.grid().spacing_mm());
        spacing.into_iter().fold(f64::MAX, f64::min).max(0.3)
    }

    pub(super) fn volume_input(&self) -> VolumeInput {
        let reduction = self.reduction();
        let projection = match self.volume_style {
            VolumeStyle::Preset(_) => None,
            VolumeStyle::Projection(projection) => Some((projection, self.window_of(PaneId::Volume))),
        };
        VolumeInput {
            camera: self.camera,
            transfer: self.transfer(),
            projection,
            clip: self.clip,
            // Without a cut no voxel is shown as grey.
            window: if self.clip.cut.is_some() { self.windows[PaneId::Volume.index()] } else { PRESETS[0] },
            step_mm: self.finest_mm() * f64::from(reduction),
            rays: self.rays(),
            shadows: reduction == 1 && !self.is_orbiting(),
            reduction,
            rows_at_once: self.rows_at_once(),
            revision: self.volume_revision,
        }
    }

    /// How coarsely the 3D picture is sampled, in px and along the ray: 1 in full. What is affordable is measured, not guessed.
    pub fn reduction(&self) -> u32 {
        match self.refinement() {
            Refinement::None => self.affordable_reduction(),
            Refinement::Going(reduction) => reduction,
            Refinement::Converging | Refinement::Done => 1,
        }
    }
    fn rays(&self) -> u32 {
        match self.refinement() {
            Refinement::Converging => STILL_RAYS,
            Refinement::Done if self.converges() => STILL_RAYS,
            _ => 1,
        }
    }
    /// Whether the still picture is worth more rays than one for each px.
    fn converges(&self) -> bool {
        self.full_cast_ms.is_some_and(|ms| ms <= CONVERGES_MS)
    }
    fn affordable_reduction(&self) -> u32 {
        let affordable = if self.is_orbiting() { MOVING_MS } else { STILL_MS };
        let Some(full) = self.full_cast_ms else { return COARSEST };
        (1..COARSEST).find(|r| full / f64::from(r.pow(3)) <= affordable).unwrap_or(COARSEST)
    }
    /// Rows of a full picture that take as long as a frame may while it is put together.
    fn rows_at_once(&self) -> u32 {
        match (self.refinement(), self.full_cast_ms) {
            (Refinement::None, _) | (_, None) => u32::MAX,
            (_, Some(full)) => self.rows_of(self.reduction(), self.rays(), full),
        }
    }
    fn rows_of(&self, reduction: u32, rays: u32, full_ms: f64) -> u32 {
        let height = self.px_rect(self.sizes[PaneId::Volume.index()]).map_or(1, |r| r.height);
        let reduction = f64::from(reduction);
        let rows = f64::from(height) / reduction * BAND_MS * reduction.powi(3) / (full_ms * f64::from(rays)).max(1.0);
        rows.clamp(f64::from(LEAST_ROWS), 8192.0) as u32
    }
    /// A 3D picture of this reduction took so long; a finer one may follow. Says whether it should.
    pub(super) fn cast_took(&mut self, reduction: u32, ms: f64) -> bool {
        let full = ms * f64::from(reduction.pow(3));
        // A little inertia, so that one slow frame does not coarsen the picture.
        self.full_cast_ms = Some(self.full_cast_ms.map_or(full, |before| before * 0.5 + full * 0.5));
        if self.is_orbiting() {
            return false;
        }
        if reduction == 1 {
            let converges = self.refinement() == Refinement::None && self.converges();
            if converges {
                self.refinement = (self.volume_revision, Refinement::Converging);
            }
            return converges;
        }
        // What can be afforded at once is; what cannot is put together band by band.
        if self.affordable_reduction() == reduction {
            // Half the sampling first: an eighth of the work, and hard to tell from all of it.
            let to = if reduction > 2 { 2 } else { 1 };
            self.refinement = (self.volume_revision, Refinement::Going(to));
        }
        true
    }
    /// The picture that was put together is on screen; whether a finer one follows.
    pub(super) fn refined(&mut self) -> bool {
        self.refinement.1 = match self.refinement() {
            Refinement::Going(2..) => Refinement::Going(1),
            Refinement::Going(_) if self.converges() => Refinement::Converging,
            Refinement::Going(_) | Refinement::Converging => Refinement::Done,
            other => other,
        };
        self.is_refining()
    }
    /// Whatever moves begins with a coarse picture again.
    fn refinement(&self) -> Refinement {
        let (revision, refinement) = self.refinement;
        if revision == self.volume_revision { refinement } else { Refinement::None }
    }
    /// Whether less than everything is sampled in the 3D picture on screen.
    pub fn is_reduced(&self) -> bool {
        matches!(self.refinement(), Refinement::Going(_)) || self.reduction() > 1
    }
    /// Whether a better picture is being put together.
    pub fn is_refining(&self) -> bool {
        matches!(self.refinement(), Refinement::Going(_) | Refinement::Converging)
    }
    /// Whether the 3D view is being turned or zoomed: it is sampled coarsely then.
    pub fn is_orbiting(&self) -> bool {
        self.transfer_held
            || matches!(self.gesture, Gesture::Orbit { click: None, .. } | Gesture::Cut { .. })
            || (matches!(self.gesture, Gesture::Zoom { .. }) && self.pointer.is_some_and(|p| p.0 == PaneId::Volume))
    }
    /// Whether a stroke is being painted: the 3D picture waits for its end.
    pub fn is_marking(&self) -> bool {
        matches!(self.gesture, Gesture::Stroke { .. })
    }
    /// Whether a mark is being made or moved that undo takes back before anything of the history.
    pub(super) fn is_making(&self) -> bool {
        let is_shape = matches!(self.gesture, Gesture::Contour(_) | Gesture::Make(_) | Gesture::Adjust { .. });
        is_shape || matches!(self.gesture, Gesture::Seed { .. } | Gesture::Stroke { .. })
    }

    pub(super) fn px_rect(&self, size: PaneSize) -> Option<PxRect> {
        let px = |v: f64| (v * self.px_ratio).round().max(0.0) as u32;
        let (x, y) = (px(size.left), px(size.top));
        let rect = PxRect { x, y, width: px(size.left + size.width) - x, height: px(size.top + size.height) - y };
        (rect.width > 0 && rect.height > 0).then_some(rect)
    }
}
