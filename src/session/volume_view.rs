//! The 3D view beside its camera: what a click means, what is cropped and what is cut away.

use super::change::Update;
use super::command::PaneId;
use super::state::{Case, Session};
use super::words;
use crate::annotation::Layer;
use crate::geometry::{AnatomicalPlane, IndexBox, PanePoint, PatientVector, VoxelPoint, orientation_letters};
use crate::view::raycast::{Scene, pick};
use crate::view::{Cut, PaneState};

/// Air about the lungs that a crop keeps, mm.
const CROP_MARGIN_MM: f64 = 8.0;
/// A step of the cut by key, mm.
const CUT_STEP_MM: f64 = 5.0;

/// Which way the plane of a cut lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CutKind {
    /// Nothing is cut.
    #[default]
    None,
    /// As a pane.
    Along(AnatomicalPlane),
    /// As the picture lay when it was asked for.
    Facing,
}

/// A face of the volume, and what is cut off there.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipFace {
    /// Which way the face looks: R, L, A, P, F, H, or several for an oblique volume.
    pub letters: String,
    /// What is cut off, mm.
    pub cut_mm: f64,
    /// What can be cut off, mm.
    pub most_mm: f64,
    /// Distance between voxels, mm.
    pub step_mm: f64,
}

impl CutKind {
    fn next(self) -> Self {
        match self {
            Self::None => Self::Along(AnatomicalPlane::Axial),
            Self::Along(AnatomicalPlane::Axial) => Self::Along(AnatomicalPlane::Coronal),
            Self::Along(AnatomicalPlane::Coronal) => Self::Along(AnatomicalPlane::Sagittal),
            Self::Along(AnatomicalPlane::Sagittal) => Self::Facing,
            Self::Facing => Self::None,
        }
    }
}

impl Session {
    /// The crosshair goes to what the 3D picture shows at a point of its pane.
    pub(super) fn pick_surface(&mut self, at: PanePoint, update: &mut Update) {
        let [width, height] = self.size_of(PaneId::Volume);
        let Some(frame) = self.frame_input().filter(|_| width > 0.0 && height > 0.0) else { return };
        let Some(case) = &self.case else { return };
        let mut input = self.volume_input();
        // What is sampled coarsely on screen is not picked coarsely.
        input.step_mm /= f64::from(input.reduction.max(1));
        let scene = Scene { volume: &case.volume, labels: case.document.layers(), look: &frame.look, leaps: None };
        let px = [width, height].map(|s| (s * self.px_ratio).round().max(1.0) as u32);
        let place = pick(&scene, &input, px, [at.x * self.px_ratio, at.y * self.px_ratio]);
        let hit = place.map(|v| case.volume.grid().patient_from_voxel(VoxelPoint(v)));
        match hit {
            Some(hit) => self.set_crosshair(hit, None, update),
            None => self.say(words::NOTHING_HIT, update),
        }
    }

    /// As a click at the pointer; in the middle of the pane where the pointer is elsewhere.
    pub(super) fn pick_by_key(&mut self, update: &mut Update) {
        let [width, height] = self.size_of(PaneId::Volume);
        let middle = PanePoint::new(width / 2.0, height / 2.0);
        let at = self.pointer.filter(|(pane, _)| *pane == PaneId::Volume).map_or(middle, |(_, at)| at);
        self.pick_surface(at, update);
    }

    /// Crops the 3D picture to the lungs, or shows all of it again.
    pub(super) fn toggle_crop(&mut self, update: &mut Update) {
        let Some(case) = &self.case else { return };
        self.clip.voxels = match self.clip.voxels {
            Some(_) => None,
            None => match case.box_of_lungs() {
                Some(lungs) => Some(lungs),
                None => return self.say(words::NO_LUNGS, update),
            },
        };
        self.volume_moved(update);
    }

    /// The faces: the low and the high end of each axis of the grid, in their order.
    pub(super) fn clip_faces(&self) -> Option<[ClipFace; 6]> {
        let grid = self.case.as_ref().filter(|_| self.clip_box)?.volume.grid();
        let kept = self.clip.voxels.unwrap_or_else(|| IndexBox::whole(grid.size()));
        Some(std::array::from_fn(|n| {
            let (axis, high) = (n / 2, n % 2 == 1);
            let (step, step_mm, size) = (grid.step(axis), grid.spacing_mm()[axis], grid.size()[axis]);
            let (cut, most) = match high {
                true => (size - kept.max[axis], size - kept.min[axis] - 1),
                false => (kept.min[axis], kept.max[axis] - 1),
            };
            let letters = orientation_letters(if high { step } else { -step });
            ClipFace { letters, cut_mm: cut as f64 * step_mm, most_mm: most as f64 * step_mm, step_mm }
        }))
    }

    /// Cuts so many mm off one of these faces; a layer of voxels stays at least.
    pub(super) fn set_clip_face(&mut self, face: usize, cut_mm: f64, update: &mut Update) {
        let Some(grid) = self.case.as_ref().filter(|_| face < 6).map(|c| *c.volume.grid()) else { return };
        let (axis, high, whole) = (face / 2, face % 2 == 1, IndexBox::whole(grid.size()));
        let mut kept = self.clip.voxels.unwrap_or(whole);
        let off = (cut_mm / grid.spacing_mm()[axis]).round() as usize;
        if high {
            kept.max[axis] = grid.size()[axis].saturating_sub(off).max(kept.min[axis] + 1);
        } else {
            kept.min[axis] = off.min(kept.max[axis] - 1);
        }
        self.clip.voxels = Some(kept).filter(|kept| *kept != whole);
        self.volume_moved(update);
    }

    /// No cut → as the axial, coronal, sagittal pane lies, through the crosshair → facing the viewer → no cut. What is nearer to the viewer goes.
    pub(super) fn cycle_cut(&mut self, update: &mut Update) {
        if self.case.is_none() {
            return;
        }
        self.cut_kind = self.cut_kind.next();
        let forward = self.camera.axes()[2];
        let normal = match self.cut_kind {
            CutKind::None => None,
            CutKind::Along(plane) => self.panes.iter().find(|p| p.plane == plane).map(PaneState::normal),
            CutKind::Facing => Some(forward),
        };
        let away = |n: PatientVector| if n.dot(forward) < 0.0 { n * -1.0 } else { n };
        self.clip.cut = normal.map(|n| Cut { at: self.crosshair, normal: away(n) });
        self.volume_moved(update);
    }

    /// Moves the cut deeper (+) or back (−).
    pub(super) fn step_cut(&mut self, steps: i32, update: &mut Update) {
        self.move_cut(f64::from(steps) * CUT_STEP_MM, update);
    }

    /// Moves the cut along its normal, no farther than the volume reaches.
    pub(super) fn move_cut(&mut self, by_mm: f64, update: &mut Update) {
        let (Some(case), Some(cut)) = (&self.case, &mut self.clip.cut) else { return };
        let corners = case.volume.grid().corners();
        let reach = |fold: fn(f64, f64) -> f64, from: f64| {
            corners.iter().map(|c| (*c - cut.at).dot(cut.normal)).fold(from, fold)
        };
        let by_mm = by_mm.clamp(reach(f64::min, 0.0), reach(f64::max, 0.0));
        cut.at = cut.at + cut.normal * by_mm;
        self.volume_moved(update);
    }

    /// What a drag of so many CSS px down moves the cut by, mm: with the picture.
    pub(super) fn cut_mm_per_px(&self) -> f64 {
        2.0 * self.camera.half_height_mm / self.size_of(PaneId::Volume)[1].max(1.0)
    }

    /// Another CT: nothing of it is left out.
    pub(super) fn clear_clip(&mut self) {
        self.clip = crate::view::Clip::default();
        self.cut_kind = CutKind::None;
    }
}

impl Case {
    /// The box that the lungs fill, and a little about them; `None` without lungs.
    fn box_of_lungs(&self) -> Option<IndexBox> {
        let grid = self.document.grid();
        let numbers = self.lung_numbers();
        let mut found: Option<IndexBox> = None;
        for k in 0..grid.size()[2] {
            let Some(labels) = self.document.layer(Layer::Anatomy).slice(k) else { continue };
            for (j, row) in labels.chunks_exact(grid.size()[0]).enumerate() {
                let is_lung = |label: &u8| *label != 0 && numbers.contains(label);
                let Some(first) = row.iter().position(is_lung) else { continue };
                let last = row.iter().rposition(is_lung).unwrap_or(first);
                let here = IndexBox { min: [first, j, k], max: [last + 1, j + 1, k + 1] };
                found = Some(found.map_or(here, |b| b.union(&here)));
            }
        }
        let finest = grid.spacing_mm().into_iter().fold(f64::MAX, f64::min).max(0.1);
        found.map(|b| b.grown((CROP_MARGIN_MM / finest) as usize, grid.size()))
    }
}
